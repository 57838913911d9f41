/** More than this in one statement is too much memory at once, and a string has an end. */
const HEAVIEST = 2 ** 25

/**
 * A list in parts of at most `size` items, in its order.
 *
 * @param weigh where items may be large: no part of several weighs more than 32 MB
 */
export function chunks<T>(items: readonly T[], size: number, weigh?: (item: T) => number): T[][] {
  const parts: T[][] = []
  let part: T[] = []
  let weight = 0
  for (const item of items) {
    const more = weigh?.(item) ?? 0
    if (part.length === size || (part.length > 0 && weight + more > HEAVIEST)) {
      parts.push(part)
      part = []
      weight = 0
    }
    part.push(item)
    weight += more
  }
  if (part.length > 0) parts.push(part)
  return parts
}

/** About how many characters values are as text, as far as they can be many. */
export function weightOf(values: readonly unknown[]): number {
  let weight = 0
  for (const value of values) {
    if (typeof value === 'string') weight += value.length
    else if (value instanceof Uint8Array) weight += value.length
  }
  return weight
}
