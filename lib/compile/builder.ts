import type { Knex } from 'knex'
import type { DialectName } from '../fields/dialect.ts'
import type { ExprNode, OrderNode, PlannedJoin, SelectPlan, Source } from '../query/nodes.ts'
import { resultName } from '../query/plan-rows.ts'
import { compilingKnex, dialectOf } from './clients.ts'
import type { Dialect } from './dialects/dialect.ts'
import { notSupported } from './dialects/shared.ts'
import type { Emitter } from './emitter.ts'
import { SqlEmitter } from './expressions.ts'
import { Bound, type Fragment, keyword, list, quoted, sql } from './fragment.ts'

/** Makes a knex raw of a fragment. */
export type MakeRaw = (fragment: Fragment) => Knex.Raw

const emitters = new Map<DialectName, Emitter>()

/** The emitter of a dialect. */
export function emitterOf(name: DialectName): Emitter {
  let emitter = emitters.get(name)
  if (emitter === undefined) {
    const own: Emitter = new SqlEmitter(dialectOf(name), (plan) => inlined(plan, own))
    emitter = own
    emitters.set(name, emitter)
  }
  return emitter
}

/** A raw whose bindings are still to be encoded. */
export function lazyRaw(knex: Knex): MakeRaw {
  return ({ sql: text, bound }) => knex.raw(text, bound as unknown as Knex.RawBinding[])
}

/** A select without names for its columns' readers: of a subquery, whose columns are c0, c1, … */
function inlined(plan: SelectPlan, emitter: Emitter): Fragment {
  const knex = compilingKnex(emitter.dialect.name)
  const { sql: text, bindings } = buildSelect(knex, plan, emitter, lazyRaw(knex), false).toSQL()
  const bound = bindings.map((binding) =>
    binding instanceof Bound ? binding : new Bound(binding, (value) => value),
  )
  return { sql: text, bound }
}

/**
 * A plan as a knex builder, clause by clause in the order of SQL. All text and all names in it are
 * raws made here; knex puts them together and knows how LIMIT and OFFSET are written.
 */
export function buildSelect(
  knex: Knex,
  plan: SelectPlan,
  emitter: Emitter,
  raw: MakeRaw,
  isOutermost: boolean,
): Knex.QueryBuilder {
  const { dialect } = emitter
  const columns = selectList(plan.select, emitter, isOutermost).map(raw)
  const builder = knex.queryBuilder()
  if (plan.distinctOn.length > 0) {
    if (!dialect.hasDistinctOn) throw notSupported('distinct() with paths', dialect.name)
    void builder.distinctOn(plan.distinctOn.map((node) => raw(emitter.plain(node))) as never)
  }
  void (plan.distinct ? builder.distinct(columns as never) : builder.select(columns))
  void builder.from(raw(fromClause(plan, emitter)) as never)
  for (const join of plan.joins) void builder.joinRaw(raw(joinClause(join, dialect)) as never)
  if (plan.where !== null) void builder.whereRaw(raw(emitter.condition(plan.where)))
  if (plan.groupBy.length > 0) {
    void builder.groupByRaw(raw(list(plan.groupBy.map((node) => emitter.plain(node)))) as never)
  }
  if (plan.having !== null) void builder.havingRaw(raw(emitter.condition(plan.having)) as never)
  if (plan.ordering.length > 0) {
    void builder.orderByRaw(raw(list(plan.ordering.map((order) => orderTerm(order, emitter)))))
  }
  if (plan.limit !== null) void builder.limit(plan.limit)
  if (plan.offset > 0) void builder.offset(plan.offset)
  return builder
}

function fromClause(plan: SelectPlan, emitter: Emitter): Fragment {
  const { quote } = emitter.dialect
  const { source, query } = plan.from
  if (query === null) return tableClause(source, emitter.dialect)
  const knex = compilingKnex(emitter.dialect.name)
  const built = buildSelect(knex, query, emitter, lazyRaw(knex), false).toSQL()
  const bound = built.bindings.map((binding) =>
    binding instanceof Bound ? binding : new Bound(binding, (value) => value),
  )
  return sql`(${{ sql: built.sql, bound }}) as ${quoted(source.alias, quote)}`
}

/** A table, with its alias where it has another name than its own. */
export function tableClause(source: Source, { quote }: Dialect): Fragment {
  const table = quoted(source.table, quote)
  return source.alias === source.table ? table : sql`${table} as ${quoted(source.alias, quote)}`
}

function joinClause({ source, parent, step, type }: PlannedJoin, dialect: Dialect): Fragment {
  const { quote } = dialect
  const near = sql`${quoted(parent.alias, quote)}.${quoted(step.fromColumn, quote)}`
  const far = sql`${quoted(source.alias, quote)}.${quoted(step.toColumn, quote)}`
  return sql`${keyword(type)} join ${tableClause(source, dialect)} on ${near} = ${far}`
}

/** Columns by their own name where it is theirs alone; everything else by its place. */
function selectList(
  nodes: readonly ExprNode[],
  emitter: Emitter,
  isOutermost: boolean,
): readonly Fragment[] {
  const { quote, name } = emitter.dialect
  const taken = new Set<string>()
  return nodes.map((node, index) => {
    if (!isOutermost) {
      const expression = node.kind === 'param' ? emitter.typed(node) : emitter.plain(node)
      return node.kind === 'func' && node.name === 'one'
        ? expression
        : sql`${expression} as ${quoted(resultName(index), quote)}`
    }
    const expression = emitter.selected(node)
    const isPlain = node.kind === 'column' && (name !== 'sqlite' || node.field.family !== 'bigint')
    if (isPlain && isOwnName(node.column) && !taken.has(node.column.toLowerCase())) {
      taken.add(node.column.toLowerCase())
      return expression
    }
    return sql`${expression} as ${quoted(resultName(index), quote)}`
  })
}

/** Names that a driver's row objects keep, in their place, and that no generated name has. */
function isOwnName(name: string): boolean {
  return name !== '__proto__' && !/^\d+$|^c\d+$/i.test(name)
}

function orderTerm({ node, descending, nulls }: OrderNode, emitter: Emitter): Fragment {
  const { dialect } = emitter
  if (node === null) return dialect.random
  const isJson = node.field.family === 'json' && node.kind !== 'param'
  const expression = isJson ? dialect.json.comparable(emitter.plain(node)) : emitter.typed(node)
  const directed = sql`${expression} ${keyword(descending ? 'desc' : 'asc')}`
  if (nulls === null) return directed
  if (dialect.hasNullsOrder) return sql`${directed} nulls ${keyword(nulls)}`
  return sql`${expression} is null ${keyword(nulls === 'first' ? 'desc' : 'asc')}, ${directed}`
}
