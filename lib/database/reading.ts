import { OperationalError } from '../errors.ts'
import { BegunConnection, rollBack } from './begun.ts'
import { Deadline, withDeadline } from './deadline.ts'
import type { Pool } from './pool.ts'
import type { Database, Reading, RunLimits, Statement, StatementResult } from './runner.ts'
import { deepOrigin } from './user-frames.ts'

const NO_TIME: RunLimits = { timeoutMs: 0 }

/** A connection of its own, in a transaction that is never committed: all it reads is of one moment. */
class OpenReading implements Reading {
  readonly db: Database
  readonly #connection: BegunConnection
  readonly #limits: RunLimits | undefined
  readonly #done: () => void
  #closing: Promise<void> | undefined
  #isLate = false

  constructor(
    db: Database,
    connection: BegunConnection,
    limits: RunLimits | undefined,
    done: () => void,
  ) {
    this.db = db
    this.#connection = connection
    this.#limits = limits
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
    // Who was told that it took too long waits no longer for a server that does not answer.
    const deadline = Deadline.of(this.#isLate ? NO_TIME : this.#limits)
    await rollBack(this.#connection.lease, deadline)
    deadline?.dispose()
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
  const holder = { what: 'iterator()', origin: deepOrigin() }
  return await withDeadline(limits, undefined, async (deadline) => {
    const text = { before: [], begin: pool.driver.snapshot, after: [] }
    const connection = await BegunConnection.open(pool, text, { holder, deadline })
    await connection.opened()
    const { failure } = connection
    if (failure === undefined) return new OpenReading(db, connection, limits, done)
    await connection.end()
    throw failure.error
  })
}
