import { FieldError } from '../errors.ts'
import type { HasFields, PkOf } from '../meta/row-types.ts'
import { Expression, pathExpression } from './expression.ts'
import type { Subquery as SubqueryType } from './lookup-types.ts'
import type { Need, OuterNeeds } from './needs.ts'
import type { RawExpression } from './raw.ts'

type RowOf<Q> = Q extends SubqueryType<infer R> ? R : never

/** The one column of a row: of an object, of a tuple, or the row itself. */
type ColumnOf<R> = R extends readonly [infer V]
  ? V
  : R extends Date | Uint8Array
    ? R
    : R extends HasFields<unknown>
      ? PkOf<R>
      : R extends object
        ? R[keyof R]
        : R

type OuterPath<P> = P extends Expression<unknown, infer Further> ? Further & string : P & string

/**
 * A column of the row that the query around this one is at: only inside `Subquery()`, `Exists()` and
 * querysets that are values of lookups. `OuterRef(OuterRef('pk'))` is one query further out.
 *
 * @throws FieldError when the query reaches the one around it, and that has no such name
 * @example
 * const newest = Book.objects.filter({ author: OuterRef('pk') }).orderBy('-publishedAt')
 * Author.objects.annotate({ newest: Subquery(newest.values('title').slice(0, 1)) })
 */
export function OuterRef<const P extends string | Expression<unknown, Need>>(
  path: P,
): Expression<unknown, `^${OuterPath<P>}`> {
  const inner = Expression.raw(path)
  if (inner === null) {
    const { path: text } = pathExpression(path) as Extract<RawExpression, { kind: 'path' }>
    return new Expression(Object.freeze({ kind: 'outer', path: text, levels: 1, depth: 1 }))
  }
  if (inner.kind !== 'outer')
    throw new FieldError("OuterRef() takes a path or an OuterRef('path').")
  return new Expression(Object.freeze({ ...inner, levels: inner.levels + 1 }))
}

/**
 * The one column of a query as a value, for each row; NULL where that has no row. Limit it to one
 * row with `slice(0, 1)`.
 *
 * @example Subquery(Book.objects.filter({ author: OuterRef('pk') }).values('title').slice(0, 1))
 */
export function Subquery<Q extends SubqueryType>(
  query: Q,
): Expression<ColumnOf<RowOf<Q>> | null, OuterNeeds<Q>> {
  return new Expression(Object.freeze({ kind: 'query', query, exists: false, depth: 1 }))
}

/**
 * Whether a query has any row, for each row of this one.
 *
 * @example
 * Author.objects.filter(Exists(Book.objects.filter({ author: OuterRef('pk'), pages__gt: 300 })))
 * // … where exists (select 1 from "books" as "u0" where …)
 */
export function Exists<Q extends SubqueryType>(query: Q): Expression<boolean, OuterNeeds<Q>> {
  return new Expression(Object.freeze({ kind: 'query', query, exists: true, depth: 1 }))
}
