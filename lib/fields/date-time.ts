import { types } from 'node:util'
import { ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import { instantText, MAX_INSTANT_MS, MIN_INSTANT_MS } from './calendar.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames, type Storage } from './column-field.ts'
import { type AutoNowOptions, describeDate, type Either } from './date.ts'
import type { DialectName } from './dialect.ts'
import { assertOptions, type DefaultOf, type SpecOf } from './options.ts'
import { Refusal, refuse } from './refusal.ts'
import { parseTimestamp } from './timestamp.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of `dateTime`. */
export interface DateTimeOptions<
  N extends boolean,
  D,
  P extends boolean,
  A extends boolean,
  B extends boolean,
> extends AutoNowOptions<Date, N, D, P, A, B> {
  /**
   * How SQLite stores instants: 'YYYY-MM-DD HH:MM:SS.SSS' in UTC, or milliseconds since 1970, as
   * knex itself does. Reading takes both. @default 'text'
   */
  readonly storage?: Storage
}

const EXPECTED = 'a Date (or ISO text with Z or an offset)'
/** With a zone always: text without one is another instant in each time zone. */
const ISO = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)$/
const JSON_SCHEMA: JsonSchema = { type: 'string', format: 'date-time' }

function acceptInstant(input: unknown): Date | Refusal {
  if (types.isDate(input)) {
    const ms = msOf(input)
    if (ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS) return new Date(ms)
    if (Number.isNaN(ms)) return refuse(EXPECTED, input)
    return new Refusal('expects an instant of the years 1 to 9999, got one outside of them')
  }
  if (typeof input !== 'string') return refuse(EXPECTED, input)
  const ms =
    input.length <= 40 && ISO.test(input) ? parseTimestamp(input.toUpperCase()) : Number.NaN
  if (Number.isNaN(ms)) return new Refusal(`expects ${EXPECTED}, got other text`)
  return new Date(ms)
}

const BASE = valueSchema(acceptInstant, JSON_SCHEMA)

function readInstant(raw: unknown, dialect: DialectName): Date {
  if (typeof raw === 'string') {
    const ms = parseTimestamp(raw)
    if (!Number.isNaN(ms)) return new Date(ms)
  } else if (typeof raw === 'number' && dialect !== 'postgresql') {
    const ms = Math.floor(raw)
    if (ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS) return new Date(ms)
  } else if (types.isDate(raw) && dialect === 'mysql') {
    const ms = raw.getTime()
    if (ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS) return new Date(ms)
  }
  const what = describeDate(raw)
  throw new InvalidValueError(`holds ${what} where an instant of the years 1 to 9999 is due`)
}

function writeInstant(value: Date, dialect: DialectName, storage: Storage): unknown {
  if (!types.isDate(value)) return undefined
  const ms = msOf(value)
  if (!(ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS)) {
    throw new InvalidValueError('expects a valid Date of the years 1 to 9999, got another')
  }
  if (dialect === 'sqlite' && storage === 'epochMs') return ms
  // With its offset for PostgreSQL, which takes text without one for the session's zone. A column
  // without time zone ignores the offset, which is what UTC means there.
  return dialect === 'postgresql' ? `${instantText(ms)}+00` : instantText(ms)
}

/** The method of Date itself: a subclass might answer differently every time. */
function msOf(value: Date): number {
  return Date.prototype.getTime.call(value)
}

/** Whatever the property of an instance was set to, as `Date.prototype.toJSON` would. */
function writeJson(value: unknown): unknown {
  if (!types.isDate(value)) return value
  const ms = msOf(value)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

function dateTimeKind(storage: Storage): ColumnKind<Date> {
  return Object.freeze({
    name: 'dateTime',
    family: 'dateTime',
    base: BASE,
    accept: acceptInstant,
    json: JSON_SCHEMA,
    toDb: (value, dialect) => writeInstant(value, dialect, storage),
    fromDb: readInstant,
    toJson: writeJson,
    equals: (a, b) => types.isDate(a) && types.isDate(b) && Object.is(msOf(a), msOf(b)),
  } satisfies ColumnKind<Date>)
}

const TEXT_KIND = dateTimeKind('text')
const EPOCH_KIND = dateTimeKind('epochMs')

/**
 * An instant as a `Date`, of the years 1 to 9999, the same whatever the process's time zone. A
 * column without time zone holds UTC. PostgreSQL's microseconds are dropped in reading.
 *
 * @throws ImproperlyConfigured
 * @example fields.dateTime({ autoNowAdd: true })
 */
export function dateTime<
  N extends boolean = false,
  D extends DefaultOf<Date> = undefined,
  P extends boolean = false,
  A extends boolean = false,
  B extends boolean = false,
>(
  options: DateTimeOptions<N, D, P, A, B> = {},
): ColumnField<SpecOf<Date, 'dateTime', N, D, P, Either<A, B>>> {
  assertOptions('dateTime', options, optionNames('autoNow', 'autoNowAdd', 'storage'))
  const { autoNow, autoNowAdd, storage = 'text' } = options
  if (storage !== 'text' && storage !== 'epochMs') {
    throw new ImproperlyConfigured("fields.dateTime: storage must be 'text' or 'epochMs'")
  }
  const kind = storage === 'text' ? TEXT_KIND : EPOCH_KIND
  return new ColumnField(kind, options, {
    autoNow,
    autoNowAdd,
    storage,
    makeNow: () => new Date(),
  })
}
