import type { FieldsOf, HasFields, PlainRow, Simplify } from '../meta/row-types.ts'
import type { CheckCondition, CheckExpression, ResultOf } from '../query/check-types.ts'
import type { Expression } from '../query/expression.ts'
import type { Condition } from '../query/q.ts'

/** What `annotate()` and `alias()` take: expressions and conditions under names. */
export interface NamedAnnotations {
  readonly [name: string]: Expression<unknown, string> | Condition
}

/** Named expressions and conditions as they must be over `M`. */
export type CheckAnnotations<M, A> = {
  readonly [K in keyof A]: A[K] extends Condition
    ? CheckCondition<M, A[K]>
    : CheckExpression<M, A[K]>
}

/** The values of annotations, under their names. */
export type AnnotationValues<M, A> = {
  -readonly [K in keyof A]: A[K] extends Condition
    ? boolean
    : A[K] extends Expression<infer T, string>
      ? ResultOf<M, T>
      : never
}

/** A scope that has names beside its columns, which are no part of its rows. */
export type Aliased<M, A> = M & { readonly '~aliases': A }

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
