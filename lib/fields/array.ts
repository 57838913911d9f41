import { types } from 'node:util'
import { z } from 'zod'
import { ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import { type ArrayParts, parseArray, quotedItem } from './array-text.ts'
import type { ColumnKind, ColumnSpec, ColumnValue } from './column.ts'
import { type AnyColumn, ColumnField } from './column-field.ts'
import type { DialectName } from './dialect.ts'
import { assertCount, assertOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal, refuse } from './refusal.ts'
import { type JsonSchema, valueSchema } from './value-schema.ts'

/** The options of `array`. */
export interface ArrayOptions<S extends ColumnSpec, N extends boolean, D> {
  /** How many items it has at most. */
  readonly size?: number
  /** May the column hold NULL; whether an item may be is said by the items' field. @default false */
  readonly null?: N
  /** The value of a new row that gives none, or a function that makes it. */
  readonly default?: D
  /** @default false */
  readonly unique?: boolean
  /** Has an index of its own. @default false */
  readonly index?: boolean
  /** The column's name in the table. @default the property's name in snake_case */
  readonly column?: string
  /** Web requests never filter or order by it (`safeFilter()`), and no message offers it. @default false */
  readonly sensitive?: boolean
  /** A zod schema that values pass before they are written; it may transform them. */
  readonly validate?: z.ZodType<ColumnValue<S>[]>
}

/** The spec of an array: that of its items with it, since lookups reach them. */
export type ArraySpec<S extends ColumnSpec, N extends boolean, D> = SpecOf<
  ColumnValue<S>[],
  'array',
  N,
  D,
  false
> & { readonly item: S }

type Items = readonly unknown[]

/** As many dimensions as PostgreSQL has. */
const MAX_DIMENSIONS = 6

function acceptItems(item: AnyColumn, input: unknown): unknown[] | Refusal {
  // A proxy might answer differently every time.
  if (types.isProxy(input) || !Array.isArray(input)) return refuse('an array', input)
  const items: unknown[] = []
  for (let index = 0; index < input.length; index += 1) {
    const accepted = acceptItem(item, input[index])
    if (accepted instanceof Refusal) return new Refusal(`${accepted.message} in item ${index}`)
    items.push(accepted)
  }
  if (item.item === undefined || isRectangular(items as Items[])) return items
  return new Refusal('expects arrays of one length, none of them empty, got others')
}

function acceptItem(item: AnyColumn, input: unknown): unknown {
  return input === null && item.null ? null : item.type.accept(input)
}

/** What PostgreSQL can hold: anything else is not given back as it was. */
function isRectangular(arrays: readonly Items[]): boolean {
  const sizes = new Set(arrays.map((array) => sizesOf(array).join()))
  return sizes.size <= 1 && arrays.every((array) => array.length > 0)
}

function sizesOf(array: Items): readonly number[] {
  const [first] = array
  return Array.isArray(first) ? [array.length, ...sizesOf(first)] : [array.length]
}

/** As PostgreSQL reads arrays. */
function arrayText(item: AnyColumn, items: Items): string {
  const texts = items.map((value) => {
    const raw = item.toDb(value, 'postgresql')
    if (raw === null) return 'NULL'
    if (Buffer.isBuffer(raw)) return quotedItem(`\\x${raw.toString('hex')}`)
    // As the server writes them, since what was sent is read again.
    if (typeof raw === 'boolean') return raw ? 't' : 'f'
    return typeof raw === 'string' && item.item === undefined ? quotedItem(raw) : String(raw)
  })
  return `{${texts.join(',')}}`
}

/** What is an item of a JSON array where there are no others. */
function jsonItem(item: AnyColumn, value: unknown, dialect: DialectName): unknown {
  if (value === null) return null
  if (item.item !== undefined) return jsonItems(item.item, value as Items, dialect)
  const raw = item.toDb(value, dialect)
  return Buffer.isBuffer(raw) ? `\\x${raw.toString('hex')}` : raw
}

function jsonItems(item: AnyColumn, items: Items, dialect: DialectName): Items {
  return items.map((value) => jsonItem(item, value, dialect))
}

function readParts(item: AnyColumn, parts: unknown, dialect: DialectName): unknown[] {
  if (!Array.isArray(parts)) throw new InvalidValueError('holds what is no array')
  return parts.map((part: unknown) => {
    if (part === null) return null
    if (item.item !== undefined) return readParts(item.item, part, dialect)
    if (dialect === 'postgresql' && item.family === 'boolean') return part === 't' || part === true
    return item.type.fromDb(part, dialect)
  })
}

function partsOf(raw: unknown, dialect: DialectName): readonly unknown[] {
  // A driver that is asked past the ORM takes arrays apart itself.
  if (Array.isArray(raw)) return raw
  if (typeof raw !== 'string') {
    throw new InvalidValueError(`holds ${describeValue(raw)} where an array is due`)
  }
  if (dialect === 'postgresql') return parseArray(raw)
  try {
    return JSON.parse(raw) as ArrayParts
  } catch {
    // Without its cause, whose message quotes the text.
    throw new InvalidValueError('holds text that is no array')
  }
}

function arrayKind(item: AnyColumn, size: number | undefined): ColumnKind<unknown[]> {
  const accept = (input: unknown): unknown[] | Refusal => acceptItems(item, input)
  const items = item.null ? { anyOf: [item.type.json, { type: 'null' }] } : item.type.json
  const json: JsonSchema = { type: 'array', items }
  return Object.freeze({
    name: 'array',
    family: 'array',
    base: valueSchema(accept, json),
    accept,
    ...(size === undefined
      ? {}
      : {
          limit: ({ length }: unknown[]) =>
            length > size ? new Refusal(`has at most ${size} items, got more`) : undefined,
        }),
    json: size === undefined ? json : { ...json, maxItems: size },
    toDb(value, dialect) {
      if (!Array.isArray(value)) return undefined
      if (dialect === 'postgresql') return arrayText(item, value)
      return JSON.stringify(jsonItems(item, value, dialect))
    },
    fromDb: (raw, dialect) => readParts(item, partsOf(raw, dialect), dialect),
    toJson: (value) => (Array.isArray(value) ? value.map((each) => item.toJson(each)) : value),
    equals: (a, b) =>
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((each, at) => item.equals(each, b[at])),
  } satisfies ColumnKind<unknown[]>)
}

/** What says something of a whole column says nothing of an item. */
function assertItem(item: unknown): asserts item is AnyColumn {
  if (!ColumnField.is(item)) {
    throw new ImproperlyConfigured(
      'fields.array takes the field of its items first: fields.array(fields.integer())',
    )
  }
  const { unique, index, column, generated, hasDefault, family, name } = item
  if (family === 'json' || family === 'range' || generated) {
    throw new ImproperlyConfigured(`fields.array cannot hold fields.${name}`)
  }
  if (unique || index || hasDefault || column !== undefined) {
    throw new ImproperlyConfigured(
      'fields.array: primaryKey, unique, index, column and default are options of the array itself',
    )
  }
  let dimensions = 1
  for (let inner = item.item; inner !== undefined; inner = inner.item) dimensions += 1
  if (dimensions > MAX_DIMENSIONS || (dimensions > 1 && item.null)) {
    throw new ImproperlyConfigured(
      `fields.array: arrays in it cannot be null, nor more than ${MAX_DIMENSIONS} in each other`,
    )
  }
}

/**
 * An array of values of one kind: `text[]` and the like on PostgreSQL, JSON text in a text column
 * elsewhere, with the same answers but for its order, which only PostgreSQL knows. Items may be null
 * where their field says so. Arrays in an array are of one length and not empty.
 *
 * @throws ImproperlyConfigured if the items' field cannot be in an array
 * @example
 * tags: fields.array(fields.char({ maxLength: 30 }), { default: [] })
 * Post.objects.filter({ tags__contains: ['sql'] }) // "tags" @> $1
 */
export function array<
  S extends ColumnSpec,
  N extends boolean = false,
  D extends DefaultOf<ColumnValue<NoInfer<S>>[]> = undefined,
>(item: ColumnField<S>, options: ArrayOptions<S, N, D> = {}): ColumnField<ArraySpec<S, N, D>> {
  assertItem(item)
  const own = ['size', 'null', 'default', 'unique', 'index', 'column', 'sensitive', 'validate']
  assertOptions('array', options, own)
  const { size, validate, ...rest } = options
  if (size !== undefined) assertCount('array', 'size', size, 1)
  const kind = arrayKind(item, size) as unknown as ColumnKind<ColumnValue<S>[]>
  const each = hasLimits(item) ? z.array(item.schema) : undefined
  const whole =
    each === undefined || validate === undefined ? undefined : each.pipe(validate as never)
  return new ColumnField(kind, rest, { item, validate: whole ?? each ?? validate })
}

/** Whether what may be written to an item is less than what it is compared with. */
function hasLimits(item: AnyColumn): boolean {
  const written = item.null ? (item.schema as z.ZodNullable).unwrap() : item.schema
  return written !== item.base
}
