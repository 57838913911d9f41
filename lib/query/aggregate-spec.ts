import { FieldError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { assertAlias } from './alias-names.ts'
import { Expression } from './expression.ts'
import type { ExprNode, NamedNode, QueryState } from './nodes.ts'
import { resolveExpression } from './resolve.ts'
import { scopeOf } from './state.ts'
import { containsAggregate } from './walk.ts'

/**
 * The argument of `aggregate()`: named expressions of aggregates.
 *
 * @throws FieldError for unknown paths, bad names, and what is no aggregate
 */
export function resolveAggregates(state: QueryState, spec: unknown): readonly NamedNode[] {
  if (!isPlainObject(spec)) {
    throw new FieldError("aggregate() takes an object: { pages: Sum('pages') }.")
  }
  const scope = scopeOf(state)
  const named = Object.keys(spec).map((name) => {
    assertAlias(null, name)
    const raw = Expression.raw(spec[name])
    const node = raw === null ? null : resolveExpression(scope, raw)
    if (node === null || !containsAggregate(node)) {
      throw new FieldError(`aggregate(): '${name}' must be an aggregate, as Count('id').`)
    }
    return Object.freeze({ name, node })
  })
  if (named.length === 0) throw new FieldError('aggregate() takes at least one aggregate.')
  return Object.freeze(named)
}

/** What aggregates are over no rows at all: counts are 0, all else is its default or NULL. */
export function emptyAggregates(aggregates: readonly NamedNode[]): Record<string, unknown> {
  return Object.fromEntries(aggregates.map(({ name, node }) => [name, overNothing(node)]))
}

function overNothing(node: ExprNode): unknown {
  if (node.kind !== 'aggregate') return null
  if (node.name === 'count') return 0
  return node.default?.kind === 'param' ? node.default.value : null
}
