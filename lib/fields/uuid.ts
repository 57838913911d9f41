import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const JSON_SCHEMA: JsonSchema = { type: 'string', format: 'uuid' }

function acceptUuid(input: unknown): string | Refusal {
  if (typeof input !== 'string') return refuse('a UUID as text', input)
  // PostgreSQL answers in lower case, SQLite compares text as it is.
  if (UUID.test(input)) return input.toLowerCase()
  return new Refusal(
    'expects a UUID as text (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx), got other text',
  )
}

const UUID_KIND: ColumnKind<string> = Object.freeze({
  name: 'uuid',
  family: 'uuid',
  base: valueSchema(acceptUuid, JSON_SCHEMA),
  accept: acceptUuid,
  json: JSON_SCHEMA,
  toDb: (value) => (typeof value === 'string' ? value : undefined),
  fromDb(raw) {
    if (typeof raw === 'string') return raw.toLowerCase()
    throw new InvalidValueError(`holds ${describeValue(raw)} where a UUID is due`)
  },
  toJson: (value) => value,
  equals: (a, b) => a === b,
} satisfies ColumnKind<string>)

/**
 * A UUID, always in lower case. `create()` needs one unless there is a default.
 *
 * @throws ImproperlyConfigured
 * @example fields.uuid({ primaryKey: true, default: randomUUID })
 */
export function uuid<
  N extends boolean = false,
  D extends DefaultOf<string> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<string, N, D, P> = {}): ColumnField<SpecOf<string, 'uuid', N, D, P>> {
  assertOptions('uuid', options, optionNames())
  return new ColumnField(UUID_KIND, options)
}
