import { isDeepStrictEqual } from 'node:util'
import { type KnexBuilder, toKnexBuilder } from '../compile/to-knex.ts'
import { assertDatabase } from '../database/registry.ts'
import type { Database, Runner } from '../database/runner.ts'
import type {
  CheckCreate,
  CheckRows,
  CreateHint,
  FieldsOf,
  InstanceHint,
  NamesIn,
  PkOf,
  RowHint,
  Simplify,
  WriteHint,
} from '../meta/row-types.ts'
import { resolveAggregates } from '../query/aggregate-spec.ts'
import { withAlias, withAnnotate } from '../query/annotations.ts'
import type {
  CheckConditions,
  CheckExpressions,
  CheckLock,
  CheckOrders,
  CheckRelated,
  CheckTerm,
  CheckTerms,
  CheckValues,
  CheckWhere,
  NamedExpressions,
  ResultsOf,
  Term,
} from '../query/check-types.ts'
import { withCombined } from '../query/combine.ts'
import {
  type DateKind,
  type DatesOptions,
  type DateTimeKind,
  type DateTimesOptions,
  withDates,
  withDateTimes,
} from '../query/dates.ts'
import { registerQueryReader } from '../query/hooks.ts'
import { type LockOptions, withLock } from '../query/lock.ts'
import type { Subquery } from '../query/lookup-types.ts'
import type { ColumnKeys } from '../query/name-types.ts'
import type { FetchMode, NamedNode, QueryState } from '../query/nodes.ts'
import { withFlat, withValues, withValuesList } from '../query/projection.ts'
import {
  withDefer,
  withOnly,
  withoutDefer,
  withoutSelectRelated,
  withSelectRelated,
} from '../query/related.ts'
import * as states from '../query/state.ts'
import { type TreeOptions, withTree } from '../query/trees.ts'
import { callOrigin } from '../util/call-site.ts'
import { readOptions } from '../util/options.ts'
import type {
  AliasedScope,
  Annotated,
  AnnotatedRow,
  AnnotatedScope,
  AnnotationValues,
  CheckAnnotations,
  ModelOf,
  NamedAnnotations,
} from './annotation-types.ts'
import { askPeers } from './ask-peers.ts'
import type { BulkCreateOptions, BulkOptionsOf } from './bulk-options.ts'
import { type BulkUpdateOptions, bulkUpdate } from './bulk-update.ts'
import type { DeleteOptions } from './collector.ts'
import { containsInstance, withInstance } from './contains.ts'
import * as creating from './create.ts'
import { bulkCreateFrom, type RowStream } from './create-stream.ts'
import { assertFetchMode, databaseOf } from './databases.ts'
import type { CheckColumns, WithAllColumns, WithOnly, WithoutColumns } from './deferred-types.ts'
import { type ExplainOptions, explain } from './explain.ts'
import * as fetching from './fetch.ts'
import { bulkQuery, fetchBulk } from './in-bulk.ts'
import { type IteratorOptions, iterate } from './iterate.ts'
import { assertSignal, assertTimeout } from './limits.ts'
import type { OuterIn, OuterInNamed, OuterInTerms, Referring } from './outer-types.ts'
import { addPrefetches } from './prefetch-paths.ts'
import type { CheckPrefetches, WithPrefetched } from './prefetch-types.ts'
import { limitsOf, withinLimits } from './read-rows.ts'
import { type Answer, type Question, ResultCache } from './result-cache.ts'
import { limitedForGet, onlyRow, withEnd, withGet, withNearest } from './single.ts'
import type { SelfRelations } from './tree-types.ts'
import type {
  BulkKey,
  CheckUpdate,
  ClassOf,
  DefaultsOf,
  FlatRow,
  GetOrCreateOptions,
  ListRow,
  SameRow,
  Sql,
  UnionOptions,
  UpdateOrCreateOptions,
  ValuesRow,
  WithNames,
  WithRelated,
} from './types.ts'
import { deleteRows, updateRows } from './write.ts'

/** The names that the class `Q` adds to `AsyncQuerySet`. */
type OwnNames<Q> = Exclude<keyof Q, keyof AsyncQuerySet<unknown, unknown>>

/** Where names were added, the class itself goes along. */
type ClassMark<Names> = [Names] extends [never] ? never : '~class'

/**
 * What the class `Q` adds to `AsyncQuerySet`, where rows are `R`: a method that gave querysets of
 * the class's own rows gives such of `R`. Return types are looked at only when a method is used,
 * and their rows only, since a class's methods refer to each other.
 */
export type OwnMethods<Q, M, R> = {
  readonly [K in OwnNames<Q> | ClassMark<OwnNames<Q>>]: K extends keyof Q
    ? Q[K] extends (...args: infer A) => Subquery<infer Row>
      ? SameRow<Q, Row> extends true
        ? (...args: A) => Reshaped<Q, M, R>
        : Q[K]
      : Q[K]
    : Q
}

/**
 * The same class of queryset, with other rows: its own methods are still there. A conditional type
 * as a whole, so that a queryset class can await what its own methods make of `this`.
 */
export type Reshaped<Q, M, R> = Q extends { startFetch(): unknown }
  ? OwnMethods<ClassOf<Q>, M, R> & AsyncQuerySet<M, R>
  : OwnMethods<ClassOf<Q>, M, R> & QuerySet<M, R>

/** The same class of queryset, of whole rows; with the name of a depth, each row has it. */
export type WithDepth<Q, M, R, D extends string> = string extends D
  ? Plain<Q, M, R>
  : [D] extends [never]
    ? Plain<Q, M, R>
    : Reshaped<
        Q,
        Annotated<ModelOf<M>, { readonly [K in D]: number }>,
        AnnotatedRow<ModelOf<M>, { readonly [K in D]: number }>
      >

/** A queryset without names that were added, and without what was loaded or left out. */
type Plain<Q, M, R> = M extends { readonly '~model': infer Model }
  ? Reshaped<Q, Model, Model>
  : [M, R] extends [R, M]
    ? Q
    : Reshaped<Q, M, M>

type Work<T> = (runner: Runner) => Promise<T>
type Key = readonly unknown[]

type AnyQuerySet = QuerySet<unknown, unknown>

/**
 * The questions of a queryset that can be entered early. What is given is any object to the
 * compiler, since comparing `AsyncQuerySet` with `QuerySet` member by member takes it seconds.
 */
interface Starts {
  fetch(querySet: object, origin: Error): void
  count(querySet: object, origin: Error): void
  exists(querySet: object, origin: Error): void
  first(querySet: object, origin: Error): void
  get(querySet: object, origin: Error, conditions: readonly unknown[]): void
  aggregate(querySet: object, origin: Error, spec: NamedExpressions): void
}

let cacheOf: <M, R>(querySet: QuerySet<M, R>) => ResultCache
let starts: Starts

/**
 * A query that has not been sent yet, and the memory of its answer once it was. Every chained call
 * gives a new queryset of the same class with an empty memory; nothing is ever changed. SQL runs
 * when it is awaited or asked (`count()`, `get()` …), never before.
 *
 * `M` is what filters speak of, `R` is a row. Extend it, or `AsyncQuerySet`, to add methods:
 *
 * @example
 * class BookQuerySet extends AsyncQuerySet<Book> {
 *   live() { return this.filter({ status: 'live' }) }
 * }
 * const books = await Book.objects.live().orderBy('-publishedAt').slice(0, 10)
 * // select … from "books" where "books"."status" = 'live' order by "books"."published_at" desc limit 10
 */
export class QuerySet<M, R = M> implements PromiseLike<R[]> {
  /** The type of a row, for the compiler only. */
  declare readonly '~row': R
  /** What filters speak of, for the compiler only. */
  declare readonly '~scope': M
  #given: QueryState | (() => QueryState)
  readonly #cache = new ResultCache()

  /** @param state or what makes it, where it may never be asked for. */
  constructor(state: QueryState | (() => QueryState)) {
    this.#given = state
  }

  static {
    cacheOf = (querySet) => querySet.#cache
    const own = (value: object): AnyQuerySet => {
      if (#state in value) return value as AnyQuerySet
      throw new TypeError('This is called on a queryset only.')
    }
    starts = {
      fetch: (given, origin) => {
        const querySet = own(given)
        querySet.#start('rows', querySet.#rowsOf(querySet.#state), origin)
      },
      count: (given, origin) => {
        const querySet = own(given)
        querySet.#start('count', querySet.#countRows(), origin)
      },
      exists: (given, origin) => {
        const querySet = own(given)
        querySet.#start('exists', querySet.#existsRow(), origin)
      },
      first: (given, origin) => {
        const querySet = own(given)
        const byRows = states.isOrdered(querySet.#state)
        querySet.#start('first', querySet.#firstRow(), origin, { byRows })
      },
      get: (given, origin, conditions) => {
        const querySet = own(given)
        const { query, key } = querySet.#getQuery(conditions)
        const byRows = conditions.length === 0
        querySet.#start('get', querySet.#rowsOf(query), origin, { byRows, key })
      },
      aggregate: (given, origin, spec) => {
        const querySet = own(given)
        const key = resolveAggregates(querySet.#state, spec)
        const work = querySet.#aggregateOf(key)
        querySet.#start('aggregate', work, origin, { byRows: false, key })
      },
    }
    registerQueryReader((value) => (#state in value ? (value as AnyQuerySet).#state : null))
  }

  // ---------- answers

  /**
   * The rows, as a fresh array each time. The first call runs the query, later ones do not.
   *
   * @example const books = await Book.objects.all() // the same as .all().fetch()
   */
  async fetch(): Promise<R[]> {
    const rows = this.#rows()
    return [...(rows.known === undefined ? await rows.read() : rows.known.value)]
  }

  /** Awaiting a queryset fetches it. */
  then<A = R[], B = never>(
    onFulfilled?: ((rows: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.fetch().then(onFulfilled, onRejected)
  }

  /** `for await (const book of books)`: the same rows, the same single query. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    yield* await this.fetch()
  }

  /**
   * How many rows there are: from the rows where they are known, else a `count(*)` each time.
   *
   * @example await Book.objects.count() // select count(*) from "books"
   */
  async count(): Promise<number> {
    const rows = this.#knownRows()
    if (rows !== undefined) return (await rows.read()).length
    const exists = this.#cache.find<boolean>('exists')
    if (!this.#cache.find('count') && exists && !(await exists.read())) return 0
    return await this.#ask('count', this.#countRows())
  }

  /**
   * Whether there is any row: from what is known, else a query for one row each time.
   *
   * @example await Book.objects.filter({ pages__gt: 900 }).exists() // select 1 as "c0" … limit 1
   */
  async exists(): Promise<boolean> {
    const rows = this.#knownRows()
    if (rows !== undefined) return (await rows.read()).length > 0
    const count = this.#cache.find<number>('count')
    if (count && !this.#cache.find('exists')) return (await count.read()) > 0
    return await this.#ask('exists', this.#existsRow())
  }

  /**
   * Whether a saved instance is among the rows: from the rows where they are known, else a query.
   *
   * @throws FieldError after `values()`, for an unsaved instance or one of another model.
   */
  async contains(instance: M): Promise<boolean> {
    const one = withInstance(this.#state, instance)
    const rows = this.#knownRows()
    if (rows !== undefined) return containsInstance(await rows.read(), instance)
    return await this.#run((runner) => fetching.fetchExists(runner, one))
  }

  /**
   * The only row that matches. Reads 21 rows at most. Without arguments it answers from the rows
   * where they are known.
   *
   * @throws the model's DoesNotExist and MultipleObjectsReturned.
   * @example const author = await Author.objects.get({ email: 'ann@example.org' })
   */
  get<const Cs extends readonly object[]>(...conditions: CheckConditions<M, Cs>): Promise<R>
  async get(...conditions: readonly unknown[]): Promise<R> {
    const rows = conditions.length === 0 ? this.#knownRows() : undefined
    if (rows !== undefined) return onlyRow(this.#state, await rows.read())
    const { query, key } = this.#getQuery(conditions)
    return onlyRow(query, await this.#ask('get', this.#rowsOf(query), key))
  }

  /** The first row in the queryset's order, by primary key if it has none; null of no rows. */
  async first(): Promise<R | null> {
    const isOrdered = states.isOrdered(this.#state)
    const rows = isOrdered ? this.#knownRows() : undefined
    if (rows !== undefined) return (await rows.read())[0] ?? null
    return await this.#ask('first', this.#firstRow())
  }

  /** The last row in the queryset's order, by primary key if it has none; null of no rows. */
  async last(): Promise<R | null> {
    return await this.#run(
      this.#firstOf(withEnd(this.#state, 'last', states.isOrdered(this.#state))),
    )
  }

  /**
   * The row at a position from 0; undefined beyond the end. From the rows where they are known.
   *
   * @throws RangeError for a negative position.
   */
  async at(index: number): Promise<R | undefined> {
    const one = states.withSlice(this.#state, index, index + 1)
    const rows = this.#knownRows()
    if (rows !== undefined) return (await rows.read())[index]
    return (await this.#run(this.#firstOf(one))) ?? undefined
  }

  /**
   * The row that comes first by the fields given, or by the model's `getLatestBy`.
   *
   * @throws the model's DoesNotExist of no rows; FieldError when there is nothing to go by.
   */
  earliest<const Ps extends readonly Term[]>(...paths: CheckOrders<M, Ps>): Promise<R>
  async earliest(...paths: readonly unknown[]): Promise<R> {
    return await this.#nearest('earliest', paths)
  }

  /** The row that comes last by the fields given, or by the model's `getLatestBy`. */
  latest<const Ps extends readonly Term[]>(...paths: CheckOrders<M, Ps>): Promise<R>
  async latest(...paths: readonly unknown[]): Promise<R> {
    return await this.#nearest('latest', paths)
  }

  /**
   * Values computed over all rows, by name.
   *
   * @example
   * await Book.objects.aggregate({ n: Count('*'), pages: Sum('pages') }) // { n: 3, pages: 720 }
   * // select count(*) as "c0", sum("books"."pages") as "c1" from "books"
   */
  aggregate<const A extends NamedExpressions & CheckExpressions<M, A>>(
    spec: A,
  ): Promise<Simplify<ResultsOf<M, A>>>
  async aggregate(spec: NamedExpressions): Promise<unknown> {
    const aggregates = resolveAggregates(this.#state, spec)
    return await this.#ask('aggregate', this.#aggregateOf(aggregates), aggregates)
  }

  /**
   * Instances by key: by primary key, or by the unique field named in `fieldName`; all of them
   * where no keys are given. Keys without a row are not in the map.
   *
   * @example (await Author.objects.inBulk([1, 2])).get(1)?.name
   */
  inBulk(keys?: readonly PkOf<M>[]): Promise<Map<PkOf<M>, R>>
  inBulk<const P extends ColumnKeys<M>>(
    keys: readonly BulkKey<M, P>[] | undefined,
    options: { readonly fieldName: P },
  ): Promise<Map<BulkKey<M, P>, R>>
  async inBulk(keys?: readonly unknown[], options: { fieldName?: string } = {}): Promise<unknown> {
    const { fieldName = 'pk' } = readOptions('inBulk()', options, { fieldName: true })
    const query = bulkQuery(this.#state, keys, fieldName)
    return await this.#run((runner) => fetchBulk(runner, query))
  }

  /**
   * The rows one by one, of which no more than a chunk is in memory; neither from what is remembered
   * nor into it. They are read on a connection of their own, in `atomic()` on the transaction's, which
   * is free again with the last chunk, and when the loop is left; it is that of where the first row was
   * asked for, whoever asks for the others. What is prefetched, and what instances load for each other,
   * is so by the chunk. `timeout()` is for each.
   *
   * Source: Django's `iterator()`.
   *
   * @throws RangeError for a `chunkSize` that is none.
   * @example for await (const book of Book.objects.all().iterator({ chunkSize: 500 })) …
   */
  iterator(options: IteratorOptions = {}): AsyncGenerator<R, void, undefined> {
    return iterate<R>(databaseOf(this.#state), this.#state, options)
  }

  /** The database's plan for the query, as text. */
  async explain(options: ExplainOptions = {}): Promise<string> {
    return await this.#run((runner) => explain(runner, this.#state, options))
  }

  // ---------- new querysets

  /** The same query, with nothing remembered. */
  all(): this {
    return this.#with(this.#state)
  }

  /** A queryset that has no rows and never sends anything. */
  none(): this {
    return this.#with(states.withNone(this.#state))
  }

  /**
   * Only rows for which all conditions hold. All conditions of one call speak of the same related
   * row.
   *
   * @throws FieldError, InvalidValueError here, at the call, for a wrong name or value.
   * @example
   * Book.objects.filter({ author__name__startswith: 'A', pages__gt: 100 }, Q.not({ title: 'x' }))
   */
  filter<const Cs extends readonly object[]>(
    ...conditions: CheckConditions<M, Cs>
  ): Referring<this, OuterIn<Cs>>
  filter(...conditions: readonly unknown[]): unknown {
    return this.#with(states.withFilter(this.#state, conditions))
  }

  /** Only rows for which the conditions do not all hold; rows with NULL stay, as in Django. */
  exclude<const Cs extends readonly object[]>(
    ...conditions: CheckConditions<M, Cs>
  ): Referring<this, OuterIn<Cs>>
  exclude(...conditions: readonly unknown[]): unknown {
    return this.#with(states.withExclude(this.#state, conditions))
  }

  /**
   * In this order, instead of any before; `-` turns a path round, `'?'` is random, no arguments
   * mean no order.
   *
   * @example Book.objects.orderBy('-publishedAt', F('pages').asc({ nulls: 'last' }))
   */
  orderBy<const Os extends readonly Term[]>(
    ...terms: CheckOrders<M, Os>
  ): Referring<this, OuterInTerms<Os>>
  orderBy(...terms: readonly unknown[]): this {
    return this.#with(states.withOrdering(this.#state, terms))
  }

  /**
   * Computed values under names: properties of the rows, and names in every later call. An aggregate
   * groups the rows: by what `values()` named before, else by the model's rows. Aggregates over
   * several relations to many do not multiply each other.
   *
   * @throws FieldError for unknown names, and for names that rows have already.
   * @example
   * const authors = await Author.objects.annotate({ n: Count('books') }).filter({ n__gt: 3 })
   * // select …, count("books"."id") as "c4" from "authors" left join "books" on … group by
   * // "authors"."id" having count("books"."id") > 3
   */
  annotate<const A extends NamedAnnotations & CheckAnnotations<M, A>>(
    spec: A,
  ): Referring<
    Reshaped<this, AnnotatedScope<M, A>, AnnotatedRow<R, Simplify<AnnotationValues<M, A>>>>,
    OuterInNamed<A>
  >
  annotate(spec: object): unknown {
    return this.#with(withAnnotate(this.#state, spec))
  }

  /** As `annotate()`, but the values are no part of the rows: names for later calls only. */
  alias<const A extends NamedAnnotations & CheckAnnotations<M, A>>(
    spec: A,
  ): Referring<Reshaped<this, AliasedScope<M, A>, R>, OuterInNamed<A>>
  alias(spec: object): unknown {
    return this.#with(withAlias(this.#state, spec))
  }

  /**
   * The rows below these along a relation of the model to itself: children, their children and so
   * on, each once, by one recursive query. A queryset of its own, which can be filtered, ordered,
   * counted, updated, deleted and started as any other; of this one only the rows matter. It ends
   * where rows make a circle.
   *
   * @param relation needed where the model has several keys to itself
   * @param options `depth`: the name under which rows say how many steps away they are, counted from 1;
   * `includeSelf`: these rows too, at 0; `maxDepth`: no further
   *
   * The queryset begins anew: names of `alias()`, and what was loaded with the rows, were theirs.
   *
   * @throws FieldError for what is no key of another row of the model, and after `values()`.
   * @example
   * const trees = Category.objects.filter({ name: 'Books' }).descendants('parent', { depth: 'level' })
   * await trees.filter({ level__lte: 2 }).orderBy('level', 'name')
   * // select … from "categories" inner join (with recursive "tree" … ) as "tree" on …
   */
  descendants<const D extends string = never>(
    relation?: SelfRelations<M>,
    options?: TreeOptions<D>,
  ): WithDepth<this, M, R, D>
  descendants(relation?: string, options?: TreeOptions): unknown {
    return this.#with(withTree(this.#state, 'down', relation, options))
  }

  /** The rows above these along a relation of the model to itself, as `descendants()` those below. */
  ancestors<const D extends string = never>(
    relation?: SelfRelations<M>,
    options?: TreeOptions<D>,
  ): WithDepth<this, M, R, D>
  ancestors(relation?: string, options?: TreeOptions): unknown {
    return this.#with(withTree(this.#state, 'up', relation, options))
  }

  /** In the opposite order. */
  reverse(): this {
    return this.#with(states.withReverse(this.#state))
  }

  /**
   * Without repeated rows. With paths, the first row of each combination of their values, in the
   * queryset's order, which must begin with them: PostgreSQL only.
   *
   * @example Book.objects.orderBy('author', '-publishedAt').distinct('author') // the newest of each
   */
  distinct<const Ps extends readonly Term[]>(...paths: CheckTerms<M, Ps>): this
  distinct(...paths: readonly unknown[]): this {
    return this.#with(states.withDistinctOn(this.#state, paths))
  }

  /**
   * The rows of this queryset and of others, each once; with `{ all: true }` as often as they are
   * there. Only order, slices, `values`, `count`, `exists` and the like may follow.
   *
   * @throws NotSupportedError from what may not follow, as `filter()`.
   * @example Author.objects.values('name').union(Tag.objects.values('name')).orderBy('name')
   */
  union(...others: readonly (Subquery | UnionOptions)[]): this {
    return this.#with(withCombined(this.#state, 'union', others))
  }

  /** The rows that are in this queryset and in all others. */
  intersection(...others: readonly Subquery[]): this {
    return this.#with(withCombined(this.#state, 'intersection', others))
  }

  /** The rows of this queryset that are in none of the others. */
  difference(...others: readonly Subquery[]): this {
    return this.#with(withCombined(this.#state, 'difference', others))
  }

  /**
   * The days of a column, cut down to their year, month, week or day, each once and in order.
   *
   * @example await Author.objects.dates('bornOn', 'year', { order: 'desc' }) // ['1990-01-01', …]
   */
  dates<const P extends Term>(
    path: CheckTerm<M, P>,
    kind: DateKind,
    options?: DatesOptions,
  ): Reshaped<this, M, string>
  dates(path: unknown, kind: DateKind, options: DatesOptions = {}): unknown {
    return this.#with(withDates(this.#state, path as string, kind, options))
  }

  /** The instants of a column, cut down, each once and in order; in UTC unless `tzinfo` says else. */
  datetimes<const P extends Term>(
    path: CheckTerm<M, P>,
    kind: DateTimeKind,
    options?: DateTimesOptions,
  ): Reshaped<this, M, Date>
  datetimes(path: unknown, kind: DateTimeKind, options: DateTimesOptions = {}): unknown {
    return this.#with(withDateTimes(this.#state, path as string, kind, options))
  }

  /**
   * Locks the rows until the transaction ends; only in `atomic()`. SQLite, whose transactions lock
   * the whole database, sends the plain query.
   *
   * @throws TransactionError when it is sent outside a transaction, on SQLite too.
   * @example
   * await atomic(async () => {
   *   const job = await Job.objects.filter({ done: false }).selectForUpdate({ skipLocked: true }).first()
   * }) // select … for update skip locked
   */
  selectForUpdate<const P extends string = never>(options?: LockOptions<CheckLock<M, P>>): this
  selectForUpdate(options: LockOptions<unknown> = {}): this {
    return this.#with(withLock(this.#state, options))
  }

  /**
   * Rows from `start` (counted from 0) up to but not including `end`. Where the rows are known, or
   * on their way, the new queryset has its share of them without a query.
   *
   * @throws RangeError for bounds that are not whole numbers of 0 or more.
   * @example Book.objects.orderBy('id').slice(10, 20) // … limit 10 offset 10
   */
  slice(start: number, end?: number): this {
    const sliced = this.#with(states.withSlice(this.#state, start, end))
    const rows = this.#knownRows()
    if (rows !== undefined) {
      const read = async (): Promise<R[]> => (await rows.read()).slice(start, end)
      cacheOf(sliced).store('rows', { read }, { keep: true })
    }
    return sliced
  }

  /** On another connection: its name, or what `connect()` gave. */
  using(database: string | Database): this {
    assertDatabase(database, 'using()')
    return this.#with(states.patchState(this.#state, { database }))
  }

  /**
   * Rejects with `QueryTimeoutError` after so many milliseconds; the database is told to stop. What
   * is more than one query, as `create()` and `bulkCreate()` are, is one transaction then.
   */
  timeout(ms: number): this {
    assertTimeout(ms)
    return this.#with(states.patchState(this.#state, { timeoutMs: ms }))
  }

  /** As `timeout()`: rejects with an `AbortError` when the signal is aborted. */
  signal(signal: AbortSignal): this {
    assertSignal(signal)
    return this.#with(states.patchState(this.#state, { signal }))
  }

  /**
   * Rows as plain objects of the paths given, under their names; of every column where none is.
   *
   * @example await Book.objects.values('title', 'author__name') // [{ title: …, author__name: … }]
   */
  values<const Ps extends readonly Term[]>(
    ...paths: CheckValues<M, Ps>
  ): Referring<Reshaped<this, WithNames<M, Ps>, ValuesRow<M, Ps>>, OuterInTerms<Ps>>
  values(...paths: readonly unknown[]): unknown {
    return this.#with(withValues(this.#state, paths))
  }

  /**
   * Rows as arrays of the paths and expressions given; as single values with `{ flat: true }`.
   *
   * @example await Book.objects.valuesList('title', { flat: true }) // ['Emma', …]
   */
  valuesList<const P extends Term>(
    path: CheckTerm<M, P>,
    options: { readonly flat: true },
  ): Referring<Reshaped<this, M, FlatRow<M, P>>, OuterInTerms<[P]>>
  valuesList<const Ps extends readonly Term[]>(
    ...paths: CheckTerms<M, Ps>
  ): Referring<Reshaped<this, M, ListRow<M, Ps>>, OuterInTerms<Ps>>
  valuesList(...terms: readonly unknown[]): unknown {
    const options = terms[terms.length - 1]
    if (!hasFlat(options)) return this.#with(withValuesList(this.#state, terms))
    const paths = terms.slice(0, -1)
    const { flat } = readOptions('valuesList()', options, { flat: true })
    return this.#with(flat ? withFlat(this.#state, ...paths) : withValuesList(this.#state, paths))
  }

  /**
   * Loads the related rows at these paths in the same query: `book.author` is then the instance,
   * not a promise-like of it. `selectRelated(null)` undoes it.
   *
   * @example const [book] = await Book.objects.selectRelated('author__mentor')
   */
  selectRelated<const Ps extends readonly Term[]>(
    ...paths: CheckRelated<M, Ps>
  ): Reshaped<this, M, WithRelated<M, R, Ps>>
  selectRelated(...paths: readonly (string | null)[]): unknown {
    const isUndo = paths.length === 1 && paths[0] === null
    return this.#with(
      isUndo
        ? withoutSelectRelated(this.#state)
        : withSelectRelated(this.#state, paths as readonly string[]),
    )
  }

  /**
   * Loads the rows at the far ends of these relations too: one query for each step of a path,
   * whatever the number of rows. They can then be read without awaiting:
   * `for (const book of author.books)`. `prefetchRelated(null)` undoes it.
   *
   * @throws FieldError for a name that is no relation.
   * @example
   * const authors = await Author.objects.prefetchRelated('books__tags')
   * // select … from "authors"; select … from "books" where "author_id" in …; select … from "tags" …
   */
  prefetchRelated<const Ps extends readonly Term[]>(
    ...paths: CheckPrefetches<M, Ps>
  ): Reshaped<this, M, WithPrefetched<R, M, Ps>>
  prefetchRelated(...paths: readonly unknown[]): unknown {
    const isUndo = paths.length === 1 && paths[0] === null
    const prefetch = isUndo ? [] : addPrefetches(this.#state, paths)
    return this.#with(states.patchState(this.#state, { prefetch }))
  }

  /**
   * Loads only these columns, and the primary key; on a relation that `selectRelated()` follows by
   * a path. The others are loaded by `await row.load('body')`; reading them throws `NotLoadedError`.
   * Replaces an earlier `only()` or `defer()`.
   *
   * @example Book.objects.selectRelated('author').only('title', 'author__name')
   */
  only<const Ps extends readonly Term[]>(
    ...paths: CheckColumns<M, Ps>
  ): Reshaped<this, M, WithOnly<R, M, Ps[number]>>
  only(...paths: readonly string[]): unknown {
    return this.#with(withOnly(this.#state, paths))
  }

  /**
   * Loads all columns but these, as `only()`; adds to what was left out before. `defer(null)` loads
   * all of them again.
   *
   * @example Book.objects.defer('body')
   */
  defer(nothing: null): Reshaped<this, M, WithAllColumns<R, M>>
  defer<const Ps extends readonly Term[]>(
    ...paths: CheckColumns<M, Ps>
  ): Reshaped<this, M, WithoutColumns<R, M, Ps[number]>>
  defer(...paths: readonly (string | null)[]): unknown {
    const isUndo = paths.length === 1 && paths[0] === null
    return this.#with(
      isUndo ? withoutDefer(this.#state) : withDefer(this.#state, paths as readonly string[]),
    )
  }

  /**
   * What awaiting a relation of a row does that is not loaded: load it for all rows of the result
   * at once (`'peers'`, unless the connection says otherwise), for that row alone (`'one'`), or throw
   * `NotLoadedError` (`'raise'`). Rows keep it, and pass it on to rows that are loaded through them.
   *
   * With `'peers'`, querysets of related managers are shared too: the second row of a result that is
   * asked an equal question has it answered for all that are left. What waits for other rows is
   * thrown away when a table it was read of is written, or a transaction is entered or left. What raw
   * knex queries and other processes write cannot be seen: `refreshFromDb()`, or `'one'`, reads anew.
   *
   * @example
   * for (const book of await Book.objects.all()) print((await book.author).name) // two queries
   */
  fetchMode(mode: FetchMode): this {
    assertFetchMode(mode)
    return this.#with(states.patchState(this.#state, { fetchMode: mode }))
  }

  // ---------- writes

  /**
   * Makes and saves an instance.
   *
   * @throws ValidationError listing every field that is not valid, before any SQL.
   * @example await Author.objects.create({ name: 'Ann' }) // insert into "authors" …
   */
  create<C extends CreateHint<M> & CheckCreate<M, C>>(input: C): Promise<M>
  async create(input: object): Promise<unknown> {
    return await this.#within((db) => creating.create(db, this.#state.model, input))
  }

  /**
   * Inserts many rows, create inputs or new instances, in few statements and one transaction.
   * Gives the instances, with their keys, in the same order.
   *
   * Of an iterable that is no array, async or not, rows are read and inserted chunk by chunk, so that
   * any number of them takes the same memory; it gives how many there were. The transaction is open
   * meanwhile, the iterable's own queries are part of it, and whatever fails closes the iterable and
   * leaves nothing saved.
   *
   * @throws ValidationError before any SQL; of an iterable when the row's turn comes. It names the
   * row by its index.
   * @example
   * await Tag.objects.bulkCreate([{ name: 'a' }, { name: 'b' }], { ignoreConflicts: true })
   * // insert into "tags" ("name") values ('a'), ('b') on conflict do nothing
   * @example await Tag.objects.bulkCreate(linesOf(file)) // 1000000
   */
  bulkCreate<Row extends CreateHint<M> & RowHint<M> & CheckCreate<M, Row>>(
    rows: RowStream<Row>,
    options?: BulkOptionsOf<M>,
  ): Promise<number>
  bulkCreate<const Rows extends readonly RowHint<M>[]>(
    rows: CheckRows<M, Rows>,
    options?: BulkOptionsOf<M>,
  ): Promise<M[]>
  async bulkCreate(rows: unknown, options: BulkCreateOptions = {}): Promise<unknown> {
    const { model } = this.#state
    return await this.#within<unknown>((db) =>
      Array.isArray(rows)
        ? creating.bulkCreate(db, model, rows, options)
        : bulkCreateFrom(db, model, rows, options),
    )
  }

  /**
   * Writes some columns of saved instances, each its own values, in few statements and one
   * transaction; how many rows matched. A property may hold an expression (with a cast).
   *
   * As in Django, `autoNow` columns are written only when they are named, of instances of one row
   * the first counts, and rows that the queryset does not have are left alone.
   *
   * @throws ValidationError, FieldError, InvalidValueError, NotLoadedError, before any SQL.
   * @example
   * for (const book of books) book.pages += 1
   * await Book.objects.bulkUpdate(books, ['pages']) // update "books" set "pages" = … from …
   */
  bulkUpdate(
    instances: readonly InstanceHint<M>[],
    fields: readonly NamesIn<FieldsOf<M>>['written'][],
    options?: BulkUpdateOptions,
  ): Promise<number>
  async bulkUpdate(
    instances: readonly unknown[],
    fields: readonly string[],
    options: BulkUpdateOptions = {},
  ): Promise<number> {
    return await this.#write(() =>
      this.#within((db) => bulkUpdate(db, this.#state, instances, fields, options)),
    )
  }

  /**
   * The row that matches, else a new one with the lookups' and the defaults' values; and whether it
   * is new. Safe against others doing the same where a unique constraint backs it.
   *
   * @example
   * const [tag, created] = await Tag.objects.getOrCreate({ name: 'new' }, { defaults: { hue: 3 } })
   */
  getOrCreate<const W extends object>(
    where: CheckWhere<M, W>,
    options?: GetOrCreateOptions<DefaultsOf<M>>,
  ): Promise<[M, boolean]>
  async getOrCreate(where: object, options: object = {}): Promise<unknown> {
    return await this.#within((db) =>
      creating.getOrCreate(db, this.#state, where as never, options),
    )
  }

  /**
   * Updates the row that matches, or creates it; and whether it is new. In one transaction, which
   * keeps others from writing the row meanwhile.
   */
  updateOrCreate<const W extends object>(
    where: CheckWhere<M, W>,
    options?: UpdateOrCreateOptions<DefaultsOf<M>>,
  ): Promise<[M, boolean]>
  async updateOrCreate(where: object, options: object = {}): Promise<unknown> {
    return await this.#within((db) =>
      creating.updateOrCreate(db, this.#state, where as never, options),
    )
  }

  /**
   * Writes to all rows at once; how many matched. Forgets what was remembered.
   *
   * @throws FieldError after a slice; ValidationError; before any SQL.
   * @example await Book.objects.filter({ pages: 0 }).update({ pages: F('id').mul(10) })
   */
  update<U extends WriteHint<M> & CheckUpdate<M, U>>(values: U): Promise<number>
  async update(values: object): Promise<number> {
    return await this.#write((runner) =>
      updateRows(runner, this.#state, values, (state) => this.#with(state)),
    )
  }

  /**
   * Deletes all rows. Forgets what was remembered.
   *
   * @example await Book.objects.filter({ pages: 0 }).delete() // [2, { Book: 2 }]
   */
  async delete(
    options: DeleteOptions = {},
  ): Promise<[total: number, byModel: Record<string, number>]> {
    return await this.#write((runner) => deleteRows(runner, this.#state, options))
  }

  // ---------- escape hatches

  /** The SQL that `await` would send, for the database the queryset goes to. Sends nothing. */
  toSQL(): Sql {
    return fetching.sqlOf(this.#state, databaseOf(this.#state).dialect)
  }

  /**
   * The query as a builder of the connection's knex, in the transaction around the caller if there
   * is one. Sends nothing until it is awaited.
   */
  toKnex(): KnexBuilder {
    const db = databaseOf(this.#state)
    return db.join(toKnexBuilder(this.#state, db.knex, db.dialect))
  }

  // ---------- inside

  get #state(): QueryState {
    if (typeof this.#given === 'function') this.#given = this.#given()
    return this.#given
  }

  #with(state: QueryState): this {
    return new (this.constructor as new (state: QueryState) => this)(state)
  }

  #knownRows(): Answer<R[]> | undefined {
    return this.#cache.find<R[]>('rows')
  }

  #rows(): Answer<R[]> {
    return this.#knownRows() ?? this.#store('rows', true, this.#rowsOf(this.#state))
  }

  #rowsOf(query: QueryState): Work<R[]> {
    return async (runner) => (await fetching.fetchRows(runner, query)) as R[]
  }

  #countRows(): Work<number> {
    return (runner) => fetching.fetchCount(runner, this.#state)
  }

  #existsRow(): Work<boolean> {
    return (runner) => fetching.fetchExists(runner, this.#state)
  }

  #firstRow(): Work<R | null> {
    return this.#firstOf(withEnd(this.#state, 'first', states.isOrdered(this.#state)))
  }

  async #nearest(verb: 'earliest' | 'latest', paths: readonly unknown[]): Promise<R> {
    const query = withNearest(this.#state, verb, paths)
    return onlyRow(query, await this.#run(this.#rowsOf(query)))
  }

  #firstOf(query: QueryState): Work<R | null> {
    return async (runner) => ((await fetching.fetchRows(runner, query))[0] as R | undefined) ?? null
  }

  #aggregateOf(aggregates: readonly NamedNode[]): Work<Record<string, unknown>> {
    return (runner) => fetching.fetchAggregate(runner, this.#state, aggregates)
  }

  #getQuery(conditions: readonly unknown[]): { query: QueryState; key: Key } {
    const query = withGet(this.#state, conditions)
    return { query: limitedForGet(query), key: [query.steps] }
  }

  #run<T>(work: Work<T>): Promise<T> {
    return work(databaseOf(this.#state).current())
  }

  /** The answer that is known or on its way, else a new one that is only shared while under way. */
  #ask<T>(question: Question, work: Work<T>, key: Key = []): Promise<T> {
    const known = this.#cache.find<T>(question, (other) => isDeepStrictEqual(other, key))
    return (known ?? this.#store(question, false, work, key)).read()
  }

  #store<T>(question: Question, keep: boolean, work: Work<T>, key: Key = []): Answer<T> {
    const running = askPeers(question, this.#state, () => this.#run(work))
    return this.#cache.store(question, { read: () => running }, { keep, key })
  }

  async #write<T>(work: Work<T>): Promise<T> {
    try {
      return await this.#run(work)
    } finally {
      this.#cache.clear()
    }
  }

  /** Does what is no single statement within this queryset's limits. */
  #within<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const db = databaseOf(this.#state)
    return withinLimits(db, this.#state, () => work(db))
  }

  /**
   * Enters a question early, on a connection of its own: what every `startX` is. `byRows`: rows
   * that are known, or on their way, answer it too.
   */
  #start<T>(
    question: Question,
    work: Work<T>,
    origin: Error,
    { byRows = true, key = [] }: { byRows?: boolean; key?: Key } = {},
  ): void {
    if (byRows && this.#knownRows() !== undefined) return
    if (this.#cache.keep(question, (other) => isDeepStrictEqual(other, key))) return
    const limits = limitsOf(this.#state)
    const started = databaseOf(this.#state).start(work, origin, limits, 'reading')
    this.#cache.store(question, started, { keep: true, key })
  }
}

/** A queryset that has its rows already: what was loaded with something else. */
export function withRows<Q extends object>(querySet: Q, rows: readonly unknown[]): Q {
  cacheOf(querySet as unknown as QuerySet<unknown>).know('rows', rows)
  return querySet
}

/** Whether the last argument of `valuesList()` is its options. */
function hasFlat(value: unknown): value is { readonly flat: boolean } {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'flat')) return false
  return typeof (value as { flat?: unknown }).flat === 'boolean'
}

/**
 * A queryset whose questions can be started: the query runs in the background from now on, the
 * method gives the same queryset (not a clone), and the answer is used by whoever asks later.
 *
 * A failure is kept, and thrown to who asks; one that nobody asks for is reported once (DESIGN: the
 * channel `asynchrormous:unconsumed`, `onUnconsumedError`, or a process warning). Inside `atomic()`
 * a start runs on the transaction's connection.
 *
 * @example
 * const authors = Author.objects.filter({ name__icontains: 'ann' }).startFetch()
 * const page = await renderHeader()   // the query runs meanwhile
 * for (const author of await authors) page.add(author)
 */
export class AsyncQuerySet<M, R = M> extends QuerySet<M, R> {
  /** Starts fetching the rows. Answers `await`, `count`, `exists`, `at`, `slice`, `get()` … */
  startFetch(): this {
    starts.fetch(this, callOrigin(this.startFetch, 'startFetch'))
    return this
  }

  /** Starts counting. Answers `count` and `exists`. */
  startCount(): this {
    starts.count(this, callOrigin(this.startCount, 'startCount'))
    return this
  }

  /** Starts asking whether there is any row. Answers `exists`, and `count` when there is none. */
  startExists(): this {
    starts.exists(this, callOrigin(this.startExists, 'startExists'))
    return this
  }

  /** Starts `first()`. */
  startFirst(): this {
    starts.first(this, callOrigin(this.startFirst, 'startFirst'))
    return this
  }

  /** Starts `get(…)`; answers it when it is called with equal arguments. */
  startGet<const Cs extends readonly object[]>(...conditions: CheckConditions<M, Cs>): this
  startGet(...conditions: readonly unknown[]): this {
    starts.get(this, callOrigin(this.startGet, 'startGet'), conditions)
    return this
  }

  /** Starts `aggregate(spec)`; answers it when it is called with an equal spec. */
  startAggregate<const A extends NamedExpressions & CheckExpressions<M, A>>(spec: A): this
  startAggregate(spec: NamedExpressions): this {
    starts.aggregate(this, callOrigin(this.startAggregate, 'startAggregate'), spec)
    return this
  }
}
