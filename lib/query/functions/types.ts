import type { Operand, OperandPaths, OperandValue } from '../conditional.ts'
import type { Expression } from '../expression.ts'
import type { Need } from '../needs.ts'

/** A path (`'author__name'`) or an expression. */
export type Input = string | Expression<unknown, Need>

/** A number, or a path or an expression that gives one. */
export type Amount = number | Input

export type { Operand, OperandPaths as PathsIn, OperandValue as ValueIn }

/** `R`; null as well where a value of `A` may be null. */
export interface NullWith<out R, out A> {
  readonly nullWith: R
  readonly of: A
}

/** Null only where every one of `A` may be null. */
export interface FirstOf<out A extends readonly unknown[]> {
  readonly firstOf: A
}

/** What a function of arguments gives: `R`, of a NULL argument NULL. */
export type Returns<R, A> = Expression<NullWith<R, OperandValue<A>>, OperandPaths<A>>

/** A function of one argument. */
export type Unary<R> = <const I extends Input>(input: I) => Returns<R, I>

/** A function of one argument that gives a value of the same type. */
export type SameUnary = <const I extends Input>(
  input: I,
) => Expression<OperandValue<I>, OperandPaths<I>>

/** A function of a value and a number, either of which may be a literal. */
export type Binary<R> = <const A extends Amount, const B extends Amount>(
  first: A,
  second: B,
) => Returns<R, A | B>

/** The types of a list of arguments. */
export type ValuesIn<A extends readonly unknown[]> = { readonly [I in keyof A]: OperandValue<A[I]> }
