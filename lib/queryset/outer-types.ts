import type { Expression, OrderTerm } from '../query/expression.ts'
import type { ConditionNeed, Refers } from '../query/needs.ts'
import type { Condition } from '../query/q.ts'

/** A queryset of the class `Q` that needs `P` of the query around it. */
export type Referring<Q, P extends string> = [P] extends [never] ? Q : Q & Refers<P>

/** What conditions need of the query around the one that they are given to. */
export type OuterIn<Cs extends readonly unknown[]> = OuterOf<Cs[number]>

/** What named expressions and conditions need of it. */
export type OuterInNamed<A> = OuterOf<A[keyof A]>

/** What terms need of it: of `orderBy()`, `values()` and `valuesList()`. */
export type OuterInTerms<Ts extends readonly unknown[]> = [Extract<Ts[number], object>] extends [
  never,
]
  ? never
  : OuterTerm<Extract<Ts[number], object>>

type OuterTerm<T> =
  T extends Expression<unknown, infer P>
    ? OuterPart<P>
    : T extends OrderTerm<infer P>
      ? OuterPart<P>
      : OuterInNamed<T>

type OuterOf<C> =
  C extends Condition<infer W>
    ? OuterOf<W>
    : C extends Expression<unknown, infer P>
      ? OuterPart<P>
      : OuterInLookups<C>

type OuterPart<P> = P extends `^${infer O}`
  ? O
  : P extends ConditionNeed<infer W>
    ? OuterOf<W>
    : never

/** Any value at all, in a form beside which others can be inferred. */
type Anything = NonNullable<unknown> | null | undefined

/** By inference, so that a value whose type is not known yet, as `this`, keeps nothing waiting. */
type OuterInLookups<C> = C extends {
  readonly [key: string]:
    | { readonly pathsType?: `^${infer O}` }
    | { readonly '~outer': infer Needs }
    | Anything
}
  ? (string extends O ? never : O) | OuterPart<keyof Needs>
  : never
