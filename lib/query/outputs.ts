import { ColumnField, type Family } from '../fields/column-field.ts'
import { fields } from '../fields/fields.ts'

/** What the database writes as text, though it is of a type of its own. */
function asText(family: Family): ColumnField {
  return new ColumnField({ ...fields.text().type, name: family, family }, { null: true })
}

/** How results are read that are not the value of a column. All may be NULL. */
export const OUTPUT: {
  readonly integer: ColumnField
  readonly bigint: ColumnField
  readonly float: ColumnField
  readonly decimal: ColumnField
  readonly text: ColumnField
  readonly boolean: ColumnField
  readonly date: ColumnField
  readonly dateTime: ColumnField
  /** Instants of SQLite as numbers. */
  readonly epochMs: ColumnField
  readonly time: ColumnField
  readonly json: ColumnField
  /** A document that PostgreSQL searches, and what it searches for. */
  readonly searchVector: ColumnField
  readonly searchQuery: ColumnField
  /** Whose null is the JSON value null, not NULL. */
  readonly jsonValue: ColumnField
} = Object.freeze({
  integer: fields.integer({ null: true }),
  bigint: fields.bigInteger({ null: true }),
  float: fields.float({ null: true }),
  decimal: fields.decimal({ null: true }),
  text: fields.text({ null: true }),
  boolean: fields.boolean({ null: true }),
  date: fields.date({ null: true }),
  dateTime: fields.dateTime({ null: true }),
  epochMs: fields.dateTime({ null: true, storage: 'epochMs' }),
  time: fields.time({ null: true }),
  json: fields.json({ null: true }),
  searchVector: asText('searchVector'),
  searchQuery: asText('searchQuery'),
  jsonValue: fields.json(),
})
