import { FieldError } from '../errors.ts'
import { unknownOption } from '../util/options.ts'
import { isPlainObject, ownOptions } from '../util/plain-object.ts'
import { Expression, pathExpression, type Ref, toRaw } from './expression.ts'
import type { ConditionNeed, Need } from './needs.ts'
import { readOrder } from './order-terms.ts'
import { type Conditional, type LookupsOf, readCondition } from './q.ts'
import type { AggregateName, RawAggregate, RawExpression } from './raw.ts'

/** Options that every aggregate takes. */
export interface AggregateOptions<D = unknown> {
  /** Each value once. */
  readonly distinct?: boolean
  /** Only the rows for which this holds. */
  readonly filter?: Conditional
  /** What there is instead of NULL when there are no rows. */
  readonly default?: D
}

/** Options of `StdDev` and `Variance`. */
export interface SampleOptions extends AggregateOptions<number> {
  /** Of the sample (n − 1) instead of the population (n). */
  readonly sample?: boolean
}

/** The type of an average of the values at a path: text of a decimal, else a number. */
export interface AverageRef<out P extends string> {
  readonly average: P
}

/** The type of an average of values `T` that are computed. */
export interface Averaged<out T> {
  readonly averaged: T
}

/** The type of a value `T` that is not null, whatever its column may be. */
export interface NeverNull<out T> {
  readonly neverNull: T
}

/** What an aggregate is computed of: a path or an expression. */
export type AggregateInput = string | Expression<unknown, Need>

/** What the input and the options of an aggregate need. */
export type NeedsOf<I, O> = PathsOf<I> | FilterNeeds<O> | DefaultNeeds<O>
type FilterNeeds<O> = O extends { readonly filter: infer C } ? ConditionNeed<LookupsOf<C>> : never
type DefaultNeeds<O> = O extends { readonly default: Expression<unknown, infer P> } ? P : never
type PathsOf<I> = I extends string ? I : I extends Expression<unknown, infer P> ? P : never

/** The type of the values of an aggregate's input. */
export type InputValue<I> = I extends string
  ? Ref<I>
  : I extends Expression<infer T, Need>
    ? T
    : never
type AverageOf<I> = I extends string
  ? AverageRef<I>
  : I extends Expression<Ref<infer P>, Need>
    ? AverageRef<P>
    : I extends Expression<infer T, Need>
      ? Averaged<T>
      : number

/** NULL unless a default says otherwise. */
export type OrDefault<T, O> = O extends { readonly default: infer D }
  ? D extends null | undefined
    ? T | null
    : NeverNull<T>
  : T | null

/**
 * The number of rows (`'*'`) or of values that are not NULL.
 *
 * @example await Book.objects.aggregate({ n: Count('*'), authors: Count('author', { distinct: true }) })
 */
export function Count<
  const I extends AggregateInput,
  const O extends Omit<AggregateOptions, 'default'> = object,
>(input: I, options?: O): Expression<number, Exclude<NeedsOf<I, O>, '*'>> {
  return aggregateOf('count', input, options)
}

/** The sum; NULL of no rows. */
export function Sum<const I extends AggregateInput, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<InputValue<I>, O>, NeedsOf<I, O>> {
  return aggregateOf('sum', input, options)
}

/** The mean: a number, of decimals a decimal string; NULL of no rows. */
export function Avg<const I extends AggregateInput, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<AverageOf<I>, O>, NeedsOf<I, O>> {
  return aggregateOf('avg', input, options)
}

/** The smallest value; NULL of no rows. */
export function Min<const I extends AggregateInput, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<InputValue<I>, O>, NeedsOf<I, O>> {
  return aggregateOf('min', input, options)
}

/** The largest value; NULL of no rows. */
export function Max<const I extends AggregateInput, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<InputValue<I>, O>, NeedsOf<I, O>> {
  return aggregateOf('max', input, options)
}

/** The standard deviation of the population, or of the sample. */
export function StdDev<const I extends AggregateInput, const O extends SampleOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<number, O>, NeedsOf<I, O>> {
  return aggregateOf('stdDev', input, options)
}

/** The variance of the population, or of the sample. */
export function Variance<const I extends AggregateInput, const O extends SampleOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<number, O>, NeedsOf<I, O>> {
  return aggregateOf('variance', input, options)
}

const OPTIONS: ReadonlySet<string> = new Set(['distinct', 'filter', 'default'])
const LISTS: ReadonlySet<AggregateName> = new Set(['stringAgg', 'arrayAgg', 'jsonAgg'])
const UNDISTINCT: ReadonlySet<AggregateName> = new Set(['boolAnd', 'boolOr', 'anyValue'])

/**
 * An aggregate of a path or an expression, its options checked.
 *
 * @throws FieldError
 */
export function aggregateOf<T, P extends Need>(
  name: AggregateName,
  input: unknown,
  given: unknown = {},
  delimiter?: string,
): Expression<T, P> {
  const { ordering, ...options } = readOptions(name, given)
  const isStar = name === 'count' && input === '*'
  const source = isStar
    ? null
    : (Expression.raw(input) ?? (typeof input === 'string' ? pathExpression(input) : null))
  if (source === null && !isStar) {
    throw new FieldError(`${name}() takes a path or an expression.`)
  }
  if (isStar && options.distinct) {
    throw new FieldError("Count('*') cannot be distinct: name what is to be counted.")
  }
  return new Expression(
    Object.freeze({
      kind: 'aggregate',
      name,
      input: source,
      delimiter: delimiter === undefined ? null : toRaw(delimiter, 'The delimiter of StringAgg()'),
      ordering,
      depth:
        1 + Math.max(source?.depth ?? 0, ...ordering.map(({ expression }) => expression.depth)),
      ...options,
    }),
  )
}

type Options = Pick<RawAggregate, 'distinct' | 'filter' | 'default' | 'sample' | 'ordering'>

function readOptions(name: AggregateName, options: unknown): Options {
  if (!isPlainObject(options)) throw new FieldError(`${name}() takes an object of options.`)
  const given = ownOptions(options)
  const wrong = Object.keys(given).find((key) => !takesOption(name, key))
  if (wrong !== undefined) {
    const known = [...OPTIONS, 'sample', 'orderBy'].filter((key) => takesOption(name, key))
    throw new FieldError(unknownOption(`${name}()`, wrong, known))
  }
  const { distinct = false, filter, sample = false, orderBy = [] } = given
  if (typeof distinct !== 'boolean' || typeof sample !== 'boolean') {
    throw new FieldError(`The options distinct and sample of ${name}() are true or false.`)
  }
  if (!Array.isArray(orderBy)) {
    throw new FieldError(`The option orderBy of ${name}() is an array of paths or expressions.`)
  }
  return {
    distinct,
    sample,
    ordering: Object.freeze(orderBy.map(readOrder)),
    filter: filter === undefined ? null : readCondition(filter, `The filter of ${name}()`),
    default: readDefault(name, given['default']),
  }
}

function takesOption(name: AggregateName, key: string): boolean {
  if (key === 'sample') return name === 'stdDev' || name === 'variance'
  if (key === 'orderBy') return LISTS.has(name)
  if (key === 'default' && name === 'count') return false
  return OPTIONS.has(key) && !(key === 'distinct' && UNDISTINCT.has(name))
}

function readDefault(name: AggregateName, given: unknown): RawExpression | null {
  if (given === undefined) return null
  if (Array.isArray(given) && (name === 'arrayAgg' || name === 'jsonAgg')) {
    return Object.freeze({ kind: 'value', value: Object.freeze([...given]), depth: 1 })
  }
  return toRaw(given, `The default of ${name}()`)
}
