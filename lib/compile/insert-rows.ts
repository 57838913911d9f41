import { FieldError } from '../errors.ts'
import type { DialectName } from '../fields/dialect.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { Expression } from '../query/expression.ts'
import { planValue } from '../query/plan-write.ts'
import { fitsJson } from './cells.ts'
import type { Dialect } from './dialects/dialect.ts'
import { assertHeld } from './dialects/shared.ts'
import type { Emitter } from './emitter.ts'
import { bind, bindList, type Fragment, keyword, list, quoted, sql } from './fragment.ts'

type Row = readonly unknown[]

/** Where rows go. */
export interface Into {
  readonly model: ModelMeta
  readonly columns: readonly ColumnMeta[]
  /**
   * The rows are as instances remember theirs: each column's value at its index, in the driver's form.
   * Otherwise the values are in the order of `columns`, and canonical.
   */
  readonly isEncoded?: boolean | undefined
}

/** Where in a row the value of one of the columns is. */
function placeOf({ columns, isEncoded }: Into, at: number): number {
  return isEncoded ? (columns[at] as ColumnMeta).index : at
}

/**
 * How many values one statement binds at most. The databases' own limits are a little higher, but
 * SQLite is fastest with some thousands.
 */
export const MAX_BINDINGS: Readonly<Record<DialectName, number>> = {
  sqlite: 8_000,
  postgresql: 65_000,
  mysql: 65_000,
}
/** There are no more bindings for more rows, but all of them are text in memory at once. */
const MAX_UNNESTED = 10_000

/** Names that PostgreSQL takes for its own types before it looks for a table's. */
const OWN_TYPES: ReadonlySet<string> = new Set(
  (
    'abstime aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange ' +
    'anycompatiblenonarray anycompatiblerange anyelement anyenum anymultirange anynonarray ' +
    'anyrange bit bool box bpchar bytea char cid cidr circle cstring date datemultirange ' +
    'daterange event_trigger fdw_handler float4 float8 gtsvector index_am_handler inet int2 ' +
    'int2vector int4 int4multirange int4range int8 int8multirange int8range internal ' +
    'interval json jsonb jsonpath language_handler line lseg macaddr macaddr8 money name ' +
    'numeric nummultirange numrange oid oid8 oidvector opaque path point polygon record ' +
    'refcursor regclass regcollation regconfig regdatabase regdictionary regnamespace ' +
    'regoper regoperator regproc regprocedure regrole regtype reltime smgr table_am_handler ' +
    'text tid time timestamp timestamptz timetz tinterval trigger tsm_handler tsmultirange ' +
    'tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit ' +
    'varchar void xid xid8 xml'
  ).split(' '),
)

/** How many rows one statement should insert at most. */
export function rowsPerInsert(into: Into, hasExpressions: boolean, dialect: DialectName): number {
  if (!hasExpressions && isUnnested(into, dialect)) return MAX_UNNESTED
  return Math.max(1, Math.floor(MAX_BINDINGS[dialect] / Math.max(1, into.columns.length)))
}

/**
 * Whether new rows go in a text that is the same however many there are: to PostgreSQL as one array
 * for each column, to SQLite as one JSON text. Bytes do not: as text they would be twice as long.
 * Nor do arrays of PostgreSQL, since an array of arrays has no rows, and floats of SQLite, which does
 * not read the last digit from JSON.
 */
export function isUnnested({ model, columns }: Into, dialect: DialectName): boolean {
  if (columns.length === 0) return false
  if (dialect === 'sqlite') return columns.every(({ field }) => fitsJson(field))
  if (dialect !== 'postgresql') return false
  if (OWN_TYPES.has(model.table) || /^(pg_|_)/.test(model.table)) return false
  return columns.every(({ field: { family } }) => family !== 'binary' && family !== 'array')
}

/** Whether rows have nothing but values. */
export function arePlain(rows: readonly Row[]): boolean {
  return rows.every((row) => row.every((value) => Expression.raw(value) === null))
}

/** The rows of an INSERT, with the names of their columns. */
export function rowsClause(into: Into, rows: readonly Row[], emitter: Emitter): Fragment {
  const { model, columns } = into
  const { dialect } = emitter
  const names = columns.length > 0 ? columns : [model.primaryKey]
  const target = list(names.map(({ column }) => quoted(column, dialect.quote)))
  if (columns.length === 0) {
    const made = rows.map(() => keyword(dialect.name === 'sqlite' ? '(null)' : '(default)'))
    return sql`(${target}) values ${list(made)}`
  }
  if (rows.length === 1 || !arePlain(rows)) {
    const tuples = rows.map((row) => tuple(into, row, emitter))
    return sql`(${target}) values ${list(tuples)}`
  }
  if (isUnnested(into, dialect.name)) {
    const from = dialect.name === 'sqlite' ? fromJson : unnested
    return sql`(${target}) ${from(into, rows, dialect)}`
  }
  return sql`(${target}) values ${plainTuples(into, rows, dialect)}`
}

function tuple(into: Into, row: Row, emitter: Emitter): Fragment {
  const { model, columns } = into
  const { dialect } = emitter
  const values = columns.map((column, at) => {
    const place = placeOf(into, at)
    const raw = Expression.raw(row[place])
    if (raw !== null) return emitter.typed(planValue(model, column, raw))
    const write = writerOf(into, column, dialect.name)
    return dialect.written(
      bind(row, (given) => write(given[place])),
      column.field,
    )
  })
  return sql`(${list(values)})`
}

/** Tuples that are all alike: `(?, ?), (?, ?)`, each with a word before it where one is due. */
export function plainTuples(
  into: Into,
  rows: readonly Row[],
  dialect: Dialect,
  word = '',
): Fragment {
  const { columns } = into
  const places = columns.map(({ field }) => dialect.written(keyword('?'), field).sql)
  const one = `${word}(${places.join(', ')})`
  const readers = readersOf(into, dialect.name)
  return bindList(`${`${one}, `.repeat(rows.length - 1)}${one}`, rows, (given) => {
    const bindings = new Array<unknown>(given.length * readers.length)
    let at = 0
    for (const row of given) {
      for (const read of readers) {
        bindings[at] = read(row)
        at += 1
      }
    }
    return bindings
  })
}

/**
 * One array for each column. `coalesce` never gets to its second argument, which says what type the
 * array has: that of the table's column, whatever it is, so that every value is read as if it were
 * bound alone. The keys that the database makes are in the order of the rows.
 */
function unnested(into: Into, rows: readonly Row[], dialect: Dialect): Fragment {
  const { model, columns } = into
  const table = quoted(model.table, dialect.quote)
  const arrays = columns.map((column, at) => {
    const write = writerOf(into, column, dialect.name)
    const place = placeOf(into, at)
    const array = bind(rows, (given) => arrayText(given, place, write))
    const name = quoted(column.column, dialect.quote)
    return sql`coalesce(${array}, array[(null::${table}).${name}])`
  })
  const names = list(columns.map((_, at) => keyword(`c${at}`)))
  const from = sql`unnest(${list(arrays)}) with ordinality as r(${names}, n)`
  return sql`select ${names} from ${from} order by n`
}

/** All rows in one JSON text. Without `where`, ON CONFLICT would be read as the end of a join. */
function fromJson(into: Into, rows: readonly Row[], dialect: Dialect): Fragment {
  const { columns } = into
  const values = columns.map(({ field }, at) => dialect.written(keyword(`value ->> ${at}`), field))
  const readers = readersOf(into, dialect.name)
  const text = bind(rows, (given) =>
    JSON.stringify(given.map((row) => readers.map((read) => read(row)))),
  )
  return sql`select ${list(values)} from json_each(${text}) where true`
}

/** An array of PostgreSQL as text, of one value of each row. */
export function arrayText(rows: readonly Row[], at: number, write: Write): string {
  const items = rows.map((row) => {
    const value = write(row[at])
    return typeof value === 'string' ? quotedItem(value) : value === null ? 'NULL' : value
  })
  return `{${items.join(',')}}`
}

const SPECIAL = /["\\]/

function quotedItem(text: string): string {
  return `"${SPECIAL.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}

/** What takes each column's value from a row as the driver takes it. */
function readersOf(into: Into, dialect: DialectName): readonly ((row: Row) => unknown)[] {
  return into.columns.map((column, at) => {
    const write = writerOf(into, column, dialect)
    const place = placeOf(into, at)
    return (row) => write(row[place])
  })
}

/** What makes of a value what the driver takes. */
export type Write = (value: unknown) => unknown

/** Makes of a value of a row what the driver takes. */
export function writerOf(
  { model, isEncoded }: Into,
  column: ColumnMeta,
  dialect: DialectName,
): Write {
  const { field } = column
  const label = `${model.name}.${column.name}`
  assertHeld(field, dialect)
  return (value) => {
    if (value === undefined) throw new FieldError(`${label} has no value; null is one.`)
    return isEncoded ? value : field.toDb(value, dialect)
  }
}
