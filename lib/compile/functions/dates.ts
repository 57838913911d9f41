import type { ColumnField } from '../../fields/column-field.ts'
import type { ExprNode, FuncNode } from '../../query/nodes.ts'
import { bindParam } from '../dialects/shared.ts'
import { bind, type Fragment, keyword, sql } from '../fragment.ts'
import { instant, instantText } from './instants.ts'
import { arg, type Emit, type FunctionSql, operand, sqlOf } from './record.ts'
import { TABLE, zoneTable } from './zones.ts'

/** How many seconds ahead of UTC the clocks of a zone are at an instant, or when they show it. */
function offset(zone: ExprNode, at: Fragment, isLocal: boolean): Fragment {
  if (zone.kind !== 'param') throw new TypeError('A time zone must be a value.')
  const table = bind(zone, ({ value }) => zoneTable(String(value), isLocal))
  const source = sql`(select ${table} as "t", unixepoch(${at}) as "u")`
  return sql`(select ${keyword(OFFSET)} from (select "t", "u", ${keyword(CHANGE)} as "e" from ${source}))`
}

const { first, step, last, changes } = TABLE
/** In which span of the table a second is, and where the last change in or before it is. */
const SPAN = `max(0, min(${last}, ("u" - ${first}) / ${step}))`
const CHANGE = `${changes} + 24 * cast(substr("t", 1 + 3 * ${SPAN}, 3) as integer)`
const IS_BEFORE = '"u" < cast(substr("t", "e", 12) as integer)'
const OFFSET = `cast(substr("t", "e" + case when ${IS_BEFORE} then 12 else 18 end, 6) as integer)`

/** An instant of SQLite as what the clocks of a zone show, as if it were UTC. */
function toZone(at: Fragment, zone: ExprNode): Fragment {
  return instantText(sql`${at}, ${offset(zone, at, false)} || ' seconds'`)
}

/** The instant at which the clocks of a zone show what UTC's clocks show at another. */
function fromZone(at: Fragment, zone: ExprNode): Fragment {
  return instantText(sql`${at}, -${offset(zone, at, true)} || ' seconds'`)
}

function fieldOf(node: FuncNode): ColumnField {
  return operand(node.args, 0).field
}

/** An instant of PostgreSQL, whether its column has a time zone or holds UTC without one. */
function withZone(value: Fragment): Fragment {
  return sql`to_timestamp(extract(epoch from ${value}))`
}

const inZone: FunctionSql = sqlOf({
  sqlite(node, emitter) {
    const zone = operand(node.args, 1)
    return toZone(instant(arg(node, 0, emitter), fieldOf(node)), zone)
  },
  postgresql: (node, emitter) =>
    sql`((${withZone(arg(node, 0, emitter))} at time zone ${arg(node, 1, emitter)}) at time zone 'UTC')`,
  mysql: "convert_tz({0}, 'UTC', {1})",
})

/** The start of each kind, as SQLite formats it: the day, and the time of day. */
const FORMATS = {
  year: ['%Y-01-01', '00:00:00'],
  quarter: ['%Y-%m-01', '00:00:00'],
  month: ['%Y-%m-01', '00:00:00'],
  week: ['%Y-%m-%d', '00:00:00'],
  day: ['%Y-%m-%d', '00:00:00'],
  hour: ['%Y-%m-%d', '%H:00:00'],
  minute: ['%Y-%m-%d', '%H:%M:00'],
  second: ['%Y-%m-%d', '%H:%M:%S'],
} as const

type Kind = keyof typeof FORMATS

function sqliteTrunc(kind: Kind): Emit {
  const [day, clock] = FORMATS[kind]
  return (node, emitter) => {
    const field = fieldOf(node)
    const [, zone] = node.args
    const at = instant(arg(node, 0, emitter), field)
    const start = modified(kind, zone === undefined ? at : toZone(at, zone))
    if (field.family === 'date') return sql`strftime('${keyword(day)}', ${start})`
    if (field.family === 'time') return sql`strftime('${keyword(clock)}', ${start})`
    const text = sql`strftime('${keyword(`${day} ${clock}.000`)}', ${start})`
    return zone === undefined ? text : fromZone(text, zone)
  }
}

/** The first month of a quarter, the Monday of a week. */
function modified(kind: Kind, at: Fragment): Fragment {
  if (kind === 'week') return sql`${at}, '-6 days', 'weekday 1'`
  if (kind !== 'quarter') return at
  const months = sql`((cast(strftime('%m', ${at}) as integer) - 1) % 3)`
  return sql`${at}, 'start of month', '-' || ${months} || ' months'`
}

function pgTrunc(kind: Kind): Emit {
  return (node, emitter) => {
    const [, zone] = node.args
    const value = arg(node, 0, emitter)
    const unit = keyword(`'${kind}'`)
    const { family } = fieldOf(node)
    if (family === 'date') return sql`date_trunc(${unit}, ${value}::timestamp)::date`
    if (family === 'time') return sql`date_trunc(${unit}, ${value})::time`
    const name = zone === undefined ? keyword("'UTC'") : emitter.typed(zone)
    const at = zone === undefined ? value : withZone(value)
    return sql`(date_trunc(${unit}, ${at} at time zone ${name}) at time zone ${name})`
  }
}

const MYSQL_FORMATS = {
  year: '%Y-01-01 00:00:00',
  month: '%Y-%m-01 00:00:00',
  day: '%Y-%m-%d 00:00:00',
  hour: '%Y-%m-%d %H:00:00',
  minute: '%Y-%m-%d %H:%i:00',
  second: '%Y-%m-%d %H:%i:%s',
} as const

function mysqlTrunc(kind: Kind): Emit {
  return (node, emitter) => {
    const [, zone] = node.args
    const { family } = fieldOf(node)
    const value = arg(node, 0, emitter)
    const name = zone?.kind === 'param' ? bindParam(zone, 'mysql') : null
    const at = name === null ? value : sql`convert_tz(${value}, 'UTC', ${name})`
    const type = keyword(family === 'dateTime' ? 'datetime' : family)
    const start = sql`cast(${mysqlStart(kind, at)} as ${type})`
    return name === null ? start : sql`convert_tz(${start}, ${name}, 'UTC')`
  }
}

function mysqlStart(kind: Kind, at: Fragment): Fragment {
  if (kind === 'week') return sql`date_sub(date(${at}), interval weekday(${at}) day)`
  if (kind === 'quarter') {
    return sql`date_add(makedate(year(${at}), 1), interval quarter(${at}) * 3 - 3 month)`
  }
  return sql`date_format(${at}, '${keyword(MYSQL_FORMATS[kind])}')`
}

function trunc(kind: Kind): FunctionSql {
  return sqlOf({
    sqlite: sqliteTrunc(kind),
    postgresql: pgTrunc(kind),
    mysql: mysqlTrunc(kind),
  })
}

const sqliteText: Emit = (node, emitter) =>
  instantText(instant(arg(node, 0, emitter), fieldOf(node)))

/** The SQL of the functions of `query/functions/dates.ts`; parts are the transforms of dialects. */
export const DATE_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ...(Object.keys(FORMATS) as Kind[]).map((kind) => [`Trunc:${kind}`, trunc(kind)] as const),
  ['InZone', inZone],
  ['InstantText', sqlOf({ sqlite: sqliteText, postgresql: '{0}', mysql: '{0}' })],
  [
    'InstantMs',
    sqlOf({
      sqlite: "cast(round(unixepoch({0}, 'subsec') * 1000) as integer)",
      postgresql: '{0}',
      mysql: '{0}',
    }),
  ],
  [
    'Now',
    sqlOf({
      sqlite: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
      postgresql: 'statement_timestamp()',
      mysql: 'utc_timestamp(3)',
    }),
  ],
])
