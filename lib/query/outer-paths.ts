import type { ExprNode, QueryState, Step } from './nodes.ts'
import { resolveWhole, type Scope } from './paths.ts'
import { stepsOf } from './steps.ts'
import { expressionsOf, partsOf } from './walk.ts'

/**
 * Looks up the paths of all `OuterRef`s in a query that is to stand inside one over `scope`.
 *
 * @throws FieldError for unknown names
 */
export function assertOuterPaths(scope: Scope, state: QueryState, level = 1): void {
  for (const node of nodesOf(state)) assertNode(scope, node, level)
}

function assertNode(scope: Scope, node: ExprNode, level: number): void {
  if (node.kind === 'outer' && node.levels === level) resolveWhole(scope, node.path)
  if (node.kind === 'query') assertOuterPaths(scope, node.state, level + 1)
  for (const part of partsOf(node)) assertNode(scope, part, level)
}

/** Whether a query speaks of the query around it. */
export function refersOutside(state: QueryState, level = 1): boolean {
  const isOutside = (node: ExprNode): boolean =>
    (node.kind === 'outer' && node.levels === level) ||
    (node.kind === 'query' && refersOutside(node.state, level + 1)) ||
    partsOf(node).some(isOutside)
  return nodesOf(state).some(isOutside)
}

function nodesOf({ steps, ordering, projection, combination }: QueryState): readonly ExprNode[] {
  const columns = projection.kind === 'instances' ? [] : projection.columns
  return [
    ...stepsOf(steps).flatMap(stepNodes),
    ...(ordering ?? []).flatMap(({ node }) => node ?? []),
    ...columns.map(({ node }) => node),
    ...(combination?.states ?? []).flatMap(nodesOf),
  ]
}

function stepNodes(step: Step): readonly ExprNode[] {
  switch (step.kind) {
    case 'filter':
      return expressionsOf(step.condition)
    case 'relate':
      return step.hop.step.condition === null ? [] : expressionsOf(step.hop.step.condition)
    case 'walk':
      return []
    default:
      return [step.node]
  }
}
