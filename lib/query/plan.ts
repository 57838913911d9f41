import { FieldError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import type { JoinedSource } from './joins.ts'
import type {
  ConditionTree,
  ExprNode,
  InstanceShape,
  NamedNode,
  OrderNode,
  QueryState,
  RowShape,
  SelectPlan,
  Source,
} from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { columnRef } from './paths.ts'
import { planInstances } from './plan-instances.ts'
import { Planner } from './planner.ts'
import { simplify } from './simplify.ts'
import { isSliced, orderingOf, stepsInOrder } from './state.ts'

/** A plan, and how its rows are read. */
export interface PlannedSelect {
  readonly plan: SelectPlan
  readonly shape: RowShape
}

/** The plan of a queryset's own rows. */
export function planSelect(state: QueryState): PlannedSelect {
  return selectUnder(state, null, orderingOf(state))
}

function selectUnder(
  state: QueryState,
  parent: Planner | null,
  ordering: readonly OrderNode[],
): PlannedSelect {
  if (state.combination !== null) return planCombination(state, parent, ordering)
  const { planner, columns } = replay(state, parent)
  const projected = columns === null ? planInstances(planner, state) : planColumns(columns, state)
  const ordered = ordering.map((order) => bindOrder(planner, order))
  const on = Array.isArray(state.distinct) ? (state.distinct as readonly ExprNode[]) : []
  const distinctOn = on.map((node) => planner.bind(node, null))
  const extra = state.distinct === true ? unselected(ordered, projected.select) : []
  const plan = finish(planner, {
    select: [...projected.select, ...extra],
    distinct: state.distinct === true,
    distinctOn,
    ordering: ordered,
    offset: state.offset,
    limit: state.limit,
    isNone: state.isNone,
  })
  return { plan: { ...plan, lock: state.lock }, shape: projected.shape }
}

/** A query used as a value in another one: unsliced, its order does not matter. */
function planInner(state: QueryState, parent: Planner): SelectPlan {
  const ordering = isSliced(state) ? orderingOf(state) : []
  return selectUnder(state, parent, ordering).plan
}

interface Replayed {
  readonly planner: Planner
  /** The bound columns of `values()`; null for instances. */
  readonly columns: readonly ExprNode[] | null
}

/** Takes a state's steps in order, `values()` among them, since it may share joins with them. */
function replay(state: QueryState, parent: Planner | null): Replayed {
  const planner = new Planner(state.model, parent, planInner)
  const { projection } = state
  const steps = stepsInOrder(state.steps)
  if (projection.kind === 'instances') {
    for (const step of steps) planner.take(step)
    return { planner, columns: null }
  }
  for (const step of steps.slice(0, projection.position)) planner.take(step)
  const bindNow = projection.columns.map(({ node }) =>
    node.kind === 'annotation' ? null : planner.bind(node, null),
  )
  for (const step of steps.slice(projection.position)) planner.take(step)
  const columns = projection.columns.map(
    ({ node }, index) => bindNow[index] ?? planner.bind(node, null),
  )
  return { planner, columns }
}

interface Projected {
  readonly select: readonly ExprNode[]
  readonly shape: RowShape
}

function planColumns(select: readonly ExprNode[], state: QueryState): Projected {
  return { select, shape: columnShape(state) }
}

function columnShape(state: QueryState): RowShape {
  const { projection } = state
  if (projection.kind === 'instances') throw new TypeError('Instances are no columns.')
  const fields = projection.columns.map(({ node }) => node.field)
  if (projection.kind === 'values') {
    return { kind: 'values', names: projection.columns.map(({ name }) => name), fields }
  }
  if (projection.kind === 'flat') return { kind: 'flat', field: fields[0] ?? OUTPUT.text }
  return { kind: 'valuesList', fields }
}

function bindOrder(planner: Planner, order: OrderNode): OrderNode {
  return order.node === null ? order : { ...order, node: planner.bind(order.node, null) }
}

/** Order terms that DISTINCT needs in the select list; rows then have more values at their end. */
function unselected(
  ordering: readonly OrderNode[],
  select: readonly ExprNode[],
): readonly ExprNode[] {
  return ordering.flatMap(({ node }) =>
    node === null || select.some((each) => isSameNode(each, node)) ? [] : [node],
  )
}

function isSameNode(a: ExprNode, b: ExprNode): boolean {
  if (a === b) return true
  if (a.kind === 'column' && b.kind === 'column') {
    return a.source === b.source && a.column === b.column
  }
  if (a.kind === 'func' && b.kind === 'func') {
    return (
      a.name === b.name &&
      a.args.length === b.args.length &&
      a.args.every((arg, index) => isSameNode(arg, b.args[index] as ExprNode))
    )
  }
  return false
}

interface Ending {
  readonly select: readonly ExprNode[]
  readonly distinct: boolean
  readonly distinctOn: readonly ExprNode[]
  readonly ordering: readonly OrderNode[]
  readonly offset: number
  readonly limit: number | null
  readonly isNone: boolean
}

const PLAIN: Omit<Ending, 'select'> = {
  distinct: false,
  distinctOn: [],
  ordering: [],
  offset: 0,
  limit: null,
  isNone: false,
}

function finish(planner: Planner, ending: Ending): SelectPlan {
  const { isNone, ...rest } = ending
  const where = whereOf(planner)
  return {
    ...rest,
    from: { source: planner.joins.root, query: null },
    joins: planner.joins.finish(planner.depth, planner.outerSources, planner.joins.root),
    where: where.kind === 'constant' ? null : where,
    groupBy: [],
    having: null,
    lock: null,
    isEmpty: isNone || ending.limit === 0 || (where.kind === 'constant' && !where.value),
    combination: null,
  }
}

function whereOf(planner: Planner): ConditionTree {
  return simplify({ kind: 'group', connector: 'and', children: planner.conditions })
}

function planCombination(
  state: QueryState,
  parent: Planner | null,
  ordering: readonly OrderNode[],
): PlannedSelect {
  const { combination } = state
  if (combination === null) throw new TypeError('There is nothing to combine.')
  const planned = combination.states.map((each) =>
    selectUnder(each, parent, isSliced(each) ? orderingOf(each) : []),
  )
  const [first] = planned
  if (first === undefined) throw new FieldError('There is nothing to combine.')
  return {
    shape: first.shape,
    plan: {
      ...first.plan,
      distinct: false,
      distinctOn: [],
      ordering,
      offset: state.offset,
      limit: state.limit,
      isEmpty: state.isNone || planned.every(({ plan }) => plan.isEmpty),
      combination: { ...combination, plans: planned.map(({ plan }) => plan) },
    },
  }
}

const ONE: ExprNode = Object.freeze({
  kind: 'func',
  name: 'one',
  args: Object.freeze([]),
  field: OUTPUT.integer,
})

const COUNT_ALL: ExprNode = Object.freeze({
  kind: 'aggregate',
  name: 'count',
  input: null,
  distinct: false,
  sample: false,
  filter: null,
  default: null,
  field: OUTPUT.integer,
})

/** Whether rows must be made before they can be counted or summed. */
function isWrapped(state: QueryState): boolean {
  return (
    isSliced(state) ||
    state.distinct !== false ||
    state.combination !== null ||
    state.groupBy !== null
  )
}

/** `count(*)` of the rows. */
export function planCount(state: QueryState): SelectPlan {
  if (!isWrapped(state)) {
    return finish(replay(state, null).planner, { ...PLAIN, select: [COUNT_ALL], isNone: state.isNone })
  }
  return around(innerRows(state, false), [COUNT_ALL])
}

/** The rows of a state as a subquery; where equal rows are kept, they need no columns. */
function innerRows(state: QueryState, keepsOrder: boolean): SelectPlan {
  const plain: QueryState = { ...state, selectRelated: new Map() }
  const isDistinctOn = Array.isArray(state.distinct)
  const ordering = keepsOrder || isDistinctOn ? orderingOf(state) : []
  const { plan } = selectUnder(plain, null, ordering)
  const needsColumns = state.distinct !== false || state.combination !== null
  return needsColumns ? plan : { ...plan, select: [ONE] }
}

function around(query: SelectPlan, select: readonly ExprNode[]): SelectPlan {
  const source: Source = { alias: 'q', table: 'q', model: null }
  return {
    from: { source, query },
    joins: [],
    where: null,
    groupBy: [],
    having: null,
    select,
    distinct: false,
    distinctOn: [],
    ordering: [],
    offset: 0,
    limit: null,
    lock: null,
    isEmpty: query.isEmpty,
    combination: null,
  }
}

/** At most one row, if there are any. */
export function planExists(state: QueryState): SelectPlan {
  const limit = Math.min(state.limit ?? 1, 1)
  if (state.combination !== null || (state.distinct !== false && isSliced(state))) {
    const query = { ...innerRows(state, Array.isArray(state.distinct)) }
    return { ...around(query, [ONE]), limit: 1 }
  }
  const { planner } = replay(state, null)
  return finish(planner, {
    ...PLAIN,
    select: [ONE],
    offset: state.offset,
    limit,
    isNone: state.isNone,
  })
}

/** One row with the values of aggregates over all rows of a state. */
export function planAggregate(state: QueryState, aggregates: readonly NamedNode[]): SelectPlan {
  if (!isWrapped(state)) {
    const { planner } = replay(state, null)
    const select = aggregates.map(({ node }) => planner.bind(node, null))
    return finish(planner, { ...PLAIN, select, isNone: state.isNone })
  }
  if (state.combination !== null) {
    throw new FieldError(`aggregate() after ${state.combination.operator}() is not supported.`)
  }
  const { planner, columns } = replay(state, null)
  const projected = columns ?? planInstances(planner, { ...state, selectRelated: new Map() }).select
  const ordering = isSliced(state) ? orderingOf(state).map((order) => bindOrder(planner, order)) : []
  const isDistinct = state.distinct === true
  const kept = isDistinct ? [...projected, ...unselected(ordering, projected)] : []
  const source: Source = { alias: 'q', table: 'q', model: null }
  const lifted = new Lifted(kept, source)
  const select = aggregates.map(({ node }) => lifted.lift(planner.bind(node, null)))
  const on = Array.isArray(state.distinct) ? (state.distinct as readonly ExprNode[]) : []
  const query = finish(planner, {
    select: lifted.columns.length === 0 ? [ONE] : lifted.columns,
    distinct: isDistinct,
    distinctOn: on.map((node) => planner.bind(node, null)),
    ordering,
    offset: state.offset,
    limit: state.limit,
    isNone: state.isNone,
  })
  return { ...around(query, select), from: { source, query } }
}

/** Replaces columns of an inner query by its results, adding those that it did not select. */
class Lifted {
  readonly columns: ExprNode[]
  readonly #source: Source

  constructor(columns: readonly ExprNode[], source: Source) {
    this.columns = [...columns]
    this.#source = source
  }

  lift(node: ExprNode): ExprNode {
    switch (node.kind) {
      case 'column':
        return this.#result(node)
      case 'func':
        return { ...node, args: node.args.map((arg) => this.lift(arg)) }
      case 'aggregate':
        return {
          ...node,
          input: node.input === null ? null : this.lift(node.input),
          filter: node.filter === null ? null : this.#liftCondition(node.filter),
        }
      case 'condition':
        return { ...node, condition: this.#liftCondition(node.condition) }
      default:
        return node
    }
  }

  #liftCondition(condition: ConditionTree): ConditionTree {
    switch (condition.kind) {
      case 'lookup':
        return {
          ...condition,
          left: this.lift(condition.left),
          right: condition.right.map((node) => this.lift(node)),
        }
      case 'group':
        return { ...condition, children: condition.children.map((each) => this.#liftCondition(each)) }
      case 'not':
        return { ...condition, child: this.#liftCondition(condition.child) }
      case 'boolean':
        return { ...condition, expression: this.lift(condition.expression) }
      default:
        return condition
    }
  }

  #result(node: ExprNode): ExprNode {
    const known = this.columns.findIndex((each) => isSameNode(each, node))
    const index = known >= 0 ? known : this.columns.push(node) - 1
    const column = resultName(index)
    return { kind: 'column', source: this.#source, column, field: node.field, nullable: true }
  }
}

/** The name of a subquery's column, by its place. */
export function resultName(index: number): string {
  return `c${index}`
}

/** Which rows an UPDATE or DELETE is for, and what it sets. */
export interface WritePlan {
  readonly root: Source
  /** Null: every row. */
  readonly where: ConditionTree | null
  readonly isEmpty: boolean
  readonly assignments: readonly { readonly column: string; readonly node: ExprNode; readonly field: ColumnField }[]
}

/** A column and what it is set to. */
export interface Assignment {
  readonly column: { readonly column: string; readonly field: ColumnField; readonly name: string }
  readonly node: ExprNode
}

/** UPDATE or DELETE of a state's rows: with joins, of the rows whose key a subquery finds. */
export function planWrite(state: QueryState, assignments: readonly Assignment[]): WritePlan {
  const { planner } = replay({ ...state, projection: { kind: 'instances' } }, null)
  const needsQuery =
    isSliced(state) || planner.joins.sources.some((source) => source !== planner.joins.root && source.uses > 0)
  const target = needsQuery ? new Planner(state.model, null, planInner) : planner
  if (needsQuery) target.filter(inSubquery(state), new Set())
  const bound = assignments.map(({ column, node }) => {
    const value = target.bind(node, null)
    assertOwnColumns(value, target.joins.root, column.name)
    return { column: column.column, node: value, field: column.field }
  })
  const where = whereOf(target)
  target.joins.finish(0, [], target.joins.root)
  return {
    root: target.joins.root,
    where: where.kind === 'constant' ? null : where,
    isEmpty: state.isNone || (where.kind === 'constant' && !where.value),
    assignments: bound,
  }
}

function inSubquery(state: QueryState): ConditionTree {
  const node = columnRef(state.model.primaryKey)
  const narrowed: QueryState = {
    ...state,
    selectRelated: new Map(),
    projection: { kind: 'flat', columns: [{ name: 'pk', node }], position: state.steps?.length ?? 0 },
  }
  const query: ExprNode = { kind: 'query', state: narrowed, exists: false, field: node.field }
  return { kind: 'lookup', lookup: 'in', left: node, right: [query], flag: true }
}

function assertOwnColumns(node: ExprNode, root: JoinedSource, name: string): void {
  if (node.kind === 'column' && node.source !== root) {
    throw new FieldError(`'${name}' can only be set to columns of its own model, not of a relation.`)
  }
  if (node.kind === 'aggregate') throw new FieldError(`'${name}' cannot be set to an aggregate.`)
  if (node.kind === 'func') for (const arg of node.args) assertOwnColumns(arg, root, name)
}

export type { InstanceShape }
