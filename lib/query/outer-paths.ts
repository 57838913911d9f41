import type { ExprNode, QueryState, Step } from './nodes.ts'
import type { RawOutside } from './raw.ts'
import { stepsOf } from './steps.ts'
import { expressionsOf, partsOf } from './walk.ts'

/**
 * Looks up the paths of all `OuterRef`s in a query that is to stand inside the one that `resolve`
 * knows.
 *
 * @throws FieldError for unknown names, and for functions that do not take what is there
 */
export function assertOuterPaths(
  state: QueryState,
  resolve: (raw: RawOutside) => unknown,
  level = 1,
): void {
  const check = (node: ExprNode): void => {
    if (node.kind === 'outer' && node.levels === level) resolve(node.raw)
    if (node.kind === 'query') assertOuterPaths(node.state, resolve, level + 1)
    for (const part of partsOf(node)) check(part)
  }
  nodesOf(state).forEach(check)
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
