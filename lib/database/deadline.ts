import { OrmError, QueryAbortedError, QueryTimeoutError } from '../errors.ts'
import { ownOptions } from '../util/plain-object.ts'
import type { RunLimits } from './runner.ts'

/** The longest time a timer of JavaScript can wait; a longer one would end at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/** What is to be over in time. */
type Limited = 'query' | 'atomic()'

type Reason =
  | { readonly kind: 'timeout'; readonly ms: number; readonly of: Limited }
  | { readonly kind: 'abort'; readonly cause: unknown; readonly of: Limited }
  | { readonly kind: 'stop'; readonly error: OrmError }

/**
 * One moment after which a piece of work is to stop, from a timeout, a signal, or the work around
 * it; covers waiting for a connection, connecting and running. Must be disposed of.
 */
export class Deadline {
  readonly #listeners: Set<() => void> = new Set()
  readonly #release: (() => void)[] = []
  #reason: Reason | undefined

  constructor(limits: RunLimits = {}, outer?: Deadline, of: Limited = 'query') {
    const { timeoutMs, signal } = ownOptions(limits)
    if (outer !== undefined) {
      if (outer.#reason !== undefined) this.#reason = outer.#reason
      else this.#release.push(outer.onStop(() => this.#stop(outer.#reason)))
    }
    if (signal !== undefined) this.#follow(signal, of)
    if (timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS) {
      const reason: Reason = { kind: 'timeout', ms: timeoutMs, of }
      const timer = setTimeout(() => this.#stop(reason), timeoutMs)
      this.#release.push(() => clearTimeout(timer))
    }
  }

  /**
   * The deadline of some limits, or the one around where there are none.
   *
   * @example
   * const deadline = Deadline.of({ timeoutMs: 500 })
   */
  static of(limits: RunLimits | undefined, outer?: Deadline, of?: Limited): Deadline | undefined {
    if (limits?.timeoutMs === undefined && limits?.signal === undefined) return outer
    return new Deadline(limits, outer, of)
  }

  get isOver(): boolean {
    return this.#reason !== undefined
  }

  /** Calls back once when it is over; gives a function that forgets the callback. */
  onStop(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Is over now, for a reason of the library's own. */
  stop(error: OrmError): void {
    this.#stop({ kind: 'stop', error })
  }

  /** The error for whoever waits; made anew for each, so that its stack is theirs. */
  toError(): OrmError {
    const reason = this.#reason
    if (reason?.kind === 'timeout') return timeoutError(reason.of, reason.ms)
    if (reason?.kind === 'abort') {
      return abortError(reason.of, reason.cause)
    }
    return reason?.error ?? new OrmError('The deadline is not over.')
  }

  dispose(): void {
    for (const release of this.#release) release()
    this.#release.length = 0
    this.#listeners.clear()
  }

  #follow(signal: AbortSignal, of: Limited): void {
    const stop = () => this.#stop({ kind: 'abort', cause: signal.reason, of })
    if (signal.aborted) {
      stop()
      return
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#release.push(() => signal.removeEventListener('abort', stop))
  }

  #stop(reason: Reason | undefined): void {
    if (this.#reason !== undefined || reason === undefined) return
    this.#reason = reason
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener()
  }
}

function abortError(of: Limited, cause: unknown): QueryAbortedError {
  const saved = of === 'query' ? '' : ' Nothing of it was saved.'
  return new QueryAbortedError(`The ${of} was aborted by its signal.${saved}`, { cause })
}

function timeoutError(of: Limited, ms: number): QueryTimeoutError {
  const covered =
    of === 'query'
      ? 'waiting for a connection, connecting and running.'
      : 'waiting for a connection, every statement and COMMIT. Nothing of it was saved.'
  return new QueryTimeoutError(
    `The ${of} did not finish within its timeout of ${ms} ms, which covers ${covered}`,
  )
}

/**
 * Runs work under limits and forgets the timer afterwards.
 *
 * @throws QueryTimeoutError, QueryAbortedError at once, without entering, when it is over already.
 * @example
 * await withDeadline({ timeoutMs: 500 }, undefined, (deadline) => lease.execute(statement, deadline))
 */
export function withDeadline<T>(
  limits: RunLimits | undefined,
  outer: Deadline | undefined,
  work: (deadline: Deadline | undefined) => Promise<T>,
): Promise<T> {
  const deadline = Deadline.of(limits, outer)
  return deadline === undefined ? work(undefined) : within(deadline, outer, work)
}

async function within<T>(
  deadline: Deadline,
  outer: Deadline | undefined,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  try {
    if (deadline.isOver) throw deadline.toError()
    return await work(deadline)
  } finally {
    if (deadline !== outer) deadline.dispose()
  }
}
