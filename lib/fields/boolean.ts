import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, type Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

const JSON_SCHEMA: JsonSchema = { type: 'boolean' }

function acceptBoolean(input: unknown): boolean | Refusal {
  return typeof input === 'boolean' ? input : refuse('true or false', input)
}

const BOOLEAN_KIND: ColumnKind<boolean> = Object.freeze({
  name: 'boolean',
  family: 'boolean',
  base: valueSchema(acceptBoolean, JSON_SCHEMA),
  accept: acceptBoolean,
  json: JSON_SCHEMA,
  toDb(value, dialect) {
    if (typeof value !== 'boolean') return undefined
    return dialect === 'postgresql' ? value : Number(value)
  },
  plain: 'boolean',
  fromDb(raw) {
    if (raw === true || raw === 1) return true
    if (raw === false || raw === 0) return false
    throw new InvalidValueError(`holds ${describeValue(raw)} where true or false is due`)
  },
  toJson: (value) => value,
  equals: (a, b) => a === b,
} satisfies ColumnKind<boolean>)

/**
 * True or false; 1 or 0 on SQLite and MySQL.
 *
 * @throws ImproperlyConfigured
 * @example fields.boolean({ default: false })
 */
export function boolean<
  N extends boolean = false,
  D extends DefaultOf<boolean> = undefined,
  P extends boolean = false,
>(options: ColumnOptions<boolean, N, D, P> = {}): ColumnField<SpecOf<boolean, 'boolean', N, D, P>> {
  assertOptions('boolean', options, optionNames())
  return new ColumnField(BOOLEAN_KIND, options)
}
