import type { Annotation, ConditionTree, ExprNode, OrderNode, SelectPlan } from './nodes.ts'

/** How the parts of an expression are replaced. */
export interface Replace {
  node(node: ExprNode): ExprNode
  condition(tree: ConditionTree): ConditionTree
}

/** The same expression of other parts; one without parts is what it was. */
export function withParts(node: ExprNode, to: Replace): ExprNode {
  const optional = (part: ExprNode | null): ExprNode | null =>
    part === null ? null : to.node(part)
  switch (node.kind) {
    case 'func':
      return { ...node, args: node.args.map((arg) => to.node(arg)) }
    case 'aggregate':
      return {
        ...node,
        input: optional(node.input),
        filter: node.filter === null ? null : to.condition(node.filter),
        default: optional(node.default),
        ordering: orderedBy(node.ordering, (part) => to.node(part)),
      }
    case 'condition':
      return { ...node, condition: to.condition(node.condition) }
    case 'case': {
      const branches = node.branches.map(({ condition, then }) => ({
        condition: to.condition(condition),
        then: to.node(then),
      }))
      return { ...node, branches, otherwise: optional(node.otherwise) }
    }
    case 'window':
      return {
        ...node,
        input: to.node(node.input),
        partition: node.partition.map((part) => to.node(part)),
        ordering: orderedBy(node.ordering, (part) => to.node(part)),
      }
    default:
      return node
  }
}

/** The same order of other expressions. */
export function orderedBy(
  ordering: readonly OrderNode[],
  to: (node: ExprNode) => ExprNode,
): readonly OrderNode[] {
  return ordering.map((order) => (order.node === null ? order : { ...order, node: to(order.node) }))
}

/** The same condition of other expressions. */
export function withExpressions(
  tree: ConditionTree,
  to: (node: ExprNode) => ExprNode,
): ConditionTree {
  switch (tree.kind) {
    case 'lookup':
      return { ...tree, left: to(tree.left), right: tree.right.map(to) }
    case 'group':
      return { ...tree, children: tree.children.map((child) => withExpressions(child, to)) }
    case 'not':
      return { ...tree, child: withExpressions(tree.child, to) }
    case 'boolean':
      return { ...tree, expression: to(tree.expression) }
    default:
      return tree
  }
}

/** The parts of an expression, those of its conditions too. */
export function partsOf(node: ExprNode): readonly ExprNode[] {
  switch (node.kind) {
    case 'func':
      return node.args
    case 'aggregate': {
      const filter = node.filter === null ? [] : expressionsOf(node.filter)
      const ordered = node.ordering.map((order) => order.node)
      return [...present([node.input]), ...filter, ...present([node.default, ...ordered])]
    }
    case 'condition':
      return expressionsOf(node.condition)
    case 'case':
      return [
        ...node.branches.flatMap(({ condition, then }) => [...expressionsOf(condition), then]),
        ...present([node.otherwise]),
      ]
    case 'window':
      return [node.input, ...node.partition, ...present(node.ordering.map((order) => order.node))]
    default:
      return []
  }
}

/** The expressions that a condition compares. */
export function expressionsOf(tree: ConditionTree): readonly ExprNode[] {
  switch (tree.kind) {
    case 'lookup':
      return [tree.left, ...tree.right]
    case 'group':
      return tree.children.flatMap(expressionsOf)
    case 'not':
      return expressionsOf(tree.child)
    case 'boolean':
      return [tree.expression]
    default:
      return []
  }
}

function present(nodes: readonly (ExprNode | null)[]): readonly ExprNode[] {
  return nodes.filter((node) => node !== null)
}

/** Whether an expression, or any part of it, is such a one. */
export function someNode(node: ExprNode, test: (node: ExprNode) => boolean): boolean {
  return test(node) || partsOf(node).some((part) => someNode(part, test))
}

/**
 * Whether an expression needs rows to be grouped. An aggregate over a window does not; an annotation
 * does where what it stands for does.
 */
export function containsAggregate(
  node: ExprNode,
  annotations?: ReadonlyMap<string, Annotation>,
): boolean {
  if (node.kind === 'aggregate') return true
  if (node.kind === 'annotation') {
    const meant = annotations?.get(node.name)
    return meant !== undefined && containsAggregate(meant.node, annotations)
  }
  const isWindow = node.kind === 'window' && node.input.kind === 'aggregate'
  const parts = isWindow ? partsOf(node).slice(1).concat(partsOf(node.input)) : partsOf(node)
  return parts.some((part) => containsAggregate(part, annotations))
}

/** Whether an expression is computed over a window. */
export function containsWindow(
  node: ExprNode,
  annotations?: ReadonlyMap<string, Annotation>,
): boolean {
  return someNode(node, (part) => {
    if (part.kind === 'window') return true
    const meant = part.kind === 'annotation' ? annotations?.get(part.name) : undefined
    return meant !== undefined && containsWindow(meant.node, annotations)
  })
}

/** The expressions of a planned query, those of the queries that it selects from too. */
export function nodesOfPlan(plan: SelectPlan): readonly ExprNode[] {
  const { query } = plan.from
  const inner = query === null ? [] : 'plans' in query ? query.plans : [query]
  const filters = plan.joins.map(({ condition }) => condition)
  const conditions = [...filters, plan.where, plan.having].flatMap((tree) =>
    tree === null ? [] : expressionsOf(tree),
  )
  const ordered = plan.ordering.flatMap(({ node }) => node ?? [])
  return [
    ...conditions,
    ...[plan.select, plan.groupBy, plan.distinctOn, ordered].flat(),
    ...inner.flatMap(nodesOfPlan),
  ]
}
