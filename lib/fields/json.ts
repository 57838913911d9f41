import { types } from 'node:util'
import { z } from 'zod'
import { ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import type { ColumnKind } from './column.ts'
import { ColumnField } from './column-field.ts'
import { assertOptions, type ColumnOptions, type DefaultOf, type SpecOf } from './options.ts'
import { describeValue, Refusal } from './refusal.ts'
import { refuseText } from './text.ts'
import { valueSchema } from './value-schema.ts'

/** What JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue }

/** The options of `json`. */
export interface JsonOptions<Z extends z.ZodType, N extends boolean, D>
  extends Omit<ColumnOptions<z.output<Z>, N, D, false>, 'validate' | 'choices' | 'primaryKey'> {
  /** Types the value and is asked before it is written; rows are not asked again when read. */
  readonly schema?: Z
}

/** SQLite's own JSON functions stop at 1000, and no stack overflows on the way there. */
const MAX_DEPTH = 500
/** Objects that are shared many times over grow when they are written out. */
const MAX_NODES = 5_000_000

/** A value on its way into JSON, with what is left of the budget. */
interface Copying {
  nodes: number
  readonly path: Set<object>
}

function acceptJson(input: unknown): JsonValue | Refusal {
  return copyJson(input, 0, { nodes: 0, path: new Set() })
}

/** A deep copy that has only plain data; recursive, which the limit of depth makes safe. */
function copyJson(input: unknown, depth: number, state: Copying): JsonValue | Refusal {
  state.nodes += 1
  switch (typeof input) {
    case 'string':
      return refuseText(input) ?? input
    case 'boolean':
      return input
    case 'number':
      if (Number.isFinite(input)) return input === 0 ? 0 : input
      return inJson(`got ${describeValue(input)}`)
    case 'object':
      if (input === null) return null
      break
    default:
      return inJson(`got ${describeValue(input)}`)
  }
  if (depth >= MAX_DEPTH) return inJson(`got one nested deeper than ${MAX_DEPTH} levels`)
  if (state.nodes > MAX_NODES) return inJson(`got one of more than ${MAX_NODES} values`)
  if (state.path.has(input)) return inJson('got one that contains itself')
  if (types.isProxy(input)) return inJson('got a Proxy')
  state.path.add(input)
  const copy = Array.isArray(input)
    ? copyArray(input, depth, state)
    : copyObject(input, depth, state)
  state.path.delete(input)
  return copy
}

function inJson(reason: string): Refusal {
  return new Refusal(`expects a JSON value of plain data, ${reason}`)
}

function copyArray(input: readonly unknown[], depth: number, state: Copying): JsonValue | Refusal {
  const copy: JsonValue[] = []
  for (let index = 0; index < input.length; index += 1) {
    const property = Object.getOwnPropertyDescriptor(input, index)
    if (property?.get !== undefined) return inJson('got an array with a getter')
    const item = copyJson(property?.value, depth + 1, state)
    if (item instanceof Refusal) return item
    copy.push(item)
  }
  return copy
}

function copyObject(input: object, depth: number, state: Copying): JsonValue | Refusal {
  const prototype: unknown = Object.getPrototypeOf(input)
  // Another realm's Object.prototype has no prototype either.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!isPlain || describeValue(input) !== 'an object') {
    return inJson(isPlain ? `got ${describeValue(input)}` : `got ${describeInstance(input)}`)
  }
  const copy: { [key: string]: JsonValue } = {}
  for (const key of Reflect.ownKeys(input)) {
    if (typeof key === 'symbol') return inJson('got an object with a symbol for a key')
    const property = Object.getOwnPropertyDescriptor(input, key)
    if (property?.enumerable !== true) continue
    if (property.get !== undefined) return inJson('got an object with a getter')
    const refusal = refuseText(key)
    if (refusal !== undefined) return refusal
    const item = copyJson(property.value, depth + 1, state)
    if (item instanceof Refusal) return item
    if (key === '__proto__') defineOwn(copy, key, item)
    else copy[key] = item
  }
  return copy
}

function describeInstance(input: object): string {
  const kind = describeValue(input)
  return kind === 'an object' ? 'an instance of a class' : kind
}

/** Assigning `__proto__` would change the prototype. */
function defineOwn(target: object, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** Deep equality as PostgreSQL's jsonb has it: the order of keys is of no importance. */
function equalJson(first: unknown, second: unknown): boolean {
  // A list of what is left instead of recursion: rows may be deeper than what we write.
  const left: [unknown, unknown][] = [[first, second]]
  let steps = 0
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [a, b] = pair
    if (a === b) continue
    // Two that contain themselves would never end.
    steps += 1
    if (steps > MAX_NODES) return false
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
    if (Array.isArray(a) !== Array.isArray(b)) return false
    if (!isData(a) || !isData(b)) return false
    const keys = Object.keys(a)
    if (keys.length !== Object.keys(b).length) return false
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false
      left.push([Reflect.get(a, key), Reflect.get(b, key)])
    }
  }
  return true
}

/** A Date or Map has no keys and would equal any other. */
function isData(value: object): boolean {
  return Array.isArray(value) || describeValue(value) === 'an object'
}

/**
 * The value of JSON text.
 *
 * @throws InvalidValueError
 * @example parseJson('[1]') // [1]
 */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    // Without its cause, whose message quotes the text.
    throw new InvalidValueError('holds text that is no JSON')
  }
}

function readJson(raw: unknown): JsonValue {
  if (typeof raw === 'string') return parseJson(raw)
  if (typeof raw === 'number' || typeof raw === 'boolean') return raw
  throw new InvalidValueError(`holds ${describeValue(raw)} where JSON text is due`)
}

/** Undefined of what a property was set to that is no JSON: a bigint, what contains itself. */
function writeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const JSON_KIND: ColumnKind<JsonValue> = Object.freeze({
  name: 'json',
  family: 'json',
  base: valueSchema(acceptJson, {}),
  accept: acceptJson,
  json: {},
  toDb: writeJson,
  fromDb: readJson,
  toJson: (value) => value,
  equals: equalJson,
} satisfies ColumnKind<JsonValue>)

/**
 * Any JSON value; of a zod schema's type where one is given. In a column that can hold NULL, null
 * is NULL; in one that cannot, it is the JSON value null.
 *
 * @throws ImproperlyConfigured
 * @example fields.json({ schema: z.object({ owner: z.string() }) })
 */
export function json<
  Z extends z.ZodType = z.ZodType<JsonValue>,
  N extends boolean = false,
  D extends DefaultOf<z.output<NoInfer<Z>>> = undefined,
>(options: JsonOptions<Z, N, D> = {}): ColumnField<SpecOf<z.output<Z>, 'json', N, D, false>> {
  const allowed = ['schema', 'null', 'default', 'unique', 'index', 'sensitive', 'column']
  assertOptions('json', options, allowed)
  const { schema, ...rest } = options
  if (schema !== undefined && !(schema instanceof z.core.$ZodType)) {
    throw new ImproperlyConfigured('fields.json: schema must be a zod schema')
  }
  const kind = JSON_KIND as unknown as ColumnKind<z.output<Z>>
  return new ColumnField(kind, rest, { validate: schema })
}
