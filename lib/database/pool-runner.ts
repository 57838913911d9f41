import { OperationalError } from '../errors.ts'
import type { Held } from './context.ts'
import { type Deadline, withDeadline } from './deadline.ts'
import type { DriverResult } from './drivers/driver.ts'
import type { Lease } from './lease.ts'
import type { Pool } from './pool.ts'
import type { Database, Job, RunLimits, Runner, Statement, StatementResult } from './runner.ts'

const QUERY = { what: 'a query' } as const

/** A read whose connection turned out to be dead is run once more; what writes never is. */
function mayRepeat(lease: Lease, statement: Statement, deadline: Deadline | undefined): boolean {
  return lease.isLost && !statement.writes && !deadline?.isOver
}

/** Autocommit: each statement on a connection of the pool. */
export class PoolRunner implements Runner {
  readonly db: Database
  readonly #pool: Pool
  readonly #whileOpen: <T>(work: () => Promise<T>) => Promise<T>

  /** @param whileOpen counts what runs, and refuses it once the database closes. */
  constructor(db: Database, pool: Pool, whileOpen: <T>(work: () => Promise<T>) => Promise<T>) {
    this.db = db
    this.#pool = pool
    this.#whileOpen = whileOpen
  }

  run(statement: Statement, limits?: RunLimits): Promise<StatementResult> {
    return this.#whileOpen(() =>
      withDeadline(limits, undefined, (deadline) =>
        statement.writes
          ? this.#pool.writing(() => this.#run(statement, deadline), deadline)
          : this.#run(statement, deadline),
      ),
    )
  }

  async #run(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    const lease = await this.#pool.acquire(QUERY, deadline)
    try {
      return await lease.execute(statement, deadline)
    } catch (error) {
      if (!mayRepeat(lease, statement, deadline)) throw error
    } finally {
      lease.release()
    }
    const fresh = await this.#pool.acquireAlive(QUERY, deadline)
    try {
      return await fresh.execute(statement, deadline)
    } finally {
      fresh.release()
    }
  }
}

/** A connection that several jobs hold at once; the last one gives it back. */
export class SharedLease {
  readonly lease: Lease
  #holders: number

  constructor(lease: Lease, holders: number) {
    this.lease = lease
    this.#holders = holders
  }

  get isShared(): boolean {
    return this.#holders > 1
  }

  leave(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.lease.release()
  }
}

/** Autocommit on one connection for the whole length of a background job. */
export class JobRunner implements Held {
  readonly db: Database
  readonly #pool: Pool
  readonly #deadline: Deadline | undefined
  readonly #isShared: boolean
  #shared: SharedLease
  #replacing: Promise<void> | undefined
  #isOver = false

  constructor(db: Database, pool: Pool, shared: SharedLease, deadline: Deadline | undefined) {
    this.db = db
    this.#pool = pool
    this.#shared = shared
    this.#isShared = shared.isShared
    this.#deadline = deadline
  }

  get isGone(): boolean {
    return this.#isOver
  }

  get isUsable(): boolean {
    return !this.#isOver
  }

  isWithin(other: Held): boolean {
    return this === other
  }

  run(statement: Statement, limits?: RunLimits): Promise<StatementResult> {
    if (this.#isOver) {
      return Promise.reject(
        new OperationalError('This background job is over: await everything inside it.'),
      )
    }
    return withDeadline(limits, this.#deadline, (deadline) => this.#run(statement, deadline))
  }

  runJob<T>(job: Job<T>): Promise<T> {
    return job(this)
  }

  /** Gives the connection back. */
  end(): void {
    this.#isOver = true
    this.#shared.leave()
  }

  async #run(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    const { lease } = this.#shared
    try {
      return await this.#send(statement, deadline)
    } catch (error) {
      if (!mayRepeat(lease, statement, deadline) || this.#isOver) throw error
    }
    if (this.#shared.lease === lease) this.#replacing ??= this.#replace(deadline)
    await this.#replacing
    return await this.#send(statement, deadline)
  }

  #send(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    const { lease } = this.#shared
    // One that may be told to stop goes alone: that could hit the one behind it.
    const isApart = this.#isShared && deadline === undefined && !statement.writes
    return isApart ? lease.enlistRead(statement) : lease.execute(statement, deadline)
  }

  async #replace(deadline: Deadline | undefined): Promise<void> {
    const dead = this.#shared
    try {
      const holder = { what: 'a started query' }
      // The pool may have no other before this one is given back.
      dead.lease.release()
      const fresh = new SharedLease(await this.#pool.acquireAlive(holder, deadline), 1)
      this.#shared = fresh
      if (this.#isOver) fresh.leave()
    } finally {
      this.#replacing = undefined
    }
  }
}
