import type { OrmError } from '../errors.ts'
import { deferred } from '../util/deferred.ts'
import type { Deadline } from './deadline.ts'
import type { TranslatedError } from './driver-errors.ts'
import { type DriverResult, NotSent } from './drivers/driver.ts'
import type { Statement } from './runner.ts'

/** How long a reader waits for a cancelled statement to settle. */
export const READER_GRACE_MS = 150

type Run = () => Promise<DriverResult>

/** A statement whose turn has come. */
export interface Enlisted {
  readonly statement: Statement
  readonly deadline: Deadline | undefined
  /** Lets whoever asked go on: what is run and thrown there is so in their async context. */
  begin(run: Run): void
}

interface Waiting extends Enlisted {
  readonly refuse: (() => unknown) | undefined
  leave(): void
  reject(error: unknown): void
}

/** Whether one that fails keeps those behind it from running. */
export type Bond = 'one after another' | 'each by itself'

/** Statements that wait for the end of the tick. */
export class Batch {
  readonly bond: Bond
  readonly #entries: Set<Waiting> = new Set()

  constructor(bond: Bond) {
    this.bond = bond
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * Resolves to what runs the statement, when its turn has come.
   *
   * @throws what the deadline says when it passes before that; what `refuse` gives then.
   */
  turn(
    statement: Statement,
    deadline: Deadline | undefined,
    refuse: (() => unknown) | undefined,
  ): Promise<Run> {
    const { promise, resolve, reject } = deferred<Run>()
    const off = deadline?.onStop(() => {
      this.#entries.delete(entry)
      reject(deadline.toError())
    })
    const entry = { statement, deadline, refuse, begin: resolve, reject, leave: () => off?.() }
    this.#entries.add(entry)
    return promise
  }

  /** Those that may still be sent; the others are told why not. */
  take(): Enlisted[] {
    const taken: Enlisted[] = []
    for (const entry of this.#entries) {
      entry.leave()
      const refusal = entry.refuse?.()
      if (refusal === undefined) taken.push(entry)
      else entry.reject(refusal)
    }
    this.#entries.clear()
    return taken
  }
}

/** What sending several statements needs of the connection. */
export interface BatchHost {
  readonly isLost: boolean
  /** Tells that a statement is about to be sent. */
  announce(at: number): void
  /** One promise for each; what an earlier failure kept from running rejects with `NotSent`. */
  send(): readonly Promise<DriverResult>[]
  succeeded(at: number, result: DriverResult): void
  skipped(at: number): void
  failed(at: number, error: unknown): TranslatedError
  /** Stops what runs, again and again until all of it settled. */
  stop(settled: Promise<void>): void
}

function ignore(): void {}

/** Statements that go out in one write: who is stopped, and who fails because of whom. */
export class SentBatch {
  readonly #host: BatchHost
  readonly #entries: readonly Enlisted[]
  readonly #sent = deferred<readonly Promise<DriverResult>[]>()
  readonly #failure = deferred<unknown>()
  #announced = 0
  /** The one that was stopped while it ran, which may have hit the one after it. */
  #stopped: { readonly at: number; readonly error: OrmError } | undefined

  constructor(host: BatchHost, entries: readonly Enlisted[]) {
    this.#host = host
    this.#entries = entries
  }

  /** Begins them all; resolves when every one has been answered. */
  async run(): Promise<void> {
    this.#entries.forEach((entry, at) => {
      entry.begin(() => this.#answer(at))
    })
    await Promise.allSettled(await this.#sent.promise)
  }

  async #answer(at: number): Promise<DriverResult> {
    this.#host.announce(at)
    this.#announced += 1
    if (this.#announced === this.#entries.length) this.#sent.resolve(this.#host.send())
    const answers = await this.#sent.promise
    let result: DriverResult
    try {
      result = await this.#within(at, answers)
    } catch (error) {
      const because = error instanceof NotSent ? await this.#failure.promise : undefined
      if (because !== undefined && !this.#host.isLost) {
        this.#host.skipped(at)
        throw new NotSent(because)
      }
      const failure = this.#failureOf(at, error instanceof NotSent ? error.because : error)
      this.#failure.resolve(failure)
      throw failure
    }
    this.#host.succeeded(at, result)
    if (this.#stopped?.at === at) throw this.#stopped.error
    return result
  }

  #failureOf(at: number, error: unknown): unknown {
    const { canceled, lost, error: own } = this.#host.failed(at, error)
    const deadline = this.#entries[at]?.deadline
    if (deadline?.isOver && (canceled || lost)) return deadline.toError()
    return canceled && this.#stopped !== undefined ? new NotSent(this.#stopped.error) : own
  }

  /** The answer; stops the statement when its time is over and it is the one that runs. */
  #within(at: number, answers: readonly Promise<DriverResult>[]): Promise<DriverResult> {
    const answer = answers[at] as Promise<DriverResult>
    const deadline = this.#entries[at]?.deadline
    if (deadline === undefined) return answer
    return new Promise((resolve, reject) => {
      let isSettled = false
      let grace: NodeJS.Timeout | undefined
      const stop = (): void => {
        // The reader goes on; the connection stays taken until all of it settled.
        grace = setTimeout(() => reject(deadline.toError()), READER_GRACE_MS)
        void Promise.allSettled(answers.slice(0, at)).then(() => {
          if (isSettled || this.#stopped !== undefined) return
          this.#stopped = { at, error: deadline.toError() }
          this.#host.stop(Promise.allSettled(answers).then(ignore))
        })
      }
      const off = deadline.isOver ? ignore : deadline.onStop(stop)
      if (deadline.isOver) stop()
      const settle = (): void => {
        isSettled = true
        off()
        clearTimeout(grace)
        resolve(answer)
      }
      answer.then(settle, settle)
    })
  }
}
