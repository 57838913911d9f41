import { types } from 'node:util'
import { describeValue, Refusal, refuse } from './refusal.ts'

/** Which ends belong to a range: square brackets are included, round ones are not. */
export type RangeBounds = '[)' | '[]' | '(]' | '()'

/** A range with values in it; an end that is null is none. */
export interface FilledRange<T> {
  readonly lower: T | null
  readonly upper: T | null
  readonly bounds: RangeBounds
  readonly isEmpty?: undefined
}

/** The range that nothing is in. */
export interface EmptyRange {
  readonly isEmpty: true
  readonly lower?: undefined
  readonly upper?: undefined
  readonly bounds?: undefined
}

/**
 * The value of a column of ranges: frozen, told apart by `isEmpty`.
 *
 * @example range.isEmpty ? [] : [range.lower, range.upper]
 */
export type Range<T> = FilledRange<T> | EmptyRange

/** What stands for a range in lookups and writes: '[)' where no bounds are given. */
export type RangeInput<T> =
  | readonly [lower: T | null, upper: T | null]
  | { readonly lower: T | null; readonly upper: T | null; readonly bounds?: RangeBounds }
  | { readonly isEmpty: true }

/** How the values of a range follow each other. */
export interface RangeOrder<T> {
  /** Below zero where the first comes first. */
  compare(a: T, b: T): number
  /** The value after another, where values are apart; such ranges have bounds of one kind only. */
  next?(value: T): T | Refusal
}

/** What a caller gave, taken apart; null of the empty range. */
type Parts = readonly [lower: unknown, upper: unknown, bounds: RangeBounds] | null

const EXPECTED = 'a range ({ lower, upper, bounds }, [lower, upper] or { isEmpty: true })'
const BOUNDS: ReadonlySet<unknown> = new Set(['[)', '[]', '(]', '()'])
const KEYS: ReadonlySet<unknown> = new Set(['lower', 'upper', 'bounds', 'isEmpty'])

/** The empty range. */
export const EMPTY: EmptyRange = Object.freeze({ isEmpty: true })

/** Takes a range apart without running any code of its owner. */
export function partsOfRange(input: unknown): Parts | Refusal {
  if (types.isProxy(input)) return refuse(EXPECTED, input)
  if (Array.isArray(input)) {
    if (input.length === 2) return [input[0], input[1], '[)']
    return new Refusal(`expects ${EXPECTED}, got an array of another length`)
  }
  if (typeof input !== 'object' || input === null || describeValue(input) !== 'an object') {
    return refuse(EXPECTED, input)
  }
  const found = new Map<unknown, unknown>()
  for (const key of Reflect.ownKeys(input)) {
    const property = Object.getOwnPropertyDescriptor(input, key)
    if (!KEYS.has(key) || property?.get !== undefined) {
      return new Refusal(`expects ${EXPECTED}, got an object with other keys`)
    }
    if (property?.value !== undefined) found.set(key, property.value)
  }
  if (found.has('isEmpty')) {
    if (found.size === 1 && found.get('isEmpty') === true) return null
    return new Refusal('expects isEmpty to be true and alone, or left out')
  }
  if (!found.has('lower') || !found.has('upper')) {
    return new Refusal(`expects ${EXPECTED}, got an object without lower or upper (null is no end)`)
  }
  const bounds = found.get('bounds') ?? '[)'
  if (!isBounds(bounds)) return new Refusal("expects bounds '[)', '[]', '(]' or '()', got others")
  return [found.get('lower'), found.get('upper'), bounds]
}

/** Whether a value says which ends belong to a range. */
export function isBounds(value: unknown): value is RangeBounds {
  return BOUNDS.has(value)
}

/** A range as PostgreSQL keeps it, so that a value is the same before and after it is written. */
export function canonicalRange<T>(
  { compare, next }: RangeOrder<T>,
  lower: T | null,
  upper: T | null,
  bounds: RangeBounds,
): Range<T> | Refusal {
  if (lower !== null && upper !== null) {
    const order = compare(lower, upper)
    if (order > 0) return new Refusal('expects a range whose lower is not above its upper')
    if (order === 0 && bounds !== '[]') return EMPTY
  }
  let from: T | null | Refusal = lower
  let to: T | null | Refusal = upper
  let isFromIn = lower !== null && bounds.startsWith('[')
  let isToIn = upper !== null && bounds.endsWith(']')
  if (next !== undefined) {
    if (lower !== null && !isFromIn) from = next(lower)
    if (upper !== null && isToIn) to = next(upper)
    if (from instanceof Refusal) return from
    if (to instanceof Refusal) return to
    if (from !== null && to !== null && compare(from, to) >= 0) return EMPTY
    isFromIn = lower !== null
    isToIn = false
  }
  return filled(from as T | null, to as T | null, isFromIn, isToIn)
}

function filled<T>(
  lower: T | null,
  upper: T | null,
  isLowerIn: boolean,
  isUpperIn: boolean,
): Range<T> {
  const bounds = `${isLowerIn ? '[' : '('}${isUpperIn ? ']' : ')'}` as const
  return Object.freeze({ lower, upper, bounds })
}

/** Decimals by their value, with any number of digits. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(placesOf(a), placesOf(b))
  const [first, second] = [scaled(a, places), scaled(b, places)]
  return first < second ? -1 : first > second ? 1 : 0
}

function placesOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

function scaled(text: string, places: number): bigint {
  return BigInt(`${text.replace('.', '')}${'0'.repeat(places - placesOf(text))}`)
}
