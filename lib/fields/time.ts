import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

const EXPECTED = "a time of day as text, 'HH:MM:SS' or 'HH:MM:SS.SSS'"
const GIVEN = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?$/
const READ = /^((?:[01]\d|2[0-3]):[0-5]\d|24:00)(?::([0-5]\d))?(?:\.(\d+))?$/
const JSON_SCHEMA: JsonSchema = {
  type: 'string',
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,3})?)?$',
}

function acceptTime(input: unknown): string | Refusal {
  if (typeof input !== 'string') return refuse(EXPECTED, input)
  if (input.length > 12 || !GIVEN.test(input)) {
    return new Refusal(`expects ${EXPECTED}, got other text`)
  }
  return canonical(input.slice(0, 5), input.slice(6, 8), input.slice(9))
}

/** Milliseconds only where not zero: on SQLite, times are compared as text. */
function canonical(minutes: string, seconds: string, fraction: string): string {
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  return `${minutes}:${seconds || '00'}${ms === '000' ? '' : `.${ms}`}`
}

function readTime(raw: unknown): string {
  const parts = typeof raw === 'string' && raw.length <= 24 ? READ.exec(raw) : null
  if (parts !== null) {
    const [, minutes = '', seconds = '', fraction = ''] = parts
    return canonical(minutes, seconds, fraction)
  }
  throw new InvalidValueError(`holds ${describeValue(raw)} where a time of day is due`)
}

const TIME_KIND: ColumnKind<string> = Object.freeze({
  name: 'time',
  family: 'time',
  base: valueSchema(acceptTime, JSON_SCHEMA),
  accept: acceptTime,
  json: JSON_SCHEMA,
  toDb: (value) => (typeof value === 'string' ? value : undefined),
  fromDb: readTime,
  toJson: (value) => value,
  equals: (a, b) => a === b,
} satisfies ColumnKind<string>)

/**
 * A time of day without a zone as text, 'HH:MM:SS', with '.SSS' where milliseconds are not zero.
 * PostgreSQL's microseconds are dropped in reading.
 *
 * @throws ImproperlyConfigured
 * @example fields.time({ default: '09:00:00' })
 */
export function time<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<string, N, D, P> = {}): ColumnField<SpecOf<string, 'time', N, D, P>> {
  assertOptions('time', options, optionNames())
  return new ColumnField(TIME_KIND, options)
}
