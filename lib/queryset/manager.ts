import { ImproperlyConfigured } from '../errors.ts'
import { isModelClass, metaOf } from '../meta/meta.ts'
import type { HasFields } from '../meta/row-types.ts'
import type { QueryState } from '../query/nodes.ts'
import { initialState } from '../query/state.ts'
import { AsyncQuerySet, QuerySet } from './queryset.ts'

/** A manager: everything its querysets have, each call on a fresh one. */
export type ManagerOf<Q> = Omit<Q, NotForwarded>

/** What a queryset is but a manager is not: an answer that can be awaited. */
type NotForwarded =
  | 'then'
  | 'fetch'
  | 'rowType'
  | 'startFetch'
  | typeof Symbol.asyncIterator

/** A queryset class: `QuerySet`, `AsyncQuerySet`, or one that extends them. */
export type QuerySetClass<Q> = new (state: QueryState) => Q

/** Makes managers: `new Manager(Author)`, `new Manager(Author, AuthorQuerySet)`. */
export interface ManagerConstructor {
  new <M extends HasFields<object>>(model: abstract new () => M): ManagerOf<QuerySet<M>>
  new <M extends HasFields<object>, Q extends QuerySet<M, unknown>>(
    model: abstract new () => M,
    querySetClass: QuerySetClass<Q>,
  ): ManagerOf<Q>
}

/** As `ManagerConstructor`, of querysets that can be started. */
export interface AsyncManagerConstructor {
  new <M extends HasFields<object>>(model: abstract new () => M): ManagerOf<AsyncQuerySet<M>>
  new <M extends HasFields<object>, Q extends AsyncQuerySet<M, unknown>>(
    model: abstract new () => M,
    querySetClass: QuerySetClass<Q>,
  ): ManagerOf<Q>
}
