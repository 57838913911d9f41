import type { z } from 'zod'
import { ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import { ownOptions } from '../util/plain-object.ts'
import type { ColumnKind, ColumnSpec, ColumnValue } from './column.ts'
import type { DialectName } from './dialect.ts'
import { COMMON_OPTIONS, type ColumnOptions } from './options.ts'
import { describeValue, Refusal } from './refusal.ts'
import { type Accept, type JsonSchema, valueSchema } from './value-schema.ts'

/** How a `dateTime` column of SQLite stores instants. */
export type Storage = 'text' | 'epochMs'

/** What only some kinds of column have. */
export interface ColumnExtras {
  readonly autoNow?: boolean | undefined
  readonly autoNowAdd?: boolean | undefined
  /** Makes the value of `autoNow` and `autoNowAdd`. */
  readonly makeNow?: () => unknown
  readonly generated?: boolean
  readonly isVersion?: boolean
  readonly storage?: Storage | undefined
  readonly maxLength?: number | undefined
  readonly maxDigits?: number | undefined
  readonly decimalPlaces?: number | undefined
  /** The field of an array's items. */
  readonly item?: AnyColumn | undefined
  /** The field of a range's ends. */
  readonly bound?: AnyColumn | undefined
  /** The user's schema of a json column. */
  readonly validate?: z.core.$ZodType | undefined
}

/**
 * One column of a model: its options, its values' way to and from the database, its zod schema.
 * Frozen; made by the builders in `fields`.
 *
 * The methods that may throw take a `label`, the name that the message starts with.
 *
 * @example
 * const pages = fields.integer({ default: 0 })
 * pages.check(5) // 5
 * pages.check('5', 'Book.pages') // InvalidValueError: Book.pages expects an integer, got text
 */
export class ColumnField<S extends ColumnSpec = ColumnSpec> {
  declare readonly spec: S
  readonly #brand = true
  readonly kind = 'column' as const
  /** How values of this kind behave. */
  readonly type: ColumnKind<S['value']>
  /** As in `fields.<name>`. */
  readonly name: string
  readonly family: S['family']
  readonly null: boolean
  readonly primaryKey: boolean
  /** True for a primary key too. */
  readonly unique: boolean
  readonly index: boolean
  /** `safeFilter()` never takes it, and no message offers it. */
  readonly sensitive: boolean
  /** The column's name, where it is not made from the property's. */
  readonly column: string | undefined
  readonly choices: readonly S['value'][] | undefined
  /** Whether `makeDefault()` makes a value; true for `autoNow` and `autoNowAdd` too. */
  readonly hasDefault: boolean
  /** Set to the present on every save. */
  readonly autoNow: boolean
  /** Set to the present when inserted. */
  readonly autoNowAdd: boolean
  /** The database makes the value of a new row that gives none. */
  readonly generated: boolean
  /** Counts the writes of its row. */
  readonly isVersion: boolean
  readonly storage: Storage | undefined
  readonly maxLength: number | undefined
  readonly maxDigits: number | undefined
  readonly decimalPlaces: number | undefined
  /** The field of an array's items. */
  readonly item: AnyColumn | undefined
  /** The field of a range's ends. */
  readonly bound: AnyColumn | undefined
  /** A value of this kind, without limits: what lookups compare with. */
  readonly base: z.ZodType<S['value']>
  /** What may be written: within limits and choices, through the user's schema, nullable. */
  readonly schema: z.ZodType<ColumnValue<S>>
  /** What `schema` does with a value that is not null; null where a user's schema has its say. */
  readonly accept: Accept<S['value']> | null
  readonly #default: unknown
  readonly #makeNow: () => unknown

  /** @throws ImproperlyConfigured if the options contradict each other or the kind */
  constructor(
    type: ColumnKind<S['value']>,
    given: ColumnOptions<S['value']>,
    extras: ColumnExtras = {},
  ) {
    const options = ownOptions(given)
    this.type = type
    this.name = type.name
    this.family = type.family
    this.null = options.null ?? false
    this.primaryKey = options.primaryKey ?? false
    this.unique = (options.unique ?? false) || this.primaryKey
    this.index = options.index ?? false
    this.sensitive = options.sensitive ?? false
    this.column = options.column
    this.autoNow = extras.autoNow ?? false
    this.autoNowAdd = extras.autoNowAdd ?? false
    this.generated = extras.generated ?? false
    this.isVersion = extras.isVersion ?? false
    this.storage = extras.storage
    this.maxLength = extras.maxLength
    this.maxDigits = extras.maxDigits
    this.decimalPlaces = extras.decimalPlaces
    this.item = extras.item
    this.bound = extras.bound
    this.#default = options.default
    this.#makeNow = extras.makeNow ?? (() => null)
    this.hasDefault = options.default !== undefined || this.autoNow || this.autoNowAdd
    if (this.primaryKey && this.null) {
      throw new ImproperlyConfigured(`fields.${this.name}: a primary key cannot be null`)
    }
    this.choices = canonicalChoices(type, options.choices)
    this.base = type.base
    const validate = extras.validate ?? options.validate
    const accept = acceptWritten(type, this.choices)
    const written = writtenSchema(type, accept, this.choices, validate)
    this.accept = validate === undefined ? accept : null
    this.schema = (this.null ? written.nullable() : written) as z.ZodType<ColumnValue<S>>
    this.#assertDefault()
    Object.freeze(this)
  }

  /** Whether a value is a column that this module made; looks like one is not enough. */
  static is(value: unknown): value is ColumnField {
    return typeof value === 'object' && value !== null && #brand in value
  }

  /**
   * The value of a new row that gives none: a fresh copy of the default, or what its function
   * returns (not validated here). Undefined without a default.
   */
  makeDefault(): ColumnValue<S> | undefined {
    if (this.#default === undefined) return this.hasDefault ? this.makeNow() : undefined
    if (typeof this.#default === 'function') return this.#default() as ColumnValue<S>
    if (this.#default === null) return null as ColumnValue<S>
    return this.check(this.#default) as ColumnValue<S>
  }

  /** The present, in this column's form; for `autoNow` and `autoNowAdd`. */
  makeNow(): ColumnValue<S> {
    return this.#makeNow() as ColumnValue<S>
  }

  /**
   * The canonical value of a lookup's operand, without this column's limits.
   *
   * @throws InvalidValueError naming the type expected and the type received
   */
  check(value: unknown, label?: string): S['value'] {
    const accepted = this.type.accept(value)
    if (accepted instanceof Refusal) throw this.#error(accepted.message, label)
    return accepted
  }

  /** Can the column hold this value at all; false only for integers outside its range, and in ranges. */
  inRange(value: S['value']): boolean {
    const { item } = this
    if (item !== undefined) {
      return (value as unknown[]).every((each) => each === null || item.inRange(each))
    }
    const { range, limit } = this.type
    const isAny = range === undefined && this.bound === undefined
    return isAny || limit?.(value) === undefined
  }

  /**
   * What the driver is given for a canonical value: null, text, a number, a boolean or a Buffer.
   * Null is NULL, but the JSON value null in a json column that cannot hold NULL.
   *
   * @throws InvalidValueError if the database cannot hold it, or it is no value of this kind
   */
  toDb(value: S['value'] | null, dialect: DialectName, label?: string): unknown {
    if (value === null) return this.family === 'json' && !this.null ? 'null' : null
    try {
      const raw = this.type.toDb(value, dialect)
      // The last door before the driver, which would store the text '[object Object]' or NULL.
      if (isScalar(raw)) return raw
    } catch (error) {
      throw this.#labelled(error, label)
    }
    throw this.#error(`cannot be written: it holds ${describeValue(value)}`, label)
  }

  /**
   * The value of what the driver gave; null of NULL.
   *
   * @throws InvalidValueError if the database holds what this kind cannot be
   */
  fromDb(raw: unknown, dialect: DialectName, label?: string): ColumnValue<S> {
    if (raw === null || raw === undefined) return null as ColumnValue<S>
    try {
      return this.type.fromDb(raw, dialect) as ColumnValue<S>
    } catch (error) {
      throw this.#labelled(error, label)
    }
  }

  /** What `toJSON()` writes for a value, and `schema` reads again; junk is left as it is. */
  toJson(value: S['value'] | null): unknown {
    return value === null || value === undefined ? null : this.type.toJson(value)
  }

  /** Are two values the same to the database; null equals null. Never throws. */
  equals(a: S['value'] | null, b: S['value'] | null): boolean {
    if (Object.is(a, b)) return true
    if (a === null || b === null || a === undefined || b === undefined) return false
    return this.type.equals(a, b)
  }

  #error(message: string, label: string | undefined): InvalidValueError {
    return new InvalidValueError(`${label ?? `The ${this.name} column`} ${message}`)
  }

  #labelled(error: unknown, label: string | undefined): unknown {
    return error instanceof InvalidValueError ? this.#error(error.message, label) : error
  }

  #assertDefault(): void {
    const value = this.#default
    if (value === undefined || typeof value === 'function') return
    const result = this.schema.safeParse(value)
    if (result.success) return
    const reasons = result.error.issues.map((issue) => issue.message).join('; ')
    throw new ImproperlyConfigured(`fields.${this.name}: default is not valid: ${reasons}`)
  }
}

/**
 * The names of a builder's options: the common ones and its own.
 *
 * @example optionNames('maxLength')
 */
export function optionNames(...own: readonly string[]): readonly string[] {
  return [...COMMON_OPTIONS, ...own]
}

function isScalar(raw: unknown): boolean {
  switch (typeof raw) {
    case 'string':
    case 'number':
    case 'boolean':
      return true
    default:
      return Buffer.isBuffer(raw)
  }
}

function canonicalChoices<T>(
  type: ColumnKind<T>,
  choices: readonly T[] | undefined,
): readonly T[] | undefined {
  if (choices === undefined) return undefined
  if (!Array.isArray(choices) || choices.length === 0) {
    throw new ImproperlyConfigured(`fields.${type.name}: choices must be a list that is not empty`)
  }
  const canonical = choices.map((choice: unknown) => {
    const accepted = type.accept(choice)
    const refusal = accepted instanceof Refusal ? accepted : type.limit?.(accepted)
    if (refusal === undefined) return accepted as T
    throw new ImproperlyConfigured(`fields.${type.name}: a choice ${refusal.message}`)
  })
  return Object.freeze(canonical)
}

/** What the kind accepts, within limits and choices. */
function acceptWritten<T>(type: ColumnKind<T>, choices: readonly T[] | undefined): Accept<T> {
  if (type.limit === undefined && choices === undefined) return type.accept
  return (input) => {
    const value = type.accept(input)
    if (value instanceof Refusal) return value
    const refusal = type.limit?.(value)
    if (refusal !== undefined) return refusal
    if (choices === undefined || choices.some((choice) => type.equals(choice, value))) return value
    return new Refusal(`must be one of its ${choices.length} choices`)
  }
}

/** The base with limits, choices and the user's schema; the base itself where there are none. */
function writtenSchema<T>(
  type: ColumnKind<T>,
  accept: Accept<T>,
  choices: readonly T[] | undefined,
  validate: z.core.$ZodType | undefined,
): z.ZodType<T> {
  if (accept === type.accept && validate === undefined) return type.base
  const json: JsonSchema =
    choices === undefined
      ? type.json
      : { ...type.json, enum: choices.map((choice) => type.toJson(choice)) }
  return valueSchema(accept, json, validate)
}

/** Any column, whatever its spec. */
export type AnyColumn = ColumnField<ColumnSpec>

export type { Family } from './column.ts'
