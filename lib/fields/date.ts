import { InvalidValueError } from '../errors.ts'
import { daysInMonth, twoDigits } from './calendar.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of `date` and `dateTime` that let the present be filled in. */
export interface AutoNowOptions<
  T,
  N extends boolean,
  D,
  P extends boolean,
  A extends boolean,
  B extends boolean,
> extends ColumnOptions<T, N, D, P> {
  /** Set to the present on every save. @default false */
  readonly autoNow?: A
  /** Set to the present when inserted. @default false */
  readonly autoNowAdd?: B
}

/** True if one of two flags is. */
export type Either<A extends boolean, B extends boolean> = A extends true ? true : B

const EXPECTED = "a date as text, 'YYYY-MM-DD'"
const JSON_SCHEMA: JsonSchema = { type: 'string', format: 'date' }

function acceptDate(input: unknown): string | Refusal {
  // A Date is an instant: which day it is depends on the time zone, so it is not guessed.
  if (typeof input !== 'string') return refuse(EXPECTED, input)
  if (input.length === 10 && isDate(input)) return input
  return new Refusal(`expects ${EXPECTED} and in the calendar, got other text`)
}

/** Do the first ten characters name a day of the years 1 to 9999. */
function isDate(text: string): boolean {
  if (text.charAt(4) !== '-' || text.charAt(7) !== '-') return false
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const day = twoDigits(text, 8)
  return year >= 1 && day >= 1 && day <= daysInMonth(year, twoDigits(text, 5))
}

function readDate(raw: unknown): string {
  if (typeof raw === 'string' && isDate(raw)) {
    if (raw.length === 10) return raw
    // SQLite keeps whatever was written, such as CURRENT_TIMESTAMP.
    const next = raw.charAt(10)
    if ((next === ' ' || next === 'T') && !raw.endsWith('BC')) return raw.slice(0, 10)
  }
  throw new InvalidValueError(
    `holds ${describeDate(raw)} where a date of the years 1 to 9999 is due`,
  )
}

/** Names what PostgreSQL knows and JavaScript does not. */
export function describeDate(raw: unknown): string {
  if (raw === 'infinity' || raw === '-infinity') return raw
  if (typeof raw === 'string' && raw.endsWith(' BC')) return 'a year before Christ'
  return describeValue(raw)
}

const DATE_KIND: ColumnKind<string> = Object.freeze({
  name: 'date',
  family: 'date',
  base: valueSchema(acceptDate, JSON_SCHEMA),
  accept: acceptDate,
  json: JSON_SCHEMA,
  toDb: (value) => (typeof value === 'string' ? value : undefined),
  fromDb: readDate,
  toJson: (value) => value,
  equals: (a, b) => a === b,
} satisfies ColumnKind<string>)

/**
 * A day of the calendar as text, 'YYYY-MM-DD', of the years 1 to 9999; never a `Date`. `autoNow`
 * and `autoNowAdd` fill in the day it is in UTC.
 *
 * @throws ImproperlyConfigured
 * @example fields.date({ null: true })
 */
export function date<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
  A extends boolean = false,
  B extends boolean = false,
>(
  options: AutoNowOptions<string, N, D, P, A, B> = {},
): ColumnField<SpecOf<string, 'date', N, D, P, Either<A, B>>> {
  assertOptions('date', options, optionNames('autoNow', 'autoNowAdd'))
  const { autoNow, autoNowAdd } = options
  const makeNow = (): string => new Date().toISOString().slice(0, 10)
  return new ColumnField(DATE_KIND, options, { autoNow, autoNowAdd, makeNow })
}
