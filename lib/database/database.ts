import type { Knex } from 'knex'
import { ImproperlyConfigured, OperationalError } from '../errors.ts'
import { readOptions } from '../util/options.ts'
import { ownOptions } from '../util/plain-object.ts'
import { Background } from './background.ts'
import { clientOf, configuredKnex } from './configure.ts'
import { heldOn } from './context.ts'
import { LONGEST_TIMER_MS } from './deadline.ts'
import { driverOf } from './drivers/drivers.ts'
import { Pool } from './pool.ts'
import { PoolRunner } from './pool-runner.ts'
import { openReading } from './reading.ts'
import { assertNameFree, register, unregister } from './registry.ts'
import {
  type AtomicOptions,
  Database,
  type DatabaseDialect,
  type Job,
  type Joinable,
  type Reading,
  type RunLimits,
  type Runner,
  type Started,
  type StartManner,
} from './runner.ts'
import { currentFrame, frameAround, runAtomic } from './transaction.ts'
import { type UnconsumedReport, UnconsumedStarts } from './unconsumed.ts'

export { Database } from './runner.ts'

const CLOSE_MS = 10_000
const FORCED_CLOSE_MS = 2000
/** For callbacks to notice that their connection is gone; one that never ends is not waited for. */
const LAST_WORDS_MS = 200

/** Options of `openDatabase`. */
export interface OpenOptions {
  /** By which `databaseNamed` and `using` find it. @default 'default' */
  readonly name?: string | undefined
  /** Takes the reports of failed starts nobody read; without it they are process warnings. */
  readonly onUnconsumedError?: ((report: UnconsumedReport) => void) | undefined
  /** Errors carry the driver's own error, values included, as `cause`. @default false */
  readonly debug?: boolean | undefined
  /**
   * How many prepared statements each connection keeps, the least recently used being dropped.
   * `false` for none, which PgBouncer before 1.21 needs in transaction mode. @default 200
   */
  readonly prepare?: boolean | number | undefined
}

const DEFAULT_STATEMENTS = 200

/** @throws ImproperlyConfigured */
function keptStatements(prepare: boolean | number = true): number {
  if (typeof prepare === 'boolean') return prepare ? DEFAULT_STATEMENTS : 0
  if (Number.isSafeInteger(prepare) && prepare >= 0) return prepare
  throw new ImproperlyConfigured(
    'prepare is true, false, or how many prepared statements a connection keeps.',
  )
}

function assertCloseTime(ms: unknown): void {
  if (typeof ms === 'number' && ms >= 0 && ms <= LONGEST_TIMER_MS) return
  throw new RangeError(
    `close() takes timeoutMs in milliseconds, 0 or more and at most ${LONGEST_TIMER_MS}.`,
  )
}

/** Resolves as soon as the work does, or after a time; says which. */
async function within(work: Promise<unknown>, ms: number): Promise<'done' | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms)
  })
  const done = work.then(
    () => 'done' as const,
    () => 'done' as const,
  )
  const winner = await Promise.race([done, late])
  clearTimeout(timer)
  return winner
}

class OpenDatabase extends Database {
  readonly knex: Knex
  readonly name: string
  readonly dialect: DatabaseDialect
  readonly #isOwnKnex: boolean
  readonly #pool: Pool
  readonly #autocommit: PoolRunner
  readonly #background: Background
  readonly #unread: UnconsumedStarts
  readonly #onIdle: (() => void)[] = []
  #working = 0
  #closing: Promise<void> | undefined
  #isClosed = false

  constructor(configOrKnex: Knex.Config | Knex, options: OpenOptions) {
    super()
    const { knex, isOwn } = configuredKnex(configOrKnex)
    const client = clientOf(knex)
    const driver = driverOf(client)
    this.knex = knex
    this.name = options.name ?? 'default'
    this.dialect = driver.dialect
    this.#isOwnKnex = isOwn
    const kept = keptStatements(options.prepare)
    this.#pool = new Pool(this.name, client, driver, options.debug ?? false, kept)
    this.#autocommit = new PoolRunner(this, this.#pool, (work) => this.#whileOpen(work))
    this.#unread = new UnconsumedStarts(this.name, options.onUnconsumedError)
    this.#background = new Background(this, this.#pool, this.#unread)
  }

  get poolMax(): number {
    return this.#pool.max
  }

  get closed(): boolean {
    return this.#isClosed
  }

  join<B extends Joinable>(builder: B): B {
    const frame = frameAround(this)
    if (frame !== undefined) builder.connection(frame.host.connection.forKnex as never)
    return builder
  }

  current(): Runner {
    return heldOn(this) ?? this.#autocommit
  }

  async atomic<T>(fn: () => T | PromiseLike<T>, options: AtomicOptions = {}): Promise<T> {
    const run = () => runAtomic(this, this.#pool, fn, options)
    // Inside a transaction it is a part of work that was accepted already.
    return await (currentFrame(this) === undefined ? this.#whileOpen(run) : run())
  }

  openReading(limits?: RunLimits): Promise<Reading> {
    return new Promise((resolve, reject) => {
      // It counts as work until it is closed.
      const work = (): Promise<void> =>
        new Promise((done, failed) => {
          openReading(this, this.#pool, limits, done).then(resolve, failed)
        })
      this.#whileOpen(work).catch(reject)
    })
  }

  start<T>(job: Job<T>, origin: Error, limits?: RunLimits, manner?: StartManner): Started<T> {
    return this.#background.start(job, { origin, limits, manner, refusal: this.#refusal() })
  }

  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs = CLOSE_MS } = readOptions('close()', options, { timeoutMs: true })
    assertCloseTime(timeoutMs)
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  #refusal(): OperationalError | undefined {
    if (this.#closing === undefined) return undefined
    return new OperationalError(`The database '${this.name}' is closed; connect() again to use it.`)
  }

  async #whileOpen<T>(work: () => Promise<T>): Promise<T> {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    this.#working += 1
    try {
      return await work()
    } finally {
      this.#working -= 1
      if (this.#working === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    }
  }

  async #idle(): Promise<void> {
    if (this.#working > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    await this.#background.idle()
  }

  async #close(timeoutMs: number): Promise<void> {
    if ((await within(this.#idle(), timeoutMs)) === 'late') await this.#force()
    this.#isClosed = true
    unregister(this)
    this.#unread.giveUpAll('database closed')
    // One that is stuck must not keep the process: its sockets are cut already.
    if (this.#isOwnKnex) await within(this.knex.destroy(), FORCED_CLOSE_MS)
  }

  async #force(): Promise<void> {
    this.#background.refuseWaiting()
    const reason = new OperationalError(`The database '${this.name}' was closed.`)
    this.#pool.refuse(reason)
    const { leases } = this.#pool
    const stopped = leases.map((lease) => lease.abandon(reason))
    await within(Promise.all(stopped), FORCED_CLOSE_MS)
    // A server that did not answer by now will not: its sockets are cut.
    for (const lease of leases) lease.discard(reason)
    await within(this.#idle(), LAST_WORDS_MS)
  }
}

/**
 * Makes a database of a knex configuration, or of a knex, and registers it by its name. Opens no
 * connection yet.
 *
 * A knex that is handed in is left as it is, and `close()` does not destroy it. One that is made
 * here has, on SQLite, foreign keys, WAL (files) and a busy timeout of 5 s.
 *
 * @throws ImproperlyConfigured, NotSupportedError
 * @example
 * const db = openDatabase({ client: 'pg', connection: process.env.DATABASE_URL })
 */
export function openDatabase(configOrKnex: Knex.Config | Knex, given: OpenOptions = {}): Database {
  const options = ownOptions(given)
  const name = options.name ?? 'default'
  if (typeof name !== 'string' || name === '') {
    throw new ImproperlyConfigured('The name of a database is a text that is not empty.')
  }
  assertNameFree(name)
  const database = new OpenDatabase(configOrKnex, options)
  register(database)
  return database
}
