import { ImproperlyConfigured } from '../errors.ts'
import { isModelClass, metaOf } from '../meta/meta.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import type { HasFields } from '../meta/row-types.ts'
import type { Literal } from '../query/expression.ts'
import type { QueryState } from '../query/nodes.ts'
import { initialState } from '../query/state.ts'
import { type AnyQuerySetClass, installForwarding, OPEN, type Opener } from './forwarding.ts'
import { AsyncQuerySet, QuerySet } from './queryset.ts'
import { AsyncRawQuerySet, type RawOptions, RawQuerySet, rawRequest } from './raw-query-set.ts'

/** What makes a queryset an answer that can be awaited; a manager is none. */
type NotForwarded = 'then' | '~row' | '~scope' | typeof Symbol.asyncIterator

/** Everything that querysets `Q` have, each call on a fresh one. */
export type Forwarded<Q> = Omit<Q, NotForwarded>

/** A manager of querysets `Q`: everything they have, each call on a fresh one; and `raw()`. */
export type ManagerOf<Q> = Forwarded<Q> & RawQueries<Q>

/** What `raw()` gives for querysets `Q`: each instance also has `A`. */
export type RawOf<Q, A> = Q extends { readonly '~scope': infer M }
  ? Q extends { startFetch(): unknown }
    ? AsyncRawQuerySet<M & A>
    : RawQuerySet<M & A>
  : never

/** What a manager of querysets `Q` has that they have not. */
export interface RawQueries<Q> {
  /**
   * Instances read by a query of your own. Columns are matched with fields by their names in the
   * database: the primary key must be there, fields that are missing are deferred as by `only()`,
   * and other columns become properties, typed by `A`. Each `?` outside of quotes stands for one of
   * the values, which are always bound; `\\?` is a question mark. Never put text of users into the
   * SQL itself. It can only read. SQL runs when the result is awaited, iterated or started.
   * On SQLite integers beyond 2**53 are read of `cast(n as text) as n`.
   *
   * Source: Django's `Manager.raw()`.
   *
   * @throws FieldError if the SQL is no single query: it has comments, another statement behind it,
   * `$1`, or quotes or brackets that do not end
   * @throws InvalidValueError if there are more or fewer values than `?`
   * @example
   * const books = await Book.objects.raw<{ score: number }>(
   *   'select id, title, pages / 10 as score from books where pages > ?', [300])
   * // select * from (select id, title, pages / 10 as score from books where pages > ?) as "raw"
   */
  raw<A = unknown>(sql: string, bindings?: readonly Literal[], options?: RawOptions): RawOf<Q, A>
}

/** A queryset class: `QuerySet`, `AsyncQuerySet`, or one that extends them. */
export type QuerySetClass<Q> = new (state: QueryState) => Q

/** Querysets over `M`. */
interface Queries<M> {
  readonly '~scope': M
}

type ModelOf<M> = abstract new (...args: never[]) => M

/**
 * Makes managers, whose querysets cannot be started.
 *
 * @example static objects = new Manager(Author)
 */
export interface ManagerConstructor {
  new <M extends HasFields<object>>(model: ModelOf<M>): ManagerOf<QuerySet<M>>
  new <M extends HasFields<object>, Q extends Queries<M>>(
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
  new <M extends HasFields<object>, Q extends Queries<M> & { startFetch(): unknown }>(
    model: ModelOf<M>,
    querySetClass: QuerySetClass<Q>,
  ): ManagerOf<Q>
}

/** What `new Manager()` and `new AsyncManager()` make. */
abstract class ModelManager implements Opener {
  readonly #open: () => object
  readonly #meta: ModelMeta
  readonly #raw: typeof RawQuerySet

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
    this.#meta = meta
    const isAsync = 'startFetch' in querySetClass.prototype
    this.#raw = isAsync ? AsyncRawQuerySet : RawQuerySet
    this.#open = () => new querySetClass(initialState(meta))
    classes.set(this, querySetClass)
    if (!firstManagers.has(meta)) firstManagers.set(meta, this)
    Object.setPrototypeOf(this, forwardingPrototype(new.target.prototype, querySetClass))
  }

  raw(sql: unknown, bindings: unknown = [], options: RawOptions = {}): object {
    return new this.#raw(rawRequest(this.#meta, sql, bindings, options))
  }

  [OPEN](): object {
    return this.#open()
  }
}

const classes = new WeakMap<object, AnyQuerySetClass>()
const firstManagers = new WeakMap<ModelMeta, ModelManager>()
const prototypes = new WeakMap<AnyQuerySetClass, Opener>()

/** A prototype between a manager and its class that has the methods of a queryset class. */
function forwardingPrototype(base: ModelManager, querySetClass: AnyQuerySetClass): Opener {
  const known = prototypes.get(querySetClass)
  if (known !== undefined) return known
  const prototype = Object.create(base) as Opener
  installForwarding(prototype, querySetClass)
  prototypes.set(querySetClass, prototype)
  return prototype
}

/**
 * The queryset class of a model's default manager: of `objects`, else of the first one declared.
 * Querysets of related rows can always be started, so one that cannot is not taken.
 */
export function defaultQuerySetClass(meta: ModelMeta): AnyQuerySetClass {
  const { objects } = meta.modelClass as { readonly objects?: object }
  const manager = objects !== undefined && classes.has(objects) ? objects : firstManagers.get(meta)
  const querySetClass = manager === undefined ? AsyncQuerySet : classes.get(manager)
  return querySetClass?.prototype instanceof AsyncQuerySet ? querySetClass : AsyncQuerySet
}

/** A manager whose querysets cannot be started. */
export const Manager: ManagerConstructor = class Manager extends ModelManager {
  constructor(model: object, querySetClass: AnyQuerySetClass = QuerySet) {
    super(model, querySetClass, QuerySet)
  }
} as unknown as ManagerConstructor

/** A manager whose querysets can be started in the background. */
export const AsyncManager: AsyncManagerConstructor = class AsyncManager extends ModelManager {
  constructor(model: object, querySetClass: AnyQuerySetClass = AsyncQuerySet) {
    super(model, querySetClass, AsyncQuerySet)
  }
} as unknown as AsyncManagerConstructor
