import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of `auto` and `bigAuto`. */
export interface AutoOptions {
  /** The column's name in the table. @default the property's name in snake_case */
  readonly column?: string
}

type Num<N extends boolean, D, P extends boolean> = ColumnField<SpecOf<number, 'number', N, D, P>>

const INTEGER_JSON: JsonSchema = { type: 'integer' }
const BIGINT_JSON: JsonSchema = { type: 'string', pattern: '^-?\\d+$' }
const NUMBER_JSON: JsonSchema = { type: 'number' }

const INT2: readonly [bigint, bigint] = [-32_768n, 32_767n]
const INT4: readonly [bigint, bigint] = [-2_147_483_648n, 2_147_483_647n]
const INT8: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n]
const SAFE: readonly [bigint, bigint] = [
  BigInt(Number.MIN_SAFE_INTEGER),
  BigInt(Number.MAX_SAFE_INTEGER),
]

/** Longer digits than any integer column's are not even read. */
const MAX_DIGITS = 40
const DIGITS = /^-?\d+$/
/** What a float is in JSON, which has no numbers for these. */
const SPECIAL_FLOATS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

function acceptInteger(input: unknown): number | Refusal {
  if (typeof input === 'number' && Number.isInteger(input)) return input === 0 ? 0 : input
  // Beyond 2**53 the number is not exact, but then it is out of every range as well.
  if (typeof input === 'bigint') return Number(input)
  return refuse('an integer', input)
}

function limitTo(
  range: readonly [bigint, bigint],
): (value: number | bigint) => Refusal | undefined {
  const [min, max] = range
  const [low, high] = [Number(min), Number(max)]
  // To compare a number with a bigint takes fifty times as long.
  const isWithin = (value: number | bigint): boolean =>
    typeof value === 'number' ? value >= low && value <= high : value >= min && value <= max
  return (value) =>
    isWithin(value)
      ? undefined
      : new Refusal(`expects an integer from ${min} to ${max}, got one outside of it`)
}

const INTEGER_BASE = valueSchema(acceptInteger, INTEGER_JSON)

function integerKind(name: string, range: readonly [bigint, bigint]): ColumnKind<number> {
  return Object.freeze({
    name,
    family: 'number',
    base: INTEGER_BASE,
    accept: acceptInteger,
    limit: limitTo(range),
    json: { type: 'integer', minimum: Number(range[0]), maximum: Number(range[1]) },
    range,
    toDb: (value) => (Number.isSafeInteger(value) ? value : undefined),
    plain: 'integer',
    fromDb: readInteger,
    toJson: (value) => value,
    equals: (a, b) => a === b,
  } satisfies ColumnKind<number>)
}

function readInteger(raw: unknown): number {
  if (Number.isSafeInteger(raw)) return raw as number
  // PostgreSQL's bigint and SUM of an integer come as digits.
  const isExact = typeof raw === 'bigint' || (typeof raw === 'string' && DIGITS.test(raw))
  const value = isExact ? Number(raw) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  const what = isExact || Number.isInteger(raw) ? 'an integer beyond 2**53' : describeValue(raw)
  throw new InvalidValueError(`holds ${what} where an integer of a JavaScript number is due`)
}

function acceptBigint(input: unknown): bigint | Refusal {
  if (typeof input === 'bigint') return input
  if (Number.isSafeInteger(input)) return BigInt(input as number)
  if (typeof input === 'string' && input.length <= MAX_DIGITS && DIGITS.test(input)) {
    return BigInt(input)
  }
  return refuse('a bigint (or its digits)', input)
}

const BIGINT_BASE = valueSchema(acceptBigint, BIGINT_JSON)

function bigintKind(name: string): ColumnKind<bigint> {
  return Object.freeze({
    name,
    family: 'bigint',
    base: BIGINT_BASE,
    accept: acceptBigint,
    limit: limitTo(INT8),
    json: BIGINT_JSON,
    range: INT8,
    // As digits everywhere: sqlite3 binds a bigint as NULL.
    toDb: (value) => (typeof value === 'bigint' ? String(value) : undefined),
    fromDb: readBigint,
    toJson: (value) => (typeof value === 'bigint' ? String(value) : value),
    equals: (a, b) => a === b,
  } satisfies ColumnKind<bigint>)
}

function readBigint(raw: unknown): bigint {
  if (typeof raw === 'bigint') return raw
  if (typeof raw === 'string' && DIGITS.test(raw)) return BigInt(raw)
  if (Number.isSafeInteger(raw)) return BigInt(raw as number)
  const what = Number.isInteger(raw) ? 'an integer that the driver rounded' : describeValue(raw)
  throw new InvalidValueError(`holds ${what} where a bigint is due`)
}

function acceptFloat(input: unknown): number | Refusal {
  if (typeof input === 'number') return input
  return SPECIAL_FLOATS.get(input) ?? refuse('a number', input)
}

const FLOAT_KIND: ColumnKind<number> = Object.freeze({
  name: 'float',
  family: 'number',
  base: valueSchema(acceptFloat, NUMBER_JSON),
  accept: acceptFloat,
  json: NUMBER_JSON,
  toDb(value, dialect) {
    if (typeof value !== 'number') return undefined
    if (Number.isFinite(value) || dialect === 'postgresql') return value
    throw new InvalidValueError(`expects a finite number on ${dialect}, got ${value}`)
  },
  plain: 'number',
  fromDb: readFloat,
  toJson: (value) => (typeof value !== 'number' || Number.isFinite(value) ? value : String(value)),
  equals: (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)),
} satisfies ColumnKind<number>)

function readFloat(raw: unknown): number {
  if (typeof raw === 'number') return raw
  if (typeof raw === 'bigint') return Number(raw)
  if (raw === 'NaN') return Number.NaN
  // AVG of an integer is a numeric on PostgreSQL, which comes as text.
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN
  if (!Number.isNaN(value)) return value
  throw new InvalidValueError(`holds ${describeValue(raw)} where a number is due`)
}

/** Integers of 4 bytes. */
export const INTEGER_KIND: ColumnKind<number> = integerKind('integer', INT4)
const SMALL_INTEGER_KIND = integerKind('smallInteger', INT2)
const AUTO_KIND = integerKind('auto', SAFE)
const BIG_INTEGER_KIND = bigintKind('bigInteger')
const BIG_AUTO_KIND = bigintKind('bigAuto')

/**
 * A primary key that the database counts, as a JavaScript number, whatever integer type the column
 * has.
 *
 * @throws ImproperlyConfigured
 * @example fields.auto()
 */
export function auto(
  options: AutoOptions = {},
): ColumnField<SpecOf<number, 'number', false, undefined, true, true>> {
  assertOptions('auto', options, ['column'])
  return new ColumnField(AUTO_KIND, { ...options, primaryKey: true }, { generated: true })
}

/**
 * A primary key that the database counts, as a bigint.
 *
 * @throws ImproperlyConfigured
 * @example fields.bigAuto()
 */
export function bigAuto(
  options: AutoOptions = {},
): ColumnField<SpecOf<bigint, 'bigint', false, undefined, true, true>> {
  assertOptions('bigAuto', options, ['column'])
  return new ColumnField(BIG_AUTO_KIND, { ...options, primaryKey: true }, { generated: true })
}

/**
 * An integer from -2**31 to 2**31 - 1.
 *
 * @throws ImproperlyConfigured
 * @example fields.integer({ default: 0 })
 */
export function integer<
  N extends boolean = false,
  D extends DefaultOf<number> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<number, N, D, P> = {}): Num<N, D, P> {
  assertOptions('integer', options, optionNames())
  return new ColumnField(INTEGER_KIND, options)
}

/**
 * An integer from -32768 to 32767.
 *
 * @throws ImproperlyConfigured
 * @example fields.smallInteger()
 */
export function smallInteger<
  N extends boolean = false,
  D extends DefaultOf<number> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<number, N, D, P> = {}): Num<N, D, P> {
  assertOptions('smallInteger', options, optionNames())
  return new ColumnField(SMALL_INTEGER_KIND, options)
}

/**
 * An integer from -2**63 to 2**63 - 1, as a bigint; digits in JSON. Takes safe integers too.
 *
 * @throws ImproperlyConfigured
 * @example fields.bigInteger({ default: 0n })
 */
export function bigInteger<
  N extends boolean = false,
  D extends DefaultOf<bigint> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<bigint, N, D, P> = {}): ColumnField<SpecOf<bigint, 'bigint', N, D, P>> {
  assertOptions('bigInteger', options, optionNames())
  return new ColumnField(BIG_INTEGER_KIND, options)
}

/**
 * A double. NaN and the infinities are kept by PostgreSQL and refused on SQLite and MySQL; in JSON
 * they are the words 'NaN', 'Infinity' and '-Infinity'.
 *
 * @throws ImproperlyConfigured
 * @example fields.float({ null: true })
 */
export function float<
  N extends boolean = false,
  D extends DefaultOf<number> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<number, N, D, P> = {}): Num<N, D, P> {
  assertOptions('float', options, optionNames())
  return new ColumnField(FLOAT_KIND, options)
}
