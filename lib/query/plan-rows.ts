import { around } from './around.ts'
import { combinedColumn } from './combined-rows.ts'
import { Lifted } from './lifted.ts'
import type { ExprNode, NamedNode, QueryState, SelectPlan } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { bindOrder, finish, PLAIN, replay, selectUnder, unselected, whereOf } from './plan.ts'
import { splitConditions } from './plan-ending.ts'
import { planInstances } from './plan-instances.ts'
import { ONE, type Planner } from './planner.ts'
import { isSliced, orderingOf } from './state.ts'
import {
  containsAggregate,
  containsWindow,
  partsOf,
  someNode,
  withExpressions,
  withParts,
} from './walk.ts'

export { around, resultName } from './around.ts'

/** `count(*)`. */
export const COUNT_ALL: ExprNode = Object.freeze({
  kind: 'aggregate',
  name: 'count',
  input: null,
  distinct: false,
  sample: false,
  filter: null,
  default: null,
  delimiter: null,
  ordering: [],
  field: OUTPUT.integer,
})

/** Whether rows must be made before they can be counted or summed. */
function isWrapped(state: QueryState, planner: Planner): boolean {
  if (isSliced(state) || state.distinct !== false || state.groupBy !== null) return true
  return splitConditions(whereOf(planner)).qualify !== null
}

/** `count(*)` of the rows. */
export function planCount(state: QueryState): SelectPlan {
  if (state.combination === null) {
    const { planner } = replay(state, null)
    if (!isWrapped(state, planner)) {
      return finish(planner, { ...PLAIN, select: [COUNT_ALL], isNone: state.isNone })
    }
  }
  return around(innerRows(state, false), [COUNT_ALL])
}

/** The rows of a state as a subquery; where equal rows are kept, they need no columns. */
function innerRows(state: QueryState, keepsOrder: boolean): SelectPlan {
  const plain: QueryState = { ...state, selectRelated: new Map(), lock: null }
  const isDistinctOn = Array.isArray(state.distinct)
  const ordering = keepsOrder || isDistinctOn ? orderingOf(state) : []
  const { plan } = selectUnder(plain, null, ordering)
  const needsColumns = state.distinct !== false
  return needsColumns ? plan : { ...plan, select: [ONE] }
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
    window: state,
    hasOwnLimit: true,
    isNone: state.isNone,
  })
}

/** One row with the values of aggregates over all rows of a state. */
export function planAggregate(state: QueryState, aggregates: readonly NamedNode[]): SelectPlan {
  const nodes = aggregates.map(({ node }) => node)
  if (state.combination !== null) return aroundCombined(state, nodes)
  const plain = replay(state, null)
  if (!isWrapped(state, plain.planner) && !nodes.some((node) => isOverWindow(node, state))) {
    const { planner, more } = replay(state, null, nodes)
    return finish(planner, { ...PLAIN, select: more, isNone: state.isNone })
  }
  const { planner, columns } = plain
  const projected = columns ?? planInstances(planner, { ...state, selectRelated: new Map() }).select
  const ordering = isSliced(state)
    ? orderingOf(state).map((order) => bindOrder(planner, order))
    : []
  const isDistinct = state.distinct === true
  // Columns of groups may make more groups.
  const grouped =
    state.groupBy === null ? [] : projected.filter((node) => makesGroups(node, planner))
  const kept = isDistinct ? [...projected, ...unselected(ordering, projected)] : grouped
  const lifted = new Lifted(kept)
  const select = nodes.map((node) => lifted.over(node, (part) => planner.bind(part, null)))
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
  return around(query, select)
}

/** Whether an aggregate is of windows, which come after the groups of their own query. */
function isOverWindow(node: ExprNode, { annotations }: QueryState): boolean {
  return someNode(
    node,
    (part) =>
      part.kind === 'aggregate' &&
      partsOf(part).some((inner) => containsWindow(inner, annotations)),
  )
}

/** Whether groups may differ in what is selected though the row of the model is the same. */
function makesGroups(node: ExprNode, { joins }: Planner): boolean {
  const isOwn = node.kind === 'column' && node.source === joins.root
  return !isOwn && !containsAggregate(node)
}

/** Aggregates over the columns of a combined query. */
function aroundCombined(state: QueryState, nodes: readonly ExprNode[]): SelectPlan {
  const { plan, shape } = selectUnder(state, null, isSliced(state) ? orderingOf(state) : [])
  const toColumn = (node: ExprNode): ExprNode =>
    node.kind === 'aggregate' || node.kind === 'func'
      ? withParts(node, {
          node: toColumn,
          condition: (tree) => withExpressions(tree, toColumn),
        })
      : combinedColumn(state, shape, node)
  return around(plan, nodes.map(toColumn))
}
