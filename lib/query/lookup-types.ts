import type {
  ColumnValue,
  FieldsOf,
  Frozen,
  KeyField,
  OrNull,
  PkOf,
  PrimaryField,
  RangeInputOf,
  ReadonlyItems,
  Unknown,
} from '../meta/row-types.ts'
import type { CustomLookups } from './custom-lookups.ts'
import type {
  ArrayLookups,
  EqualLookups,
  LookupsByFamily,
  RangeLookups,
  Searchable,
} from './family-lookups.ts'

/** What a queryset of rows `R` is to a lookup that takes a subquery; a manager is none. */
export interface Subquery<out R = unknown> {
  readonly '~row': R
}

/** What an array column has for a family: that, and what its items are. */
interface ArrayFamily<out S> {
  readonly items: S
}

/** What a column of ranges has for a family: what its ends are. */
interface RangeFamily<out T, out A> {
  readonly end: T
  readonly family: A
}

/** The ends of a range as transforms. */
interface RangeEnds<T, A> {
  startswith: LookupsOf<T, A>
  endswith: LookupsOf<T, A>
}

/** Items by their index, and slices: `tags__0`, `tags__0_2`. */
type ArrayParts<V, S> = {
  [at: `${number}`]: S extends {
    readonly value: infer T
    readonly family: infer A
  }
    ? LookupsOf<T, FamilyOfSpec<S, A>>
    : never
} & { [slice: `${number}_${number}`]: ArrayLookups<V> & ArrayParts<V, S> }

type FamilyOfSpec<S, A> = A extends 'array'
  ? S extends { readonly item: infer I }
    ? ArrayFamily<I>
    : A
  : S extends { readonly bound: { readonly value: infer T; readonly family: infer B } }
    ? RangeFamily<T, B>
    : A

/** What a column's values are compared with. */
type Compared<V, A> = A extends 'json'
  ? Frozen<V>
  : A extends ArrayFamily<unknown>
    ? ReadonlyItems<V>
    : A extends RangeFamily<unknown, unknown>
      ? RangeInputOf<V>
      : V

/** A column as a path ends in it: its field, and whether NULL may come out of it. */
interface Column<Value, Null, Family> {
  readonly value: Value
  readonly null: Null
  readonly family: Family
}

type FieldColumn<F, Null = false> = F extends {
  readonly spec: infer S extends {
    readonly value: unknown
    readonly null: unknown
    readonly family: unknown
  }
}
  ? Column<S['value'], S['null'] | Null, FamilyOfSpec<S, S['family']>>
  : never

/** The family of a computed value. */
export type FamilyOfValue<T> = [T] extends [number]
  ? 'number'
  : [T] extends [string]
    ? [T] extends [Searchable]
      ? 'searchVector'
      : 'text'
    : [T] extends [bigint]
      ? 'bigint'
      : [T] extends [boolean]
        ? 'boolean'
        : [T] extends [Date]
          ? 'dateTime'
          : 'json'

/** A relation that has its name in this query only: each row has one related row at most. */
export interface FilteredTo<To> {
  readonly '~filtered': To
}

type ValueColumn<T> = [T] extends [FilteredTo<infer To>]
  ? Relation<To, PkOf<To>, true, false>
  : Column<
      [T] extends [Searchable] ? string : NonNullable<T>,
      null extends T ? true : false,
      FamilyOfValue<NonNullable<T>>
    >

/** The annotations of a scope. */
export type Annotations<M> = (M extends { readonly '~annotations': infer A } ? A : object) &
  (M extends { readonly '~aliases': infer A } ? A : object)

/** The far side of a relation, its key, and whether there may be none. */
interface Relation<M, Key, Null, Many> {
  readonly to: M
  readonly key: Key
  readonly null: Null
  readonly many: Many
}

/** What the field `F` is to a path. */
type FieldStep<F> = F extends { readonly kind: 'column' }
  ? FieldColumn<F>
  : F extends {
        readonly kind: infer Kind
        readonly spec: { readonly target: infer T; readonly null: infer N }
      }
    ? Kind extends 'manyToMany'
      ? Relation<T, PkOf<T>, true, true>
      : Relation<T, ColumnValue<KeyField<F>>, N, false>
    : never

/** The key column of the field `F`: what `authorId` is to `author`. */
type KeyStep<F, K extends string> = F extends {
  readonly kind: 'foreignKey' | 'oneToOne'
  readonly spec: { readonly null: infer N }
}
  ? FieldColumn<KeyField<F>, N>
  : Unknown<K>

/** What the property `K` of the instance itself is: the other side of a relation, or nothing. */
type ReverseStep<M, K extends string> = K extends keyof M ? ReverseOf<M[K], K> : Unknown<K>

type ReverseOf<T, K extends string> = [RelatedSide<T>] extends [never] ? Unknown<K> : RelatedSide<T>

/** The related side that a property's type has, perhaps beside null; never if it has none. */
type RelatedSide<T> = T extends {
  readonly '~related': { readonly model: infer To; readonly many: infer Many }
}
  ? Relation<To, PkOf<To>, true, Many>
  : never

/** What the name `K` is on the scope `M`: a `Column`, a `Relation`, or an `Unknown`. */
type Step<M, K extends string> = K extends keyof FieldsOf<M>
  ? FieldStep<FieldsOf<M>[K]>
  : K extends 'pk'
    ? FieldColumn<PrimaryField<FieldsOf<M>>>
    : K extends keyof Annotations<M>
      ? ValueColumn<Annotations<M>[K]>
      : K extends `${infer R}Id`
        ? R extends keyof FieldsOf<M>
          ? KeyStep<FieldsOf<M>[R], K>
          : ReverseStep<M, K>
        : ReverseStep<M, K>

/** The lookups and transforms of the values `V` of a family. */
type LookupsOf<V, Family> = Family extends keyof LookupsByFamily<V>
  ? keyof CustomLookups extends never
    ? LookupsByFamily<V>[Family]
    : LookupsByFamily<V>[Family] & CustomOf<Family>
  : Family extends ArrayFamily<infer S>
    ? ArrayLookups<ReadonlyItems<V>> & ArrayParts<ReadonlyItems<V>, S>
    : Family extends RangeFamily<infer T, infer A>
      ? RangeLookups<T> & RangeEnds<T, A>
      : never

/** What programs registered for a family. */
type CustomOf<Family> = {
  [K in keyof CustomLookups as CustomLookups[K] extends { on: infer On }
    ? Family extends On
      ? K
      : never
    : never]: CustomLookups[K] extends { transform: infer T }
    ? LookupsOf<T, FamilyOfValue<T>>
    : CustomLookups[K] extends { lookup: infer V }
      ? V
      : never
}

/** The value that the transforms `P` make; `L` is what the value before them takes. */
type TransformValue<L, P extends string> = P extends keyof L
  ? L[P] extends EqualLookups<infer V>
    ? V
    : Unknown<P>
  : P extends `${infer H}__${infer T}`
    ? H extends keyof L
      ? L[H] extends EqualLookups<unknown>
        ? TransformValue<L[H], T>
        : Unknown<H>
      : Unknown<H>
    : Unknown<P>

/**
 * The type of the value that stands at the end of the path `P`, as `values()` gives it; null where
 * a step of the path may find no row. An unknown part gives an `Unknown` that names it.
 */
export type PathValue<M, P extends string, Null = false> = P extends `${infer H}__${infer T}`
  ? PathRest<Step<M, H>, T, Null>
  : PathEnd<Step<M, P>, Null>

type PathRest<S, P extends string, Null> =
  S extends Relation<infer To, unknown, infer N, unknown>
    ? PathValue<To, P, N | Null>
    : S extends Column<infer V, infer N, infer A>
      ? A extends 'json'
        ? unknown
        : NullOr<TransformValue<LookupsOf<V, A>, P>, N | Null | MayLack<A, P>>
      : S

/** An array may have no item at an index, and a range no end. */
type MayLack<A, P> =
  A extends ArrayFamily<unknown>
    ? P extends `${number}` | `${number}__${string}`
      ? true
      : false
    : A extends RangeFamily<unknown, unknown>
      ? P extends 'isEmpty' | `${'lower' | 'upper'}${'Inc' | 'Inf'}`
        ? false
        : true
      : false

type PathEnd<S, Null> =
  S extends Relation<unknown, infer Key, infer N, unknown>
    ? OrNull<Key, N | Null>
    : S extends Column<infer V, infer N, unknown>
      ? OrNull<V, N | Null>
      : S

type NullOr<T, Null> = T extends Unknown<string> ? T : OrNull<T, Null>

/** The family of the column at the end of a path. */
export type ColumnFamily<M, P extends string> = P extends `${infer H}__${infer T}`
  ? Step<M, H> extends Relation<infer To, unknown, unknown, unknown>
    ? ColumnFamily<To, T>
    : never
  : Step<M, P> extends Column<unknown, unknown, infer A>
    ? A
    : never

/** A path as it is if it leads to a value; else a type that names its wrong part. */
export type CheckPath<M, P extends string> =
  PathValue<M, P> extends Unknown<infer Part> ? Unknown<Part> : P

/** The value of the lookup or transforms `P`; `L` is what the value before them takes. */
type LookupValue<L, P extends string> = P extends keyof L
  ? L[P] extends EqualLookups<infer V>
    ? V
    : L[P]
  : P extends `${infer H}__${infer T}`
    ? H extends keyof L
      ? L[H] extends EqualLookups<unknown>
        ? LookupValue<L[H], T>
        : Unknown<T>
      : Unknown<H>
    : Unknown<P>

type JsonLookup<L, P extends string> = P extends keyof L ? L[P] : unknown

/** Lookups of a relation itself, beside those of what is at its far end. */
interface RelationLookups<To, Key, Null> {
  exact: OrNull<To | Key, Null>
  in: readonly (To | Key)[]
  isnull: boolean
  gt: Key
  gte: Key
  lt: Key
  lte: Key
}

/** The type of value that the lookup key `P` takes in a filter over `M`. */
export type WhereValue<M, P extends string, Null = false> = P extends `${infer H}__${infer T}`
  ? WhereRest<Step<M, H>, T, Null>
  : WhereEnd<Step<M, P>, Null>

type WhereRest<S, P extends string, Null> =
  S extends Relation<infer To, infer Key, infer N, unknown>
    ? P extends keyof RelationLookups<To, Key, N | Null>
      ? RelationLookups<To, Key, N | Null>[P]
      : WhereValue<To, P, N | Null>
    : S extends Column<infer V, infer N, infer A>
      ? A extends 'json'
        ? JsonLookup<LookupsOf<V, A>, P>
        : P extends 'exact'
          ? OrNull<Compared<V, A>, N | Null>
          : LookupValue<LookupsOf<V, A>, P>
      : S

type WhereEnd<S, Null> =
  S extends Relation<infer To, infer Key, infer N, unknown>
    ? OrNull<To | Key, N | Null>
    : S extends Column<infer V, infer N, infer A>
      ? OrNull<Compared<V, A>, N | Null>
      : S

/** The relations along `P` as they are once they are loaded; an unknown part by its name. */
export type RelatedRow<M, P extends string> = P extends `${infer H}__${infer T}`
  ? Step<M, H> extends Relation<infer To, unknown, infer N, false>
    ? RelatedRow<To, T> extends infer Next
      ? Next extends Unknown<string>
        ? Next
        : { readonly [K in H]: OrNull<To & Next, N> }
      : never
    : Unknown<H>
  : Step<M, P> extends Relation<infer To, unknown, infer N, false>
    ? { readonly [K in P]: OrNull<To, N> }
    : Unknown<P>

/** Whether `K` is a relation to one row. */
export type IsToOne<M, K extends string> =
  Step<M, K> extends Relation<unknown, unknown, unknown, false> ? true : false

/** The model at the far end of a relation. */
export type FarOf<M, K extends string> =
  Step<M, K> extends Relation<infer To, unknown, unknown, unknown> ? To : never

/** Whether a relation leads to many rows. */
export type IsToMany<M, K extends string> =
  Step<M, K> extends Relation<unknown, unknown, unknown, infer Many> ? Many : false

/** The model at the end of a path of relations. */
export type EndOf<M, P extends string> = P extends `${infer H}__${infer T}`
  ? EndOf<FarOf<M, H>, T>
  : FarOf<M, P>

/** The first part of a path that is no relation; never where all of them are. */
export type BadRelation<M, P extends string> = P extends `${infer H}__${infer T}`
  ? Step<M, H> extends Relation<infer To, unknown, unknown, unknown>
    ? BadRelation<To, T>
    : Unknown<H>
  : Step<M, P> extends Relation<unknown, unknown, unknown, unknown>
    ? never
    : Unknown<P>
