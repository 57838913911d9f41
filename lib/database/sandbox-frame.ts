import { holding } from './context.ts'
import { Frame } from './frame.ts'
import type { RunLimits, Runner, Statement, StatementResult } from './runner.ts'
import { runSavepoint } from './transaction.ts'
import type { StartRecord } from './unconsumed.ts'
import { userFrame } from './user-frames.ts'

/** A start in a sandbox that nobody read. */
export interface SandboxStart {
  /** `startFetch()`. */
  readonly what: string
  /** The place that started it, as `file:line:column`. */
  readonly callSite: string
}

/**
 * What stands for the database itself while a sandbox is open: outside `atomic()` each statement
 * succeeds or fails by itself, as it would without a transaction around it.
 */
export class SandboxFrame extends Frame {
  override readonly isSandbox: boolean = true
  readonly #starts: (SandboxStart & { readonly record: StartRecord })[] = []

  #taken = 0

  /** Those that nobody read, and that did not fail. */
  get unread(): readonly SandboxStart[] {
    return this.#starts
      .filter(({ record }) => !record.isConsumed && record.outcome === 'succeeded')
      .map(({ what, callSite }) => ({ what, callSite }))
  }

  /** Told of each job that is started in it. */
  watch(record: StartRecord, origin: Error): void {
    this.#starts.push({ record, what: origin.message, callSite: userFrame(origin.stack ?? '') })
  }

  /** Runs a function in it, beside what else it does. */
  async inside<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    return await holding(this.db, this, async () => await fn())
  }

  /** What `onCommit()` was given since the last call. */
  takeCommitHooks(): readonly (() => unknown)[] {
    const hooks = this.commitHooks.slice(this.#taken)
    this.#taken += hooks.length
    return hooks
  }

  override run(statement: Statement, limits?: RunLimits): Promise<StatementResult> {
    return this.#alone((frame) => frame.run(statement, limits))
  }

  override runJob<T>(job: (runner: Runner) => Promise<T>): Promise<T> {
    return this.#alone((frame) => job(frame))
  }

  /** A failure undoes this piece of work and nothing else; PostgreSQL needs a savepoint for that. */
  #alone<T>(work: (frame: Frame) => Promise<T>): Promise<T> {
    return this.nest((frame) => runSavepoint(frame, () => work(frame), { isQuiet: true }))
  }
}
