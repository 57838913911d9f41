import type { DialectName } from '../fields/dialect.ts'
import type { ColumnMeta } from '../meta/model-meta.ts'
import { resolveAssignments } from '../query/assignments.ts'
import { Expression } from '../query/expression.ts'
import type { ExprNode, QueryState } from '../query/nodes.ts'
import { planWrite, type WritePlan } from '../query/plan-write.ts'
import { idOf, shapeOf } from '../query/shape.ts'
import { emitterOf, tableClause } from './builder.ts'
import { finished, once, type ShapeKey } from './cache.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { Emitter } from './emitter.ts'
import { bind, type Fragment, keyword, list, quoted, sql } from './fragment.ts'
import {
  arePlain,
  arrayText,
  type Into,
  MAX_BINDINGS,
  plainTuples,
  writerOf,
} from './insert-rows.ts'
import { returningClause } from './returning.ts'
import { type CompiledStatement, type Draft, draftOf } from './statement.ts'
import { countedVersion } from './version.ts'

type Row = readonly unknown[]

/** New values for rows that are known by their keys. */
export interface BulkUpdateSpec {
  /** The rows that may be written at all. */
  readonly state: QueryState
  readonly columns: readonly ColumnMeta[]
  /** Each its key, and then its values in the order of `columns`: canonical, null, expressions. */
  readonly rows: readonly Row[]
  /** Columns of the rows that were written, which come in no order. */
  readonly returning: readonly ColumnMeta[]
}

/** Arrays of arrays have no rows, so the values of such a column are bound one by one. */
function isAlone({ field }: ColumnMeta, dialect: DialectName): boolean {
  return dialect === 'postgresql' && field.family === 'array'
}

/** There are no more bindings for more rows, but all of them are text in memory at once. */
const MAX_ROWS = 10_000
/** Each expression is a branch that the database tries for every row. */
const MAX_COMPUTED = 500

/** How many rows one statement should update at most. */
export function rowsPerUpdate(
  columns: readonly ColumnMeta[],
  hasExpressions: boolean,
  dialect: DialectName,
): number {
  if (hasExpressions || columns.some((column) => isAlone(column, dialect))) return MAX_COMPUTED
  if (dialect === 'postgresql') return MAX_ROWS
  return Math.max(1, Math.floor(MAX_BINDINGS[dialect] / (columns.length + 1)))
}

/**
 * UPDATE of any number of rows in one statement, each to values of its own; null where there can be
 * no rows.
 */
export function compileBulkUpdate(
  spec: BulkUpdateSpec,
  dialectName: DialectName,
): CompiledStatement | null {
  const compile = (): Draft | null => draftBulkUpdate(spec, dialectName)
  const shape = shapeOfBulkUpdate(spec, dialectName)
  return shape === null ? once(compile) : finished('bulkUpdate', shape, dialectName, compile)
}

/** Of rows of values whose text is likely to come again; null for others. */
function shapeOfBulkUpdate(spec: BulkUpdateSpec, dialect: DialectName): ShapeKey | null {
  const { state, columns, rows, returning } = spec
  if (!arePlain(rows) || columns.some((column) => isAlone(column, dialect))) return null
  const isAny = dialect === 'postgresql'
  if (!isAny && rows.length > 1 && rows.length !== rowsPerUpdate(columns, false, dialect)) {
    return null
  }
  const lists = [columns, returning].map((list) => list.map(idOf).join('.'))
  const { key, leaves } = shapeOf(state)
  return {
    key: `${lists.join(':')}:${isAny ? 'n' : rows.length}:${key}`,
    leaves: [rows, ...leaves],
  }
}

function draftBulkUpdate(spec: BulkUpdateSpec, dialectName: DialectName): Draft | null {
  const emitter = emitterOf(dialectName)
  const { state, returning } = spec
  const computed = computedValues(spec)
  const plan = planWrite(
    state,
    computed.flatMap(({ column, value }) => resolveAssignments(state, { [column.name]: value })),
  )
  if (plan.isEmpty) return null
  const branches = computed.map((one, at) => ({
    ...one,
    node: (plan.assignments[at] as WritePlan['assignments'][number]).node,
  }))
  const parts = [updateClause(spec, plan, branches, emitter)]
  if (returning.length > 0) {
    const table = quoted(plan.root.alias, emitter.dialect.quote)
    parts.push(returningClause('UPDATE', returning, emitter.dialect, table))
  }
  return draftOf(list(parts, ' '), dialectName, {
    wants: returning.length > 0 ? 'rows' : 'count',
    writes: true,
    table: plan.root.table,
  })
}

/** What one column of one row is computed by. */
interface Computed {
  readonly column: ColumnMeta
  readonly row: Row
  readonly value: unknown
}

interface Branch extends Computed {
  readonly node: ExprNode
}

function computedValues({ columns, rows }: BulkUpdateSpec): readonly Computed[] {
  return columns.flatMap((column, at) =>
    rows.flatMap((row) => {
      const value = row[at + 1]
      return Expression.raw(value) === null ? [] : [{ column, row, value }]
    }),
  )
}

function updateClause(
  spec: BulkUpdateSpec,
  plan: WritePlan,
  branches: readonly Branch[],
  emitter: Emitter,
): Fragment {
  const { dialect } = emitter
  const { quote, name } = dialect
  const { primaryKey } = spec.state.model
  const alone = spec.columns.filter((column) => isAlone(column, name))
  const places = [primaryKey, ...spec.columns]
  const columns = places.filter((column) => !alone.includes(column))
  const table = tableClause(plan.root, dialect)
  const given = quoted(plan.root.table === 'v' ? 'w' : 'v', quote)
  const names = columns.map((_, at) => quoted(`c${at}`, quote))
  const key = sql`${quoted(plan.root.alias, quote)}.${quoted(primaryKey.column, quote)}`
  const isSame = sql`${key} = ${given}.${names[0] as Fragment}`
  const sets = list([
    ...spec.columns.map((column, at) => {
      const target = quoted(column.column, quote)
      const own = branches.filter((branch) => branch.column === column)
      if (alone.includes(column)) {
        const rows = spec.rows.filter((row) => Expression.raw(row[at + 1]) === null)
        const whens = rows.map((row) => boundByKey(column, row, at + 1, dialect))
        return sql`${target} = ${byKey(key, own, sql`${table}.${target}`, emitter, whens)}`
      }
      const value = sql`${given}.${names[columns.indexOf(column)] as Fragment}`
      const place = name === 'mysql' ? sql`${table}.${target}` : target
      return sql`${place} = ${own.length === 0 ? value : byKey(key, own, value, emitter)}`
    }),
    ...countedVersion(spec.state.model, dialect),
  ])
  const only = plan.where === null ? null : emitter.condition(plan.where)
  const where = only === null ? isSame : sql`${isSame} and (${only})`
  const values = sql`${given}(${list(names)})`
  const rows = plainRows(
    spec.rows,
    alone.length === 0 ? null : columns.map((column) => places.indexOf(column)),
  )
  const into = { model: spec.state.model, columns }
  switch (name) {
    case 'sqlite': {
      const tuples = plainTuples(into, rows, dialect)
      return sql`with ${values} as (values ${tuples}) update ${table} set ${sets} from ${given} where ${where}`
    }
    case 'postgresql':
      return sql`update ${table} set ${sets} from unnest(${arrays(into, rows, dialect)}) as ${values} where ${where}`
    default: {
      const tuples = plainTuples(into, rows, dialect, 'row')
      const last = only === null ? keyword('') : sql` where ${only}`
      return sql`update ${table} inner join (values ${tuples}) as ${values} on ${isSame} set ${sets}${last}`
    }
  }
}

/** The expressions of some rows, and for the others the value that they are given. */
function byKey(
  key: Fragment,
  branches: readonly Branch[],
  value: Fragment,
  emitter: Emitter,
  more: readonly Fragment[] = [],
): Fragment {
  const whens = branches.map(({ column, row, node }) => {
    const { primaryKey } = column.model
    return sql`when ${boundAt(primaryKey, row, 0, emitter.dialect)} then ${emitter.typed(node)}`
  })
  return sql`case ${key} ${list([...whens, ...more], ' ')} else ${value} end`
}

/** The value of one row alone, whose type the column says. */
function boundByKey(column: ColumnMeta, row: Row, at: number, dialect: Dialect): Fragment {
  const key = boundAt(column.model.primaryKey, row, 0, dialect)
  return sql`when ${key} then ${boundAt(column, row, at, dialect)}`
}

function boundAt({ field }: ColumnMeta, row: Row, at: number, dialect: Dialect): Fragment {
  const place = bind(row, (given) => field.toDb(given[at], dialect.name))
  return dialect.written(place, field)
}

/** Rows of values only: of all columns, or of those at some places. */
function plainRows(rows: readonly Row[], places: readonly number[] | null): readonly Row[] {
  if (arePlain(rows) && places === null) return rows
  return rows.map((row) => {
    const values = places === null ? row : places.map((place) => row[place])
    return values.map((value) => (Expression.raw(value) === null ? value : null))
  })
}

/**
 * One array for each column, of the column's own type, whatever that is: `coalesce` never gets to
 * its second argument, which says so.
 */
function arrays(into: Into, rows: readonly Row[], dialect: Dialect): Fragment {
  const table = quoted(into.model.table, dialect.quote)
  return list(
    into.columns.map((column, at) => {
      const write = writerOf(into, column, dialect.name)
      const array = bind(rows, (given) => arrayText(given, at, (value) => asText(write(value))))
      const name = quoted(column.column, dialect.quote)
      return sql`coalesce(${array}, array(select ${name} from ${table} limit 0))`
    }),
  )
}

function asText(value: unknown): unknown {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value
}
