import type { ColumnField } from '../../fields/column-field.ts'
import { type Fragment, keyword } from '../fragment.ts'

const TYPES: Readonly<Record<string, string>> = {
  auto: 'bigint',
  bigAuto: 'bigint',
  integer: 'integer',
  smallInteger: 'smallint',
  bigInteger: 'bigint',
  float: 'double precision',
  decimal: 'numeric',
  boolean: 'boolean',
  uuid: 'uuid',
  date: 'date',
  dateTime: 'timestamptz',
  time: 'time',
  duration: 'interval',
  json: 'jsonb',
  binary: 'bytea',
  integerRange: 'int4range',
  bigIntegerRange: 'int8range',
  decimalRange: 'numrange',
  dateRange: 'daterange',
  dateTimeRange: 'tstzrange',
}

/**
 * The type that PostgreSQL has for a column of this kind, without its limits.
 *
 * @example columnType(fields.array(fields.integer())) // integer[]
 */
export function columnType(field: ColumnField): Fragment {
  const [type, suffix] = elementOf(field)
  return keyword((TYPES[type.name] ?? 'text') + suffix)
}

/** An array of arrays has the type of an array. */
function elementOf(field: ColumnField): readonly [element: ColumnField, suffix: string] {
  if (field.item === undefined) return [field, '']
  return [elementOf(field.item)[0], '[]']
}
