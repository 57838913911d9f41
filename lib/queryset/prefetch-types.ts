import type { BadRelation, EndOf, FarOf, IsToMany, RelatedRow } from '../query/lookup-types.ts'
import type { RelationPath } from '../query/name-types.ts'
import type { PrefetchSpec } from './prefetch-paths.ts'

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

/** A type no value has; its text is the compiler's message. */
export interface WrongPrefetch<Expected> {
  readonly error: 'the queryset of a Prefetch is one of instances of the model at the end of its path'
  readonly expected: Expected
}

/** Whether a queryset of rows `Row` gives instances of `To`; what is not known may be so. */
type IsOf<To, Row> = unknown extends Row
  ? true
  : To extends { readonly '~table': infer Table }
    ? Row extends { readonly '~table': Table }
      ? true
      : false
    : true

type CheckPrefetch<M, S> = object extends S
  ? RelationPath<M> | PrefetchSpec<string, unknown, string> | null
  : S extends string
    ? string extends S
      ? RelationPath<M>
      : BadRelation<M, S> extends never
        ? S
        : BadRelation<M, S>
    : S extends PrefetchSpec<infer P, infer Row, string>
      ? BadRelation<M, P> extends never
        ? IsOf<EndOf<M, P>, Row> extends true
          ? S
          : WrongPrefetch<EndOf<M, P>>
        : BadRelation<M, P>
      : S extends null
        ? S
        : PrefetchSpec<string, unknown, string>

/** The arguments of `prefetchRelated()` as they must be over `M`. */
export type CheckPrefetches<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckPrefetch<M, Ps[I]>
}
