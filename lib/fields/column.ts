import type { z } from 'zod'
import type { DialectName } from './dialect.ts'
import type { Refusal } from './refusal.ts'
import type { JsonSchema } from './value-schema.ts'

/** Decides which lookups, operators and functions a column takes; one per kind of value. */
export type Family =
  | 'text'
  | 'number'
  | 'bigint'
  | 'decimal'
  | 'boolean'
  | 'uuid'
  | 'date'
  | 'dateTime'
  | 'time'
  | 'duration'
  | 'json'
  | 'binary'
  | 'array'
  | 'range'
  /** Computed only: a document that PostgreSQL searches, and what it searches for. */
  | 'searchVector'
  | 'searchQuery'

/** What a column is to the compiler of TypeScript: the types that querysets and rows are made of. */
export interface ColumnSpec {
  /** The JavaScript type of a value that is not NULL. */
  readonly value: unknown
  readonly null: boolean
  /** May `create()` leave it out. */
  readonly optional: boolean
  readonly family: Family
  readonly primary: boolean
  /** It counts the writes of its row, so that nobody else writes it. */
  readonly version?: true
  /** Of an array: what its items are. */
  readonly item?: ColumnSpec
  /** Of a range: what its ends are. */
  readonly bound?: { readonly value: unknown; readonly family: Family }
}

/** The JavaScript type of a column's value in a row. */
export type ColumnValue<S extends ColumnSpec> = S['null'] extends true
  ? S['value'] | null
  : S['value']

/** The behaviour of one kind of column: its values in JavaScript, in zod and in each database. */
export interface ColumnKind<T> {
  /** As in `fields.<name>`. */
  readonly name: string
  readonly family: Family
  /** A value of this kind without the options' limits: what lookups compare with. */
  readonly base: z.ZodType<T>
  /** The canonical value of what a caller gave, without the options' limits; what `base` does. */
  accept(input: unknown): T | Refusal
  /** Why a canonical value is outside this column's limits. */
  limit?(value: T): Refusal | undefined
  /** How a value within the limits is described in JSON Schema. */
  readonly json: JsonSchema
  /** What the driver is given: text, a number, a boolean or a Buffer. */
  toDb(value: T, dialect: DialectName): unknown
  /** What the driver gave, never null. @throws InvalidValueError if it is no value of this kind */
  fromDb(raw: unknown, dialect: DialectName): T
  /** What the driver gave of this type is the value as it is: `fromDb` need not be asked. */
  readonly plain?: 'string' | 'integer' | 'number' | 'boolean'
  /** What `toJSON()` writes and `schema` reads. */
  toJson(value: T): unknown
  /** Never throws, whatever an instance's property was set to. */
  equals(a: T, b: T): boolean
  /** Integers: the smallest and largest value the column can hold. */
  readonly range?: readonly [bigint, bigint]
}
