import type { Database } from './runner.ts'

/** What happened to a transaction (`begin`, `commit`, `rollback`) or a savepoint in it. */
export type BoundaryKind =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'release'
  | 'rollback to savepoint'

/** A transaction began or ended. */
export interface Boundary {
  readonly db: Database
  readonly kind: BoundaryKind
  /** 0 for the outermost `atomic()`. */
  readonly depth: number
}

const listeners = new Set<(boundary: Boundary) => void>()

/**
 * Calls back, synchronously, each time a transaction or savepoint of any database begins or ends.
 *
 * @returns a function that ends the subscription.
 * @example
 * const off = onBoundary(({ db, kind }) => forgetPeers(db))
 */
export function onBoundary(listener: (boundary: Boundary) => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/**
 * Tells the subscribers; one that throws is warned of, since it must not decide about the data.
 *
 * @example
 * tellBoundary({ db, kind: 'commit', depth: 0 })
 */
export function tellBoundary(boundary: Boundary): void {
  for (const listener of listeners) callSafely(() => listener(boundary), boundary.kind)
}

/**
 * Runs a listener whose fault must not undo what already happened in the database.
 *
 * @example
 * callSafely(() => hook(), 'rollback')
 */
export function callSafely(listener: () => void, when: string): void {
  try {
    listener()
  } catch (error) {
    warnOfListener(`for '${when}' of a transaction`, error)
  }
}

/** A process warning of a listener that threw, whose fault must not decide about anything. */
export function warnOfListener(what: string, error: unknown): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  process.emitWarning(`A listener ${what} threw: ${reason}`, { code: 'ASYNCHRORMOUS_LISTENER' })
}
