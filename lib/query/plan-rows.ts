import type { ConditionTree, ExprNode, NamedNode, QueryState, SelectPlan, Source } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { bindOrder, finish, isSameNode, PLAIN, replay, selectUnder, unselected } from './plan.ts'
import { planInstances } from './plan-instances.ts'
import { isSliced, orderingOf } from './state.ts'

const ONE: ExprNode = Object.freeze({
  kind: 'func',
  name: 'one',
  args: Object.freeze([]),
  field: OUTPUT.integer,
})

/** `count(*)`. */
export const COUNT_ALL: ExprNode = Object.freeze({
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
  return isSliced(state) || state.distinct !== false
}

/** `count(*)` of the rows. */
export function planCount(state: QueryState): SelectPlan {
  if (!isWrapped(state)) {
    return finish(replay(state, null).planner, {
      ...PLAIN,
      select: [COUNT_ALL],
      isNone: state.isNone,
    })
  }
  return around(innerRows(state, false), [COUNT_ALL])
}

/** The rows of a state as a subquery; where equal rows are kept, they need no columns. */
function innerRows(state: QueryState, keepsOrder: boolean): SelectPlan {
  const plain: QueryState = { ...state, selectRelated: new Map() }
  const isDistinctOn = Array.isArray(state.distinct)
  const ordering = keepsOrder || isDistinctOn ? orderingOf(state) : []
  const { plan } = selectUnder(plain, null, ordering)
  const needsColumns = state.distinct !== false
  return needsColumns ? plan : { ...plan, select: [ONE] }
}

/** A query over the rows of another one, whose columns are c0, c1, … of `q`. */
export function around(query: SelectPlan, select: readonly ExprNode[]): SelectPlan {
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
    window: null,
    lock: null,
    isEmpty: query.isEmpty,
  }
}

/** At most one row, if there are any. */
export function planExists(state: QueryState): SelectPlan {
  const limit = Math.min(state.limit ?? 1, 1)
  if (state.distinct !== false && isSliced(state)) {
    const query = { ...innerRows(state, Array.isArray(state.distinct)) }
    return { ...around(query, [ONE]), limit: 1 }
  }
  const { planner } = replay(state, null)
  return finish(planner, {
    ...PLAIN,
    select: [ONE],
    offset: state.offset,
    limit,
    window: state,
    hasOwnLimit: true,
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
  const { planner, columns } = replay(state, null)
  const projected = columns ?? planInstances(planner, { ...state, selectRelated: new Map() }).select
  const ordering = isSliced(state)
    ? orderingOf(state).map((order) => bindOrder(planner, order))
    : []
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
    window: state,
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
        return {
          ...condition,
          children: condition.children.map((each) => this.#liftCondition(each)),
        }
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
