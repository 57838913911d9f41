/** Takes the times of queries: when each was started, when it ran, when its answer was used. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database } from '../../lib/index.ts'

/** The times of one query, in milliseconds from the beginning of the page. */
export interface Span {
  readonly title: string
  startedMs: number
  /** Handed to the database. */
  sentMs: number
  /** The database's answer was there. */
  answeredMs: number
  /** Whoever asked for the answer went on with it. */
  usedMs: number
}

export interface Timeline {
  readonly spans: readonly Span[]
  /** From when to when the page did something else. */
  readonly work: readonly [fromMs: number, toMs: number]
  readonly totalMs: number
}

interface QueryEvent {
  readonly __knexQueryUid: string
}

/**
 * Records one page. A query belongs to the span in whose context it was started, wherever and
 * whenever it runs; its times are those of knex's own events.
 */
export class Recorder {
  readonly #database: Database
  readonly #context = new AsyncLocalStorage<Span>()
  readonly #spans = new Map<string, Span>()
  readonly #sent = new Map<string, Span>()
  readonly #beginning = performance.now()
  #work: [number, number] = [0, 0]

  constructor(database: Database) {
    this.#database = database
    database.knex.on('query', this.#onQuery).on('query-response', this.#onResponse)
  }

  /** Runs what starts a query. */
  start(title: string, begin: () => unknown): void {
    this.#context.run(this.#span(title), begin)
  }

  /** Runs what needs the answer of a query, started before or not. */
  async use<T>(title: string, read: () => Promise<T>): Promise<T> {
    const span = this.#spans.get(title) ?? this.#span(title)
    const answer = await this.#context.run(span, read)
    span.usedMs = this.#now
    return answer
  }

  async work(doing: () => Promise<unknown>): Promise<void> {
    const from = this.#now
    await doing()
    this.#work = [from, this.#now]
  }

  /** The page is done. */
  end(): Timeline {
    this.#database.knex.off('query', this.#onQuery).off('query-response', this.#onResponse)
    return { spans: [...this.#spans.values()], work: this.#work, totalMs: this.#now }
  }

  get #now(): number {
    return performance.now() - this.#beginning
  }

  #span(title: string): Span {
    const now = this.#now
    const span = { title, startedMs: now, sentMs: now, answeredMs: now, usedMs: now }
    this.#spans.set(title, span)
    return span
  }

  readonly #onQuery = ({ __knexQueryUid: id }: QueryEvent): void => {
    const span = this.#context.getStore()
    if (span === undefined) return
    span.sentMs = this.#now
    this.#sent.set(id, span)
  }

  readonly #onResponse = (_response: unknown, { __knexQueryUid: id }: QueryEvent): void => {
    const span = this.#sent.get(id)
    if (span !== undefined) span.answeredMs = this.#now
  }
}
