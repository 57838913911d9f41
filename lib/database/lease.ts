import { ConnectionLostError } from '../errors.ts'
import { deferred, handled } from '../util/deferred.ts'
import {
  Batch,
  type BatchHost,
  type Bond,
  type Enlisted,
  READER_GRACE_MS,
  SentBatch,
} from './batch.ts'
import { type EndOfStatement, noteStatement } from './capture.ts'
import type { Deadline } from './deadline.ts'
import { type TranslatedError, translateError } from './driver-errors.ts'
import type { Driver, DriverConnection, DriverResult, KnexClient } from './drivers/driver.ts'
import { delayUnless } from './drivers/driver.ts'
import type { Statement } from './runner.ts'
import { type QueryEvent, traceError, traceQuery, traceResponse } from './tracing.ts'
import { TurnQueue } from './turn-queue.ts'
import { userFrame } from './user-frames.ts'
import { noteWrite } from './written.ts'

/** How many statements go out together at most. */
const LONGEST_BATCH = 250
/** How long a connection may take to settle before it is destroyed. */
const CONNECTION_GRACE_MS = 5000

/** Who holds a connection, for messages. */
export interface Holder {
  /** `atomic()`. */
  readonly what: string
  /** Its stack, unread until a message needs it. */
  readonly origin?: { readonly stack?: string }
}

/** What a lease needs of the pool it comes from. */
export interface LeaseHost {
  /** The name of the database. */
  readonly name: string
  readonly client: KnexClient
  readonly driver: Driver
  readonly debug: boolean
  /** How many prepared statements a connection keeps. */
  readonly kept: number
  giveBack(lease: Lease): void
}

function ignore(): void {}

/** The end of what runs now, and of what goes on at once because of an answer. */
function endOfTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/**
 * One connection, held for a while: the single place from which statements go to the driver, one
 * at a time, or those of one tick in one write.
 */
export class Lease {
  readonly connection: DriverConnection
  readonly #holder: Holder
  readonly since: number = Date.now()
  readonly #host: LeaseHost
  readonly #queue: TurnQueue = new TurnQueue()
  readonly #written: Set<string> = new Set()
  readonly #gone = deferred<void>()
  #gathering: Batch | undefined
  #settling: Promise<void> | undefined
  #unsettled = false
  #lost = false
  #released = false
  #lastActiveAt: number = Date.now()

  constructor(host: LeaseHost, connection: DriverConnection, holder: Holder) {
    this.#host = host
    this.connection = connection
    this.#holder = holder
  }

  /** Who holds it and for how long: `atomic() at /app/pay.ts:12:9 for 1200 ms`. */
  describe(): string {
    const { what, origin } = this.#holder
    const place = userFrame(origin?.stack ?? '')
    return `${what}${place === '' ? '' : ` at ${place}`} for ${Date.now() - this.since} ms`
  }

  /** The connection is dead; nothing can be sent on it any more. */
  get isLost(): boolean {
    return this.#lost
  }

  /** For how long nothing has been running on it. */
  get idleMs(): number {
    return this.#queue.isIdle && this.#settling === undefined ? Date.now() - this.#lastActiveAt : 0
  }

  /** A statement was told to stop and has not, so that nobody knows what it did. */
  get isUnsettled(): boolean {
    return this.#unsettled
  }

  get isInTransaction(): boolean {
    return !this.#host.driver.isIdle(this.connection)
  }

  /**
   * Sends a statement in its turn; it is with the driver before this returns when nothing runs.
   *
   * @throws an `OrmError`; when the deadline passes the database is told to stop and the
   * statement is waited for, shortly.
   * @example
   * const { rows } = await lease.execute(statement)
   */
  execute(statement: Statement, deadline?: Deadline): Promise<DriverResult> {
    this.#gathering = undefined
    return this.#queue.add(() => this.#send(statement, deadline), deadline)
  }

  /**
   * As `execute`, but never stopped half way: a connection that does not answer a moment after the
   * deadline is destroyed. Only where what is sent may never arrive: a database in this process
   * answers.
   *
   * @example
   * await lease.executeOrDiscard(rollback, 200, deadline)
   */
  async executeOrDiscard(
    statement: Statement,
    graceMs: number,
    deadline: Deadline,
  ): Promise<DriverResult> {
    if (!this.#host.driver.isRemote) return await this.execute(statement)
    let timer: NodeJS.Timeout | undefined
    const cut = () => this.discard(new Error('The server did not answer.'))
    const wait = () => {
      timer = setTimeout(cut, graceMs)
    }
    const off = deadline.isOver ? wait() : deadline.onStop(wait)
    try {
      return await this.execute(statement)
    } finally {
      off?.()
      clearTimeout(timer)
    }
  }

  /** Whether statements can be sent together. */
  get canBatch(): boolean {
    return this.#host.driver.runAll !== undefined
  }

  /**
   * Sends a statement at the end of the tick, with the others of the tick: in one write, in order,
   * after what was asked for before. One that fails keeps those behind it from running.
   *
   * @param refuse says why it cannot be sent any more, when it would be.
   * @throws as `execute`; what `refuse` gave; `NotSent` when one before it failed.
   * @example
   * await Promise.all([lease.enlist(first), lease.enlist(second)])
   */
  async enlist(
    statement: Statement,
    deadline?: Deadline,
    refuse?: () => Error | undefined,
  ): Promise<DriverResult> {
    const run = await this.#gathered('one after another').turn(statement, deadline, refuse)
    return await run()
  }

  /** When all that was asked for until now has been answered; `undefined` when it has been. */
  answered(): Promise<void> | undefined {
    if (this.#queue.isIdle) return undefined
    this.#gathering = undefined
    return this.#queue.add(async () => undefined)
  }

  /** Whether reads can be sent together that do not depend on each other. */
  get canShare(): boolean {
    const { driver } = this.#host
    return driver.runEach !== undefined && driver.canShare?.(this.connection) === true
  }

  /**
   * As `enlist`, for statements that have nothing to do with each other: each fails by itself.
   *
   * @example
   * await Promise.allSettled([lease.enlistRead(first), lease.enlistRead(second)])
   */
  async enlistRead(statement: Statement): Promise<DriverResult> {
    const run = await this.#gathered('each by itself').turn(statement, undefined, undefined)
    return await run()
  }

  /** Never to be used again: knex's pool destroys it when it is given back. */
  discard(reason: unknown): void {
    if (this.#lost) return
    this.#lost = true
    this.connection.__knex__disposed ??= reason
    this.#host.driver.destroy(this.connection)
    this.#gone.resolve()
  }

  /** Gives the connection back as soon as nothing runs on it. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.#gathering = undefined
    // What a transaction wrote was seen by nobody else until now.
    for (const table of this.#written) noteWrite(table)
    if (this.#queue.isIdle && this.#settling === undefined) {
      this.#host.giveBack(this)
      return
    }
    void this.#queue
      .add(async () => {
        await this.#settling
      })
      .then(() => this.#host.giveBack(this))
  }

  /** For a close that waits no longer: stops what runs and destroys the connection. */
  async abandon(reason: unknown): Promise<void> {
    this.#gathering = undefined
    if (!this.#queue.isIdle) {
      let settle: () => void = ignore
      const settled = new Promise<void>((resolve) => {
        settle = resolve
      })
      void handled(this.#queue.add(async () => settle()))
      await this.#cancel(settled)
    }
    this.discard(reason)
    this.release()
  }

  #gathered(bond: Bond): Batch {
    const gathering = this.#gathering
    if (gathering?.bond === bond && gathering.size < LONGEST_BATCH) return gathering
    const batch = new Batch(bond)
    this.#gathering = batch
    void handled(this.#queue.add(() => this.#sendBatch(batch)))
    return batch
  }

  async #sendBatch(batch: Batch): Promise<void> {
    await endOfTick()
    if (this.#settling !== undefined) await this.#settling
    if (this.#gathering === batch) this.#gathering = undefined
    const entries = batch.take()
    const [first] = entries
    if (first === undefined) return
    if (entries.length > 1) {
      await new SentBatch(this.#hostOf(entries, batch.bond), entries).run()
      return
    }
    await new Promise<void>((resolve) => {
      first.begin(async () => {
        try {
          return await this.#send(first.statement, first.deadline)
        } finally {
          resolve()
        }
      })
    })
  }

  #hostOf(entries: readonly Enlisted[], bond: Bond): BatchHost {
    const { name, client, driver, kept } = this.#host
    const statements = entries.map(({ statement }) => statement)
    const notes: { event: QueryEvent; end: EndOfStatement | undefined; statement: Statement }[] = []
    const ended = (at: number, result?: DriverResult) => {
      const note = notes[at] as (typeof notes)[number]
      note.end?.(result)
      this.#noteEnd(note.statement)
      return note
    }
    const isLost = (): boolean => this.#lost
    return {
      get isLost() {
        return isLost()
      },
      announce: (at) => {
        const statement = statements[at] as Statement
        const event = traceQuery(client, this.connection, statement)
        notes[at] = { event, statement, end: noteStatement(name, statement) }
      },
      send: () => {
        const run = bond === 'each by itself' ? driver.runEach : driver.runAll
        const sent = this.#lost ? undefined : run?.(this.connection, statements, kept)
        return sent ?? statements.map(() => handled(Promise.reject(this.#brokenError())))
      },
      succeeded: (at, result) => {
        const { event, statement } = ended(at, result)
        traceResponse(client, event, result, statement.wants)
      },
      skipped: (at) => {
        traceError(client, ended(at).event, new Error('Not run: one sent before it failed.'))
      },
      failed: (at, error) => {
        const { event, statement } = ended(at)
        return this.#failed(error, statement, event)
      },
      stop: (settled) => this.#stop(settled),
    }
  }

  async #send(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    if (this.#settling !== undefined) await this.#settling
    const { name, client, driver, kept } = this.#host
    if (this.#lost) throw this.#brokenError()
    const event = traceQuery(client, this.connection, statement)
    let end: EndOfStatement | undefined
    try {
      // A listener may have ended it, if its time was not over before.
      if (deadline?.isOver) throw deadline.toError()
      end = noteStatement(name, statement)
      const sent = driver.run(this.connection, statement, kept)
      const result = deadline === undefined ? await sent : await this.#settledWithin(sent, deadline)
      traceResponse(client, event, result, statement.wants)
      end?.(result)
      return result
    } catch (error) {
      const translated = this.#failed(error, statement, event)
      end?.(undefined)
      const wasStopped = deadline?.isOver && (translated.canceled || translated.lost)
      throw wasStopped ? deadline.toError() : translated.error
    } finally {
      this.#noteEnd(statement)
    }
  }

  #brokenError(): ConnectionLostError {
    return new ConnectionLostError('The connection broke before this statement was sent.', {
      cause: this.connection.__knex__disposed,
    })
  }

  /** Tells the listeners, and gives a dead connection up. */
  #failed(error: unknown, { bindings }: Statement, event: QueryEvent): TranslatedError {
    const { client, driver, debug } = this.#host
    const translated = translateError(error, { driver, bindings, debug })
    if (translated.lost) this.discard(translated.redacted)
    traceError(client, event, translated.redacted)
    return translated
  }

  #noteEnd({ table }: Statement): void {
    this.#lastActiveAt = Date.now()
    if (table !== undefined) this.#noteWrite(table)
  }

  #noteWrite(table: string): void {
    this.#written.add(table)
    noteWrite(table)
  }

  #settledWithin(sent: Promise<DriverResult>, deadline: Deadline): Promise<DriverResult> {
    const settled = sent.then(ignore, ignore)
    return new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined
      const off = deadline.onStop(() => {
        this.#stop(settled)
        // The reader goes on; the connection stays taken until the statement settled.
        grace = setTimeout(() => reject(deadline.toError()), READER_GRACE_MS)
      })
      void settled.then(() => {
        off()
        clearTimeout(grace)
        resolve(sent)
      })
    })
  }

  /** Stops what runs; what comes next waits until that is over. */
  #stop(settled: Promise<void>): void {
    this.#unsettled = true
    void settled.then(() => {
      this.#unsettled = false
    })
    this.#settling = this.#cancel(settled).then(() => {
      this.#settling = undefined
    })
  }

  /** Stops what runs; ends when no cancellation of ours can hit a later statement. */
  async #cancel(settled: Promise<void>): Promise<void> {
    const { client, driver } = this.#host
    // An error here means only that the server cannot be reached to cancel: then time decides.
    const cancelled = driver.cancel(client, this.connection, settled).catch(ignore)
    const both = Promise.all([settled, cancelled]).then(ignore)
    let isSettled = false
    void both.then(() => {
      isSettled = true
    })
    await delayUnless(Promise.race([both, this.#gone.promise]), CONNECTION_GRACE_MS)
    if (!isSettled) this.discard(new Error('A cancelled statement did not settle.'))
  }
}
