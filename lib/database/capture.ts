import { AsyncLocalStorage } from 'node:async_hooks'
import type { Statement, StatementResult } from './runner.ts'
import { deepStack, userFrame } from './user-frames.ts'

/** One statement, as `captureQueries()` saw it. */
export interface CapturedQuery {
  /**
   * `transaction` for BEGIN, COMMIT, SAVEPOINT and their like; `part` for what goes on with a query
   * of the same call: the further chunks of `iterator()`, the further batches of `bulkCreate()`.
   */
  readonly kind: 'query' | 'part' | 'transaction'
  /** As it was sent, with placeholders in place of values. */
  readonly sql: string
  /** The values behind the placeholders; only with `{ bindings: true }`. */
  readonly bindings?: readonly unknown[]
  /** The name of the database. */
  readonly database: string
  /**
   * The place outside the library that asked for it, as `file:line:column`; for a started query the
   * place that started it. Empty when the stack does not reach that far.
   */
  readonly callSite: string
  /** It was sent by a started queryset. */
  readonly background: boolean
  /** Rows read, or rows affected. */
  readonly rows: number
  /** From sending it to the whole of its answer. */
  readonly durationMs: number
  /** The database refused it. */
  readonly failed: boolean
}

/** A start, as a recording sees it. */
export interface WatchedStart {
  readonly isConsumed: boolean
}

/** A queryset that was started and whose answer nobody has asked for. */
export interface UnconsumedQuery {
  /** `startFetch()`. */
  readonly what: string
  readonly database: string
  readonly callSite: string
}

/** What a recording takes. */
export interface RecordingFilter {
  /** Of these databases only. */
  readonly databases?: ReadonlySet<string> | undefined
  readonly bindings: boolean
}

interface Scope {
  readonly recording: Recording
  /** Where the started job was started, inside one. */
  readonly startedAt?: string
}

// Counted, so that nothing is asked of the storage while nobody records.
let recordings = 0
const storage = new AsyncLocalStorage<Scope>()

function ignore(): void {}

/** What the work inside one scope sends and starts, in the order in which it is sent. */
export class Recording {
  /** The recording around this one, which sees the same. */
  readonly parent: Recording | undefined
  readonly #filter: RecordingFilter
  readonly #queries: CapturedQuery[] = []
  readonly #starts: (UnconsumedQuery & { readonly start: WatchedStart })[] = []
  readonly #onIdle: (() => void)[] = []
  #pending = 0
  #isOver = false

  constructor(filter: RecordingFilter) {
    this.parent = storage.getStore()?.recording
    this.#filter = filter
  }

  get queries(): readonly CapturedQuery[] {
    return this.#queries
  }

  /** Those that are not consumed by now. */
  get unconsumed(): readonly UnconsumedQuery[] {
    return this.#starts
      .filter(({ start }) => !start.isConsumed)
      .map(({ what, database, callSite }) => ({ what, database, callSite }))
  }

  /** Runs `fn` inside, then waits for all that was started or sent in it. */
  async around<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    recordings += 1
    try {
      return await storage.run({ recording: this }, async () => await fn())
    } finally {
      if (this.#pending > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
      this.#isOver = true
      recordings -= 1
    }
  }

  /** Something is under way; gives what ends it. */
  enter(): () => void {
    if (this.#isOver) return ignore
    this.#pending += 1
    return () => {
      this.#pending -= 1
      // What goes on in the same turn may send more.
      if (this.#pending === 0) setImmediate(() => this.#settle())
    }
  }

  add(query: SentQuery): ((end: QueryEnd) => void) | undefined {
    const { databases, bindings } = this.#filter
    if (this.#isOver || (databases !== undefined && !databases.has(query.database))) {
      return undefined
    }
    const { bindings: values, ...rest } = query
    const index = this.#queries.push(bindings ? { ...rest, bindings: values } : rest) - 1
    return (end) => {
      const before = this.#queries[index]
      if (before === undefined) return
      const callSite = before.callSite === '' ? end.callSite : before.callSite
      this.#queries[index] = Object.freeze({ ...before, ...end, callSite })
    }
  }

  watch(start: WatchedStart, of: UnconsumedQuery): void {
    const { databases } = this.#filter
    if (databases === undefined || databases.has(of.database)) this.#starts.push({ ...of, start })
  }

  #settle(): void {
    if (this.#pending > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}

type SentQuery = CapturedQuery & { readonly bindings: readonly unknown[] }

type QueryEnd = Pick<CapturedQuery, 'callSite' | 'rows' | 'durationMs' | 'failed'>

function* recordingsOf(scope: Scope): Generator<Recording> {
  for (let one: Recording | undefined = scope.recording; one !== undefined; one = one.parent) {
    yield one
  }
}

/** What is told once the answer to a statement is there; `undefined` when it failed. */
export type EndOfStatement = (result: StatementResult | undefined) => void

function kindOf({ isControl, isPart }: Statement): CapturedQuery['kind'] {
  if (isControl === true) return 'transaction'
  return isPart === true ? 'part' : 'query'
}

/**
 * Tells the recordings around the running code of a statement that is being sent.
 *
 * @returns what is to be called with its answer; `undefined` when nobody records.
 * @example
 * const end = noteStatement('default', statement)
 */
export function noteStatement(database: string, statement: Statement): EndOfStatement | undefined {
  if (recordings === 0) return undefined
  const scope = storage.getStore()
  if (scope === undefined) return undefined
  const { sql, bindings, wants } = statement
  const query = {
    kind: kindOf(statement),
    sql,
    bindings: [...bindings],
    database,
    callSite: scope.startedAt ?? userFrame(deepStack()),
    background: scope.startedAt !== undefined,
    rows: 0,
    durationMs: 0,
    failed: false,
  }
  const told = [...recordingsOf(scope)]
  const left = told.map((recording) => recording.enter())
  const ends = told.map((recording) => recording.add(query))
  const sentAt = performance.now()
  return (result) => {
    const end = {
      // Code that was entered by `then` has its caller on the stack only after its first wait.
      callSite: query.callSite === '' ? userFrame(deepStack()) : query.callSite,
      rows: result === undefined ? 0 : wants === 'rows' ? result.rows.length : result.count,
      durationMs: performance.now() - sentAt,
      failed: result === undefined,
    }
    for (const tell of ends) tell?.(end)
    for (const leave of left) leave()
  }
}

/** How a started job is seen by the recordings around its start. */
export interface StartNote {
  /** Runs the job as a part of the recordings, wherever it is entered from. */
  run<T>(job: () => T): T
  /** The job settled, or never will run. */
  end(): void
}

/**
 * Tells the recordings around the running code of a started job.
 *
 * @returns `undefined` when nobody records.
 * @example
 * const note = noteStart('default', record, origin)
 */
export function noteStart(
  database: string,
  start: WatchedStart,
  origin: Error,
): StartNote | undefined {
  if (recordings === 0) return undefined
  const outer = storage.getStore()
  if (outer === undefined) return undefined
  const startedAt = userFrame(origin.stack ?? '')
  const told = [...recordingsOf(outer)]
  for (const one of told) one.watch(start, { what: origin.message, database, callSite: startedAt })
  const left = told.map((recording) => recording.enter())
  const scope: Scope = { recording: outer.recording, startedAt }
  return {
    run: (job) => storage.run(scope, job),
    end: () => {
      for (const leave of left.splice(0)) leave()
    },
  }
}
