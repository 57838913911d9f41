import type { Knex } from 'knex'
import type { DialectName } from '../fields/dialect.ts'
import { assertWithin } from '../query/limits.ts'
import type {
  CombinedPlan,
  ExprNode,
  PlannedJoin,
  PlannedLock,
  QueryState,
  SelectPlan,
  Source,
} from '../query/nodes.ts'
import { resultName } from '../query/plan-rows.ts'
import { compilingKnex, dialectOf } from './clients.ts'
import type { Dialect } from './dialects/dialect.ts'
import { notSupported } from './dialects/shared.ts'
import type { Emitter } from './emitter.ts'
import { SqlEmitter } from './expressions.ts'
import { Bound, CONSTANT, type Fragment, keyword, list, quoted, sql } from './fragment.ts'
import { orderTerm } from './order-term.ts'
import { walkText } from './trees.ts'

/** Makes a knex raw of a fragment. */
export type MakeRaw = (fragment: Fragment) => Knex.Raw

const emitters = new Map<DialectName, Emitter>()

/** The emitter of a dialect. */
export function emitterOf(name: DialectName): Emitter {
  let emitter = emitters.get(name)
  if (emitter === undefined) {
    const own: Emitter = new SqlEmitter(dialectOf(name), (plan) => selectText(plan, own, false))
    emitter = own
    emitters.set(name, emitter)
  }
  return emitter
}

/** A raw whose bindings are still to be encoded. */
export function lazyRaw(knex: Knex): MakeRaw {
  return ({ sql: text, bound }) => knex.raw(text, bound as unknown as Knex.RawBinding[])
}

/**
 * A plan as text in knex's raw form. Inside another query its columns have no names for readers
 * but c0, c1, …
 */
export function selectText(plan: SelectPlan, emitter: Emitter, isOutermost: boolean): Fragment {
  const knex = compilingKnex(emitter.dialect.name)
  const built = buildSelect(knex, plan, emitter, lazyRaw(knex), isOutermost).toSQL()
  const bound = withWindow(built.bindings, plan)
  return { sql: built.sql, bound: comparesExpressions(plan) ? bound.map(shared) : bound }
}

/** Whether expressions in one place must be the same as in another. */
function comparesExpressions({ groupBy, distinct, from: { query } }: SelectPlan): boolean {
  if (groupBy.length > 0 || distinct) return true
  if (query === null) return false
  return 'plans' in query ? query.plans.some(comparesExpressions) : comparesExpressions(query)
}

function shared(bound: Bound): Bound {
  return bound.shared()
}

/** knex itself binds the limit and then the offset, as the only values that are no `Bound`. */
function withWindow(bindings: readonly unknown[], plan: SelectPlan): readonly Bound[] {
  const { window, offset, hasOwnLimit } = plan
  const last = bindings.findLastIndex((binding) => !(binding instanceof Bound))
  return bindings.map((binding, at) => {
    if (binding instanceof Bound) return binding
    if (window !== null && offset > 0 && at === last) return new Bound(window, offsetOf)
    const isLimit = window !== null && !hasOwnLimit && binding === window.limit
    return isLimit ? new Bound(window, limitOf) : new Bound(CONSTANT, () => binding)
  })
}

function offsetOf(window: QueryState): number {
  return window.offset
}

function limitOf(window: QueryState): number | null {
  return window.limit
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
  assertWithin('columns', plan.select.length, 'The number of columns')
  // One raw for all: each costs as much as the text of ten columns.
  const columns = raw(list(selectList(plan.select, emitter, isOutermost)))
  const builder = knex.queryBuilder()
  if (plan.distinctOn.length > 0) {
    if (!dialect.hasDistinctOn) throw notSupported('distinct() with paths', dialect.name)
    void builder.distinctOn(plan.distinctOn.map((node) => raw(emitter.plain(node))) as never)
  }
  void (plan.distinct ? builder.distinct(columns as never) : builder.select(columns))
  // Joins too: knex would write the values of a raw join into the text.
  const tables = [fromClause(plan, emitter), ...plan.joins.map((join) => joinClause(join, emitter))]
  void builder.from(raw(list(tables, ' ')) as never)
  if (plan.where !== null) void builder.whereRaw(raw(emitter.condition(plan.where)))
  if (plan.groupBy.length > 0) {
    void builder.groupByRaw(
      raw(list(plan.groupBy.map((node) => inPlace(node, plan, emitter)))) as never,
    )
  }
  if (plan.having !== null) void builder.havingRaw(raw(emitter.condition(plan.having)) as never)
  if (plan.ordering.length > 0) {
    const terms = plan.ordering.map((order) => orderTerm(order, placing(plan, emitter)))
    void builder.orderByRaw(raw(list(terms)))
  }
  if (plan.limit !== null) void builder.limit(plan.limit)
  if (plan.offset > 0) void builder.offset(plan.offset)
  if (plan.lock !== null) addLock(builder, plan.lock, dialect)
  return builder
}

/** SQLite has no locks of rows: there a transaction locks the whole database. */
function addLock(
  builder: Knex.QueryBuilder,
  { noKey, noWait, skipLocked, of }: PlannedLock,
  { name }: Dialect,
): void {
  if (name === 'sqlite') return
  if (noKey && name !== 'postgresql') throw notSupported('selectForUpdate() with noKey', name)
  const tables = of.map(({ alias }) => alias)
  void (noKey ? builder.forNoKeyUpdate(...tables) : builder.forUpdate(...tables))
  if (noWait) void builder.noWait()
  if (skipLocked) void builder.skipLocked()
}

function fromClause(plan: SelectPlan, emitter: Emitter): Fragment {
  const { quote } = emitter.dialect
  const { source, query } = plan.from
  if (query === null) return tableClause(source, emitter.dialect)
  const inner = 'plans' in query ? combinedText(query, emitter) : selectText(query, emitter, false)
  return sql`(${inner}) as ${quoted(source.alias, quote)}`
}

const OPERATORS = { union: 'union', intersection: 'intersect', difference: 'except' } as const

/** Queries with an order or a limit are inside others, since SQLite takes neither here. */
function combinedText({ operator, all, plans }: CombinedPlan, emitter: Emitter): Fragment {
  const arms = plans.map((plan, at) => {
    const text = selectText(plan, emitter, false)
    const isPlain = plan.ordering.length === 0 && plan.limit === null && plan.offset === 0
    if (isPlain) return text
    return sql`select * from (${text}) as ${quoted(`s${at}`, emitter.dialect.quote)}`
  })
  return list(arms, ` ${OPERATORS[operator]}${all ? ' all' : ''} `)
}

/**
 * A term of GROUP BY. What is selected is named by its place where it binds values: PostgreSQL and
 * MySQL cannot know that two placeholders have the same value.
 */
function inPlace(node: ExprNode, plan: SelectPlan, emitter: Emitter): Fragment {
  const text = emitter.plain(node)
  const at = text.bound.length === 0 ? -1 : plan.select.indexOf(node)
  return at < 0 || emitter.dialect.name === 'sqlite' ? text : keyword(String(at + 1))
}

/** The same for terms of ORDER BY, where rows are grouped or distinct. */
function placing(plan: SelectPlan, emitter: Emitter): Emitter {
  const needsPlaces = plan.groupBy.length > 0 || plan.distinct
  if (!needsPlaces || emitter.dialect.name !== 'postgresql') return emitter
  return {
    dialect: emitter.dialect,
    plain: (node) => emitter.plain(node),
    compared: (node) => emitter.compared(node),
    typed: (node) => (node.kind === 'param' ? emitter.typed(node) : inPlace(node, plan, emitter)),
    selected: (node) => emitter.selected(node),
    condition: (tree) => emitter.condition(tree),
    query: (inner) => emitter.query(inner),
  }
}

/** A table, with its alias where it has another name than its own. */
export function tableClause(source: Source, { quote }: Dialect): Fragment {
  const table = quoted(source.table, quote)
  return source.alias === source.table ? table : sql`${table} as ${quoted(source.alias, quote)}`
}

function joinClause(join: PlannedJoin, emitter: Emitter): Fragment {
  const { source, parent, step, type, condition, tree } = join
  const { dialect } = emitter
  const { quote } = dialect
  const near = sql`${quoted(parent.alias, quote)}.${quoted(step.fromColumn, quote)}`
  const far = sql`${quoted(source.alias, quote)}.${quoted(step.toColumn, quote)}`
  const rows =
    tree === null
      ? tableClause(source, dialect)
      : sql`(${walkText(tree, emitter)}) as ${quoted(source.alias, quote)}`
  const joined = sql`${keyword(type)} join ${rows} on ${near} = ${far}`
  return condition === null ? joined : sql`${joined} and (${emitter.condition(condition)})`
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
