import type {
  annotated,
  ColumnValue,
  FieldsOf,
  KeyField,
  OrNull,
  PkOf,
  PrimaryField,
  relatedModel,
  Unknown,
} from '../meta/row-types.ts'

/** Lookups every column has. `V` is its value. */
export interface EqualLookups<V> {
  exact: V
  in: readonly V[]
  isnull: boolean
}

/** Lookups of columns whose values have an order. */
export interface OrderedLookups<V> extends EqualLookups<V> {
  gt: V
  gte: V
  lt: V
  lte: V
  range: readonly [V, V]
}

/** Lookups of text. */
export interface TextLookups<V> extends OrderedLookups<V> {
  iexact: V
  contains: string
  icontains: string
  startswith: string
  istartswith: string
  endswith: string
  iendswith: string
  regex: string
  iregex: string
}

type NumberLookups = OrderedLookups<number>

/** Lookups and transforms of calendar days. */
export interface DateLookups<V> extends OrderedLookups<V> {
  year: NumberLookups
  isoYear: NumberLookups
  quarter: NumberLookups
  month: NumberLookups
  week: NumberLookups
  day: NumberLookups
  weekDay: NumberLookups
  isoWeekDay: NumberLookups
}

/** Lookups and transforms of times of day. */
export interface TimeLookups<V> extends OrderedLookups<V> {
  hour: NumberLookups
  minute: NumberLookups
  second: NumberLookups
}

/** Lookups and transforms of instants, all in UTC. */
export interface DateTimeLookups<V> extends DateLookups<V>, TimeLookups<V> {
  date: DateLookups<string>
  time: TimeLookups<string>
}

/** Lookups of JSON; any other name is a key or an index into the value. */
export interface JsonLookups<V> extends EqualLookups<V> {
  contains: unknown
  containedBy: unknown
  hasKey: string
  hasKeys: readonly string[]
  hasAnyKeys: readonly string[]
}

interface LookupsByFamily<V> {
  text: TextLookups<V>
  number: OrderedLookups<V>
  bigint: OrderedLookups<V>
  decimal: OrderedLookups<V>
  duration: OrderedLookups<V>
  date: DateLookups<V>
  time: TimeLookups<V>
  dateTime: DateTimeLookups<V>
  boolean: EqualLookups<V>
  uuid: EqualLookups<V>
  binary: EqualLookups<V>
  json: JsonLookups<V>
}

/** A column as a path ends in it: its field, and whether NULL may come out of it. */
interface Column<Value, Null, Family> {
  readonly value: Value
  readonly null: Null
  readonly family: Family
}

type FieldColumn<F, Null = false> = F extends {
  readonly spec: { readonly value: infer V; readonly null: infer N; readonly family: infer A }
}
  ? Column<V, true extends N | Null ? true : false, A>
  : never

type FamilyOfValue<T> = [T] extends [number]
  ? 'number'
  : [T] extends [string]
    ? 'text'
    : [T] extends [bigint]
      ? 'bigint'
      : [T] extends [boolean]
        ? 'boolean'
        : [T] extends [Date]
          ? 'dateTime'
          : 'json'

type ValueColumn<T> = Column<
  NonNullable<T>,
  null extends T ? true : false,
  FamilyOfValue<NonNullable<T>>
>

type Annotations<M> = M extends { readonly [annotated]: infer A } ? A : unknown

/** The column that `K` names on the scope `M`; never if there is none. */
type ColumnOf<M, K extends string> = K extends keyof FieldsOf<M>
  ? FieldsOf<M>[K] extends { readonly kind: 'column' }
    ? FieldColumn<FieldsOf<M>[K]>
    : never
  : K extends 'pk'
    ? FieldColumn<PrimaryField<FieldsOf<M>>>
    : K extends keyof Annotations<M>
      ? ValueColumn<Annotations<M>[K]>
      : K extends `${infer R}Id`
        ? R extends keyof FieldsOf<M>
          ? FieldsOf<M>[R] extends {
              readonly kind: 'foreignKey' | 'oneToOne'
              readonly spec: { readonly null: infer N }
            }
            ? FieldColumn<KeyField<FieldsOf<M>[R]>, N>
            : never
          : never
        : never

/** The far side of a relation, its key, and whether there may be none. */
interface Relation<M, Key, Null, Many> {
  readonly to: M
  readonly key: Key
  readonly null: Null
  readonly many: Many
}

type ReverseRelation<T> = T extends { readonly [relatedModel]: infer R }
  ? R extends { readonly model: infer M; readonly many: infer Many }
    ? Relation<M, PkOf<M>, true, Many>
    : never
  : never

/** The relation that `K` names on the scope `M`; never if there is none. */
type RelationOf<M, K extends string> = K extends keyof FieldsOf<M>
  ? FieldsOf<M>[K] extends {
      readonly kind: infer Kind extends 'foreignKey' | 'oneToOne' | 'manyToMany'
      readonly spec: { readonly target: infer T; readonly null: infer N }
    }
    ? Kind extends 'manyToMany'
      ? Relation<T, PkOf<T>, true, true>
      : Relation<T, ColumnValue<KeyField<FieldsOf<M>[K]>>, N, false>
    : never
  : K extends keyof M
    ? ReverseRelation<M[K]>
    : never

type TransformValue<L, P extends string> = P extends keyof L
  ? L[P] extends EqualLookups<infer V>
    ? V
    : Unknown<P>
  : P extends `${infer H}__${infer T}`
    ? H extends keyof L
      ? TransformValue<L[H], T>
      : Unknown<H>
    : Unknown<P>

type LookupsOf<C> = C extends { readonly value: infer V; readonly family: infer A }
  ? A extends keyof LookupsByFamily<V>
    ? LookupsByFamily<V>[A]
    : never
  : never

/**
 * The type of the value that stands at the end of the path `P`, as `values()` gives it; null where
 * a step of the path may find no row. An unknown part gives an `Unknown` that names it.
 */
export type PathValue<M, P extends string, Null = false> = P extends `${infer H}__${infer T}`
  ? [RelationOf<M, H>] extends [never]
    ? [ColumnOf<M, H>] extends [never]
      ? Unknown<H>
      : ColumnOf<M, H> extends infer C extends Column<unknown, unknown, unknown>
        ? C['family'] extends 'json'
          ? unknown
          : NullOr<TransformValue<LookupsOf<C>, T>, C['null'] | Null>
        : never
    : RelationOf<M, H> extends Relation<infer To, unknown, infer N, unknown>
      ? PathValue<To, T, N | Null>
      : never
  : [RelationOf<M, P>] extends [never]
    ? [ColumnOf<M, P>] extends [never]
      ? Unknown<P>
      : ColumnOf<M, P> extends Column<infer V, infer N, unknown>
        ? OrNull<V, true extends N | Null ? true : false>
        : never
    : RelationOf<M, P> extends Relation<unknown, infer Key, infer N, unknown>
      ? OrNull<Key, true extends N | Null ? true : false>
      : never

/** The family of the column at the end of a path. */
export type ColumnFamily<M, P extends string> = P extends `${infer H}__${infer T}`
  ? RelationOf<M, H> extends Relation<infer To, unknown, unknown, unknown>
    ? ColumnFamily<To, T>
    : never
  : ColumnOf<M, P> extends Column<unknown, unknown, infer A>
    ? A
    : never

type NullOr<T, Null> = T extends Unknown<string> ? T : true extends Null ? T | null : T

/** A path as it is if it leads to a value; else a type that names its wrong part. */
export type CheckPath<M, P extends string> = [PathValue<M, P>] extends [Unknown<infer Part>]
  ? Unknown<Part>
  : P

type LookupValue<L, P extends string> = P extends keyof L
  ? L[P] extends EqualLookups<infer V>
    ? V
    : L[P]
  : P extends `${infer H}__${infer T}`
    ? H extends keyof L
      ? LookupValue<L[H], T>
      : Unknown<H>
    : Unknown<P>

type ColumnLookup<C, P extends string> = C extends { readonly family: 'json' }
  ? P extends keyof JsonLookups<unknown>
    ? LookupValue<LookupsOf<C>, P>
    : unknown
  : LookupValue<LookupsOf<C>, P>

type RelationLookup<R, P extends string> =
  R extends Relation<infer To, infer Key, unknown, unknown>
    ? P extends 'isnull'
      ? boolean
      : P extends 'in'
        ? readonly (To | Key)[]
        : P extends 'exact'
          ? To | Key | null
          : P extends 'gt' | 'gte' | 'lt' | 'lte'
            ? Key
            : WhereValue<To, P, true>
    : never

/** The type of value that the lookup key `P` takes in a filter over `M`. */
export type WhereValue<M, P extends string, Null = false> = P extends `${infer H}__${infer T}`
  ? [RelationOf<M, H>] extends [never]
    ? [ColumnOf<M, H>] extends [never]
      ? Unknown<H>
      : T extends 'exact' | 'iexact'
        ? ExactValue<ColumnOf<M, H>, Null> | null
        : ColumnLookup<ColumnOf<M, H>, T>
    : RelationLookup<RelationOf<M, H>, T>
  : [RelationOf<M, P>] extends [never]
    ? [ColumnOf<M, P>] extends [never]
      ? Unknown<P>
      : ExactValue<ColumnOf<M, P>, Null>
    : RelationOf<M, P> extends Relation<infer To, infer Key, infer N, unknown>
      ? To | Key | OrNull<never, true extends N | Null ? true : false>
      : never

type ExactValue<C, Null> =
  C extends Column<infer V, infer N, unknown>
    ? OrNull<V, true extends N | Null ? true : false>
    : never

type Names<FS> = keyof FS & string

/** The columns of `M` by name, keys of relations and annotations included. */
export type ColumnKeys<M> =
  | 'pk'
  | (keyof Annotations<M> & string)
  | {
      [K in Names<FieldsOf<M>>]: FieldsOf<M>[K] extends { readonly kind: infer Kind }
        ? Kind extends 'column'
          ? K
          : Kind extends 'foreignKey' | 'oneToOne'
            ? `${K}Id`
            : never
        : never
    }[Names<FieldsOf<M>>]

/** The relations of `M` by name, forward and reverse. */
export type RelationKeys<M> =
  | {
      [K in Names<FieldsOf<M>>]: FieldsOf<M>[K] extends { readonly kind: 'column' } ? never : K
    }[Names<FieldsOf<M>>]
  | { [K in keyof M & string]: [ReverseRelation<M[K]>] extends [never] ? never : K }[keyof M &
      string]

type LookupNames<M, K extends string> = keyof LookupsOf<ColumnOf<M, K>> & string

type ColumnLookupKeys<M> = {
  [K in ColumnKeys<M>]: K | `${K}__${LookupNames<M, K>}`
}[ColumnKeys<M>]

type Far<M, K extends string> =
  RelationOf<M, K> extends Relation<infer To, unknown, unknown, unknown> ? To : never

type RelationLookupKeys<M> = {
  [K in RelationKeys<M>]:
    | K
    | `${K}__isnull`
    | `${K}__in`
    | `${K}__${ColumnKeys<Far<M, K>> | RelationKeys<Far<M, K>>}`
}[RelationKeys<M>]

/** What an editor offers as keys of a filter: own lookups, and one step along each relation. */
export type WhereHint<M> = {
  readonly [K in ColumnLookupKeys<M> | RelationLookupKeys<M>]?: unknown
} & {
  readonly [deeper: `${string}__${string}`]: unknown
}

/** What an editor offers as a path: own columns and relations, and one step along each relation. */
export type PathHint<M> =
  | ColumnKeys<M>
  | RelationKeys<M>
  | `${RelationKeys<M>}__${string}`
  | `${ColumnKeys<M>}__${string}`

/** The relations of `M` that lead to one row at most, by name. */
export type ToOneKeys<M> = {
  [K in RelationKeys<M>]: RelationOf<M, K> extends { readonly many: false } ? K : never
}[RelationKeys<M>]

/** The relations along `P` as they are once they are loaded. */
export type RelatedRow<M, P extends string> = P extends `${infer H}__${infer T}`
  ? RelationOf<M, H> extends Relation<infer To, unknown, infer N, false>
    ? { readonly [K in H]: OrNull<To & RelatedRow<To, T>, N> }
    : Unknown<H>
  : RelationOf<M, P> extends Relation<infer To, unknown, infer N, false>
    ? { readonly [K in P]: OrNull<To, N> }
    : Unknown<P>

/**
 * A filter over `M` that was built elsewhere: its own lookups, and one step along each relation.
 *
 * @example
 * const where: Where<Book> = onlyLive ? { status: 'live' } : {}
 * Book.objects.filter(where)
 */
export type Where<M> = {
  readonly [K in ColumnLookupKeys<M> | RelationLookupKeys<M>]?: WhereValue<M, K>
}

/** The model at the far end of a relation. */
export type FarOf<M, K extends string> =
  RelationOf<M, K> extends Relation<infer To, unknown, unknown, unknown> ? To : never

/** Whether a relation leads to many rows. */
export type IsToMany<M, K extends string> =
  RelationOf<M, K> extends Relation<unknown, unknown, unknown, infer Many> ? Many : false

/** The first part of a path that is no relation; never where all of them are. */
export type BadRelation<M, P extends string> = P extends `${infer H}__${infer T}`
  ? [RelationOf<M, H>] extends [never]
    ? Unknown<H>
    : BadRelation<FarOf<M, H>, T>
  : [RelationOf<M, P>] extends [never]
    ? Unknown<P>
    : never
