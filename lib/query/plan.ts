import { around, resultColumn } from './around.ts'
import { planCombined } from './combined-rows.ts'
import { keysPosition, separately } from './group-rows.ts'
import { planLock } from './lock.ts'
import type {
  AggregateNode,
  ExprNode,
  OrderNode,
  QueryState,
  RowShape,
  SelectPlan,
  Step,
} from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { finish } from './plan-ending.ts'
import { planInstances } from './plan-instances.ts'
import { Planner } from './planner.ts'
import { isSameNode } from './same-node.ts'
import { isSliced, orderingOf, stepsInOrder } from './state.ts'

export { type Ending, finish, PLAIN, whereOf } from './plan-ending.ts'
export { isSameNode } from './same-node.ts'

/** A plan, and how its rows are read. */
export interface PlannedSelect {
  readonly plan: SelectPlan
  readonly shape: RowShape
  /** How many columns were asked for: behind them may be what DISTINCT is ordered by. */
  readonly width: number
}

/** The plan of a queryset's own rows. */
export function planSelect(state: QueryState): PlannedSelect {
  return selectUnder(state, null, orderingOf(state))
}

/** The same under another query, and in a given order. */
export function selectUnder(
  state: QueryState,
  parent: Planner | null,
  ordering: readonly OrderNode[],
): PlannedSelect {
  if (state.combination !== null) {
    const combined = planCombined(state, state.combination, ordering, (arm) => {
      const planned = selectUnder(arm, parent, isSliced(arm) ? orderingOf(arm) : [])
      return { plan: askedFor(planned), shape: planned.shape }
    })
    return { ...combined, width: combined.plan.select.length }
  }
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
    window: state,
    isNone: state.isNone,
  })
  const { select, shape } = projected
  return { plan: { ...plan, lock: planLock(state, planner, plan) }, shape, width: select.length }
}

/** A plan whose rows are no longer than what was asked for. */
function askedFor({ plan, width }: PlannedSelect): SelectPlan {
  if (plan.select.length === width) return plan
  return around(plan, plan.select.slice(0, width).map(resultColumn))
}

/** A query used as a value in another one: unsliced, its order does not matter. */
export function planInner(state: QueryState, parent: Planner): SelectPlan {
  const ordering = isSliced(state) ? orderingOf(state) : []
  return askedFor(selectUnder(state, parent, ordering))
}

/** A planner that has taken all steps. */
export interface Replayed {
  readonly planner: Planner
  /** The bound columns of `values()`; null for instances. */
  readonly columns: readonly ExprNode[] | null
  /** What else was to be bound behind all steps. */
  readonly more: readonly ExprNode[]
}

/**
 * Takes a state's steps in order, `values()` among them, since it may share joins with them. Once
 * more where aggregates would multiply each other's rows: those then become subqueries.
 */
export function replay(
  state: QueryState,
  parent: Planner | null,
  more: readonly ExprNode[] = [],
): Replayed {
  const replayed = replayWith(state, parent, more, null)
  const fanned = replayed.planner.fanned()
  return fanned.size === 0 ? replayed : replayWith(state, parent, more, fanned)
}

function replayWith(
  state: QueryState,
  parent: Planner | null,
  more: readonly ExprNode[],
  separate: ReadonlySet<AggregateNode> | null,
): Replayed {
  const planner = new Planner(state.model, parent, planInner)
  if (separate !== null) planner.planSeparately = separately(state, separate)
  planner.planAlone = separately(state, null)
  planner.meanings = state.annotations
  planner.filtered = state.filtered
  const { projection, groupBy } = state
  const named = projection.kind === 'instances' ? null : projection
  const steps: readonly (Step | null)[] = [...stepsInOrder(state.steps), null]
  const bound = new Map<ExprNode, ExprNode>()
  const bind = (node: ExprNode): ExprNode => bound.get(node) ?? planner.bind(node, null)
  for (const [at, step] of steps.entries()) {
    if (named?.position === at) {
      for (const { node } of named.columns) {
        if (node.kind !== 'annotation') bound.set(node, planner.bind(node, null))
      }
    }
    if (groupBy !== null && keysPosition(state, groupBy) === at) {
      planner.groupKeys ??= groupBy.columns.map(({ node }) => bind(node))
    }
    if (step !== null) planner.take(step)
  }
  return {
    planner,
    columns: named === null ? null : named.columns.map(({ node }) => bind(node)),
    more: more.map((node) => planner.bind(node, null)),
  }
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

/** An order term with its paths joined. */
export function bindOrder(planner: Planner, order: OrderNode): OrderNode {
  return order.node === null ? order : { ...order, node: planner.bind(order.node, null) }
}

/** Order terms that DISTINCT needs in the select list; rows then have more values at their end. */
export function unselected(
  ordering: readonly OrderNode[],
  select: readonly ExprNode[],
): readonly ExprNode[] {
  return ordering.flatMap(({ node }) =>
    node === null || select.some((each) => isSameNode(each, node)) ? [] : [node],
  )
}
