import { ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import {
  assertCount,
  assertOptions,
  type ColumnOptions,
  type DefaultOf,
  type SpecOf,
} from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of `decimal`: both numbers, or neither for a column without limits. */
export interface DecimalOptions<N extends boolean, D, P extends boolean>
  extends ColumnOptions<string, N, D, P> {
  /** Digits before and after the point together. */
  readonly maxDigits?: number
  /** Digits after the point. */
  readonly decimalPlaces?: number
}

const EXPECTED = "a decimal as text, such as '12.50'"
const PLAIN = /^-?\d+(?:\.\d+)?$/
const READABLE = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/
/** PostgreSQL holds far more; nobody means it, and comparing such text costs. */
const MAX_LENGTH = 2000
const JSON_SCHEMA: JsonSchema = { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' }

function acceptDecimal(input: unknown): string | Refusal {
  // Whole numbers are exact; one with a fraction has already been rounded to base two.
  if (typeof input === 'bigint' || Number.isSafeInteger(input)) return String(input)
  if (typeof input !== 'string') return refuse(EXPECTED, input)
  if (input.length > MAX_LENGTH) return new Refusal(`expects ${EXPECTED}, got longer text`)
  if (!PLAIN.test(input)) return new Refusal(`expects ${EXPECTED}, got other text`)
  return withoutLeadingZeros(input)
}

const BASE = valueSchema(acceptDecimal, JSON_SCHEMA)

/** As the databases write it: no zeros in front, no minus before zero; the scale is kept. */
function withoutLeadingZeros(text: string): string {
  const isNegative = text.charCodeAt(0) === 45
  const digits = (isNegative ? text.slice(1) : text).replace(/^0+(?=\d)/, '')
  return isNegative && /[1-9]/.test(digits) ? `-${digits}` : digits
}

/** Without zeros at the end either: equal decimals are equal text. */
function normalize(text: string): string {
  const digits = withoutLeadingZeros(text)
  const point = digits.indexOf('.')
  if (point < 0) return digits
  let end = digits.length
  while (digits.charCodeAt(end - 1) === 48) end -= 1
  return digits.slice(0, end - 1 === point ? point : end)
}

function withPlaces(text: string, places: number | undefined): string {
  if (places === undefined || places === 0) return text
  const point = text.indexOf('.')
  const given = point < 0 ? 0 : text.length - point - 1
  if (given >= places) return text
  return `${point < 0 ? `${text}.` : text}${'0'.repeat(places - given)}`
}

function readDecimal(raw: unknown, places: number | undefined): string {
  // What SQLite computed in an update() has no zeros at its end.
  if (typeof raw === 'string' && PLAIN.test(raw)) return withPlaces(raw, places)
  if (typeof raw === 'number' || typeof raw === 'bigint' || typeof raw === 'string') {
    const parts = READABLE.exec(String(raw))
    const value = parts === null ? undefined : expand(parts)
    // SQLite made a number of it and forgot the scale.
    if (value !== undefined) return typeof raw === 'string' ? value : withPlaces(value, places)
  }
  const what = raw === 'NaN' || String(raw).endsWith('Infinity') ? String(raw) : describeValue(raw)
  throw new InvalidValueError(`holds ${what} where a decimal is due`)
}

/** The number without its exponent, moved by text so that nothing is rounded. */
function expand(parts: RegExpExecArray): string | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  if (whole === '' && fraction === '') return undefined
  const shift = Number(exponent)
  if (Math.abs(shift) > 400) return undefined
  const digits = `${'0'.repeat(Math.max(0, -shift))}${whole}${fraction}${'0'.repeat(Math.max(0, shift))}`
  const places = fraction.length + Math.max(0, shift) - shift
  const point = digits.length - places
  const text = `${digits.slice(0, point) || '0'}${places > 0 ? `.${digits.slice(point)}` : ''}`
  const plain = sign === '-' ? `-${text}` : text
  return exponent === '0' ? withoutLeadingZeros(plain) : normalize(plain)
}

function decimalLimit(maxDigits: number, places: number): (text: string) => Refusal | undefined {
  const wholeDigits = maxDigits - places
  return (text) => {
    const digits = text.charCodeAt(0) === 45 ? text.slice(1) : text
    const point = digits.indexOf('.')
    const whole = point < 0 ? digits : digits.slice(0, point)
    if (point >= 0 && digits.length - point - 1 > places) {
      return new Refusal(`has at most ${places} digits after the point, got more`)
    }
    if (whole !== '0' && whole.length > wholeDigits) {
      return new Refusal(`has at most ${wholeDigits} digits before the point, got more`)
    }
    return undefined
  }
}

function decimalKind(
  maxDigits: number | undefined,
  places: number | undefined,
): ColumnKind<string> {
  const hasLimits = maxDigits !== undefined && places !== undefined
  return Object.freeze({
    name: 'decimal',
    family: 'decimal',
    base: BASE,
    accept: acceptDecimal,
    ...(hasLimits ? { limit: decimalLimit(maxDigits, places) } : {}),
    json: JSON_SCHEMA,
    // Padded as PostgreSQL does it, so that SQLite's text reads back alike.
    toDb: (value: string) => (typeof value === 'string' ? withPlaces(value, places) : undefined),
    fromDb: (raw: unknown) => readDecimal(raw, places),
    toJson: (value: string) => value,
    equals: (a: string, b: string) =>
      a === b || (isDecimal(a) && isDecimal(b) && normalize(a) === normalize(b)),
  } satisfies ColumnKind<string>)
}

function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && PLAIN.test(value)
}

/**
 * An exact decimal as text: '12.50'. Takes whole numbers too, never ones with a fraction. Equal
 * when the numbers are, whatever their zeros; written with `decimalPlaces` digits after the point.
 *
 * @throws ImproperlyConfigured if only one of the limits is given
 * @example fields.decimal({ maxDigits: 8, decimalPlaces: 2 })
 */
export function decimal<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: DecimalOptions<N, D, P> = {}): ColumnField<SpecOf<string, 'decimal', N, D, P>> {
  assertOptions('decimal', options, optionNames('maxDigits', 'decimalPlaces'))
  const { maxDigits, decimalPlaces } = options
  if (maxDigits !== undefined || decimalPlaces !== undefined) {
    assertCount('decimal', 'maxDigits', maxDigits, 1)
    assertCount('decimal', 'decimalPlaces', decimalPlaces, 0)
    if ((decimalPlaces as number) > (maxDigits as number)) {
      throw new ImproperlyConfigured('fields.decimal: decimalPlaces cannot be above maxDigits')
    }
  }
  const kind = decimalKind(maxDigits, decimalPlaces)
  return new ColumnField(kind, options, { maxDigits, decimalPlaces })
}
