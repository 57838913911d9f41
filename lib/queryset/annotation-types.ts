import type { FieldsOf, HasFields, PlainRow, Simplify } from '../meta/row-types.ts'
import type { CheckCondition, CheckExpression, ResultOf } from '../query/check-types.ts'
import type { Expression } from '../query/expression.ts'
import type { FilteredRelationSpec } from '../query/filtered-relation.ts'
import type { BadRelation, EndOf, FilteredTo } from '../query/lookup-types.ts'
import type { Need } from '../query/needs.ts'
import type { Condition } from '../query/q.ts'

/** What `annotate()` and `alias()` take: expressions and conditions under names. */
export interface NamedAnnotations {
  readonly [name: string]: Expression<unknown, Need> | Condition | FilteredRelationSpec
}

/** Named expressions and conditions as they must be over `M`. */
export type CheckAnnotations<M, A> = {
  readonly [K in keyof A]: A[K] extends Condition
    ? CheckCondition<M, A[K]>
    : A[K] extends FilteredRelationSpec<infer P, infer W>
      ? CheckFiltered<M, A[K], P, W>
      : CheckExpression<M, A[K]>
}

type CheckFiltered<M, F, P extends string, W> = [BadRelation<M, P>] extends [never]
  ? [W] extends [never]
    ? F
    : CheckCondition<M, Condition<W>> extends Condition<W>
      ? F
      : CheckCondition<M, Condition<W>>
  : BadRelation<M, P>

/** The names of filtered relations, which are no part of rows. */
type FilteredNames<A> = {
  [K in keyof A]: A[K] extends FilteredRelationSpec ? K : never
}[keyof A]

/** Filtered relations as names of a scope. */
type FilteredTargets<M, A> = {
  readonly [K in FilteredNames<A>]: A[K] extends FilteredRelationSpec<infer P>
    ? FilteredTo<EndOf<M, P>>
    : never
}

/** The scope behind `annotate()`. */
export type AnnotatedScope<M, A> = [FilteredNames<A>] extends [never]
  ? Annotated<M, AnnotationValues<M, A>>
  : Aliased<Annotated<M, AnnotationValues<M, A>>, FilteredTargets<M, A>>

/** The scope behind `alias()`. */
export type AliasedScope<M, A> = [FilteredNames<A>] extends [never]
  ? Aliased<M, AnnotationValues<M, A>>
  : Aliased<M, AnnotationValues<M, A> & FilteredTargets<M, A>>

/** The values of annotations, under their names. */
export type AnnotationValues<M, A> = {
  -readonly [K in keyof A as A[K] extends FilteredRelationSpec ? never : K]: A[K] extends Condition
    ? boolean
    : A[K] extends Expression<infer T, Need>
      ? ResultOf<M, T>
      : never
}

/** A scope that has annotations beside its columns. */
export type Annotated<M, A> = M & { readonly '~annotations': A; readonly '~model': ModelOf<M> }

/** A scope that has names beside its columns, which are no part of its rows. */
export type Aliased<M, A> = M & { readonly '~aliases': A; readonly '~model': ModelOf<M> }

/** The model of a scope, without the names that were added to it. */
export type ModelOf<M> = M extends { readonly '~model': infer Model } ? Model : M

/** A row with annotations: properties of instances and objects, further values of tuples. */
export type AnnotatedRow<R, A> =
  R extends HasFields<unknown>
    ? R & A
    : R extends readonly unknown[]
      ? [...R, ...A[keyof A][]]
      : R extends Date | Uint8Array
        ? R
        : R extends object
          ? Simplify<R & A>
          : R

/** A row of `values()` without arguments: every column and annotation. */
export type WholeRow<M> = Simplify<
  PlainRow<FieldsOf<M>> & (M extends { readonly '~annotations': infer A } ? A : unknown)
>
