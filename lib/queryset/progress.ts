import { InvalidValueError } from '../errors.ts'

/** How far a long write is. */
export interface Progress {
  /** How many rows were written, or looked at, so far. */
  readonly done: number
  /** Of how many; null where the rows are read one by one and nobody knows. */
  readonly total: number | null
}

/**
 * Told after every statement's rows of a long write, and waited for, inside its transaction: what it
 * throws rolls everything back, and queries in it see what was written so far.
 *
 * @example { onProgress: ({ done, total }) => console.log(`${done} of ${total ?? 'many'}`) }
 */
export type OnProgress = (progress: Progress) => void | PromiseLike<void>

/** @throws InvalidValueError for an `onProgress` that is none. */
export function assertOnProgress(onProgress: unknown, verb: string): void {
  if (onProgress === undefined || typeof onProgress === 'function') return
  throw new InvalidValueError(
    `${verb}() takes a function as onProgress: ({ done, total }) => void.`,
  )
}
