import type { ColumnField } from '../../fields/column-field.ts'
import { columnType } from '../dialects/pg-types.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, sql } from '../fragment.ts'
import { instant } from './instants.ts'
import { type Emit, type FunctionSql, operand, sqlOf } from './record.ts'

const WORDS_TRUE = "('t', 'true', 'y', 'yes', 'on', '1')"
const WORDS_FALSE = "('f', 'false', 'n', 'no', 'off', '0')"

/** What is cast, and from which family: JSON as the text in it. */
function source(
  node: Parameters<Emit>[0],
  emitter: Emitter,
): readonly [value: Fragment, from: ColumnField] {
  const first = operand(node.args, 0)
  if (first.field.family !== 'json' || node.field.family === 'json') {
    return [emitter.typed(first), first.field]
  }
  return [
    emitter.dialect.json.text(emitter.plain(first)),
    { ...first.field, family: 'text' } as never,
  ]
}

const sqlite: Emit = (node, emitter) => {
  const [value, from] = source(node, emitter)
  const { field: to } = node
  const at = from.family === 'dateTime' ? instant(value, from) : value
  switch (to.family) {
    case 'number':
    case 'bigint':
      return sql`cast(${value} as ${keyword(to.name === 'float' ? 'real' : 'integer')})`
    case 'decimal': {
      const number = sql`cast(${value} as real)`
      if (to.decimalPlaces === undefined) return number
      return sql`round(${number}, ${keyword(String(to.decimalPlaces))})`
    }
    case 'boolean':
      if (from.family !== 'text') return sql`(${value} <> 0)`
      return sql`case when lower(trim(${value})) in ${keyword(WORDS_TRUE)} then 1 when lower(trim(${value})) in ${keyword(WORDS_FALSE)} then 0 end`
    case 'date':
      return sql`date(${at})`
    case 'dateTime':
      return sql`strftime('%Y-%m-%d %H:%M:%f', ${at})`
    case 'time':
      return sql`replace(strftime('%H:%M:%f', ${at}), '.000', '')`
    case 'json':
      return sql`json(${value})`
    case 'text':
      return sqliteText(value, at, from, to)
    default:
      return value
  }
}

function sqliteText(
  value: Fragment,
  at: Fragment,
  from: ColumnField,
  { maxLength }: ColumnField,
): Fragment {
  let text = sql`cast(${value} as text)`
  if (from.family === 'boolean')
    text = sql`case ${value} when 1 then 'true' when 0 then 'false' end`
  if (from.family === 'dateTime') text = sql`strftime('%Y-%m-%d %H:%M:%f', ${at})`
  if (maxLength === undefined) return text
  return sql`substr(${text}, 1, ${keyword(String(maxLength))})`
}

function pgType(to: ColumnField): Fragment {
  const { name, maxLength, maxDigits, decimalPlaces } = to
  if (name === 'decimal' && maxDigits !== undefined) {
    return keyword(`numeric(${maxDigits}, ${decimalPlaces ?? 0})`)
  }
  return maxLength === undefined ? columnType(to) : keyword(`varchar(${maxLength})`)
}

/** Whether text ends in Z or an offset, and does not only look like it as a day does. */
const HAS_ZONE = "':\\d\\d(\\.\\d+){0,1} *([zZ]|[+-]\\d\\d(:{0,1}\\d\\d){0,1})$'"

const postgresql: Emit = (node, emitter) => {
  const [value, from] = source(node, emitter)
  const { field: to } = node
  const isInstant = from.family === 'dateTime'
  // Never by the session's time zone.
  const local = isInstant ? sql`(${value} at time zone 'UTC')` : value
  if (to.family === 'dateTime') {
    if (isInstant) return value
    const utc = sql`((${value})::timestamp at time zone 'UTC')`
    if (from.family !== 'text') return utc
    return sql`case when ${value} ~ ${keyword(HAS_ZONE)} then (${value})::timestamptz else ${utc} end`
  }
  if (to.family === 'boolean' && from.family !== 'text' && from.family !== 'boolean') {
    return sql`(${value} <> 0)`
  }
  if (to.family === 'text' && isInstant) {
    return sql`to_char(${local}, 'YYYY-MM-DD HH24:MI:SS.MS')::${pgType(to)}`
  }
  return sql`(${local})::${pgType(to)}`
}

const MYSQL_TYPES: Readonly<Record<string, string>> = {
  auto: 'signed',
  bigAuto: 'signed',
  integer: 'signed',
  smallInteger: 'signed',
  bigInteger: 'signed',
  boolean: 'signed',
  float: 'double',
  date: 'date',
  dateTime: 'datetime(3)',
  time: 'time(3)',
  json: 'json',
  binary: 'binary',
}

const mysql: Emit = (node, emitter) => {
  const [value] = source(node, emitter)
  const { name, maxLength, maxDigits, decimalPlaces = 0 } = node.field
  const digits = maxDigits ?? 65
  const places = maxDigits === undefined ? 30 : decimalPlaces
  const text = maxLength === undefined ? 'char' : `char(${maxLength})`
  const type = name === 'decimal' ? `decimal(${digits}, ${places})` : (MYSQL_TYPES[name] ?? text)
  return sql`cast(${value} as ${keyword(type)})`
}

/** The SQL of `Cast()`. */
export const CAST_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['Cast', sqlOf({ sqlite, postgresql, mysql })],
])
