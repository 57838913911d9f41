import { FieldError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { Expression, pathExpression, type Ref, toRaw } from './expression.ts'
import type { ConditionNeed, Need } from './needs.ts'
import { type Conditional, type LookupsOf, readCondition } from './q.ts'
import type { AggregateName, RawAggregate } from './raw.ts'

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

/** The type of a value `T` that is not null, whatever its column may be. */
export interface NeverNull<out T> {
  readonly neverNull: T
}

type Input = string | Expression<unknown, Need>
/** What the input and the options of an aggregate need. */
type NeedsOf<I, O> = PathsOf<I> | FilterNeeds<O> | DefaultNeeds<O>
type FilterNeeds<O> = O extends { readonly filter: infer C } ? ConditionNeed<LookupsOf<C>> : never
type DefaultNeeds<O> = O extends { readonly default: Expression<unknown, infer P> } ? P : never
type PathsOf<I> = I extends string ? I : I extends Expression<unknown, infer P> ? P : never
type ValueOf<I> = I extends string ? Ref<I> : I extends Expression<infer T, Need> ? T : never
type AverageOf<I> = I extends string
  ? AverageRef<I>
  : I extends Expression<Ref<infer P>, Need>
    ? AverageRef<P>
    : number
/** NULL unless a default says otherwise. */
type OrDefault<T, O> = O extends { readonly default: infer D }
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
  const I extends Input,
  const O extends Omit<AggregateOptions, 'default'> = object,
>(input: I, options?: O): Expression<number, Exclude<NeedsOf<I, O>, '*'>> {
  return aggregate('count', input, options)
}

/** The sum; NULL of no rows. */
export function Sum<const I extends Input, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<ValueOf<I>, O>, NeedsOf<I, O>> {
  return aggregate('sum', input, options)
}

/** The mean: a number, of decimals a decimal string; NULL of no rows. */
export function Avg<const I extends Input, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<AverageOf<I>, O>, NeedsOf<I, O>> {
  return aggregate('avg', input, options)
}

/** The smallest value; NULL of no rows. */
export function Min<const I extends Input, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<ValueOf<I>, O>, NeedsOf<I, O>> {
  return aggregate('min', input, options)
}

/** The largest value; NULL of no rows. */
export function Max<const I extends Input, const O extends AggregateOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<ValueOf<I>, O>, NeedsOf<I, O>> {
  return aggregate('max', input, options)
}

/** The standard deviation of the population, or of the sample. */
export function StdDev<const I extends Input, const O extends SampleOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<number, O>, NeedsOf<I, O>> {
  return aggregate('stdDev', input, options)
}

/** The variance of the population, or of the sample. */
export function Variance<const I extends Input, const O extends SampleOptions = object>(
  input: I,
  options?: O,
): Expression<OrDefault<number, O>, NeedsOf<I, O>> {
  return aggregate('variance', input, options)
}

const OPTIONS: ReadonlySet<string> = new Set(['distinct', 'filter', 'default'])

function aggregate<T, P extends Need>(
  name: AggregateName,
  input: unknown,
  given: unknown = {},
): Expression<T, P> {
  const options = readOptions(name, given)
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
      depth: 1 + (source?.depth ?? 0),
      ...options,
    }),
  )
}

type Options = Pick<RawAggregate, 'distinct' | 'filter' | 'default' | 'sample'>

function readOptions(name: AggregateName, given: unknown): Options {
  if (!isPlainObject(given)) throw new FieldError(`${name}() takes an object of options.`)
  const takesSample = name === 'stdDev' || name === 'variance'
  for (const key of Object.keys(given)) {
    if (OPTIONS.has(key) && !(key === 'default' && name === 'count')) continue
    if (takesSample && key === 'sample') continue
    throw new FieldError(`${name}() has no option '${key}'.`)
  }
  const { distinct = false, filter, sample = false } = given
  if (typeof distinct !== 'boolean' || typeof sample !== 'boolean') {
    throw new FieldError(`The options distinct and sample of ${name}() are true or false.`)
  }
  const fallback = given['default']
  return {
    distinct,
    sample,
    filter: filter === undefined ? null : readCondition(filter, `The filter of ${name}()`),
    default: fallback === undefined ? null : toRaw(fallback, `The default of ${name}()`),
  }
}
