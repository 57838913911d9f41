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

/** Autocommit on one connection for the whole length of a background job. */
export class JobRunner implements Held {
  readonly db: Database
  readonly #pool: Pool
  readonly #deadline: Deadline | undefined
  #lease: Lease
  #replacing: Promise<void> | undefined
  #isOver = false

  constructor(db: Database, pool: Pool, lease: Lease, deadline: Deadline | undefined) {
    this.db = db
    this.#pool = pool
    this.#lease = lease
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
    this.#lease.release()
  }

  async #run(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    const lease = this.#lease
    try {
      return await lease.execute(statement, deadline)
    } catch (error) {
      if (!mayRepeat(lease, statement, deadline) || this.#isOver) throw error
    }
    this.#replacing ??= this.#replace(deadline)
    await this.#replacing
    return await this.#lease.execute(statement, deadline)
  }

  async #replace(deadline: Deadline | undefined): Promise<void> {
    try {
      this.#lease.release()
      this.#lease = await this.#pool.acquireAlive({ what: 'a started query' }, deadline)
      if (this.#isOver) this.#lease.release()
    } finally {
      this.#replacing = undefined
    }
  }
}
