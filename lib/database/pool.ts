import { ConnectionLostError, OperationalError, type OrmError } from '../errors.ts'
import { Deadline } from './deadline.ts'
import { isPoolTimeout, poolTimeout, translateError } from './driver-errors.ts'
import type { Driver, DriverConnection, KnexClient, KnexPool } from './drivers/driver.ts'
import { type Holder, Lease, type LeaseHost } from './lease.ts'
import type { Statement } from './runner.ts'
import { WriteTurns } from './write-turns.ts'

const DEFAULT_ACQUIRE_MS = 60_000
const DEFAULT_MAX = 10
const FULL_SERVER_RETRY_MS = 50
const SHOWN_HOLDERS = 3
/** Of the time to wait for a connection: when nothing happens on any for so long, nothing will. */
const STALLED_SHARE = 1 / 3
/** Of that, how long the next one waits after one gave up, since that may have set the rest going. */
const VICTIM_SHARE = 1 / 4

const PING: Statement = { sql: 'SELECT 1', bindings: [], wants: 'rows', writes: false }

function closedError(): OperationalError {
  return new OperationalError('The database was closed; connect() again to use it.')
}

/** knex's own pool, as leases: who holds a connection is known, and a dead one never comes back. */
export class Pool implements LeaseHost {
  readonly name: string
  readonly client: KnexClient
  readonly driver: Driver
  readonly debug: boolean
  readonly kept: number
  /** Whose turn it is to write, where the database takes one writer at a time. */
  readonly #writeTurns: WriteTurns
  readonly #leases: Set<Lease> = new Set()
  #lastVictimAt = 0
  #refusal: OrmError | undefined

  constructor(name: string, client: KnexClient, driver: Driver, debug: boolean, kept: number) {
    this.name = name
    this.client = client
    this.driver = driver
    this.debug = debug
    this.kept = kept
    this.#writeTurns = new WriteTurns(driver.dialect === 'sqlite' && this.max > 1)
  }

  /** Runs work that writes when it is its turn. */
  writing<T>(work: () => Promise<T>, deadline?: Deadline): Promise<T> {
    return this.#writeTurns.take(work, this.acquireTimeoutMs, deadline)
  }

  get max(): number {
    return this.client.pool?.max ?? this.client.config?.pool?.max ?? DEFAULT_MAX
  }

  get acquireTimeoutMs(): number {
    return this.client.pool?.acquireTimeoutMillis ?? DEFAULT_ACQUIRE_MS
  }

  get leases(): Lease[] {
    return [...this.#leases]
  }

  /** Gives no more connections: what lost its own while it closes must not get another. */
  refuse(reason: OrmError): void {
    this.#refusal = reason
  }

  /**
   * Leases a connection: one from the pool, or a new one.
   *
   * @throws PoolTimeoutError with the pool's numbers, ConnectionLostError, what the deadline says.
   * @example
   * const lease = await pool.acquire({ what: 'a query' })
   * try { await lease.execute(statement) } finally { lease.release() }
   */
  async acquire(holder: Holder, deadline?: Deadline): Promise<Lease> {
    const startedAt = Date.now()
    let mayHaveOwn = true
    let passing: OrmError | undefined
    for (;;) {
      if (deadline?.isOver) throw deadline.toError()
      if (this.#refusal !== undefined) throw this.#refusal
      const pool = this.client.pool
      if (pool === undefined) throw closedError()
      const isSpare = (pool.numPendingCreates?.() ?? 0) > (pool.numPendingAcquires?.() ?? 0)
      try {
        const connection = await (this.#leases.size < this.max
          ? this.#take(pool, deadline)
          : this.#takeWatching(pool, deadline))
        const lease = new Lease(this, connection, holder)
        this.#leases.add(lease)
        return lease
      } catch (error) {
        const failure = this.#failure(error, startedAt)
        if (isSpare && mayHaveOwn && failure.error instanceof ConnectionLostError) {
          // It was begun for one that waits no longer, when the network may have been another.
          mayHaveOwn = false
          continue
        }
        // That the server is full says more than that nothing became free meanwhile.
        if (isPoolTimeout(error)) throw passing ?? failure.error
        // The server is full or starting: others will give connections back, until time is up.
        if (!failure.passing || Date.now() - startedAt >= this.acquireTimeoutMs) throw failure.error
        passing = failure.error
        await pause(FULL_SERVER_RETRY_MS, deadline)
      }
    }
  }

  /**
   * As `acquire`, after a connection turned out to be dead: others that were idle may be dead as
   * well, so one is only given when it answered.
   *
   * @example
   * const lease = await pool.acquireAlive({ what: 'a query' })
   */
  async acquireAlive(holder: Holder, deadline?: Deadline): Promise<Lease> {
    for (let left = this.max; ; left -= 1) {
      const lease = await this.acquire(holder, deadline)
      try {
        await lease.execute(PING, deadline)
        return lease
      } catch (error) {
        const wasLost = lease.isLost
        lease.release()
        if (!wasLost || left <= 0 || deadline?.isOver) throw error
      }
    }
  }

  giveBack(lease: Lease): void {
    if (!this.#leases.delete(lease)) return
    // A BEGIN that was given up may have arrived all the same.
    if (lease.isInTransaction) lease.discard(new Error('It was left in a transaction.'))
    this.client.pool?.release(lease.connection)
  }

  #take(pool: KnexPool, deadline: Deadline | undefined): Promise<DriverConnection> {
    // Not client.acquireConnection: that cannot leave the queue and prints every timeout.
    const pending = pool.acquire()
    if (deadline === undefined) return pending.promise
    return new Promise((resolve, reject) => {
      let isLate = false
      const off = deadline.onStop(() => {
        isLate = true
        pending.abort?.()
        reject(deadline.toError())
      })
      pending.promise.then(
        (connection) => {
          off()
          if (isLate) pool.release(connection)
          else resolve(connection)
        },
        (error: unknown) => {
          off()
          reject(error)
        },
      )
    })
  }

  /**
   * Waits for a connection, all being held. When nothing has been running on any of them for long,
   * their holders may be waiting for this one: it gives up before the time for it is over.
   */
  async #takeWatching(pool: KnexPool, outer: Deadline | undefined): Promise<DriverConnection> {
    const startedAt = Date.now()
    const patienceMs = this.acquireTimeoutMs * STALLED_SHARE
    const watched = new Deadline({}, outer)
    let timer: NodeJS.Timeout | undefined
    const watch = (waitMs: number) => {
      timer = setTimeout(() => {
        const idlest = Math.min(...this.leases.map(({ idleMs }) => idleMs))
        const sinceVictim = Date.now() - this.#lastVictimAt
        const leftMs = Math.max(
          patienceMs - idlest,
          patienceMs * VICTIM_SHARE - sinceVictim,
          this.#leases.size < this.max ? patienceMs : 0,
        )
        if (leftMs > 0) return watch(leftMs)
        this.#lastVictimAt = Date.now()
        watched.stop(this.#timeout(undefined, startedAt, idlest))
      }, waitMs)
    }
    watch(patienceMs)
    try {
      return await this.#take(pool, watched)
    } finally {
      clearTimeout(timer)
      watched.dispose()
    }
  }

  #failure(error: unknown, startedAt: number): { error: OrmError; passing: boolean } {
    if (isPoolTimeout(error)) return { error: this.#timeout(error, startedAt), passing: false }
    if (error instanceof Error && error.message === 'aborted') {
      return { error: closedError(), passing: false }
    }
    const { driver, debug } = this
    return translateError(error, { driver, bindings: [], debug })
  }

  #timeout(cause: unknown, startedAt: number, idleMs?: number): OrmError {
    const pool = this.client.pool
    const oldest = this.leases.sort((a, b) => a.since - b.since).slice(0, SHOWN_HOLDERS)
    return poolTimeout(
      {
        waitedMs: Date.now() - startedAt,
        max: this.max,
        used: pool?.numUsed?.() ?? this.#leases.size,
        free: pool?.numFree?.() ?? 0,
        // The one that gives up early has not left the queue yet.
        waiting: (pool?.numPendingAcquires?.() ?? 0) - (idleMs === undefined ? 0 : 1),
        holders: oldest.map((lease) => lease.describe()),
        idleMs,
      },
      cause,
    )
  }
}

/**
 * Waits a moment, or until the deadline.
 *
 * @example
 * await pause(50, deadline)
 */
export function pause(ms: number, deadline: Deadline | undefined): Promise<void> {
  return new Promise((resolve) => {
    const off = deadline?.onStop(() => {
      clearTimeout(timer)
      resolve()
    })
    const timer = setTimeout(() => {
      off?.()
      resolve()
    }, ms)
  })
}
