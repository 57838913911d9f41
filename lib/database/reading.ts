import { OperationalError, TransactionBrokenError } from '../errors.ts'
import { BegunConnection, control } from './begun.ts'
import { withDeadline } from './deadline.ts'
import { delayUnless } from './drivers/driver.ts'
import type { Pool } from './pool.ts'
import type { Database, Reading, RunLimits, Statement, StatementResult } from './runner.ts'

const LATE_CLOSE_MS = 1000

/** A connection of its own, in a transaction that is never committed: all it reads is of one moment. */
class OpenReading implements Reading {
  readonly db: Database
  readonly #connection: BegunConnection
  readonly #done: () => void
  #closing: Promise<void> | undefined
  #isLate = false

  constructor(db: Database, connection: BegunConnection, done: () => void) {
    this.db = db
    this.#connection = connection
    this.#done = done
  }

  run(statement: Statement, limits?: RunLimits): Promise<StatementResult> {
    if (this.#closing !== undefined) {
      return Promise.reject(new OperationalError('These rows are not read any more.'))
    }
    return withDeadline(limits, undefined, async (deadline) => {
      try {
        return await this.#connection.lease.execute(statement, deadline)
      } catch (error) {
        this.#isLate ||= deadline?.isOver === true
        throw error
      }
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const ended = this.#end()
    // Who was told that it took too long waits no longer for a server that does not answer.
    if (this.#isLate) await delayUnless(ended, LATE_CLOSE_MS)
    else await ended
  }

  async #end(): Promise<void> {
    const { lease } = this.#connection
    try {
      if (!lease.isLost) await lease.execute(control('ROLLBACK'))
    } catch (error) {
      // SQLite may have rolled back by itself; else nobody knows what the connection is in.
      if (!(error instanceof TransactionBrokenError)) lease.discard(error)
    }
    await this.#connection.end()
    this.#done()
  }
}

/**
 * Leases a connection and begins to read on it.
 *
 * @param done is called when the connection was given back.
 * @example
 * const reading = await openReading(db, pool, { timeoutMs: 500 }, () => {})
 * // BEGIN ISOLATION LEVEL REPEATABLE READ
 */
export async function openReading(
  db: Database,
  pool: Pool,
  limits: RunLimits | undefined,
  done: () => void,
): Promise<Reading> {
  // Read only when a message needs it: whose loop holds the connection.
  const holder = { what: 'iterator()', origin: new Error('iterator()') }
  return await withDeadline(limits, undefined, async (deadline) => {
    const text = { before: [], begin: pool.driver.snapshot, after: [] }
    const connection = await BegunConnection.open(pool, text, { holder, deadline })
    await connection.opened()
    const { failure } = connection
    if (failure === undefined) return new OpenReading(db, connection, done)
    await connection.end()
    throw failure.error
  })
}
