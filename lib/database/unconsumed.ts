import { channel } from 'node:diagnostics_channel'

/** Why a start was given up: nobody can or will read it any more. */
export type UnconsumedReason = 'collected' | 'transaction ended' | 'database closed'

/** A start whose result or failure nobody read. */
export interface UnconsumedReport {
  /** The name of the database. */
  readonly database: string
  readonly outcome: 'failed' | 'succeeded'
  readonly reason: UnconsumedReason
  /** What it failed with. */
  readonly error?: unknown
  /** The stack of the place that started it; empty when nobody listened at that time. */
  readonly startedAt: string
}

const reports = channel('asynchrormous:unconsumed')

/** The frames of a stack, without the message above them. */
export function framesOf(origin: Error): string {
  const stack = origin.stack ?? ''
  const first = stack.indexOf('\n    at ')
  return first === -1 ? '' : stack.slice(first + 1)
}

/**
 * What is known of one start, for its report. Holds neither what the job gave nor who reads it,
 * or the start could never be collected.
 */
export class StartRecord {
  isConsumed = false
  isReported = false
  /** Set when it was collected while it still ran. */
  wasCollected = false
  outcome: 'failed' | 'succeeded' | undefined
  error: unknown
  startedAt = ''
  // An unread stack keeps the `this` of each of its calls alive: turned into text, or dropped,
  // when the job settles.
  #origin: Error | undefined

  constructor(origin: Error) {
    this.#origin = origin
  }

  fail(error: unknown): void {
    this.outcome = 'failed'
    this.error = error
    this.startedAt = this.#origin === undefined ? '' : framesOf(this.#origin)
    this.#origin = undefined
  }

  succeed(): void {
    this.outcome = 'succeeded'
    if (reports.hasSubscribers && this.#origin !== undefined) {
      this.startedAt = framesOf(this.#origin)
    }
    this.#origin = undefined
  }
}

/** The starts of one database that nobody has read yet; reports each that is given up once. */
export class UnconsumedStarts {
  readonly database: string
  readonly #onFailed: ((report: UnconsumedReport) => void) | undefined
  readonly #records: Set<StartRecord> = new Set()
  readonly #collected: FinalizationRegistry<StartRecord>

  constructor(database: string, onFailed: ((report: UnconsumedReport) => void) | undefined) {
    this.database = database
    this.#onFailed = onFailed
    this.#collected = new FinalizationRegistry((record) => {
      record.wasCollected = true
      this.giveUp(record, 'collected')
    })
  }

  /** From now on the record is reported when `holder` is collected unread. */
  watch(holder: object, record: StartRecord): void {
    this.#records.add(record)
    this.#collected.register(holder, record, record)
  }

  consume(record: StartRecord): void {
    if (record.isConsumed) return
    record.isConsumed = true
    this.#forget(record)
  }

  /** The job settled; when its reader had been collected by then, nobody will ever read it. */
  settled(record: StartRecord): void {
    if (record.wasCollected) this.giveUp(record, 'collected')
  }

  giveUp(record: StartRecord, reason: UnconsumedReason): void {
    if (record.isConsumed || record.isReported || record.outcome === undefined) return
    record.isReported = true
    this.#forget(record)
    this.#report({
      database: this.database,
      outcome: record.outcome,
      reason,
      ...(record.outcome === 'failed' ? { error: record.error } : {}),
      startedAt: record.startedAt,
    })
  }

  giveUpAll(reason: UnconsumedReason): void {
    for (const record of this.#records) this.giveUp(record, reason)
  }

  #forget(record: StartRecord): void {
    this.#records.delete(record)
    this.#collected.unregister(record)
  }

  #report(report: UnconsumedReport): void {
    reports.publish(report)
    if (report.outcome === 'succeeded') return
    try {
      const tell = this.#onFailed ?? warn
      tell(report)
    } catch {
      // Nobody is there to catch it: the report itself matters more.
      warn(report)
    }
  }
}

/** A process warning of starts that nobody read. */
export function warnOfUnread(message: string, detail: string): void {
  process.emitWarning(message, {
    type: 'UnconsumedStartWarning',
    code: 'ASYNCHRORMOUS_UNCONSUMED',
    detail,
  })
}

function warn({ database, error, reason, startedAt }: UnconsumedReport): void {
  const name = error instanceof Error ? error.name : 'an error'
  const code = (error as { code?: unknown } | null | undefined)?.code
  const known = typeof code === 'string' ? `${name}, ${code}` : name
  warnOfUnread(
    `A query started on the database '${database}' failed (${known}) and nobody read its result ` +
      `(${reason}).`,
    `started at:\n${startedAt}`,
  )
}
