import { assertWithin } from './limits.ts'
import type { Annotation, ExprNode, QueryState } from './nodes.ts'
import { expressionsOf, partsOf } from './walk.ts'

/** How large an expression is when what its annotations stand for is in their place. */
interface Measure {
  readonly depth: number
  readonly parts: number
}

const ONE: Measure = { depth: 1, parts: 1 }
const measures = new WeakMap<ExprNode, Measure>()

/**
 * Refuses an annotation that grows too large, by those that it is made of and which are copied
 * into it: each of them was measured when it was made.
 *
 * @throws QueryTooComplexError
 */
export function assertMeasured(node: ExprNode, annotations: ReadonlyMap<string, Annotation>): void {
  const { depth, parts } = measured(node, annotations)
  assertWithin('depth', depth, 'The nesting of an expression')
  assertWithin('parts', parts, 'The number of parts of an expression')
  measures.set(node, { depth, parts })
}

/** Recursion is bounded by the depth of what was written. */
function measured(node: ExprNode, annotations: ReadonlyMap<string, Annotation>): Measure {
  if (node.kind === 'annotation') {
    const meant = annotations.get(node.name)
    return (meant === undefined ? undefined : measures.get(meant.node)) ?? ONE
  }
  let depth = 0
  let parts = 1
  for (const part of partsOf(node)) {
    const inner = measured(part, annotations)
    depth = Math.max(depth, inner.depth)
    parts += inner.parts
  }
  return { depth: depth + 1, parts }
}

/** How many queries there are in each other, and beside each other in a combination. */
interface Nesting {
  readonly subqueries: number
  readonly combined: number
  readonly depth: number
}

const nestings = new WeakMap<QueryState, Nesting>()

/**
 * Refuses a query as a part of another if there would be too many in each other.
 *
 * @throws QueryTooComplexError
 */
export function assertNestable(state: QueryState): void {
  assertWithin('subqueries', nestingOf(state).subqueries + 1, 'The nesting of subqueries')
}

/**
 * Refuses a combination of too many queries, or of too many in each other.
 *
 * @throws QueryTooComplexError
 */
export function assertCombinable(state: QueryState): void {
  const { combined, depth } = nestingOf(state)
  assertWithin('combined', combined, 'The number of combined queries')
  assertWithin('depth', depth, 'The nesting of combined queries')
}

/** Recursion is bounded, since the parts of a query were asked before. */
function nestingOf(state: QueryState): Nesting {
  const known = nestings.get(state)
  if (known !== undefined) return known
  let subqueries = 0
  const look = (node: ExprNode | null): void => {
    if (node === null) return
    if (node.kind === 'query')
      subqueries = Math.max(subqueries, nestingOf(node.state).subqueries + 1)
    for (const part of partsOf(node)) look(part)
  }
  for (const node of nodesOf(state)) look(node)
  let combined = 1
  let depth = 0
  if (state.combination !== null) {
    const inner = state.combination.states.map(nestingOf)
    combined = inner.reduce((sum, each) => sum + each.combined, 0)
    depth = 1 + Math.max(...inner.map((each) => each.depth))
    subqueries = Math.max(subqueries, ...inner.map((each) => each.subqueries))
  }
  const found = Object.freeze({ subqueries, combined, depth })
  nestings.set(state, found)
  return found
}

function* nodesOf(state: QueryState): Iterable<ExprNode | null> {
  for (let at = state.steps; at !== null; at = at.previous) {
    const { step } = at
    if (step.kind === 'filter') yield* expressionsOf(step.condition)
    else if (step.kind === 'annotate') yield step.node
  }
  const { projection, ordering, distinct } = state
  if (projection.kind !== 'instances') for (const { node } of projection.columns) yield node
  for (const { node } of ordering ?? []) yield node
  if (typeof distinct !== 'boolean') yield* distinct
}
