import type { ExprNode, QueryState } from './nodes.ts'
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

function nodesOf({ steps, ordering, projection, combination }: QueryState): readonly ExprNode[] {
  const columns = projection.kind === 'instances' ? [] : projection.columns
  return [
    ...stepsOf(steps).flatMap((step) =>
      step.kind === 'filter' ? expressionsOf(step.condition) : [step.node],
    ),
    ...(ordering ?? []).flatMap(({ node }) => node ?? []),
    ...columns.map(({ node }) => node),
    ...(combination?.states ?? []).flatMap(nodesOf),
  ]
}
