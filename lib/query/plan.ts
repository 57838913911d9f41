import type {
  ConditionTree,
  ExprNode,
  OrderNode,
  QueryState,
  RowShape,
  SelectPlan,
} from './nodes.ts'
import { OUTPUT } from './outputs.ts'
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

/** The same under another query, and in a given order. */
export function selectUnder(
  state: QueryState,
  parent: Planner | null,
  ordering: readonly OrderNode[],
): PlannedSelect {
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
  return { plan: { ...plan, lock: state.lock }, shape: projected.shape }
}

/** A query used as a value in another one: unsliced, its order does not matter. */
export function planInner(state: QueryState, parent: Planner): SelectPlan {
  const ordering = isSliced(state) ? orderingOf(state) : []
  return selectUnder(state, parent, ordering).plan
}

/** A planner that has taken all steps. */
export interface Replayed {
  readonly planner: Planner
  /** The bound columns of `values()`; null for instances. */
  readonly columns: readonly ExprNode[] | null
}

/** Takes a state's steps in order, `values()` among them, since it may share joins with them. */
export function replay(state: QueryState, parent: Planner | null): Replayed {
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

/** Whether two planned expressions are the same for certain. */
export function isSameNode(a: ExprNode, b: ExprNode): boolean {
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

/** What a plan ends with, behind its joins and conditions. */
export interface Ending {
  readonly select: readonly ExprNode[]
  readonly distinct: boolean
  readonly distinctOn: readonly ExprNode[]
  readonly ordering: readonly OrderNode[]
  readonly offset: number
  readonly limit: number | null
  readonly window: QueryState | null
  readonly hasOwnLimit?: boolean
  readonly isNone: boolean
}

/** No order, no limits. */
export const PLAIN: Omit<Ending, 'select'> = {
  distinct: false,
  distinctOn: [],
  ordering: [],
  offset: 0,
  limit: null,
  window: null,
  isNone: false,
}

/** The plan of what a planner has gathered. */
export function finish(planner: Planner, ending: Ending): SelectPlan {
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
  }
}

/** All conditions that a planner has gathered. */
export function whereOf(planner: Planner): ConditionTree {
  return simplify({ kind: 'group', connector: 'and', children: planner.conditions })
}
