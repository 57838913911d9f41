import type {
  AggregateNode,
  ColumnNode,
  ConditionTree,
  ExprNode,
  Grouping,
  QueryState,
} from './nodes.ts'
import { finish, PLAIN } from './plan-ending.ts'
import type { Planner, PlanSeparately } from './planner.ts'
import { stepsInOrder } from './state.ts'
import { containsAggregate, expressionsOf, someNode } from './walk.ts'

/**
 * Plans some aggregates of a state, or all, as subqueries: over the same rows, without the joins of the other
 * aggregates, so that those do not multiply the rows.
 */
export function separately(
  state: QueryState,
  aggregates: ReadonlySet<AggregateNode> | null,
): PlanSeparately {
  return (node, outer) =>
    aggregates === null || aggregates.has(node) ? separatePlan(state, node, outer) : null
}

/** Behind how many steps the keys of groups are joined: as early as they are known. */
export function keysPosition({ projection }: QueryState, { columns, position }: Grouping): number {
  if (projection.kind === 'instances') return position
  const isComputed = columns.some(({ node }) => node.kind === 'annotation')
  return isComputed ? position : Math.min(position, projection.position)
}

function separatePlan(state: QueryState, node: AggregateNode, outer: Planner): ExprNode {
  const inner = outer.inner(state.model)
  inner.meanings = state.annotations
  inner.filtered = state.filtered
  inner.planAlone = separately(state, null)
  // The keys of groups that are named behind the aggregate.
  outer.groupKeys ??= state.groupBy?.columns.map((key) => outer.bind(key.node, null)) ?? null
  const { value, keys } = takeRows(state, node, inner)
  const links = linksOf(outer, keys)
  const plan = finish(inner, { ...PLAIN, select: [value] }, links)
  return { kind: 'plan', plan, exists: false, field: node.field }
}

/** What makes the rows inside those of the group around them. */
function linksOf(outer: Planner, inner: readonly ExprNode[]): readonly ConditionTree[] {
  const { root } = outer.joins
  const keys = outer.groupKeys ?? []
  const key = outer.model.primaryKey.column
  // Then rows are groups, or grouped by what says all of them.
  const areRows = keys.some(
    (node) => node.kind === 'column' && node.source === root && node.column === key,
  )
  return keys.map((node, at) => {
    const isKnown = areRows || node.kind === 'column'
    return sameValue(inner[at] as ExprNode, isKnown ? node : ofGroup(node))
  })
}

/** The value of an expression that all rows of a group have alike. */
function ofGroup(node: ExprNode): ExprNode {
  return { kind: 'func', name: 'ofGroup', args: [node], field: node.field }
}

/** The rows that the aggregate is over: all filters hold, and nothing else is joined. */
function takeRows(
  state: QueryState,
  node: AggregateNode,
  inner: Planner,
): { readonly value: ExprNode; readonly keys: readonly ExprNode[] } {
  let value: ExprNode | null = null
  let keys: readonly ExprNode[] = []
  const { groupBy, annotations } = state
  const keysAt = groupBy === null ? -1 : keysPosition(state, groupBy)
  const bindKeys = (): void => {
    keys = groupBy?.columns.map((column) => inner.bind(column.node, null)) ?? []
  }
  const isGrouped = (part: ExprNode): boolean => containsAggregate(part, annotations)
  for (const [at, step] of stepsInOrder(state.steps).entries()) {
    if (keysAt === at) bindKeys()
    if (step.kind === 'walk') inner.take(step)
    else if (step.kind === 'filter') {
      const condition = withoutGrouped(step.condition, isGrouped)
      if (condition !== null) inner.take({ ...step, condition })
    } else if (step.kind === 'annotate' && someNode(step.node, (part) => part === node)) {
      value = inner.bind(node, null)
    }
  }
  if (keysAt === state.steps?.length) bindKeys()
  return { value: value ?? inner.bind(node, null), keys }
}

/** A condition without what is asked of groups; null where nothing is left. */
function withoutGrouped(
  tree: ConditionTree,
  isGrouped: (node: ExprNode) => boolean,
): ConditionTree | null {
  if (!expressionsOf(tree).some(isGrouped)) return tree
  if (tree.kind !== 'group' || tree.connector !== 'and') return null
  const children = tree.children.flatMap((child) => withoutGrouped(child, isGrouped) ?? [])
  return children.length === 0 ? null : { ...tree, children }
}

function sameValue(left: ExprNode, right: ExprNode): ConditionTree {
  const isKey = left.kind === 'column' && !left.nullable && !isOuter(left)
  return {
    kind: 'lookup',
    lookup: isKey ? 'sameColumn' : 'sameValue',
    left,
    right: [right],
    flag: true,
  }
}

function isOuter({ source }: ColumnNode): boolean {
  return 'isOuter' in source && source.isOuter === true
}
