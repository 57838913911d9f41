import { InvalidValueError } from '../errors.ts'
import { dayToMs, instantText, MAX_INSTANT_MS, twoDigits } from './calendar.ts'
import type { ColumnKind, Family } from './column.ts'
import { type AnyColumn, ColumnField } from './column-field.ts'
import { date } from './date.ts'
import { dateTime } from './date-time.ts'
import { decimal } from './decimal.ts'
import { bigInteger, integer } from './numbers.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import {
  canonicalRange,
  compareDecimals,
  EMPTY,
  type FilledRange,
  isBounds,
  partsOfRange,
  type Range,
  type RangeOrder,
} from './range-value.ts'
import { describeValue, Refusal } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of columns of ranges. */
export type RangeOptions<T, N extends boolean, D> = Omit<
  ColumnOptions<Range<T>, N, D, false>,
  'choices' | 'primaryKey'
>

/** The spec of a range: that of its ends with it, since lookups reach them. */
export type RangeSpec<T, A extends Family, N extends boolean, D> = SpecOf<
  Range<T>,
  'range',
  N,
  D,
  false
> & { readonly bound: { readonly value: T; readonly family: A } }

type AnyRange = Range<unknown>

/** PostgreSQL quotes what has spaces in it; no end has a quote or a comma. */
const TEXT = /^([[(])"?([^",]*)"?,"?([^",]*)"?([)\]])$/

function acceptRange(
  bound: AnyColumn,
  order: RangeOrder<unknown>,
  input: unknown,
): AnyRange | Refusal {
  const parts = partsOfRange(input)
  if (parts instanceof Refusal) return parts
  if (parts === null) return EMPTY
  const lower = acceptEnd(bound, parts[0])
  if (lower instanceof Refusal) return new Refusal(`${lower.message} in lower`)
  const upper = acceptEnd(bound, parts[1])
  if (upper instanceof Refusal) return new Refusal(`${upper.message} in upper`)
  return canonicalRange(order, lower, upper, parts[2])
}

function acceptEnd(bound: AnyColumn, input: unknown): unknown {
  return input === null ? null : bound.type.accept(input)
}

function limitRange(bound: AnyColumn, range: AnyRange): Refusal | undefined {
  if (range.isEmpty) return undefined
  for (const name of ['lower', 'upper'] as const) {
    const end = range[name]
    const refusal = end === null ? undefined : bound.type.limit?.(end)
    if (refusal !== undefined) return new Refusal(`${refusal.message} in ${name}`)
  }
  return undefined
}

/** Whether the property of an instance was set to what can be one. */
function isFilled(value: unknown): value is FilledRange<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    isBounds(Reflect.get(value, 'bounds')) &&
    Reflect.get(value, 'isEmpty') === undefined
  )
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'isEmpty') === true
}

/** Undefined of what is no end. */
function endText(bound: AnyColumn, end: unknown): string | undefined {
  if (end === null) return ''
  const raw = bound.type.toDb(end, 'postgresql')
  if (raw === undefined) return undefined
  return bound.family === 'dateTime' ? `"${String(raw)}"` : String(raw)
}

function rangeText(bound: AnyColumn, value: unknown): string | undefined {
  if (isEmpty(value)) return 'empty'
  if (!isFilled(value)) return undefined
  const [lower, upper] = [endText(bound, value.lower), endText(bound, value.upper)]
  if (lower === undefined || upper === undefined) return undefined
  return `${value.bounds[0]}${lower},${upper}${value.bounds[1]}`
}

function readRange(bound: AnyColumn, raw: unknown): AnyRange {
  if (raw === 'empty') return EMPTY
  const [, open = '', lower = '', upper = '', close = ''] =
    typeof raw === 'string' ? (TEXT.exec(raw) ?? []) : []
  const bounds = open + close
  if (!isBounds(bounds)) {
    throw new InvalidValueError(`holds ${describeValue(raw)} where a range is due`)
  }
  const read = (text: string): unknown =>
    text === '' ? null : bound.type.fromDb(text, 'postgresql')
  return Object.freeze({ lower: read(lower), upper: read(upper), bounds })
}

function isSame(bound: AnyColumn, a: unknown, b: unknown): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b)
  if (!isFilled(a) || !isFilled(b) || a.bounds !== b.bounds) return false
  return bound.equals(a.lower, b.lower) && bound.equals(a.upper, b.upper)
}

function jsonOf(bound: AnyColumn, value: unknown): unknown {
  if (!isFilled(value)) return value
  const { lower, upper, bounds } = value
  return { lower: bound.toJson(lower), upper: bound.toJson(upper), bounds }
}

function schemaOf(bound: AnyColumn): JsonSchema {
  const end = { anyOf: [bound.type.json, { type: 'null' }] }
  const object = { type: 'object', additionalProperties: false }
  const bounds = { type: 'string', enum: ['[)', '[]', '(]', '()'] }
  return {
    anyOf: [
      { ...object, properties: { lower: end, upper: end, bounds }, required: ['lower', 'upper'] },
      { ...object, properties: { isEmpty: { const: true } }, required: ['isEmpty'] },
    ],
  }
}

function rangeKind(name: string, bound: AnyColumn, order: RangeOrder<never>): ColumnKind<AnyRange> {
  const accept = (input: unknown): AnyRange | Refusal =>
    acceptRange(bound, order as RangeOrder<unknown>, input)
  const json = schemaOf(bound)
  return Object.freeze({
    name,
    family: 'range',
    base: valueSchema(accept, json),
    accept,
    limit: (value) => limitRange(bound, value),
    json,
    toDb: (value) => rangeText(bound, value),
    fromDb: (raw) => readRange(bound, raw),
    toJson: (value) => jsonOf(bound, value),
    equals: (a, b) => isSame(bound, a, b),
  } satisfies ColumnKind<AnyRange>)
}

interface RangeForm {
  readonly kind: ColumnKind<AnyRange>
  readonly bound: AnyColumn
}

function formOf<T>(name: string, bound: AnyColumn, order: RangeOrder<T>): RangeForm {
  return { kind: rangeKind(name, bound, order as RangeOrder<never>), bound }
}

function nextDay(day: string): string | Refusal {
  const year = twoDigits(day, 0) * 100 + twoDigits(day, 2)
  const ms = dayToMs(year, twoDigits(day, 5), twoDigits(day, 8)) + 86_400_000
  if (ms <= MAX_INSTANT_MS) return instantText(ms).slice(0, 10)
  return new Refusal('expects a range that the day after 9999-12-31 is no end of; null is no end')
}

const FORMS = {
  integerRange: formOf<number>('integerRange', integer({ null: true }), {
    compare: (a, b) => a - b,
    next: (value) => value + 1,
  }),
  bigIntegerRange: formOf<bigint>('bigIntegerRange', bigInteger({ null: true }), {
    compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    next: (value) => value + 1n,
  }),
  decimalRange: formOf<string>('decimalRange', decimal({ null: true }), {
    compare: compareDecimals,
  }),
  dateRange: formOf<string>('dateRange', date({ null: true }), {
    compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    next: nextDay,
  }),
  dateTimeRange: formOf<Date>('dateTimeRange', dateTime({ null: true }), {
    compare: (a, b) => a.getTime() - b.getTime(),
  }),
}

function rangeField<T, A extends Family, N extends boolean, D>(
  name: keyof typeof FORMS,
  options: RangeOptions<T, N, D>,
): ColumnField<RangeSpec<T, A, N, D>> {
  const allowed = ['null', 'default', 'unique', 'index', 'sensitive', 'column', 'validate']
  assertOptions(name, options, allowed)
  const { kind, bound } = FORMS[name]
  return new ColumnField(kind as ColumnKind<Range<T>>, options as ColumnOptions<Range<T>>, {
    bound,
  }) as unknown as ColumnField<RangeSpec<T, A, N, D>>
}

/**
 * A range of whole numbers as `{ lower, upper, bounds }`: `int4range`, on PostgreSQL only. What is
 * given as [1, 5] with the bounds '[]' is [1, 6) at once, since that is how PostgreSQL keeps it;
 * an end that is null is none, and never included. A range without values is `{ isEmpty: true }`.
 *
 * @throws ImproperlyConfigured
 * @example
 * seats: fields.integerRange()
 * Hall.objects.filter({ seats__contains: 12 }) // "seats" @> $1::integer
 *
 * Source: https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/fields/#range-fields
 */
export function integerRange<
  N extends boolean = false,
  D extends DefaultOf<Range<number>> = undefined,
>(options: RangeOptions<number, N, D> = {}): ColumnField<RangeSpec<number, 'number', N, D>> {
  return rangeField('integerRange', options)
}

/**
 * A range of bigints: `int8range`, on PostgreSQL only; else as `integerRange`.
 *
 * @throws ImproperlyConfigured
 * @example fields.bigIntegerRange({ null: true })
 */
export function bigIntegerRange<
  N extends boolean = false,
  D extends DefaultOf<Range<bigint>> = undefined,
>(options: RangeOptions<bigint, N, D> = {}): ColumnField<RangeSpec<bigint, 'bigint', N, D>> {
  return rangeField('bigIntegerRange', options)
}

/**
 * A range of decimals as text: `numrange`, on PostgreSQL only. It has any bounds, and any number of
 * digits.
 *
 * @throws ImproperlyConfigured
 * @example fields.decimalRange({ default: { lower: '0', upper: null, bounds: '[)' } })
 */
export function decimalRange<
  N extends boolean = false,
  D extends DefaultOf<Range<string>> = undefined,
>(options: RangeOptions<string, N, D> = {}): ColumnField<RangeSpec<string, 'decimal', N, D>> {
  return rangeField('decimalRange', options)
}

/**
 * A range of days, 'YYYY-MM-DD': `daterange`, on PostgreSQL only. Kept with the bounds '[)' as whole
 * numbers are, so `upper` is the day after the last one.
 *
 * @throws ImproperlyConfigured
 * @example fields.dateRange()
 */
export function dateRange<
  N extends boolean = false,
  D extends DefaultOf<Range<string>> = undefined,
>(options: RangeOptions<string, N, D> = {}): ColumnField<RangeSpec<string, 'date', N, D>> {
  return rangeField('dateRange', options)
}

/**
 * A range of instants, each a `Date`: `tstzrange`, on PostgreSQL only. It has any bounds;
 * microseconds are dropped in reading.
 *
 * @throws ImproperlyConfigured
 * @example
 * period: fields.dateTimeRange()
 * Booking.objects.filter({ period__overlap: [from, to] }) // "period" && $1::tstzrange
 */
export function dateTimeRange<
  N extends boolean = false,
  D extends DefaultOf<Range<Date>> = undefined,
>(options: RangeOptions<Date, N, D> = {}): ColumnField<RangeSpec<Date, 'dateTime', N, D>> {
  return rangeField('dateTimeRange', options)
}
