import { types } from 'node:util'
import { InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField, optionNames } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

const EXPECTED = 'a Uint8Array (or base64 text)'
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const JSON_SCHEMA: JsonSchema = { type: 'string', contentEncoding: 'base64' }

function acceptBinary(input: unknown): Uint8Array | Refusal {
  // A copy: what is changed later must not reach a query that was started before.
  if (types.isUint8Array(input)) return new Uint8Array(input)
  if (typeof input !== 'string') return refuse(EXPECTED, input)
  if (input.length % 4 !== 0 || !BASE64.test(input)) {
    return new Refusal(`expects ${EXPECTED}, got other text`)
  }
  return new Uint8Array(Buffer.from(input, 'base64'))
}

function readBinary(raw: unknown): Uint8Array {
  // A copy: drivers hand out windows into larger buffers, which a row would keep alive.
  if (types.isUint8Array(raw)) return new Uint8Array(raw)
  if (typeof raw === 'string' && raw.startsWith('\\x')) {
    return new Uint8Array(Buffer.from(raw.slice(2), 'hex'))
  }
  throw new InvalidValueError(`holds ${describeValue(raw)} where binary data is due`)
}

const BINARY_KIND: ColumnKind<Uint8Array> = Object.freeze({
  name: 'binary',
  family: 'binary',
  base: valueSchema(acceptBinary, JSON_SCHEMA),
  accept: acceptBinary,
  json: JSON_SCHEMA,
  toDb: (value) => (types.isUint8Array(value) ? Buffer.from(value) : undefined),
  fromDb: readBinary,
  toJson: (value) => (types.isUint8Array(value) ? Buffer.from(value).toString('base64') : value),
  equals: (a, b) => types.isUint8Array(a) && types.isUint8Array(b) && Buffer.compare(a, b) === 0,
} satisfies ColumnKind<Uint8Array>)

/**
 * Bytes, as a `Uint8Array`; base64 in JSON.
 *
 * @throws ImproperlyConfigured
 * @example fields.binary({ null: true })
 */
export function binary<
  N extends boolean = false,
  D extends DefaultOf<Uint8Array> = undefined,
  P extends boolean = false,
>(
  options: ColumnOptions<Uint8Array, N, D, P> = {},
): ColumnField<SpecOf<Uint8Array, 'binary', N, D, P>> {
  assertOptions('binary', options, optionNames())
  return new ColumnField(BINARY_KIND, options)
}
