import { FieldError, InvalidValueError } from '../errors.ts'
import { conditionValue } from './condition-data.ts'
import { assertWithin } from './limits.ts'
import type { Need } from './needs.ts'
import type { ArithmeticOperator, Nulls, RawExpression, RawOrder } from './raw.ts'

/** The type of the value at a path, known once the model is: the queryset looks it up. */
export interface Ref<out P extends string> {
  readonly ref: P
}

/**
 * The type of what is computed of an `L` and an `R`, known once the model is: decimals win over
 * bigints, those over numbers. That a float wins over all of them only the database tells.
 */
export interface Arithmetic<out L, out R> {
  readonly of: readonly [L, R]
}

/** A left side that makes the result a float. */
export interface Powered {
  readonly powered: true
}

/** Literals take the type of what they are computed with. */
type Computed<L, R> = unknown extends R ? L : Arithmetic<L, R>

/** Literals that stand for themselves in an expression. */
export type Literal = string | number | bigint | boolean | Date | null

/** Options of `.asc()` and `.desc()`. */
export interface NullsOption {
  readonly nulls?: Nulls
}

/**
 * A value that the database computes. `T` is its type, where `Ref<'a__b'>` stands for the type of
 * the column at that path; `P` is the union of the paths that its model must have. Both exist for
 * the compiler of TypeScript only. Recognised by a private field, never by its shape.
 */
export class Expression<out T = unknown, out P extends Need = never> {
  declare readonly valueType?: T
  declare readonly pathsType?: P
  /** Lets a boolean expression stand where an editor should offer lookups only. */
  readonly [lookup: `${string}__${string}`]: unknown
  readonly #raw: RawExpression

  constructor(raw: RawExpression) {
    this.#raw = raw
    Object.freeze(this)
  }

  /**
   * What a value was made of; null if it is no expression, however much it looks like one. A
   * condition is the boolean expression of whether it holds.
   */
  static raw(value: unknown): RawExpression | null {
    if (typeof value !== 'object' || value === null) return null
    return #raw in value ? value.#raw : conditionValue(value)
  }

  add<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Computed<T, T2>, P | P2> {
    return this.#combine('add', other)
  }

  sub<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Computed<T, T2>, P | P2> {
    return this.#combine('sub', other)
  }

  mul<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Computed<T, T2>, P | P2> {
    return this.#combine('mul', other)
  }

  /** Division; of two integers it is an integer, as in the database. */
  div<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Computed<T, T2>, P | P2> {
    return this.#combine('div', other)
  }

  mod<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Computed<T, T2>, P | P2> {
    return this.#combine('mod', other)
  }

  /** A power, which is a float whatever it is of. */
  pow<T2, P2 extends Need = never>(
    other: Expression<T2, P2> | Literal,
  ): Expression<Arithmetic<Powered, Computed<T, T2>>, P | P2> {
    return this.#combine('pow', other)
  }

  /** Ascending, for `orderBy`: `F('name').asc({ nulls: 'last' })`. */
  asc(options?: NullsOption): OrderTerm<P> {
    return new OrderTerm({ expression: this.#raw, descending: false, nulls: readNulls(options) })
  }

  /** Descending, for `orderBy`. */
  desc(options?: NullsOption): OrderTerm<P> {
    return new OrderTerm({ expression: this.#raw, descending: true, nulls: readNulls(options) })
  }

  #combine<T3, P2 extends Need>(
    operator: ArithmeticOperator,
    other: unknown,
  ): Expression<T3, P | P2> {
    const left = this.#raw
    const right = toRaw(other, `The operand of ${operator}()`)
    const depth = 1 + Math.max(left.depth, right.depth)
    assertWithin('depth', depth, 'The nesting of an expression')
    return new Expression(Object.freeze({ kind: 'arithmetic', operator, left, right, depth }))
  }
}

/** One term of an ordering, made by `.asc()` or `.desc()`. */
export class OrderTerm<out P extends Need = never> {
  declare readonly pathsType?: P
  readonly #raw: RawOrder

  constructor(raw: RawOrder) {
    this.#raw = Object.freeze(raw)
    Object.freeze(this)
  }

  /** What a value was made of; null if it is no order term. */
  static raw(value: unknown): RawOrder | null {
    return typeof value === 'object' && value !== null && #raw in value ? value.#raw : null
  }
}

/** `F('author__name')`: the column at that path. */
export type FExpr<P extends string> = Expression<Ref<P>, P>

/** The type that a literal has in a row. */
export type Widen<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends bigint
      ? bigint
      : T extends boolean
        ? boolean
        : T

/**
 * The value of a column, of the row itself or of a related one; transforms work too.
 *
 * @example Book.objects.filter({ pages__gt: F('author__age') }) // "pages" > "authors"."age"
 */
export function F<const P extends string>(path: P): FExpr<P> {
  return new Expression(pathExpression(path))
}

/**
 * A literal as an expression; text here is text, not a path. Always sent as a bound value.
 *
 * @example Value(100).sub(F('pages'))
 */
export function Value<const T extends Literal>(value: T): Expression<Widen<T>> {
  return new Expression(literal(value, 'Value()'))
}

/**
 * A path as a raw expression.
 *
 * @throws FieldError if it is no text
 */
export function pathExpression(path: unknown): RawExpression {
  if (typeof path !== 'string') throw new FieldError('A field path must be text.')
  assertWithin('keyLength', path.length, 'The length of a path')
  return Object.freeze({ kind: 'path', path, depth: 1 })
}

/** What stands where an expression is due: an expression, or a literal that stands for itself. */
export function toRaw(value: unknown, what: string): RawExpression {
  return Expression.raw(value) ?? literal(value, what)
}

function literal(value: unknown, what: string): RawExpression {
  const stable = value instanceof Date ? new Date(value.getTime()) : value
  if (!isLiteral(stable)) {
    throw new InvalidValueError(
      `${what} takes an expression, text, a number, a bigint, a boolean, a Date or null.`,
    )
  }
  return Object.freeze({ kind: 'value', value: stable, depth: 1 })
}

function isLiteral(value: unknown): value is Literal {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return true
    case 'number':
      return !Number.isNaN(value)
    default:
      return value === null || (value instanceof Date && !Number.isNaN(value.getTime()))
  }
}

function readNulls(options: unknown): Nulls | null {
  if (options === undefined) return null
  if (typeof options === 'object' && options !== null) {
    const keys = Object.keys(options)
    const nulls: unknown = Object.hasOwn(options, 'nulls')
      ? (options as { nulls: unknown }).nulls
      : undefined
    const isKnown = nulls === undefined || nulls === 'first' || nulls === 'last'
    if (isKnown && keys.every((key) => key === 'nulls')) return nulls ?? null
  }
  throw new FieldError("asc() and desc() take { nulls: 'first' } or { nulls: 'last' }.")
}
