import { FieldError } from '../errors.ts'
import {
  type AggregateInput,
  type AggregateOptions,
  aggregateOf,
  type InputValue,
  type NeedsOf,
  type OrDefault,
} from './aggregates.ts'
import type { Expression } from './expression.ts'
import type { OrderInput, OrderPaths } from './order-terms.ts'

/** The type of an array of values that are known once the model is. */
export interface ListOf<out T> {
  readonly list: T
}

/** Options of aggregates that put values in a row. */
export interface ListOptions<Order = OrderInput, D = unknown> extends AggregateOptions<D> {
  /** In which order the values come; with `distinct` only by the value itself. */
  readonly orderBy?: readonly Order[]
}

type OrderOf<O> = O extends { readonly orderBy: readonly (infer T)[] } ? OrderPaths<T> : never

/**
 * Texts joined by a delimiter; NULL of no rows, and NULLs are left out. Not distinct on SQLite.
 *
 * @throws FieldError in the queryset for what is no text: use `Cast()`
 * @example
 * Author.objects.annotate({ titles: StringAgg('books__title', ', ', { orderBy: ['books__title'] }) })
 * // select …, string_agg("books"."title", ', ' order by "books"."title" asc) as "c4" …
 */
export function StringAgg<
  const I extends AggregateInput,
  const O extends ListOptions<OrderInput, string> = object,
>(
  input: I,
  delimiter: string,
  options?: O,
): Expression<OrDefault<string, O>, NeedsOf<I, O> | OrderOf<O>> {
  if (typeof delimiter !== 'string') {
    throw new FieldError('StringAgg() takes a path or an expression, and a delimiter that is text.')
  }
  return aggregateOf('stringAgg', input, options, delimiter)
}

/**
 * All values as an array, NULLs among them as null; NULL of no rows.
 *
 * @example
 * await Book.objects.aggregate({ prices: ArrayAgg('price', { distinct: true, orderBy: ['price'] }) })
 * // { prices: ['9.50', '12.00', null] }
 */
export function ArrayAgg<
  const I extends AggregateInput,
  const O extends ListOptions<OrderInput, readonly unknown[]> = object,
>(input: I, options?: O): Expression<ListDefault<I, O>, NeedsOf<I, O> | OrderOf<O>> {
  return aggregateOf('arrayAgg', input, options)
}

/**
 * All values as a JSON array, whose keys and lookups later calls know; NULL of no rows. For text,
 * numbers, booleans and JSON: other values have no form in JSON that is exact.
 *
 * @throws FieldError in the queryset for values of other kinds
 */
export function JSONAgg<
  const I extends AggregateInput,
  const O extends ListOptions<OrderInput, readonly unknown[]> = object,
>(input: I, options?: O): Expression<ListDefault<I, O>, NeedsOf<I, O> | OrderOf<O>> {
  return aggregateOf('jsonAgg', input, options)
}

/** A default that is an array says only that there is one. */
type ListDefault<I, O> = O extends { readonly default: readonly unknown[] }
  ? ListOf<InputValue<I>>
  : ListOf<InputValue<I>> | null

/** Whether all values are true, NULLs aside; NULL of no rows. */
export function BoolAnd<
  const I extends AggregateInput,
  const O extends AggregateOptions<boolean> = object,
>(input: I, options?: O): Expression<OrDefault<boolean, O>, NeedsOf<I, O>> {
  return aggregateOf('boolAnd', input, options)
}

/** Whether any value is true; NULL of no rows. */
export function BoolOr<
  const I extends AggregateInput,
  const O extends AggregateOptions<boolean> = object,
>(input: I, options?: O): Expression<OrDefault<boolean, O>, NeedsOf<I, O>> {
  return aggregateOf('boolOr', input, options)
}

/** Any of the values that are not NULL, for columns that are the same in each group. */
export function AnyValue<const I extends AggregateInput, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<InputValue<I>, O>, NeedsOf<I, O>> {
  return aggregateOf('anyValue', input, options)
}
