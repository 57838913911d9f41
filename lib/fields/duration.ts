import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import type { DialectName } from './dialect.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, type Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 86_400_000
/** As PostgreSQL writes an interval; days and clock have a sign each. */
const INTERVAL = /^(?:([+-]?\d+) days?)?(?:(^| )([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?)?$/
const JSON_SCHEMA: JsonSchema = { type: 'integer' }

function acceptDuration(input: unknown): number | Refusal {
  if (Number.isSafeInteger(input)) return input === 0 ? 0 : (input as number)
  return refuse('whole milliseconds', input)
}

function writeDuration(ms: number, dialect: DialectName): unknown {
  if (!Number.isSafeInteger(ms)) return undefined
  if (dialect !== 'postgresql') return ms
  // Hours and not '… milliseconds': before version 15 those may not pass 2**31.
  const rest = Math.abs(ms)
  const hours = Math.floor(rest / MS_PER_HOUR)
  const clock = new Date(rest % MS_PER_HOUR).toISOString().slice(14, 23)
  return `${ms < 0 ? '-' : ''}${String(hours).padStart(2, '0')}:${clock}`
}

function readDuration(raw: unknown): number {
  if (typeof raw === 'number' && Number.isFinite(raw)) return Math.trunc(raw)
  if (typeof raw === 'bigint' || (typeof raw === 'string' && /^-?\d+$/.test(raw))) {
    const ms = Number(raw)
    if (Number.isSafeInteger(ms)) return ms
  } else if (typeof raw === 'string') {
    const ms = parseInterval(raw)
    if (Number.isSafeInteger(ms)) return ms
    if (/\b(?:mons?|years?)\b/.test(raw.slice(0, 64))) {
      throw new InvalidValueError(
        'holds an interval of months or years, which are not always the same milliseconds',
      )
    }
  }
  throw new InvalidValueError(`holds ${describeValue(raw)} where a duration is due`)
}

function parseInterval(text: string): number {
  const parts = text.length <= 64 && text !== '' ? INTERVAL.exec(text) : null
  if (parts === null) return Number.NaN
  const [, days = '0', , sign, hours = '0', minutes = '0', seconds = '0', fraction = ''] = parts
  const clock = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  const ms = clock * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
  return Number(days) * MS_PER_DAY + (sign === '-' ? -ms : ms) + 0
}

const DURATION_KIND: ColumnKind<number> = Object.freeze({
  name: 'duration',
  family: 'duration',
  base: valueSchema(acceptDuration, JSON_SCHEMA),
  accept: acceptDuration,
  json: JSON_SCHEMA,
  toDb: writeDuration,
  fromDb: readDuration,
  toJson: (value) => value,
  equals: (a, b) => a === b,
} satisfies ColumnKind<number>)

/**
 * A length of time in whole milliseconds (a safe integer). An `interval` on PostgreSQL, where days
 * count 24 hours, months and years are refused in reading and microseconds dropped; an integer
 * column of milliseconds elsewhere.
 *
 * @throws ImproperlyConfigured
 * @example fields.duration({ default: 90_000 })
 */
export function duration<
  N extends boolean = false,
  D extends DefaultOf<number> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<number, N, D, P> = {}): ColumnField<SpecOf<number, 'duration', N, D, P>> {
  assertOptions('duration', options, optionNames())
  return new ColumnField(DURATION_KIND, options)
}
