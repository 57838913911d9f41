import { FieldError } from '../../errors.ts'
import type { ColumnSpec } from '../../fields/column.ts'
import { ColumnField, type Family } from '../../fields/column-field.ts'
import type { Expression } from '../expression.ts'
import { OUTPUT } from '../outputs.ts'
import { call, operand } from './call.ts'
import { type Call, type FunctionRule, funcNode } from './rule.ts'
import type { NullWith, Operand, PathsIn, ValueIn } from './types.ts'

/**
 * A value as one of another type: that of a field. Text that cannot be one is an error on PostgreSQL;
 * SQLite takes what it can read at its start. Instants become text, days and times as they are in
 * UTC.
 *
 * @throws FieldError if the second argument is no field
 * @example Book.objects.values({ digits: Cast('isbn', fields.text()) }) // cast("isbn" as text)
 */
export function Cast<const I extends Operand, S extends ColumnSpec>(
  value: I,
  field: ColumnField<S>,
): Expression<NullWith<S['value'], ValueIn<I>>, PathsIn<I>> {
  if (!ColumnField.is(field)) throw new FieldError('Cast() takes a field: fields.integer().')
  return call('Cast', [operand(value, 'Cast()')], field)
}

const interned = new Map<string, ColumnField>()

/** One field for all that are read alike, so that the same query has the same shape each time. */
export function resultField(field: ColumnField): ColumnField {
  if (field.family === 'json') return OUTPUT.json
  const { name, maxLength = '', maxDigits = '', decimalPlaces = '' } = field
  // What is computed is in the form of text, whatever a column stores.
  if (field.family === 'dateTime') return OUTPUT.dateTime
  const key = `${name}:${maxLength}:${maxDigits}:${decimalPlaces}`
  const known = interned.get(key)
  if (known !== undefined) return known
  if (interned.size < 1000) interned.set(key, field)
  return field
}

const NUMBERS: readonly Family[] = ['number', 'bigint', 'decimal']

/** What each family can be made of; text and JSON, which holds text, are everywhere. */
const SOURCES: Readonly<Record<Family, readonly Family[]>> = {
  text: [...NUMBERS, 'boolean', 'uuid', 'date', 'dateTime', 'time'],
  number: [...NUMBERS, 'boolean'],
  bigint: [...NUMBERS, 'boolean'],
  decimal: NUMBERS,
  boolean: ['boolean', ...NUMBERS],
  uuid: ['uuid'],
  date: ['date', 'dateTime'],
  dateTime: ['date', 'dateTime'],
  time: ['time', 'dateTime'],
  duration: ['duration'],
  json: ['json'],
  binary: ['binary'],
  array: [],
  range: [],
  searchVector: [],
  searchQuery: [],
}

/** What no text is read as. */
const WITHOUT_TEXT: ReadonlySet<Family> = new Set<Family>(['duration', 'binary', 'array', 'range'])

function cast(given: Call): ReturnType<FunctionRule> {
  const { option, args } = given
  const [raw] = args
  if (raw === undefined || !ColumnField.is(option)) throw new FieldError('Cast() takes a field.')
  const field = resultField(option)
  const isNull = raw.kind === 'value' && raw.value === null
  const node = given.resolve(raw, isNull ? field : null)
  // What its type is, only the query around knows.
  if (node.kind === 'outer') return funcNode('Cast', [node], field)
  const { family } = node.field
  const isReadable = family === 'text' || family === 'json'
  const takesText = !WITHOUT_TEXT.has(field.family)
  if (!(isReadable && takesText) && !SOURCES[field.family].includes(family)) {
    throw new FieldError(`Cast() cannot make '${field.family}' of '${family}'.`)
  }
  return funcNode('Cast', [node], field)
}

/** The rule of the function of this file. */
export const CAST_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Cast', cast],
])
