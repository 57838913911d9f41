import { AsyncResource } from 'node:async_hooks'
import { OperationalError } from '../errors.ts'
import { deferred, handled } from '../util/deferred.ts'
import { noteStart, type StartNote } from './capture.ts'
import { type Held, heldOn, holding } from './context.ts'
import { Deadline } from './deadline.ts'
import { Frame } from './frame.ts'
import type { Holder, Lease } from './lease.ts'
import type { Pool } from './pool.ts'
import { JobRunner, SharedLease } from './pool-runner.ts'
import type {
  Database,
  Job,
  RunLimits,
  Runner,
  Started,
  StartManner,
  StartState,
} from './runner.ts'
import { SandboxFrame } from './sandbox-frame.ts'
import { framesOf, StartRecord, type UnconsumedStarts } from './unconsumed.ts'

/** How many starts share a connection: what else wants it waits for that many. */
const CREW = 16
const STARTED = { what: 'a started query' } as const

/** How a job is started. */
export interface StartRequest {
  /** Its stack names the place that started the job. */
  readonly origin: Error
  readonly limits: RunLimits | undefined
  readonly manner: StartManner | undefined
  /** Why the database takes no new work, if it takes none. */
  readonly refusal: Error | undefined
}

const marked = new WeakSet<Error>()

/** Adds, once, where the failed job was started: its own stack only shows the driver's answer. */
function withOrigin(error: unknown, origin: Error): unknown {
  if (!(error instanceof Error) || marked.has(error) || Object.isFrozen(error)) return error
  marked.add(error)
  error.stack = `${error.stack ?? error.message}\n    started at:\n${framesOf(origin)}`
  return error
}

/** A started job: entered at most once, wherever a connection for it is found first. */
class Task<T> {
  /** The frame it was started in; it never runs outside that. */
  readonly home: Held | undefined
  readonly manner: StartManner
  readonly record: StartRecord
  readonly deadline: Deadline | undefined
  readonly result: Promise<T>
  readonly #unread: UnconsumedStarts
  readonly #settle = deferred<T>()
  readonly #note: StartNote | undefined
  readonly #scope: AsyncResource = new AsyncResource('AsynchrormousStart')
  #origin: Error | undefined
  #job: Job<T> | undefined
  #state: StartState = 'waiting'

  constructor(
    job: Job<T>,
    { origin, limits, manner }: StartRequest,
    home: Held | undefined,
    unread: UnconsumedStarts,
  ) {
    this.home = home
    this.manner = manner ?? 'alone'
    this.record = new StartRecord(origin)
    this.#note = noteStart(unread.database, this.record, origin)
    this.deadline = Deadline.of(limits)
    this.result = handled(this.#settle.promise)
    this.#origin = origin
    this.#job = job
    this.#unread = unread
  }

  get state(): StartState {
    return this.#state
  }

  get holder(): Holder {
    return this.#origin === undefined ? STARTED : { ...STARTED, origin: this.#origin }
  }

  /** Runs something in the context of whoever started the job. */
  inScope<R>(fn: () => R): R {
    return this.#scope.runInAsyncScope(fn)
  }

  /** It can go out with others; what may be told to stop cannot. */
  get maySharePlace(): boolean {
    return this.manner === 'reading' && this.deadline === undefined
  }

  /** Runs the job here, unless it was entered elsewhere. Rejects as the job does. */
  async enter(runner: Runner): Promise<void> {
    const job = this.#job
    if (job === undefined || this.#state !== 'waiting') return
    this.#job = undefined
    this.#state = 'running'
    try {
      this.#finish(
        'succeeded',
        await (this.#note === undefined ? job(runner) : this.#note.run(() => job(runner))),
      )
    } catch (error) {
      throw this.#finish('failed', error)
    }
  }

  /** It could not be entered; says nothing when it was. */
  fail(error: unknown): void {
    if (this.#state === 'waiting') this.#finish('failed', error)
  }

  #finish(state: 'succeeded' | 'failed', outcome: unknown): unknown {
    this.#state = state
    this.#job = undefined
    this.deadline?.dispose()
    if (state === 'succeeded') {
      this.record.succeed()
      this.#settle.resolve(outcome as T)
    } else {
      if (this.#origin !== undefined) withOrigin(outcome, this.#origin)
      this.record.fail(outcome)
      this.#settle.reject(outcome)
    }
    this.#origin = undefined
    this.#unread.settled(this.record)
    this.#note?.end()
    return outcome
  }
}

/** What the caller holds; the scheduler does not, so that it can be collected unread. */
class StartedTask<T> implements Started<T> {
  readonly #task: Task<T>
  readonly #onRead: (task: Task<T>) => void

  constructor(task: Task<T>, onRead: (task: Task<T>) => void) {
    this.#task = task
    this.#onRead = onRead
  }

  get state(): StartState {
    return this.#task.state
  }

  async read(): Promise<T> {
    this.#onRead(this.#task)
    return await this.#task.result
  }
}

/**
 * Started jobs of one database. Outside transactions at most `pool.max - 1` hold a connection at
 * once, so that the foreground always gets one; the rest wait here, without a time limit.
 */
export class Background {
  readonly #db: Database
  readonly #pool: Pool
  readonly #unread: UnconsumedStarts
  // In the order in which they were read, then in the order in which they were started.
  readonly #urgent: Set<Task<unknown>> = new Set()
  readonly #waiting: Set<Task<unknown>> = new Set()
  readonly #onIdle: (() => void)[] = []
  #running = 0

  constructor(db: Database, pool: Pool, unread: UnconsumedStarts) {
    this.#db = db
    this.#pool = pool
    this.#unread = unread
  }

  /**
   * Starts a job; see `Database.start`.
   *
   * @example
   * background.start((runner) => runner.run(statement), { origin: new Error('startFetch()'), … })
   */
  start<T>(job: Job<T>, request: StartRequest): Started<T> {
    const { refusal } = request
    const held = heldOn(this.#db)
    const home = held instanceof Frame ? held : undefined
    const task = new Task(job, request, home, this.#unread)
    const started = new StartedTask(task, (read) => this.#onRead(read))
    this.#unread.watch(started, task.record)
    const late = task.deadline?.isOver ? task.deadline.toError() : undefined
    if (home instanceof SandboxFrame) home.watch(task.record, request.origin)
    if (home !== undefined) this.#startIn(home, task)
    else if (refusal !== undefined || late !== undefined) task.fail(refusal ?? late)
    else this.#enqueue(task)
    return started
  }

  /** Resolves when nothing waits or runs outside transactions. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** Refuses what still waits for a connection. */
  refuseWaiting(): void {
    for (const task of [...this.#urgent, ...this.#waiting]) {
      this.#forget(task)
      task.fail(new OperationalError('The database was closed before the started query ran.'))
    }
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#waiting.size === 0 && this.#urgent.size === 0
  }

  get #limit(): number {
    return Math.max(1, this.#pool.max - 1)
  }

  #startIn<T>(frame: Frame, task: Task<T>): void {
    // Not the task, whose result would stay as long as the transaction.
    const { record } = task
    frame.onEnd(() => {
      if (record.outcome === 'failed') this.#unread.giveUp(record, 'transaction ended')
    })
    this.#runOn(frame, task)
  }

  #runOn<T>(held: Held, task: Task<T>): void {
    void held
      .runJob((runner) => task.enter(runner), task.deadline, task.manner)
      .catch((error: unknown) => task.fail(error))
  }

  #enqueue<T>(task: Task<T>): void {
    if (this.#running < this.#limit) {
      this.#begin(task)
      return
    }
    this.#waiting.add(task as Task<unknown>)
    task.deadline?.onStop(() => {
      // The reason reaches the readers; where it runs already, that is for the statement to do.
      if (this.#forget(task as Task<unknown>)) task.fail(task.deadline?.toError())
    })
  }

  #begin<T>(task: Task<T>): void {
    this.#running += 1
    void this.#runOutside(task)
  }

  async #runOutside<T>(task: Task<T>): Promise<void> {
    try {
      const lease = await this.#pool.acquire(task.holder, task.deadline)
      const crew = [task as Task<unknown>, ...this.#companionsOf(task as Task<unknown>, lease)]
      const shared = new SharedLease(lease, crew.length)
      const runners = crew.map((one) => new JobRunner(this.#db, this.#pool, shared, one.deadline))
      await Promise.all(
        crew.map((one, at) => one.inScope(() => this.#runOnLease(one, runners[at] as JobRunner))),
      )
    } catch (error) {
      task.fail(error)
    } finally {
      this.#running -= 1
      this.#next()
    }
  }

  async #runOnLease(task: Task<unknown>, runner: JobRunner): Promise<void> {
    try {
      await holding(this.#db, runner, () => task.enter(runner))
    } catch (error) {
      task.fail(error)
    } finally {
      runner.end()
    }
  }

  /**
   * Those that go out with a start, where there is one connection for all of them: they would wait
   * for it anyway. Where there are more, one that is slow must not hold up any that is not.
   */
  #companionsOf(task: Task<unknown>, lease: Lease): Task<unknown>[] {
    if (this.#limit > 1 || !task.maySharePlace || !lease.canShare) return []
    const all = [...this.#urgent, ...this.#waiting].filter(({ maySharePlace }) => maySharePlace)
    const companions = all.slice(0, CREW - 1)
    for (const one of companions) this.#forget(one)
    return companions
  }

  #next(): void {
    for (const task of [...this.#firstWaiting()]) {
      this.#forget(task)
      task.inScope(() => this.#begin(task))
    }
    if (!this.#isIdle) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #firstWaiting(): Task<unknown>[] {
    const [urgent] = this.#urgent
    const [waiting] = this.#waiting
    const first = urgent ?? waiting
    return first === undefined ? [] : [first]
  }

  #forget(task: Task<unknown>): boolean {
    return this.#urgent.delete(task) || this.#waiting.delete(task)
  }

  #onRead<T>(task: Task<T>): void {
    this.#unread.consume(task.record)
    if (task.state !== 'waiting') return
    const held = heldOn(this.#db)
    const mayMove = task.home === undefined || held?.isWithin(task.home)
    if (held !== undefined && held !== task.home && held.isUsable && mayMove) {
      // It would wait for a connection that the reader may be holding.
      this.#forget(task as Task<unknown>)
      this.#runOn(held, task)
    } else if (this.#waiting.delete(task as Task<unknown>)) {
      this.#urgent.add(task as Task<unknown>)
    }
  }
}
