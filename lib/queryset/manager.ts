import { ImproperlyConfigured } from '../errors.ts'
import { isModelClass, metaOf } from '../meta/meta.ts'
import type { HasFields } from '../meta/row-types.ts'
import type { QueryState } from '../query/nodes.ts'
import { initialState } from '../query/state.ts'
import { AsyncQuerySet, QuerySet } from './queryset.ts'

/** What makes a queryset an answer that can be awaited; a manager is none. */
type NotForwarded = 'then' | 'rowType' | typeof Symbol.asyncIterator

/** A manager of querysets `Q`: everything they have, each call on a fresh one. */
export type ManagerOf<Q> = Omit<Q, NotForwarded>

/** A queryset class: `QuerySet`, `AsyncQuerySet`, or one that extends them. */
export type QuerySetClass<Q> = new (state: QueryState) => Q

type ModelOf<M> = abstract new (...args: never[]) => M

/**
 * Makes managers, whose querysets cannot be started.
 *
 * @example static objects = new Manager(Author)
 */
export interface ManagerConstructor {
  new <M extends HasFields<object>>(model: ModelOf<M>): ManagerOf<QuerySet<M>>
  new <M extends HasFields<object>, Q>(
    model: ModelOf<M>,
    querySetClass: QuerySetClass<Q>,
  ): ManagerOf<Q>
}

/**
 * Makes managers, whose querysets can be started in the background.
 *
 * @example static objects = new AsyncManager(Book, BookQuerySet)
 */
export interface AsyncManagerConstructor {
  new <M extends HasFields<object>>(model: ModelOf<M>): ManagerOf<AsyncQuerySet<M>>
  new <M extends HasFields<object>, Q extends { startFetch(): unknown }>(
    model: ModelOf<M>,
    querySetClass: QuerySetClass<Q>,
  ): ManagerOf<Q>
}

type AnyQuerySetClass = new (state: QueryState) => object
type Method = (...args: unknown[]) => unknown

/** A manager has no logic of its own: each of its methods opens a queryset and calls that. */
class Forwarder {
  constructor(model: object, querySetClass: AnyQuerySetClass, base: AnyQuerySetClass) {
    if (!isModelClass(model)) {
      throw new ImproperlyConfigured('A manager takes a model class: new AsyncManager(Author).')
    }
    if (querySetClass !== base && !(querySetClass.prototype instanceof base)) {
      throw new ImproperlyConfigured(
        `The queryset class of ${model.name}'s manager must extend ${base.name}.`,
      )
    }
    const meta = metaOf(model)
    const open = (): Record<string, Method> =>
      new querySetClass(initialState(meta)) as Record<string, Method>
    for (const name of methodsOf(querySetClass)) {
      const value = (...args: unknown[]): unknown => open()[name]?.(...args)
      Object.defineProperty(this, name, { value, configurable: true, writable: true })
    }
  }
}

/** The names of a class's methods, inherited ones too. */
function methodsOf(querySetClass: AnyQuerySetClass): Set<string> {
  const names = new Set<string>()
  let at = querySetClass.prototype as object
  while (at !== Object.prototype) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof property.value === 'function') names.add(name)
    }
    at = Object.getPrototypeOf(at) as object
  }
  names.delete('constructor')
  names.delete('then')
  return names
}

/** A manager whose querysets cannot be started. */
export const Manager: ManagerConstructor = class Manager extends Forwarder {
  constructor(model: object, querySetClass: AnyQuerySetClass = QuerySet) {
    super(model, querySetClass, QuerySet)
  }
} as unknown as ManagerConstructor

/** A manager whose querysets can be started in the background. */
export const AsyncManager: AsyncManagerConstructor = class AsyncManager extends Forwarder {
  constructor(model: object, querySetClass: AnyQuerySetClass = AsyncQuerySet) {
    super(model, querySetClass, AsyncQuerySet)
  }
} as unknown as AsyncManagerConstructor
