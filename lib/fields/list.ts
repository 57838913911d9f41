import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField } from './column-field.ts'
import type { DialectName } from './dialect.ts'
import { parseJson } from './json.ts'
import { describeValue, Refusal } from './refusal.ts'
import { valueSchema } from './value-schema.ts'

type Items = readonly unknown[]

const known = new WeakMap<ColumnField, ColumnField>()

/**
 * How many values of a field are read that the database gave as one: a JSON array, in which
 * PostgreSQL writes each value as text. An array of the field's values; NULL among them is null.
 */
export function listOf(field: ColumnField): ColumnField {
  let list = known.get(field)
  if (list === undefined) {
    list = new ColumnField(listKind(field), { null: true }) as unknown as ColumnField
    known.set(field, list)
  }
  return list
}

function listKind(field: ColumnField): ColumnKind<Items> {
  const accept = (input: unknown): Items | Refusal =>
    Array.isArray(input)
      ? input.map((item: unknown) => (item === null ? null : field.check(item)))
      : new Refusal(`expects an array, got ${describeValue(input)}`)
  return Object.freeze({
    name: 'list',
    family: 'binary',
    base: valueSchema(accept, {}),
    accept,
    json: {},
    toDb: (items, dialect) => JSON.stringify(items.map((item) => written(item, field, dialect))),
    fromDb: (raw, dialect) => itemsOf(raw).map((item) => itemOf(item, field, dialect)),
    toJson: (items) => items.map((item) => field.toJson(item)),
    equals: (a, b) =>
      a.length === b.length && a.every((item, at) => field.equals(item, b[at] ?? null)),
  } satisfies ColumnKind<Items>)
}

function itemsOf(raw: unknown): Items {
  const items: unknown = typeof raw === 'string' ? parseJson(raw) : raw
  if (Array.isArray(items)) return items
  throw new InvalidValueError(`holds ${describeValue(raw)} where an array is due`)
}

/** A value in the form in which the database would have put it into the list. */
function written(item: unknown, field: ColumnField, dialect: DialectName): unknown {
  const raw = field.toDb(item, dialect)
  if (Buffer.isBuffer(raw)) return `\\x${raw.toString('hex')}`
  return dialect === 'postgresql' && raw !== null ? String(raw) : raw
}

/** PostgreSQL's text as its driver would have read it. */
function itemOf(item: unknown, field: ColumnField, dialect: DialectName): unknown {
  const isText = dialect === 'postgresql' && typeof item === 'string'
  if (isText && field.family === 'number') return field.fromDb(Number(item), dialect)
  if (isText && field.family === 'boolean') return field.fromDb(item === 'true', dialect)
  return field.fromDb(item, dialect)
}
