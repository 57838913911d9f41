import type { z } from 'zod'
import { ImproperlyConfigured } from '../errors.ts'
import { unknownOption } from '../util/options.ts'
import type { Family } from './column.ts'

/** What `default` takes: a value, or a function that is called for each new row. */
export type DefaultOf<T> = T | null | (() => T | null) | undefined

/** The options that every column has. */
export interface ColumnOptions<
  T,
  N extends boolean = boolean,
  D = DefaultOf<T>,
  P extends boolean = boolean,
> {
  /** May the column hold NULL. @default false */
  readonly null?: N
  /** The value of a new row that gives none, or a function that makes it. */
  readonly default?: D
  /** @default false, true for a primary key */
  readonly unique?: boolean
  /** @default false */
  readonly primaryKey?: P
  /** Has an index of its own. @default false */
  readonly index?: boolean
  /** The column's name in the table. @default the property's name in snake_case */
  readonly column?: string
  /** Web requests never filter or order by it (`safeFilter()`), and no message offers it. @default false */
  readonly sensitive?: boolean
  /** The only values that may be written. */
  readonly choices?: readonly T[]
  /** A zod schema that values pass before they are written; it may transform them. */
  readonly validate?: z.ZodType<T>
}

/** May `create()` leave the column out: it is nullable, or has a default. */
export type IsOptional<N extends boolean, D> = N extends true
  ? true
  : [D] extends [undefined]
    ? false
    : true

/**
 * The spec that a builder's options make. `NoInfer`, since a contextual return type (the field map
 * of `Model`) would otherwise decide flags that the options leave out.
 */
export interface SpecOf<
  T,
  F extends Family,
  N extends boolean,
  D,
  P extends boolean,
  A extends boolean = false,
> {
  readonly value: T
  readonly null: NoInfer<N>
  readonly optional: A extends true ? true : IsOptional<N, D>
  readonly family: F
  readonly primary: NoInfer<P>
}

const FLAGS: ReadonlySet<string> = new Set([
  'null',
  'unique',
  'primaryKey',
  'index',
  'sensitive',
  'autoNow',
  'autoNowAdd',
  'symmetrical',
])
const NAMES: ReadonlySet<string> = new Set([
  'column',
  'relatedName',
  'relatedQueryName',
  'toField',
  'table',
  'joinColumn',
  'inverseJoinColumn',
])

/** The names of `ColumnOptions`. */
export const COMMON_OPTIONS: readonly string[] = Object.freeze([
  'null',
  'default',
  'unique',
  'primaryKey',
  'index',
  'sensitive',
  'column',
  'choices',
  'validate',
])

/**
 * Makes sure that options are an object with known names and that flags and names are such;
 * TypeScript has seen to it already, JavaScript has not.
 *
 * @throws ImproperlyConfigured naming the option and what is possible
 * @example assertOptions('char', { maxLenght: 5 }, ['maxLength'])
 */
export function assertOptions(builder: string, options: unknown, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ImproperlyConfigured(`fields.${builder} takes its options as one object`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!allowed.includes(name)) {
      throw new ImproperlyConfigured(unknownOption(`fields.${builder}`, name, allowed))
    }
    if (value === undefined) continue
    if (FLAGS.has(name) && typeof value !== 'boolean') {
      throw new ImproperlyConfigured(`fields.${builder}: ${name} must be true or false`)
    }
    if (NAMES.has(name) && (typeof value !== 'string' || value === '' || value.includes('\0'))) {
      throw new ImproperlyConfigured(`fields.${builder}: ${name} must be a name, as text`)
    }
  }
}

/**
 * Makes sure that an option is a whole number of at least `min`.
 *
 * @throws ImproperlyConfigured
 * @example assertCount('char', 'maxLength', 100, 1)
 */
export function assertCount(builder: string, name: string, value: unknown, min: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw new ImproperlyConfigured(
      `fields.${builder}: ${name} must be a whole number of at least ${min}`,
    )
  }
}
