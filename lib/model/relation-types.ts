import type {
  CheckInput,
  FieldsOf,
  HasFields,
  HasRelated,
  PkOf,
  Unloaded,
  WriteHint,
  WriteInput,
} from '../meta/row-types.ts'
import type { CheckWhere } from '../query/check-types.ts'
import type { BulkOptionsOf } from '../queryset/bulk-options.ts'
import type { RowStream } from '../queryset/create-stream.ts'
import type { Forwarded } from '../queryset/manager.ts'
import type { AsyncQuerySet } from '../queryset/queryset.ts'
import type { DefaultsOf, GetOrCreateOptions, UpdateOrCreateOptions } from '../queryset/types.ts'

/** A related row as it is named in `add` and the like: an instance, or its key. */
type Target<M> = M | PkOf<M>

/** Values for the columns of a through model. */
export interface ThroughOptions {
  readonly throughDefaults?: Readonly<Record<string, unknown>>
}

/** The ways to change which rows a to-many relation leads to. */
export interface RelatedWrites<M> {
  /**
   * Adds rows, instances or keys; what is there already stays once. A plain object at the end is
   * options: `add(author, { throughDefaults: { role: 'editor' } })`.
   */
  add(...targets: readonly (Target<M> | Required<ThroughOptions>)[]): Promise<void>
  /** Takes rows out. Of a foreign key only where that can be null. */
  remove(...targets: readonly Target<M>[]): Promise<void>
  /** Makes these the only rows. `clear`: takes all out first instead of the difference. */
  set(
    targets: readonly Target<M>[],
    options?: ThroughOptions & { readonly clear?: boolean },
  ): Promise<void>
  /** Takes all rows out. Of a foreign key only where that can be null. */
  clear(): Promise<void>
  /** Makes, saves and adds a row; the key to this side is set. */
  create<C extends WriteHint<M> & CheckInput<WriteInput<FieldsOf<M>>, C>>(
    values: C,
    options?: ThroughOptions,
  ): Promise<M>
  /** As `create`, for many rows; of an iterable that is no array it gives how many there were. */
  bulkCreate<Row extends WriteHint<M> & CheckInput<WriteInput<FieldsOf<M>>, Row>>(
    rows: RowStream<Row> | RowStream<M>,
    options?: BulkOptionsOf<M> & ThroughOptions,
  ): Promise<number>
  bulkCreate(
    rows: readonly (WriteInput<FieldsOf<M>> | M)[],
    options?: BulkOptionsOf<M> & ThroughOptions,
  ): Promise<M[]>
  /** The related row that matches, else a new one that is added; and whether it is new. */
  getOrCreate<const W extends object>(
    where: CheckWhere<M, W>,
    options?: GetOrCreateOptions<DefaultsOf<M>> & ThroughOptions,
  ): Promise<[M, boolean]>
  /** Updates the related row that matches, or creates and adds one; and whether it is new. */
  updateOrCreate<const W extends object>(
    where: CheckWhere<M, W>,
    options?: UpdateOrCreateOptions<DefaultsOf<M>> & ThroughOptions,
  ): Promise<[M, boolean]>
}

/**
 * The rows at the far end of a to-many relation: a manager whose querysets start from them, and can
 * be started in the background. `Q` is the queryset class of the model's own manager, if it has one.
 *
 * @example
 * class Author extends Model('authors', { … }) {
 *   declare readonly books: RelatedManager<Book, BookQuerySet>
 * }
 * const recent = author.books.orderBy('-publishedAt').slice(0, 5).startFetch()
 */
export type RelatedManager<M extends HasFields<unknown>, Q = AsyncQuerySet<M>> = Omit<
  Forwarded<Q>,
  keyof RelatedWrites<M>
> &
  RelatedWrites<M> &
  HasRelated<M, true>

/**
 * The other side of a one-to-one relation: the instance once it is loaded, null when there is none,
 * else a promise-like of either, which is truthy: `if (await author.profile)`, never
 * `if (author.profile)`.
 *
 * @example declare readonly profile: RelatedOne<Profile>
 */
export type RelatedOne<M extends HasFields<unknown>> =
  | M
  | null
  | (Unloaded<M | null> & HasRelated<M, false>)

/** The managers that the many-to-many fields of a field map give an instance. */
export type ManyRelations<FS> = {
  readonly [K in keyof FS as FS[K] extends { readonly kind: 'manyToMany' }
    ? K
    : never]: FS[K] extends {
    readonly spec: { readonly target: infer M extends HasFields<unknown> }
  }
    ? RelatedManager<M>
    : never
}
