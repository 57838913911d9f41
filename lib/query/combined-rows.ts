import { FieldError } from '../errors.ts'
import { around, resultColumn } from './around.ts'
import type {
  Combination,
  CombinedPlan,
  ExprNode,
  OrderNode,
  QueryState,
  RowShape,
  SelectPlan,
} from './nodes.ts'
import { orderedBy } from './walk.ts'

/** A plan, and how its rows are read. */
interface PlannedArm {
  readonly plan: SelectPlan
  readonly shape: RowShape
}

/** The rows of `union()` and the like, read as those of the first query. */
export function planCombined(
  state: QueryState,
  combination: Combination,
  ordering: readonly OrderNode[],
  planArm: (arm: QueryState) => PlannedArm,
): PlannedArm {
  const arms = combination.states.map(planArm)
  const [first] = arms
  if (first === undefined) throw new TypeError('Nothing is combined.')
  const width = first.plan.select.length
  if (arms.some(({ plan }) => plan.select.length !== width)) {
    throw new FieldError(
      `${combination.operator}() takes queries with the same number of columns: name them with values().`,
    )
  }
  const { shape } = first
  const plans = withoutEmpty(
    combination,
    arms.map(({ plan }) => plan),
  )
  const { operator, all } = combination
  const query: CombinedPlan = { kind: 'combined', operator, all, plans }
  const { offset, limit } = state
  const isEmpty = plans.length === 0 || state.isNone || limit === 0
  const plan: SelectPlan = {
    ...around(query, first.plan.select.map(resultColumn), isEmpty),
    ordering: orderedBy(ordering, (node) => combinedColumn(state, shape, node)),
    distinct: state.distinct === true,
    ...{ offset, limit, window: state },
  }
  return { plan, shape }
}

/** The queries that may have rows; none where the whole has none. */
function withoutEmpty(
  { operator }: Combination,
  plans: readonly SelectPlan[],
): readonly SelectPlan[] {
  const kept = plans.filter(({ isEmpty }) => !isEmpty)
  if (operator === 'intersection' && kept.length < plans.length) return []
  return operator === 'difference' && plans[0]?.isEmpty ? [] : kept
}

/**
 * A column of combined rows.
 *
 * @throws FieldError for what is none
 */
export function combinedColumn(state: QueryState, shape: RowShape, node: ExprNode): ExprNode {
  if (node.kind === 'param') return node
  const index = placeOf(firstOf(state), shape, node)
  if (index >= 0) return resultColumn(node, index)
  throw new FieldError(
    `After ${state.combination?.operator}() only columns of its result can be named, as they are.`,
  )
}

function firstOf(state: QueryState): QueryState {
  const [first] = state.combination?.states ?? []
  return first === undefined ? state : firstOf(first)
}

function placeOf({ projection }: QueryState, shape: RowShape, node: ExprNode): number {
  if (projection.kind !== 'instances') {
    return projection.columns.findIndex((column) => isSame(column.node, node))
  }
  if (shape.kind !== 'instances') return -1
  if (node.kind === 'ref' && node.hops.length === 0) return shape.columns.indexOf(node.column)
  const named = shape.annotations.find(
    ({ name }) => node.kind === 'annotation' && node.name === name,
  )
  return named?.offset ?? -1
}

function isSame(a: ExprNode, b: ExprNode): boolean {
  if (a.kind === 'annotation' && b.kind === 'annotation') return a.name === b.name
  if (a.kind !== 'ref' || b.kind !== 'ref' || a.hops.length !== b.hops.length) return false
  return a.column === b.column && a.hops.every((hop, at) => hop === b.hops[at])
}
