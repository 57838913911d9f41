import { FieldError } from '../errors.ts'
import { isPlainObject, ownOptions } from '../util/plain-object.ts'
import {
  Expression,
  type Literal,
  pathExpression,
  type Ref,
  toRaw,
  type Widen,
} from './expression.ts'
import { assertWithin } from './limits.ts'
import type { ConditionNeed, Need } from './needs.ts'
import { type Condition, type Conditional, type LookupsOf, readCondition } from './q.ts'
import type { RawBranch, RawExpression } from './raw.ts'

/** What stands for a value: an expression, a path, a condition, or a literal that is no text. */
export type Operand = Expression<unknown, Need> | Condition | Literal

/** The type of an operand's value. */
export type OperandValue<O> = O extends string
  ? Ref<O>
  : O extends Expression<infer T, Need>
    ? T
    : O extends Condition
      ? boolean
      : Widen<O>

/** The paths that an operand needs. */
export type OperandPaths<O> = O extends string
  ? O
  : O extends Expression<unknown, infer P>
    ? P
    : O extends Condition<infer W>
      ? ConditionNeed<W>
      : never

/** One branch of a `Case()`. */
export class WhenBranch<out T = unknown, out P extends Need = never> {
  declare readonly valueType?: T
  declare readonly pathsType?: P
  readonly #raw: RawBranch

  constructor(raw: RawBranch) {
    this.#raw = Object.freeze(raw)
    Object.freeze(this)
  }

  /** What a value was made of; null if it is no branch. */
  static raw(value: unknown): RawBranch | null {
    return typeof value === 'object' && value !== null && #raw in value ? value.#raw : null
  }
}

/**
 * A branch: where the condition holds, the value is `then`, in which text is a path and a Q whether
 * it holds.
 *
 * @example When({ pages__gt: 300 }, Value('long'))
 */
export function When<const C extends Conditional, const O extends Operand>(
  condition: C,
  then: O,
): WhenBranch<OperandValue<O>, OperandPaths<O> | ConditionNeed<LookupsOf<C>>> {
  return new WhenBranch({
    condition: readCondition(condition, 'When()'),
    then: toOperand(then, 'The value of When()'),
  })
}

type BranchValue<B> = B extends WhenBranch<infer T, Need> ? T : never
type BranchPaths<B> = B extends WhenBranch<unknown, infer P> ? P : never
type DefaultValue<O> = O extends { readonly default: infer D } ? OperandValue<D> : null
type DefaultPaths<O> = O extends { readonly default: infer D } ? OperandPaths<D> : never

/** Options of `Case()`. */
export interface CaseOptions {
  /** The value where no branch's condition holds; NULL without it. */
  readonly default?: Operand
}

type CaseArgs = readonly (WhenBranch<unknown, Need> | CaseOptions)[]

/**
 * The value of the first branch whose condition holds, else the default, else NULL.
 *
 * @example
 * Book.objects.annotate({
 *   size: Case(When({ pages__gt: 300 }, Value('long')), { default: Value('short') }),
 * }) // case when "books"."pages" > 300 then 'long' else 'short' end
 */
export function Case<const A extends CaseArgs>(
  ...args: A
): Expression<
  BranchValue<A[number]> | (A extends readonly [...unknown[], infer L] ? CaseDefault<L> : null),
  BranchPaths<A[number]> | DefaultPaths<A[number]>
> {
  const raws = args.map((arg) => WhenBranch.raw(arg))
  const hasOptions = args.length > 0 && raws[raws.length - 1] === null
  const branches = hasOptions ? raws.slice(0, -1) : raws
  const otherwise = hasOptions ? readDefault(args[args.length - 1]) : null
  if (!branches.every((branch) => branch !== null) || branches.length === 0) {
    throw new FieldError(
      'Case() takes When(condition, then), …, and at most { default } at the end.',
    )
  }
  const depths = branches.map(({ condition, then }) => Math.max(condition.depth, then.depth))
  const depth = 1 + Math.max(...depths, otherwise?.depth ?? 0)
  assertWithin('depth', depth, 'The nesting of an expression')
  return new Expression(
    Object.freeze({ kind: 'case', branches: Object.freeze(branches), otherwise, depth }),
  )
}

type CaseDefault<L> = L extends WhenBranch<unknown, Need> ? null : DefaultValue<L>

function readDefault(options: unknown): RawExpression | null {
  if (!isPlainObject(options) || Object.keys(options).some((key) => key !== 'default')) {
    throw new FieldError(
      'Case() takes When(condition, then), …, and at most { default } at the end.',
    )
  }
  const { default: otherwise } = ownOptions(options)
  return otherwise === undefined ? null : toOperand(otherwise, 'The default of Case()')
}

/** A function of expressions; text among its arguments is a path. */
export function functionOf<T, P extends Need>(
  name: string,
  args: readonly unknown[],
): Expression<T, P> {
  const raws = args.map((arg) => toOperand(arg, `An argument of ${name}()`))
  const depth = 1 + Math.max(0, ...raws.map((raw) => raw.depth))
  assertWithin('depth', depth, 'The nesting of an expression')
  return new Expression(Object.freeze({ kind: 'func', name, args: Object.freeze(raws), depth }))
}

/** An argument as data: text is a path, other literals stand for themselves. */
export function toOperand(value: unknown, what: string): RawExpression {
  return typeof value === 'string' ? pathExpression(value) : toRaw(value, what)
}
