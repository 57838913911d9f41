import { CommitUnknownError, SerializationError } from '../errors.ts'
import type { Deadline } from './deadline.ts'
import { pause } from './pool.ts'

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1000
const CAUSES_FOLLOWED = 5

function isRetryable(error: unknown): boolean {
  let cause = error
  for (let depth = 0; depth < CAUSES_FOLLOWED; depth += 1) {
    if (cause instanceof SerializationError) return true
    if (cause instanceof CommitUnknownError || !(cause instanceof Error)) return false
    cause = cause.cause
  }
  return false
}

/** Longer each time, and never the same for two that got into each other's way. */
function pauseBefore(attempt: number, deadline: Deadline | undefined): Promise<void> {
  const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
  return pause(Math.random() * longestMs, deadline)
}

/**
 * Runs work again, so often at most, when it failed in a way that may be over the next time.
 *
 * @throws what the last attempt threw.
 * @example
 * await retried(() => transfer(), 3, undefined)
 */
export async function retried<T>(
  work: () => Promise<T>,
  retries: number,
  deadline: Deadline | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= retries || !isRetryable(error)) throw error
    }
    await pauseBefore(attempt, deadline)
  }
}
