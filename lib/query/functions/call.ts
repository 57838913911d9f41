import { FieldError, InvalidValueError } from '../../errors.ts'
import { Expression, pathExpression, toRaw } from '../expression.ts'
import { assertWithin } from '../limits.ts'
import type { Need } from '../needs.ts'
import type { RawExpression } from '../raw.ts'

/** A call of a function as an expression; what it takes is checked when its paths are known. */
export function call<T, P extends Need>(
  name: string,
  args: readonly RawExpression[],
  option?: unknown,
): Expression<T, P> {
  const depth = 1 + args.reduce((deepest, arg) => Math.max(deepest, arg.depth), 0)
  assertWithin('depth', depth, 'The nesting of an expression')
  assertWithin('columns', args.length, `The number of arguments of ${name}()`)
  return new Expression(
    Object.freeze({ kind: 'func', name, args: Object.freeze(args), option, depth }),
  )
}

/**
 * A path or an expression as data.
 *
 * @throws FieldError if it is neither
 */
export function input(value: unknown, what: string): RawExpression {
  const raw = Expression.raw(value)
  if (raw !== null) return raw
  if (typeof value === 'string') return pathExpression(value)
  throw new FieldError(`${what} takes a path or an expression.`)
}

/** A path, an expression or a literal other than text as data. */
export function operand(value: unknown, what: string): RawExpression {
  return typeof value === 'string' ? pathExpression(value) : toRaw(value, what)
}

const INT4_MAX = 2_147_483_647

/**
 * A whole number from `min` on, or an expression that gives one, as data.
 *
 * @throws InvalidValueError for any other number
 */
export function amount(value: unknown, min: number, what: string): RawExpression {
  if (typeof value === 'number') return toRaw(integer(value, min, INT4_MAX, what), what)
  return input(value, what)
}

/**
 * A whole number within limits.
 *
 * @throws InvalidValueError
 */
export function integer(value: unknown, min: number, max: number, what: string): number {
  const isFine = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
  if (!isFine) throw new InvalidValueError(`${what} takes a whole number from ${min} to ${max}.`)
  return value as number
}

/** A function of one path or expression, under its own name. */
export function unary<T, P extends Need>(name: string): (value: unknown) => Expression<T, P> {
  return (value) => call(name, [input(value, `${name}()`)])
}

/** A function of two numbers, each a path, an expression or a literal. */
export function binary<T, P extends Need>(
  name: string,
): (first: unknown, second: unknown) => Expression<T, P> {
  const what = `${name}()`
  return (first, second) => call(name, [operand(first, what), operand(second, what)])
}

/**
 * Arguments of a function that compares or joins them.
 *
 * @throws FieldError for fewer than two
 */
export function atLeastTwo(args: readonly RawExpression[], what: string): readonly RawExpression[] {
  if (args.length < 2) throw new FieldError(`${what} takes at least two values.`)
  return args
}
