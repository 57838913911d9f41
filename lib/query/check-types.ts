import type { HasFields, PkOf, Simplify, Unknown } from '../meta/row-types.ts'
import type { Averaged, AverageRef, NeverNull } from './aggregates.ts'
import type { Arithmetic, Expression, OrderTerm, Powered, Ref } from './expression.ts'
import type { WithoutSubquery } from './family-lookups.ts'
import type { FirstOf, NullWith } from './functions/types.ts'
import type { ListOf } from './list-aggregates.ts'
import type {
  CheckPath,
  ColumnFamily,
  PathValue,
  RelatedRow,
  Subquery,
  WhereValue,
} from './lookup-types.ts'
import type { Order, Path, RelatedHint, WhereHint } from './name-types.ts'
import type { ConditionNeed, Need, OuterNeeds } from './needs.ts'
import type { Condition } from './q.ts'

/** A type no value has; its text is the compiler's message. */
export interface Mismatch<Expected> {
  readonly error: 'this expression has another type than the column it is for'
  readonly expected: Expected
}

/** A type no value has; its text is the compiler's message. */
export interface WrongLookups<Expected> {
  readonly error: 'these lookups are not as they must be'
  readonly expected: Expected
}

/** A type no value has; its text is the compiler's message. */
export interface WrongSubquery<Expected> {
  readonly error: 'this queryset gives something else than the lookup compares with'
  readonly expected: Expected
}

/** A type no value has; its text is the compiler's message. */
export interface NoCondition {
  readonly error: 'a condition is an object of lookups, a Q or a boolean expression'
}

/** The type of an expression's value over the scope `M`. */
export type ResultOf<M, T> =
  T extends Ref<infer P>
    ? PathValue<M, P>
    : T extends AverageRef<infer P>
      ? ColumnFamily<M, P> extends 'decimal'
        ? string
        : number
      : T extends NullWith<infer R, infer A>
        ? ResultOf<M, R> | (null extends ResultOf<M, A> ? null : never)
        : T extends FirstOf<infer A>
          ? FirstResult<M, A>
          : T extends NeverNull<infer R>
            ? Exclude<ResultOf<M, R>, null>
            : T extends ListOf<infer E>
              ? ResultOf<M, E>[]
              : T extends Arithmetic<infer L, infer R>
                ? L extends Powered
                  ? number | Extract<ResultOf<M, R>, null>
                  : Stronger<ResultOf<M, L>, ResultOf<M, R>>
                : T extends Averaged<infer V>
                  ? Extract<ResultOf<M, V>, string> extends never
                    ? number
                    : string
                  : T

/** Decimals win over bigints, and those over numbers. */
type Stronger<A, B> =
  | (Extract<A | B, string> extends never
      ? Extract<A | B, bigint> extends never
        ? Exclude<A, null>
        : bigint
      : string)
  | Extract<A | B, null>

/** Null only if the last of them may be: the first that cannot be is the end. */
type FirstResult<M, A extends readonly unknown[]> = A extends readonly [infer H, ...infer Rest]
  ? null extends ResultOf<M, H>
    ? Rest extends readonly []
      ? ResultOf<M, H>
      : Exclude<ResultOf<M, H>, null> | FirstResult<M, Rest>
    : ResultOf<M, H>
  : never

/** What is wrong with the needs `P`; never if nothing is. Text that is not known is not looked at. */
type BadNeed<M, P> = P extends string
  ? string extends P
    ? never
    : CheckPath<M, P> extends Unknown<infer Part>
      ? Part extends `^${string}`
        ? never
        : Unknown<Part>
      : never
  : P extends ConditionNeed<infer W>
    ? BadConditions<M, W>
    : never

/** What is wrong with what conditions inside expressions are made of. */
type BadConditions<M, W> = unknown extends W ? never : BadLookups<M, W>

/** An expression as it is if its paths exist on `M`; else a type that names the wrong part. */
export type CheckExpression<M, E> =
  E extends Expression<unknown, infer P>
    ? [BadNeed<M, P>] extends [never]
      ? E
      : BadNeed<M, P>
    : Expression

/** An expression or a condition as it is if it gives a `V`; of unknown type it may. */
export type CheckAssigned<M, V, E> =
  E extends Expression<infer T, infer P>
    ? [BadNeed<M, P>] extends [never]
      ? unknown extends T
        ? E
        : ResultOf<M, T> extends V | null
          ? E
          : Mismatch<V>
      : BadNeed<M, P>
    : E extends Condition
      ? boolean extends V
        ? CheckCondition<M, E>
        : Mismatch<V>
      : never

/** What a queryset's rows `R` are where they stand for values: its single column. */
type SubqueryValue<V, R> =
  R extends HasFields<unknown>
    ? Extract<V, HasFields<unknown>> extends never
      ? PkOf<R>
      : R
    : R extends readonly unknown[]
      ? R extends readonly [infer Only]
        ? Only
        : never
      : R extends Date | Uint8Array
        ? R
        : R extends object
          ? OnlyValue<R>
          : R

type OnlyValue<R, K = keyof R> = K extends keyof R ? ([keyof R] extends [K] ? R[K] : never) : never

type Element<V> = V extends readonly (infer E)[] ? E : V

/** A queryset as it is if it gives what the lookup `K` compares with. */
type CheckSubquery<M, K extends string, V, Q> =
  Q extends Subquery<infer R>
    ? K extends WithoutSubquery
      ? never
      : unknown extends R
        ? Q
        : [Extract<SubqueryValue<V, R>, V>] extends [never]
          ? WrongSubquery<V>
          : OrBad<Q, BadNeed<M, OuterNeeds<Q>>>
    : never

/** A list with expressions in it. */
type CheckList<M, V, Given extends readonly unknown[]> =
  Extract<Given[number], Expression<unknown, Need>> extends never
    ? never
    : V extends readonly (infer E)[]
      ? { readonly [I in keyof Given]: E | CheckAssigned<M, E, Given[I]> }
      : never

/** What beside a `V` the lookup `K` may be given: expressions, querysets; nothing for a wrong name. */
type CheckSpecial<M, K extends string, V, Given> = Given extends
  | Expression<unknown, Need>
  | Condition
  ? OfName<V, CheckAssigned<M, V, Given>>
  : Given extends Subquery
    ? OfName<V, CheckSubquery<M, K, Element<V>, Given>>
    : Given extends readonly unknown[]
      ? CheckList<M, V, Given>
      : never

/** `T`, unless the name that it is for is a wrong one. */
type OfName<V, T> = [V] extends [Unknown<string>] ? never : T

/** A lookup object as it must be over `M`: each key's value, or what is wrong with the key. */
export type CheckLookups<M, W> = {
  // The value by itself comes first: `this` and other types that are not known yet fall under it.
  [K in keyof W]: K extends string
    ? WhereValue<M, K> | CheckSpecial<M, K, WhereValue<M, K>, W[K]>
    : never
}

/** What is wrong with what a Q is made of; never if nothing is. */
type BadLookups<M, W> =
  W extends Expression<unknown, Need>
    ? BadCondition<M, W>
    : W extends CheckLookups<M, W>
      ? never
      : WrongLookups<Simplify<WrongOnes<W, CheckLookups<M, W>>>>

type WrongOnes<W, Checked> = {
  [K in keyof W as W[K] extends Checked[K & keyof Checked] ? never : K]: Checked[K & keyof Checked]
}

/** What is wrong with an expression as a condition; never if nothing is. */
type BadCondition<M, E> =
  E extends Expression<infer T, infer P>
    ? [BadNeed<M, P>] extends [never]
      ? unknown extends T
        ? never
        : ResultOf<M, T> extends boolean | null
          ? never
          : NoCondition
      : BadNeed<M, P>
    : never

/** An argument of `filter()` as it must be over `M`. */
export type CheckCondition<M, C> =
  C extends Condition<infer W>
    ? unknown extends W
      ? C
      : OrBad<C, BadLookups<M, W>>
    : C extends Expression<unknown, Need>
      ? OrBad<C, BadCondition<M, C>>
      : CheckLookups<M, C>

type OrBad<T, Bad> = [Bad] extends [never] ? T : Bad

/**
 * One argument of `filter()` as it must be over `M`. While it is not known yet it is any `object`;
 * in that place editors find the hint. Distributes over `C`, so that the compiler takes that way
 * out before it looks at a check.
 */
type CheckArgument<M, C> = C extends unknown
  ? [keyof C] extends [never]
    ? WhereHint<M>
    : CheckCondition<M, C>
  : never

/**
 * The arguments of `filter()` as they must be over `M`. As a mapped tuple, each argument is
 * inferred as it is written, completed by an editor, and blamed by the compiler by itself.
 */
export type CheckConditions<M, Cs extends readonly unknown[]> = {
  [I in keyof Cs]: CheckArgument<M, Cs[I]>
}

/** A lookup object where no other condition will do. */
export type CheckWhere<M, W> = W extends unknown
  ? [keyof W] extends [never]
    ? WhereHint<M>
    : CheckLookups<M, W>
  : never

/**
 * What an argument that is a path, or an object of some kind, is before it is known which. The
 * checks below find `object` in that place then, and give editors what they offer.
 */
export type Term = string | object | null

/** A path, perhaps turned round. Any text cannot be known to be one: `Order` is said to be due. */
type CheckOrderPath<M, O extends string> = string extends O
  ? Order<M>
  : O extends '?'
    ? O
    : O extends `-${infer P}`
      ? CheckPath<M, P> extends Unknown<infer Part>
        ? Unknown<Part>
        : O
      : CheckPath<M, O>

type CheckOrder<M, O> = object extends O
  ? Order<M> | OrderTerm<Need>
  : O extends string
    ? CheckOrderPath<M, O>
    : O extends OrderTerm<infer P>
      ? [BadNeed<M, P>] extends [never]
        ? O
        : BadNeed<M, P>
      : O extends Expression<unknown, Need>
        ? CheckExpression<M, O>
        : Order<M> | OrderTerm<Need>

/** The terms of `orderBy()` as they must be over `M`. */
export type CheckOrders<M, Os extends readonly unknown[]> = {
  [I in keyof Os]: CheckOrder<M, Os[I]>
}

/** A path as it must be over `M`; any text cannot be known to be one. */
type CheckText<M, P extends string> = string extends P ? Path<M> : CheckPath<M, P>

/** Paths, and nothing else, as they must be over `M`. */
export type CheckTexts<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: object extends Ps[I]
    ? Path<M>
    : Ps[I] extends string
      ? CheckText<M, Ps[I]>
      : Path<M>
}

/** A path or an object of expressions as it must be over `M`. */
type CheckValue<M, P> = object extends P
  ? Path<M> | NamedValues
  : P extends string
    ? CheckText<M, P>
    : P extends Expression<unknown, Need>
      ? NamedValues
      : P extends NamedValues
        ? CheckExpressions<M, P>
        : Path<M> | NamedValues

/** The arguments of `values()` as they must be over `M`. */
export type CheckValues<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckValue<M, Ps[I]>
}

/** A path or an expression as it must be over `M`. */
export type CheckTerm<M, P> = object extends P
  ? Path<M> | Expression<unknown, Need>
  : P extends string
    ? CheckText<M, P>
    : P extends Expression<unknown, Need>
      ? CheckExpression<M, P>
      : Path<M> | Expression<unknown, Need>

/** The arguments of `valuesList()` as they must be over `M`. */
export type CheckTerms<M, Ps extends readonly unknown[]> = { [I in keyof Ps]: CheckTerm<M, Ps[I]> }

type CheckRelation<M, P> = object extends P
  ? RelatedHint<M>
  : P extends string
    ? string extends P
      ? RelatedHint<M>
      : RelatedRow<M, P> extends Unknown<infer Part>
        ? Unknown<Part>
        : P
    : RelatedHint<M>

/** Paths of relations to one row as they must be over `M`; null alone undoes it. */
export type CheckRelated<M, Ps extends readonly unknown[]> = {
  [I in keyof Ps]: CheckRelation<M, Ps[I]>
}

/** What `selectForUpdate({ of })` names, as it must be over `M`; text that is not known may be one. */
export type CheckLock<M, P extends string> =
  | 'self'
  | Exclude<RelatedHint<M>, null>
  | (P & (string extends P ? P : CheckRelation<M, P>))

/** Named expressions: annotations, aggregates. */
export interface NamedExpressions {
  readonly [name: string]: Expression<unknown, Need>
}

/** Named expressions and conditions. */
export interface NamedValues {
  readonly [name: string]: Expression<unknown, Need> | Condition
}

/** Named expressions and conditions as they must be over `M`. */
export type CheckExpressions<M, A> = {
  [K in keyof A]: A[K] extends Condition ? CheckCondition<M, A[K]> : CheckExpression<M, A[K]>
}

/** What named expressions give, under their names. */
export type ResultsOf<M, A> = {
  -readonly [K in keyof A]: A[K] extends Expression<infer T, Need>
    ? ResultOf<M, T>
    : A[K] extends Condition
      ? boolean
      : never
}
