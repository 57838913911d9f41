import { TransactionBrokenError } from '../errors.ts'
import { handled } from '../util/deferred.ts'
import type { Deadline } from './deadline.ts'
import type { DriverConnection, DriverResult, TransactionText } from './drivers/driver.ts'
import type { Holder, Lease } from './lease.ts'
import type { Pool } from './pool.ts'
import type { Statement } from './runner.ts'

/** A statement of a transaction's own: `BEGIN`, `SAVEPOINT x`. */
export function control(sql: string): Statement {
  return { sql, bindings: [], wants: 'count', writes: true, isControl: true }
}

/** How long a transaction whose time is over waits for the answer to its ROLLBACK. */
const LATE_ANSWER_MS = 200

/** Rolls back what was begun; a connection of which nobody knows what it is in is given up. */
export async function rollBack(lease: Lease, deadline: Deadline | undefined): Promise<void> {
  if (lease.isLost) return
  const rollback = control('ROLLBACK')
  try {
    if (deadline === undefined) await lease.execute(rollback)
    else {
      // What was told to stop has had its time.
      const graceMs = lease.isUnsettled ? 0 : LATE_ANSWER_MS
      await lease.executeOrDiscard(rollback, graceMs, deadline)
    }
  } catch (error) {
    // The first error is what counts. SQLite may have rolled back by itself; any other failure
    // means that nobody knows what the connection is in.
    if (!(error instanceof TransactionBrokenError)) lease.discard(error)
  }
}

/** Of all attempts at one transaction. */
export interface Circumstances {
  readonly holder: Holder
  readonly deadline: Deadline | undefined
}

/**
 * The connection of a transaction. Where statements can be sent together, BEGIN goes out with the
 * first of them, and nobody waits for its answer: what follows a BEGIN that failed does not run.
 */
export class BegunConnection {
  readonly #pool: Pool
  readonly #text: TransactionText
  readonly #holder: Holder
  readonly #deadline: Deadline | undefined
  #lease: Lease
  /** While BEGIN has not been answered. */
  #opening: Promise<void> | undefined
  #isReplacing = false
  #failure: { readonly error: unknown } | undefined

  constructor(pool: Pool, text: TransactionText, lease: Lease, circumstances: Circumstances) {
    this.#pool = pool
    this.#text = text
    this.#lease = lease
    this.#holder = circumstances.holder
    this.#deadline = circumstances.deadline
  }

  /**
   * A connection on which the transaction begins, or has begun.
   *
   * @throws what acquiring throws; what BEGIN failed with, where it was waited for.
   */
  static async open(
    pool: Pool,
    text: TransactionText,
    circumstances: Circumstances,
  ): Promise<BegunConnection> {
    const lease = await pool.acquire(circumstances.holder, circumstances.deadline)
    const begun = new BegunConnection(pool, text, lease, circumstances)
    if (lease.canBatch) begun.#beginLater()
    else await begun.#beginNow()
    return begun
  }

  get lease(): Lease {
    return this.#lease
  }

  /** What BEGIN failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** For a query of knex's own, which must not overtake BEGIN nor what was sent before it. */
  get forKnex(): DriverConnection {
    const { connection } = this.#lease
    const before = this.#opening ?? this.#lease.answered()
    if (before === undefined) return connection
    const ready = before.then(async () => {
      await this.#lease.answered()
      return this.#lease.connection
    })
    return this.#pool.driver.whenReady?.(connection, handled(ready)) ?? connection
  }

  /** Resolves, never rejects, when it is known whether the transaction began. */
  async opened(): Promise<void> {
    await this.#opening?.catch(() => undefined)
  }

  /**
   * Sends a statement of a frame, together with others where that is possible. One sent with a BEGIN
   * that found a dead connection is sent again on the one that replaced it.
   */
  execute(
    statement: Statement,
    deadline: Deadline | undefined,
    refuse: () => Error | undefined,
  ): Promise<DriverResult> {
    if (this.#opening !== undefined) return this.#executeWithBegin(statement, deadline, refuse)
    const lease = this.#lease
    return lease.canBatch
      ? lease.enlist(statement, deadline, refuse)
      : lease.execute(statement, deadline)
  }

  async #executeWithBegin(
    statement: Statement,
    deadline: Deadline | undefined,
    refuse: () => Error | undefined,
  ): Promise<DriverResult> {
    if (this.#isReplacing) await this.#opening
    const lease = this.#lease
    const opening = this.#opening
    try {
      return await lease.enlist(statement, deadline, refuse)
    } catch (error) {
      if (!lease.isLost || opening === undefined || deadline?.isOver) throw error
      await opening
      if (this.#lease === lease) throw error
      return await this.#lease.enlist(statement, deadline, refuse)
    }
  }

  /** Makes the connection as it was before, and gives it back. */
  async end(): Promise<void> {
    await this.#restore()
    this.#lease.release()
  }

  #beginLater(): void {
    const opening = this.#lease.enlist(control(this.#text.begin), this.#deadline).then(
      () => undefined,
      (error: unknown) => this.#replace(error),
    )
    const settled = opening.then(
      () => this.#settleOpening(undefined),
      (error: unknown) => {
        this.#settleOpening({ error })
        throw error
      },
    )
    this.#opening = handled(settled)
  }

  #settleOpening(failure: { readonly error: unknown } | undefined): void {
    this.#failure = failure
    this.#isReplacing = false
    this.#opening = undefined
  }

  async #beginNow(): Promise<void> {
    try {
      await this.#begin().catch((error: unknown) => this.#replace(error))
    } catch (error) {
      await this.end()
      throw error
    }
  }

  /** Nothing was done yet, so a connection that had died in the pool can be replaced. */
  async #replace(error: unknown): Promise<void> {
    const dead = this.#lease
    if (!dead.isLost || this.#deadline?.isOver) throw error
    this.#isReplacing = true
    dead.release()
    this.#lease = await this.#pool.acquireAlive(this.#holder, this.#deadline)
    await this.#begin()
  }

  async #begin(): Promise<void> {
    const { before, begin } = this.#text
    for (const sql of [...before, begin]) await this.#lease.execute(control(sql), this.#deadline)
  }

  async #restore(): Promise<void> {
    const lease = this.#lease
    // To wait for a server that is silent would hold the connection for long.
    if (lease.isUnsettled && this.#pool.driver.isRemote) lease.discard(new Error('It is silent.'))
    try {
      for (const sql of lease.isLost ? [] : this.#text.after) await lease.execute(control(sql))
    } catch (error) {
      lease.discard(error)
    }
  }
}
