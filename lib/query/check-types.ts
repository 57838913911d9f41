import type { Unknown } from '../meta/row-types.ts'
import type { AverageRef } from './aggregates.ts'
import type { Expression, FExpr, OrderTerm, Ref } from './expression.ts'
import type { CheckPath, ColumnFamily, PathHint, PathValue, WhereHint, WhereValue } from './lookup-types.ts'
import type { Condition } from './q.ts'

/** What a queryset is to a lookup that takes a subquery; a manager is none. */
export interface Subquery {
  toSQL(): unknown
  then(...handlers: never[]): unknown
}

/** A type no value has; its text is the compiler's message. */
export interface Mismatch<Expected> {
  readonly error: 'this expression has another type than the column it is compared with'
  readonly expected: Expected
}

/** A type no value has; its text is the compiler's message. */
export interface WrongValue<Expected> {
  readonly error: 'this lookup takes a value of another type'
  readonly expected: Expected
}

/** The type of an expression's value over the scope `M`. */
export type ResultOf<M, T> =
  T extends Ref<infer P>
    ? PathValue<M, P>
    : T extends AverageRef<infer P>
      ? ColumnFamily<M, P> extends 'decimal'
        ? string
        : number
      : T

type BadPath<M, P extends string> = P extends string
  ? CheckPath<M, P> extends Unknown<infer Part>
    ? Unknown<Part>
    : never
  : never

/** An expression as it is if its paths exist on `M`; else a type that names the wrong part. */
export type CheckExpression<M, E> =
  E extends Expression<unknown, infer P> ? ([BadPath<M, P>] extends [never] ? E : BadPath<M, P>) : never

type CheckOperand<M, V, Given> =
  Given extends Expression<infer T, infer P>
    ? [BadPath<M, P>] extends [never]
      ? ResultOf<M, T> extends V | null
        ? Given
        : Mismatch<V>
      : BadPath<M, P>
    : Given extends Subquery
      ? Given
      : Given extends V
        ? V
        : V extends Unknown<string>
          ? V
          : WrongValue<V>

/** A lookup object as it must be over `M`: each key's value, or what is wrong with the key. */
export type CheckLookups<M, W> = {
  [K in keyof W]: K extends string ? CheckOperand<M, WhereValue<M, K>, W[K]> : never
}

type BadLookups<M, W> = W extends unknown ? (W extends CheckLookups<M, W> ? never : CheckLookups<M, W>) : never

/** One argument of `filter()`: a lookup object, a Q or a boolean expression. */
export type ConditionHint<M> = WhereHint<M> | Condition | Expression<unknown, string>

/** An argument of `filter()` as it must be over `M`. */
export type CheckCondition<M, C> =
  C extends Condition<infer W>
    ? [BadLookups<M, W>] extends [never]
      ? C
      : BadLookups<M, W>
    : C extends Expression<unknown, string>
      ? CheckExpression<M, C>
      : CheckLookups<M, C>

/** Further arguments of `filter()`, each checked by its place. */
export type CheckConditions<M, Cs extends readonly unknown[]> = {
  [I in keyof Cs]: CheckCondition<M, Cs[I]>
}

/** One term of `orderBy()`. */
export type OrderHint<M> = PathHint<M> | `-${PathHint<M>}` | '?' | OrderTerm<string> | Expression<unknown, string>

type CheckOrder<M, O> = O extends '?'
  ? O
  : O extends `-${infer P}`
    ? CheckPath<M, P> extends P
      ? O
      : CheckPath<M, P>
    : O extends string
      ? CheckPath<M, O>
      : O extends OrderTerm<infer P>
        ? [BadPath<M, P>] extends [never]
          ? O
          : BadPath<M, P>
        : CheckExpression<M, O>

/** The terms of `orderBy()` as they must be over `M`. */
export type CheckOrders<M, Os extends readonly unknown[]> = { [I in keyof Os]: CheckOrder<M, Os[I]> }

/** Paths as they must be over `M`. */
export type CheckPaths<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: Ps[I] extends string ? CheckPath<M, Ps[I]> : Ps[I] extends Expression<unknown, string> ? CheckExpression<M, Ps[I]> : CheckExpressions<M, Ps[I]>
}

/** Named expressions: annotations, aggregates. */
export interface NamedExpressions {
  readonly [name: string]: Expression<unknown, string>
}

/** Named expressions as they must be over `M`. */
export type CheckExpressions<M, A> = { [K in keyof A]: CheckExpression<M, A[K]> }

/** What named expressions give, under their names. */
export type ResultsOf<M, A> = {
  -readonly [K in keyof A]: A[K] extends Expression<infer T, string> ? ResultOf<M, T> : never
}

/** `F()` in an argument. */
export type { FExpr }
