import { QueryTooComplexError } from '../errors.ts'

/** How large a query may be. Beyond these a database stops, or this process does. */
export const LIMITS: {
  readonly conditions: number
  readonly depth: number
  readonly keys: number
  readonly keyLength: number
  readonly pathParts: number
  readonly joins: number
  readonly orderTerms: number
  readonly columns: number
  readonly parts: number
  readonly combined: number
  readonly subqueries: number
  readonly pattern: number
} = Object.freeze({
  /** Conditions of one query, over all its `filter()` calls. */
  conditions: 20_000,
  /** Nesting of Q and of arithmetic; SQLite stops at 1,000 of its own levels. */
  depth: 200,
  /** Keys of one lookup object. */
  keys: 2_000,
  /** Characters of one lookup key or path. */
  keyLength: 2_000,
  /** Parts of a path between `__`. */
  pathParts: 64,
  /** Tables of one query; SQLite stops at 64. */
  joins: 62,
  /** Terms of one `orderBy()`. */
  orderTerms: 200,
  /** Columns of one result; SQLite stops at 2,000, PostgreSQL at 1,664. */
  columns: 1_600,
  /** Parts of an expression, those of the annotations in it included. */
  parts: 10_000,
  /** Queries of one `union()`, those inside each other too; SQLite stops at 500. */
  combined: 500,
  /** Subqueries in each other; SQLite stops between 25 and 45. */
  subqueries: 20,
  /** Characters of a regular expression, which cost more than those of other texts. */
  pattern: 10_000,
})

/**
 * Refuses what is larger than a limit.
 *
 * @throws QueryTooComplexError saying what is too large and what the limit is
 */
export function assertWithin(limit: keyof typeof LIMITS, size: number, what: string): void {
  if (size <= LIMITS[limit]) return
  throw new QueryTooComplexError(`${what}: ${size}, and the limit is ${LIMITS[limit]}.`)
}
