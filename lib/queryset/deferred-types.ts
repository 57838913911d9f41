import type { FieldsOf, HasFields, KeyNames, PlainRow, Unknown } from '../meta/row-types.ts'
import type { FarOf, IsToOne } from '../query/lookup-types.ts'
import type { ToOneKeys } from '../query/name-types.ts'

/** The columns of `M` as properties of its instances, keys under their `…Id`. */
type Columns<M> = keyof PlainRow<FieldsOf<M>> & keyof M

/** What an editor offers in `only()` and `defer()`: own columns, and those of relations. */
type ColumnHint<M> =
  | 'pk'
  | (Columns<M> & string)
  | KeyNames<FieldsOf<M>>
  | { [K in ToOneKeys<M>]: `${K}__${Columns<FarOf<M, K>> & string}` }[ToOneKeys<M>]

type BadColumn<M, P> = P extends `${infer H}__${infer T}`
  ? IsToOne<M, H> extends true
    ? BadColumn<FarOf<M, H>, T>
    : Unknown<H>
  : P extends 'pk' | Columns<M> | KeyNames<FieldsOf<M>>
    ? never
    : Unknown<P & string>

/** The arguments of `only()` and `defer()` as they must be over `M`. */
export type CheckColumns<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckColumn<M, Ps[I]>
}

type CheckColumn<M, P> = object extends P
  ? ColumnHint<M>
  : string extends P
    ? ColumnHint<M>
    : [BadColumn<M, P>] extends [never]
      ? P
      : BadColumn<M, P>

type PrimaryName<M> = {
  [K in keyof FieldsOf<M>]: FieldsOf<M>[K] extends { readonly spec: { readonly primary: true } }
    ? K | `${K & string}Id`
    : never
}[keyof FieldsOf<M>] &
  Columns<M>

/** The column that the last part of a path names; that of a relation is its key. */
type ColumnNamed<M, P> =
  P extends Columns<M> ? P : P extends KeyNames<FieldsOf<M>> ? `${P}Id` & Columns<M> : never

type OwnColumns<M, P> = P extends `${string}__${string}` ? never : ColumnNamed<M, P>

type Head<P> = P extends `${infer H}__${string}` ? H : never
type Tail<P, H> = P extends `${H & string}__${infer T}` ? T : never

/** The relations on the paths `P` that are loaded with the row `R`. */
type LoadedHeads<R, M, P> = {
  [H in Head<P> & keyof R]: R[H] extends FarOf<M, H & string> | null ? H : never
}[Head<P> & keyof R]

type KeptColumns<M, P> = PrimaryName<M> | OwnColumns<M, P> | ColumnNamed<M, Head<P>>

type OrNullAs<V, T> = null extends V ? T | null : T

/**
 * A row that has only the columns at these paths, and its key. Other rows than instances, which
 * neither `only()` nor `defer()` can follow, stay as they are.
 */
export type WithOnly<R, M, P> =
  R extends HasFields<unknown>
    ? [OwnColumns<M, P> | ColumnNamed<M, Head<P>>] extends [never]
      ? [P] extends ['pk']
        ? OnlyOwn<R, M, P>
        : R & NestedOnly<R, M, P>
      : OnlyOwn<R, M, P>
    : R

type OnlyOwn<R, M, P> = Omit<R, Columns<M> | LoadedHeads<R, M, P>> &
  Pick<M, KeptColumns<M, P>> &
  NestedOnly<R, M, P>

type NestedOnly<R, M, P> = {
  readonly [H in LoadedHeads<R, M, P>]: OrNullAs<
    R[H],
    WithOnly<NonNullable<R[H]>, FarOf<M, H & string>, Tail<P, H>>
  >
}

/** A row without the columns at these paths. */
export type WithoutColumns<R, M, P> =
  R extends HasFields<unknown>
    ? Omit<R, Exclude<OwnColumns<M, P>, PrimaryName<M>> | LoadedHeads<R, M, P>> & {
        readonly [H in LoadedHeads<R, M, P>]: OrNullAs<
          R[H],
          WithoutColumns<NonNullable<R[H]>, FarOf<M, H & string>, Tail<P, H>>
        >
      }
    : R

/** A row with all its columns again. */
export type WithAllColumns<R, M> =
  R extends HasFields<unknown> ? Omit<R, Columns<M>> & Pick<M, Columns<M>> : R
