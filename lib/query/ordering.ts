import { FieldError, ImproperlyConfigured } from '../errors.ts'
import type { ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { Expression, OrderTerm } from './expression.ts'
import { assertWithin } from './limits.ts'
import type { OrderNode } from './nodes.ts'
import { Meanings, modelScope, resolveWhole, type Scope } from './paths.ts'
import { resolveExpression } from './resolve.ts'

/**
 * The arguments of `orderBy()` as data. A relation stands for its model's ordering, or for its key
 * where that has none.
 *
 * @throws FieldError for unknown names
 */
export function resolveOrdering(scope: Scope, terms: readonly unknown[]): readonly OrderNode[] {
  assertWithin('orderTerms', terms.length, 'The number of order terms')
  const ordering = terms.flatMap((term) => resolveTerm(scope, term))
  assertWithin('orderTerms', ordering.length, 'The number of order terms')
  return Object.freeze(ordering)
}

/**
 * Makes sure that what a model says of its order can be.
 *
 * @throws ImproperlyConfigured naming the option, and what is wrong
 */
export function assertModelOrders(model: ModelMeta): void {
  const orders = { ordering: model.ordering, getLatestBy: [model.getLatestBy ?? []].flat() }
  for (const [option, terms] of Object.entries(orders)) {
    try {
      resolveOrdering(modelScope(model), terms)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      throw new ImproperlyConfigured(`The option ${option} of ${model.name}: ${error.message}`)
    }
  }
}

function resolveTerm(scope: Scope, term: unknown): readonly OrderNode[] {
  if (typeof term === 'string') return resolveText(scope, term)
  const order = OrderTerm.raw(term)
  if (order !== null) {
    const node = resolveExpression(scope, order.expression)
    return [Object.freeze({ node, descending: order.descending, nulls: order.nulls })]
  }
  const expression = Expression.raw(term)
  if (expression !== null) {
    const node = resolveExpression(scope, expression)
    return [Object.freeze({ node, descending: false, nulls: null })]
  }
  throw new FieldError(
    "orderBy() takes paths ('-name'), '?' and expressions (F('name').desc({ nulls: 'last' })).",
  )
}

const texts = new Meanings<readonly OrderNode[]>()

function resolveText(scope: Scope, text: string): readonly OrderNode[] {
  return texts.of(scope, text, () => readText(scope, text))
}

function readText(scope: Scope, text: string): readonly OrderNode[] {
  if (text === '?') return [Object.freeze({ node: null, descending: false, nulls: null })]
  const descending = text.startsWith('-')
  const path = descending || text.startsWith('+') ? text.slice(1) : text
  return orderByPath(scope, path, descending, [])
}

function orderByPath(
  scope: Scope,
  path: string,
  descending: boolean,
  seen: readonly ModelMeta[],
): readonly OrderNode[] {
  const found = resolveWhole(scope, path)
  const { node, relation } = found
  const model = relation?.to
  if (
    found.endsInRelation &&
    node.kind === 'ref' &&
    model !== undefined &&
    model.ordering.length > 0
  ) {
    if (seen.includes(model)) {
      throw new FieldError(`Infinite loop caused by the ordering of ${model.name}.`)
    }
    return model.ordering.flatMap((term) =>
      orderThrough(node.hops, model, term, descending, [...seen, model]),
    )
  }
  return [Object.freeze({ node, descending, nulls: null })]
}

/** A term of a related model's ordering, seen from here. */
function orderThrough(
  hops: readonly RelationMeta[],
  model: ModelMeta,
  term: string,
  turned: boolean,
  seen: readonly ModelMeta[],
): readonly OrderNode[] {
  const isDescending = term.startsWith('-')
  const path = isDescending ? term.slice(1) : term
  const orders = orderByPath(modelScope(model), path, isDescending !== turned, seen)
  return orders.map((order) => ({ ...order, node: prefixed(order.node, hops) }))
}

/** The same expression of a related row. */
function prefixed(node: OrderNode['node'], hops: readonly RelationMeta[]): OrderNode['node'] {
  if (node?.kind === 'ref') return Object.freeze({ ...node, hops: [...hops, ...node.hops] })
  if (node?.kind === 'func') {
    const args = node.args.map((arg) => prefixed(arg, hops) ?? arg)
    return Object.freeze({ ...node, args: Object.freeze(args) })
  }
  return node
}
