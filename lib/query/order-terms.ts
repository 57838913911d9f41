import { Expression, OrderTerm, pathExpression } from './expression.ts'
import type { Need } from './needs.ts'
import type { RawOrder } from './raw.ts'

/** A term of an order inside an expression: a path, perhaps turned round by `-`, or an expression. */
export type OrderInput = string | Expression<unknown, Need> | OrderTerm<Need>

/** The paths that a term of an order needs. */
export type OrderPaths<T> = T extends `-${infer P}`
  ? P
  : T extends string
    ? T
    : T extends Expression<unknown, infer P> | OrderTerm<infer P>
      ? P
      : never

/**
 * A term of an order as it was written.
 *
 * @throws FieldError if it is none
 */
export function readOrder(term: unknown): RawOrder {
  const order = OrderTerm.raw(term)
  if (order !== null) return order
  const expression = Expression.raw(term)
  if (expression !== null) return { expression, descending: false, nulls: null }
  const descending = typeof term === 'string' && term.startsWith('-')
  const path = descending ? term.slice(1) : term
  return { expression: pathExpression(path), descending, nulls: null }
}
