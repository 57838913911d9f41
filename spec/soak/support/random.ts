/** Numbers by chance that are the same for the same seed. */

/** A whole number of 0 or more and below `below`. */
export type Random = (below: number) => number

/**
 * Source: mulberry32, https://github.com/bryc/code/blob/master/jshash/PRNGs.md
 *
 * @example const random = randomOf(1); random(6)
 */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
