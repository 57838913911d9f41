import type {
  annotated,
  FieldsOf,
  PlainRow,
  Simplify,
  Unknown,
  WithId,
  WriteInput,
} from '../meta/row-types.ts'
import type {
  CheckExpression,
  NamedExpressions,
  ResultOf,
  ResultsOf,
} from '../query/check-types.ts'
import type { Expression } from '../query/expression.ts'
import type {
  BadRelation,
  FarOf,
  IsToMany,
  PathHint,
  PathValue,
  RelatedRow,
  RelationKeys,
  ToOneKeys,
} from '../query/lookup-types.ts'
import type { PrefetchSpec } from './prefetch-paths.ts'

/** A scope that has annotations beside its columns. */
export type Annotated<M, A> = M & { readonly [annotated]: A }

/** What `values()` and `valuesList()` take: paths, and objects of named expressions. */
export type ValuesHint<M> = PathHint<M> | NamedExpressions

/** What `valuesList()` takes: paths and expressions. */
export type ListHint<M> = PathHint<M> | Expression<unknown, string>

type Named<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: Ps[I] extends NamedExpressions ? ResultsOf<M, Ps[I]> : unknown
}

type MergeAll<Ts extends readonly unknown[]> = Ts extends readonly [infer Head, ...infer Rest]
  ? Head & MergeAll<Rest>
  : unknown

/** A row of `values()`: the paths under their own names; every column where none is given. */
export type ValuesRow<M, Ps extends readonly unknown[]> = Ps extends readonly []
  ? PlainRow<FieldsOf<M>>
  : Simplify<{ [K in Extract<Ps[number], string>]: PathValue<M, K> } & MergeAll<Named<M, Ps>>>

type ListValue<M, P> = P extends string
  ? PathValue<M, P>
  : P extends Expression<infer T, string>
    ? ResultOf<M, T>
    : never

/** A row of `valuesList()`: the values in the order asked for. */
export type ListRow<M, Ps extends readonly unknown[]> = {
  -readonly [I in keyof Ps]: ListValue<M, Ps[I]>
}

/** The value of each row of `valuesList(path, { flat: true })`. */
export type FlatRow<M, P> = ListValue<M, P>

type Writes<M> = WriteInput<WithId<FieldsOf<M>>>

/** What an editor offers in `update()`: each column's value, or an expression. */
export type UpdateHint<M> = {
  readonly [K in keyof Writes<M>]?: Writes<M>[K] | Expression<unknown, string>
}

type CheckAssignment<M, V, Given> =
  Given extends Expression<infer T, string>
    ? ResultOf<M, T> extends V | null
      ? CheckExpression<M, Given>
      : { readonly error: 'this expression has another type than the column it is written to' }
    : V

/** The argument of `update()` as it must be. */
export type CheckUpdate<M, U> = {
  [K in keyof U]: K extends keyof Writes<M>
    ? CheckAssignment<M, Exclude<Writes<M>[K], undefined>, U[K]>
    : Unknown<K & string>
}

/** Objects for `defaults` of `getOrCreate` and `updateOrCreate`. */
export type DefaultsOf<M> = Simplify<Writes<M>>

/** What `selectRelated()` takes: relations to one row, and paths of them. */
export type RelatedHint<M> = ToOneKeys<M> | `${ToOneKeys<M>}__${string}` | null

/** A row whose relations at these paths are loaded: they read as instances. */
export type WithRelated<R, M, Ps extends readonly unknown[]> = Ps extends readonly [
  infer Head,
  ...infer Rest,
]
  ? (Head extends string ? RelatedRow<M, Head> : unknown) & WithRelated<R, M, Rest>
  : R

/** The first part of a path that is no relation to one row; never where all of them are. */
type BadToOne<M, P extends string> = P extends `${infer H}__${infer T}`
  ? [BadStep<M, H>] extends [never]
    ? BadToOne<FarOf<M, H>, T>
    : Unknown<H>
  : BadStep<M, P>

type BadStep<M, H extends string> = [BadRelation<M, H>] extends [never]
  ? IsToMany<M, H> extends true
    ? Unknown<H>
    : never
  : Unknown<H>

type CheckToOne<M, P> = P extends string
  ? [BadToOne<M, P>] extends [never]
    ? P
    : BadToOne<M, P>
  : P

/** The arguments of `selectRelated()` as they must be over `M`. */
export type CheckRelated<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckToOne<M, Ps[I]>
}

/** Options of `getOrCreate()`. */
export interface GetOrCreateOptions<D> {
  /** Further values of a row that is created; functions are called. */
  readonly defaults?: D
}

/** Options of `updateOrCreate()`. */
export interface UpdateOrCreateOptions<D> extends GetOrCreateOptions<D> {
  /** Used instead of `defaults` when the row is created. */
  readonly createDefaults?: D
}

/** A statement as a driver takes it. */
export interface Sql {
  readonly sql: string
  readonly bindings: readonly unknown[]
}

/** What `prefetchRelated()` takes: paths of relations, `Prefetch(…)`, or null to undo. */
export type PrefetchHint<M> =
  | RelationKeys<M>
  | `${RelationKeys<M>}__${string}`
  | PrefetchSpec<string, unknown, string>
  | null

/** Related rows that are loaded: they can be read without awaiting. */
export interface Loaded<T> extends Iterable<T> {
  readonly length: number
}

/** One argument of `prefetchRelated()`: its path, the row of its queryset, its `toAttr`. */
interface Entry<P, Row, A> {
  readonly path: P
  readonly row: Row
  readonly attr: A
}

type EntryOf<S> = S extends string
  ? string extends S
    ? never
    : Entry<S, unknown, never>
  : S extends PrefetchSpec<infer P, infer Row, infer A>
    ? Entry<P, Row, A>
    : never

/** The relations that paths begin with. */
type HeadOf<E> =
  E extends Entry<infer P, unknown, infer A>
    ? P extends `${infer H}__${string}`
      ? H
      : [A] extends [never]
        ? P & string
        : never
    : never

/** The rest of the paths that begin with `H`. */
type TailOf<E, H extends string> =
  E extends Entry<infer P, infer Row, infer A>
    ? P extends `${H}__${infer T}`
      ? Entry<T, Row, A>
      : never
    : never

/** The row that the queryset for `H` itself says; never where there is none. */
type OwnRow<E, H extends string> =
  E extends Entry<H, infer Row, infer A>
    ? [A] extends [never]
      ? unknown extends Row
        ? never
        : Row
      : never
    : never

type FarRow<M, E, H extends string> = [OwnRow<E, H>] extends [never] ? FarOf<M, H> : OwnRow<E, H>

type Deeper<M, E> = [E] extends [never] ? unknown : Prefetched<M, E>

type Prefetched<M, E> = {
  readonly [H in HeadOf<E>]: PrefetchedStep<
    M,
    H,
    FarRow<M, E, H> & Deeper<FarOf<M, H>, TailOf<E, H>>
  >
} & PrefetchedAttrs<M, E>

type PrefetchedStep<M, H extends string, Far> =
  IsToMany<M, H> extends true
    ? Loaded<Far>
    : RelatedRow<M, H> extends { readonly [k in H]: infer One }
      ? null extends One
        ? Far | null
        : Far
      : never

/** What each `toAttr` keeps: a list, or of a relation to one row that row. */
type PrefetchedAttrs<M, E> = {
  readonly [A in AttrOf<E>]: AttrRow<M, E, A>
}

type AttrOf<E> =
  E extends Entry<infer P, unknown, infer A>
    ? P extends `${string}__${string}`
      ? never
      : A & string
    : never

type AttrRow<M, E, A> =
  E extends Entry<infer P extends string, infer Row, infer Own>
    ? [Own] extends [never]
      ? never
      : Own extends A
        ? ListOrOne<M, P, unknown extends Row ? FarOf<M, P> : Row>
        : never
    : never

type ListOrOne<M, P extends string, Row> = IsToMany<M, P> extends true ? Row[] : Row | null

/** A row with its relations loaded along the paths. */
export type WithPrefetched<R, M, Ps extends readonly unknown[]> = R & Deeper<M, EntryOf<Ps[number]>>

type CheckPrefetch<M, S> = S extends string
  ? BadRelation<M, S> extends never
    ? S
    : BadRelation<M, S>
  : S extends PrefetchSpec<infer P, unknown, string>
    ? BadRelation<M, P> extends never
      ? S
      : BadRelation<M, P>
    : S

/** The arguments of `prefetchRelated()` as they must be over `M`. */
export type CheckPrefetches<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckPrefetch<M, Ps[I]>
}
