import { TransactionError } from '../errors.ts'
import { deferred } from '../util/deferred.ts'
import { readOptions } from '../util/options.ts'
import { assertFunction } from '../util/shapes.ts'
import { attach } from './context.ts'
import { databaseFor } from './registry.ts'
import type { Database } from './runner.ts'
import { SandboxFrame, type SandboxStart } from './sandbox-frame.ts'
import { frameAround } from './transaction.ts'
import { warnOfUnread } from './unconsumed.ts'

/** Options of `sandbox()`. */
export interface SandboxOptions {
  /**
   * What becomes of starts that succeeded and that nobody read by the end of a test: a process
   * warning that names the places, an error of `rollback()` and `run()`, or nothing.
   *
   * @default 'warn'
   */
  readonly unread?: 'warn' | 'throw' | 'ignore' | undefined
}

/** What `sandbox()` gives; its methods may be handed over as they are. */
export interface Sandbox {
  /** For `beforeEach`: from now on all work on the database is in the sandbox. */
  readonly begin: () => Promise<void>
  /** For `afterEach`: waits for what was started, then undoes everything. */
  readonly rollback: () => Promise<void>
  /** Runs one function in a sandbox of its own. Only what the function calls is in it. */
  readonly run: <T>(fn: () => T | PromiseLike<T>) => Promise<T>
  /**
   * The functions that `onCommit()` was given in transactions that ended well since the last call;
   * in a sandbox they do not run by themselves. With `execute` they run now, one after the other.
   */
  readonly onCommit: (options?: {
    readonly execute?: boolean | undefined
  }) => Promise<readonly (() => unknown)[]>
}

const UNREAD: ReadonlySet<unknown> = new Set(['warn', 'throw', 'ignore'])

/** Thrown to have everything undone. */
const UNDONE = Symbol('undone')

/** One open sandbox. */
interface Box {
  readonly frame: SandboxFrame
  /** Undoes it; resolves when that is done. */
  end(): Promise<void>
}

async function open(db: Database): Promise<Box> {
  const opened = deferred<SandboxFrame>()
  const ended = deferred<void>()
  const done = db
    .atomic(async () => {
      const outer = frameAround(db)
      if (outer === undefined) throw new TransactionError('sandbox() found no transaction.')
      const frame = new SandboxFrame(outer.host, outer)
      opened.resolve(frame)
      await frame.drive(() => ended.promise)
      frame.conclude('rolled back')
      throw UNDONE
    })
    .catch((error: unknown) => {
      if (error === UNDONE) return
      opened.reject(error)
      throw error
    })
  done.catch(() => {})
  const frame = await opened.promise
  return {
    frame,
    end: async () => {
      ended.resolve()
      await done
    },
  }
}

function tellUnread(starts: readonly SandboxStart[], how: 'warn' | 'throw' | 'ignore'): void {
  if (starts.length === 0 || how === 'ignore') return
  const lines = starts.map(({ what, callSite }) => `${what} at ${callSite}`)
  const message = 'Queries were started in the sandbox and nobody read their results'
  if (how === 'throw') throw new TransactionError(`${message}:`, { lines })
  warnOfUnread(`${message}.`, lines.join('\n'))
}

class OpenSandbox implements Sandbox {
  readonly #using: string | Database
  readonly #unread: 'warn' | 'throw' | 'ignore'
  #box: Box | undefined
  #detach: (() => void) | undefined
  #isBeginning = false

  constructor(using: string | Database, options: SandboxOptions) {
    const { unread = 'warn' } = readOptions('sandbox()', options, { unread: true })
    if (!UNREAD.has(unread)) {
      throw new TransactionError("sandbox() takes unread as 'warn', 'throw' or 'ignore'.")
    }
    this.#using = using
    this.#unread = unread
  }

  readonly begin = async (): Promise<void> => {
    if (this.#box !== undefined || this.#isBeginning) {
      throw new TransactionError(
        'sandbox(): begin() was called before the rollback() of the last one. Tests that share a ' +
          'sandbox run one after the other; those that run at once take box.run().',
      )
    }
    const db = this.#database()
    const frame = frameAround(db)
    if (frame !== undefined && !frame.isSandbox) {
      throw new TransactionError('sandbox(): begin() was called inside an atomic().')
    }
    this.#isBeginning = true
    try {
      this.#box = await open(db)
      this.#detach = attach(db, this.#box.frame)
    } finally {
      this.#isBeginning = false
    }
  }

  readonly rollback = async (): Promise<void> => {
    const box = this.#box
    if (box === undefined) return
    try {
      await box.end()
    } finally {
      this.#detach?.()
      this.#box = undefined
    }
    tellUnread(box.frame.unread, this.#unread)
  }

  readonly run = async <T>(fn: () => T | PromiseLike<T>): Promise<T> => {
    assertFunction(fn, 'run(async () => { … })', TransactionError)
    const box = await open(this.#database())
    let result: T
    try {
      result = await box.frame.inside(fn)
    } finally {
      await box.end()
    }
    tellUnread(box.frame.unread, this.#unread)
    return result
  }

  readonly onCommit: Sandbox['onCommit'] = async (options = {}) => {
    const { execute = false } = readOptions('onCommit() of a sandbox', options, { execute: 'flag' })
    if (this.#box === undefined) {
      throw new TransactionError('sandbox(): onCommit() was called outside begin() and rollback().')
    }
    const hooks = this.#box.frame.takeCommitHooks()
    if (execute) for (const hook of hooks) await hook()
    return hooks
  }

  #database(): Database {
    return databaseFor(this.#using)
  }
}

/**
 * A transaction around each test of yours, that is rolled back: whatever the test writes, or starts,
 * is gone after it. All work on the database is in it, wherever it is called from, and behaves as
 * without it: `atomic()` (`durable` ones too) is a savepoint, and outside `atomic()` a statement that
 * fails undoes nothing but itself, since on both databases each has a savepoint of its own. What
 * `onCommit()` is given in an `atomic()` waits for `box.onCommit()`; isolation levels and `readOnly`
 * are not obeyed. A query of plain knex needs `db.join()`.
 *
 * @throws TransactionError from `begin()` when the last test has not ended, or inside `atomic()`.
 * @example
 * const box = sandbox()          // or sandbox('other'), sandbox(db)
 * beforeEach(box.begin)          // mocha, vitest, jest, node:test
 * afterEach(box.rollback)
 */
export function sandbox(
  using: string | Database = 'default',
  options: SandboxOptions = {},
): Sandbox {
  return new OpenSandbox(using, options)
}
