import { TransactionBrokenError, TransactionError } from '../errors.ts'
import { deferred, handled } from '../util/deferred.ts'
import { type BegunConnection, control } from './begun.ts'
import { callSafely } from './boundaries.ts'
import { type Held, holding } from './context.ts'
import { Deadline, withDeadline } from './deadline.ts'
import { type DriverResult, NotSent } from './drivers/driver.ts'
import type {
  AtomicOptions,
  Database,
  Job,
  RunLimits,
  StartManner,
  Statement,
  StatementResult,
} from './runner.ts'
import { type Settled, settle } from './settled.ts'
import { type Manner, TurnQueue } from './turn-queue.ts'
import { Undos } from './undos.ts'

/** How a frame ended: `unknown` when the answer to COMMIT never came. */
export type FrameOutcome = 'committed' | 'rolled back' | 'unknown'

/** What all frames of one transaction share. */
export interface FrameHost {
  readonly db: Database
  readonly connection: BegunConnection
  /** Options of the outermost `atomic()`. */
  readonly options: AtomicOptions
  /** How long to wait behind a frame in which nothing happens. */
  readonly patienceMs: number
}

type FrameKind = 'atomic' | 'job' | 'shared job'

/** How long a savepoint whose time is over waits for an answer: the work around it is at stake. */
const SAVEPOINT_GRACE_MS = 1000

function endedError(): TransactionError {
  return new TransactionError(
    'This atomic() already ended: the statement was not sent, since it would have been outside ' +
      'the transaction. Await everything inside the callback; what shall go on after it, start ' +
      'in onCommit().',
  )
}

function sharedError(): TransactionError {
  return new TransactionError(
    'atomic() was called inside a started query, whose connection other queries use meanwhile. ' +
      'Call it where the query is awaited.',
  )
}

/**
 * A transaction, a savepoint in it, or a started job in either: where statements join it.
 *
 * Statements, savepoints and jobs of one frame take turns; one that is open occupies its parent,
 * so that what the parent does meanwhile cannot be undone by the child's rollback. Where they can be
 * sent together, statements and jobs that only read do not wait for each other's answers.
 */
export class Frame implements Held {
  readonly db: Database
  readonly parent: Frame | undefined
  /** 0 for the outermost `atomic()`. */
  readonly depth: number
  readonly host: FrameHost
  readonly isGone: boolean = false
  /** It stands for the database: work in it is outside any `atomic()`. */
  readonly isSandbox: boolean = false
  readonly #kind: FrameKind
  readonly #deadline: Deadline | undefined
  readonly #queue: TurnQueue = new TurnQueue()
  readonly #abandoned = deferred<never>()
  readonly #commitHooks: (() => unknown)[] = []
  readonly #undos: Undos = new Undos()
  readonly #endHooks: ((outcome: FrameOutcome) => void)[] = []
  #phase: 'open' | 'ending' | 'ended' = 'open'
  #isRollingBack = false
  #broken: { readonly error: unknown } | undefined
  readonly #children: Set<Frame> = new Set()

  constructor(host: FrameHost, parent?: Frame, kind: FrameKind = 'atomic', deadline?: Deadline) {
    this.host = host
    this.db = host.db
    this.parent = parent
    this.#kind = kind
    this.#deadline = deadline
    this.depth = parent === undefined ? 0 : parent.depth + (kind === 'atomic' ? 1 : 0)
    void handled(this.#abandoned.promise)
  }

  get isUsable(): boolean {
    return this.#refusal() === undefined
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended'
  }

  /** The first error that broke it. */
  get broken(): { readonly error: unknown } | undefined {
    return this.#broken
  }

  isWithin(other: Held): boolean {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.parent) {
      if (frame === other) return true
    }
    return false
  }

  run(statement: Statement, limits?: RunLimits): Promise<StatementResult> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    return withDeadline(limits, this.#deadline, (deadline) => {
      const wanted = statement.writes ? 'write' : 'statement'
      const manner = this.#mayOverlap ? wanted : 'alone'
      const task = () => this.#send(statement, deadline)
      if (this.#queue.isFree(manner)) return this.#queue.add(task, undefined, manner)
      return this.#breaking(this.#waitTurn(task, deadline, manner))
    })
  }

  async runJob<T>(job: Job<T>, deadline?: Deadline, manner?: StartManner): Promise<T> {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    const kind = manner === 'reading' ? 'job' : 'alone'
    const work = this.#inTurn(() => this.#runJobNow(job, deadline, kind), deadline, kind)
    // Consumed or not: what was started in a transaction is a part of it.
    return await this.#breaking(work)
  }

  /**
   * Opens a frame inside this one, in its turn.
   *
   * @example
   * await frame.nest((child) => runSavepoint(child, fn))
   */
  async nest<T>(work: (child: Frame) => Promise<T>, limits?: RunLimits): Promise<T> {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    if (this.#kind === 'shared job') throw sharedError()
    const outer = this.#deadline
    const deadline = Deadline.of(limits, outer, 'atomic()')
    const enter = () => {
      const late = this.#lateRefusal()
      if (late !== undefined) throw late
      const child = new Frame(this.host, this, 'atomic', deadline)
      return this.#occupy(child, () => work(child))
    }
    try {
      return await this.#inTurn(enter, deadline, 'alone')
    } finally {
      if (deadline !== outer) deadline?.dispose()
    }
  }

  /** Runs the callback inside, then waits for what it left running; refuses work after that. */
  async drive<T>(fn: () => T | PromiseLike<T>): Promise<Settled<T>> {
    const settled = await this.#inTime(() => holding(this.db, this, () => settle(fn)))
    if (this.#phase === 'open') this.#phase = 'ending'
    if (!settled.ok && this.#kind === 'atomic') {
      this.#isRollingBack = true
      for (const child of this.#children) if (child.#kind === 'atomic') child.abandon()
    }
    await this.#drain()
    return settled
  }

  /** A statement of the transaction's own, past the queue; none when the frame around ended first. */
  command(sql: string): Promise<DriverResult> {
    if (this.#phase === 'ended') return Promise.reject(endedError())
    const statement = control(sql)
    const { lease } = this.host.connection
    if (this.#deadline === undefined) return lease.execute(statement)
    return lease.executeOrDiscard(statement, SAVEPOINT_GRACE_MS, this.#deadline)
  }

  /** Nothing more is sent in this frame, and it cannot commit. */
  break(error: unknown): void {
    this.#broken ??= { error }
    // The whole transaction went with the connection.
    if (this.host.connection.lease.isLost) this.parent?.break(error)
  }

  /**
   * The frame around it ends first: what still comes from inside is refused, and what was done is
   * undone with that one, not when the callback comes to its end.
   */
  abandon(): void {
    this.#phase = 'ended'
    for (const child of this.#children) child.abandon()
    if (this.parent !== undefined) this.parent.#undos.take(this.#undos)
    this.#abandoned.reject(
      new TransactionError('The atomic() around this one ended first, so this one is undone.'),
    )
  }

  /** Ends it: from now on work in it is refused. Runs its hooks. */
  conclude(outcome: FrameOutcome): void {
    this.#phase = 'ended'
    if (outcome === 'committed') this.#keepHooks()
    else this.#undos.run()
    for (const hook of this.#endHooks) callSafely(() => hook(outcome), 'end')
  }

  onCommit(hook: () => unknown): void {
    this.#commitHooks.push(hook)
  }

  /** Nothing for a frame that has ended: what is done in it is refused. */
  onRollback(hook: () => void): void {
    if (this.#phase !== 'ended') this.#undos.add(hook)
  }

  onEnd(hook: (outcome: FrameOutcome) => void): void {
    this.#endHooks.push(hook)
  }

  /** To be run once the outermost frame has committed. */
  get commitHooks(): readonly (() => unknown)[] {
    return this.#commitHooks
  }

  #keepHooks(): void {
    const { parent } = this
    if (parent === undefined) return
    for (const hook of this.#commitHooks) parent.#commitHooks.push(hook)
    parent.#undos.take(this.#undos)
  }

  #refusal(): TransactionError | undefined {
    return this.#phase === 'open' ? this.#lateRefusal() : endedError()
  }

  /** Why what was accepted cannot be sent any more when its turn comes. */
  #lateRefusal(): TransactionError | undefined {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.parent) {
      if (frame.#phase === 'ended') return endedError()
      if (frame.#broken !== undefined) {
        return new TransactionBrokenError(
          'A statement of this atomic() failed, so nothing more is sent in it; see cause. Use a ' +
            'nested atomic() around what may fail.',
          { cause: frame.#broken.error },
        )
      }
    }
    return undefined
  }

  /** What the callback did, or that its time is over, whatever it waits for. */
  #inTime<T>(work: () => Promise<Settled<T>>): Promise<Settled<T>> {
    const deadline = this.#deadline
    if (deadline === undefined) return work()
    return new Promise((resolve) => {
      const stop = () => {
        const error = deadline.toError()
        this.break(error)
        resolve({ ok: false, error })
      }
      if (deadline.isOver) {
        stop()
        return
      }
      const off = deadline.onStop(stop)
      void work().then((settled) => {
        off()
        if (deadline.isOver) stop()
        else resolve(settled)
      })
    })
  }

  async #send(statement: Statement, deadline: Deadline | undefined): Promise<DriverResult> {
    const refuse = () => this.#lateRefusal() ?? (this.#isRollingBack ? endedError() : undefined)
    const refusal = refuse()
    if (refusal !== undefined) throw refusal
    try {
      return await this.host.connection.execute(statement, deadline, refuse)
    } catch (error) {
      // Before the next one's turn comes.
      if (!(error instanceof NotSent)) {
        this.break(error)
        throw error
      }
      this.#breakThrough(error.because)
      throw this.#lateRefusal()
    }
  }

  /** The work, which breaks the frame when it fails. */
  async #breaking<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      this.break(error)
      throw error
    }
  }

  /** What failed was sent before, by this frame or a job beside it: it is the first error of all. */
  #breakThrough(error: unknown): void {
    this.break(error)
    const { parent } = this
    if (this.#kind !== 'atomic' && parent !== undefined) parent.#breakThrough(error)
  }

  get #mayOverlap(): boolean {
    return this.host.connection.lease.canBatch
  }

  async #runJobNow<T>(
    job: Job<T>,
    deadline: Deadline | undefined,
    kind: 'job' | 'alone',
  ): Promise<T> {
    const refusal = this.#lateRefusal()
    if (refusal !== undefined) throw refusal
    const frameKind = kind === 'job' && this.#mayOverlap ? 'shared job' : 'job'
    const child = new Frame(this.host, this, frameKind, deadline ?? this.#deadline)
    const settled = await this.#occupy(child, () => child.drive(() => job(child)))
    child.conclude('committed')
    if (child.broken !== undefined) this.break(child.broken.error)
    if (!settled.ok) throw settled.error
    return settled.value
  }

  async #occupy<T>(child: Frame, work: () => Promise<T>): Promise<T> {
    this.#children.add(child)
    try {
      return await Promise.race([work(), child.#abandoned.promise])
    } finally {
      this.#children.delete(child)
    }
  }

  /** Waits for what was accepted; gives up on children that wait for each other. */
  async #drain(): Promise<void> {
    try {
      await this.#inTurn(async () => undefined, undefined, 'alone')
    } catch (error) {
      this.break(error)
      for (const child of this.#children) child.abandon()
      await this.#queue.add(async () => undefined)
    }
  }

  #inTurn<T>(task: () => Promise<T>, deadline: Deadline | undefined, wanted: Manner): Promise<T> {
    const manner = this.#mayOverlap ? wanted : 'alone'
    if (this.#queue.isFree(manner)) return this.#queue.add(task, undefined, manner)
    return this.#waitTurn(task, deadline, manner)
  }

  async #waitTurn<T>(
    task: () => Promise<T>,
    deadline: Deadline | undefined,
    manner: Manner,
  ): Promise<T> {
    const turn = new Deadline({}, deadline)
    let timer: NodeJS.Timeout | undefined
    const watch = (waitMs: number) => {
      timer = setTimeout(() => {
        const leftMs = this.host.patienceMs - this.host.connection.lease.idleMs
        if (leftMs > 0) watch(leftMs)
        else turn.stop(this.#impatience())
      }, waitMs)
    }
    watch(this.host.patienceMs)
    const forget = () => {
      clearTimeout(timer)
      turn.dispose()
    }
    try {
      return await this.#queue.add(
        () => {
          forget()
          return task()
        },
        turn,
        manner,
      )
    } finally {
      forget()
    }
  }

  #impatience(): TransactionError {
    return new TransactionError(
      `Waited ${this.host.patienceMs} ms behind a nested atomic() or a started query in which ` +
        'nothing happens. Branches of one transaction run one after the other: if that one waits ' +
        'for this one, they would wait for ever.',
    )
  }
}
