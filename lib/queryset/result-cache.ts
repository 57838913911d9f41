/** A job under way or done; each reader calls `read`. */
export interface Job<T> {
  read(): Promise<T>
}

/** What a queryset can be asked; `get` and `aggregate` are asked with arguments, their key. */
export type Question = 'rows' | 'count' | 'exists' | 'first' | 'get' | 'aggregate'

/** One question's answer, known or on its way. */
export interface Answer<T> extends Job<T> {
  /** The answer if it is there already; undefined while it is on its way. */
  readonly known: { readonly value: T } | undefined
}

/** An answer and what it is the answer to. */
class Entry<T> implements Answer<T> {
  readonly question: Question
  readonly key: unknown
  keep: boolean
  known: { readonly value: T } | undefined
  readonly #job: Job<T>
  readonly #cache: ResultCache

  constructor(question: Question, { keep, key }: Keeping, job: Job<T>, cache: ResultCache) {
    this.question = question
    this.key = key
    this.keep = keep
    this.known = undefined
    this.#job = job
    this.#cache = cache
  }

  async read(): Promise<T> {
    if (this.known !== undefined) return this.known.value
    try {
      const value = await this.#job.read()
      if (this.keep) this.known ??= { value }
      else this.#cache.forget(this)
      return value
    } catch (error) {
      this.#cache.forget(this)
      throw error
    }
  }
}

/** `keep`: whether an answer stays once it is there. */
interface Keeping {
  readonly keep: boolean
  readonly key?: unknown
}

type SameKey = (key: unknown) => boolean

/**
 * The memory of one queryset. It is the only thing of a queryset that changes, it is never copied,
 * and it does not know what a query is.
 *
 * A failure stays until the first reader has been rejected with it: readers that came before that
 * moment get the same one, the next finds nothing and asks again.
 */
export class ResultCache {
  #entries: readonly Entry<unknown>[] = NONE

  /** The answer to `question`, known or on its way. */
  find<T>(question: Question, sameKey?: SameKey): Answer<T> | undefined {
    return this.#entry(question, sameKey) as Answer<T> | undefined
  }

  /** Makes the answer to `question` stay once it is there; false when none is known or on its way. */
  keep(question: Question, sameKey?: SameKey): boolean {
    const entry = this.#entry(question, sameKey)
    if (entry === undefined) return false
    entry.keep = true
    return true
  }

  /**
   * Stores a job as the answer to `question`. `keep`: whether its answer stays once it is there;
   * otherwise only readers that arrive while it is on its way share it.
   */
  store<T>(question: Question, job: Job<T>, keeping: Keeping): Answer<T> {
    const entry = new Entry(question, keeping, job, this)
    this.#entries = [...this.#entries, entry as Entry<unknown>]
    return entry
  }

  /** Stores an answer that is known already. */
  know<T>(question: Question, value: T): void {
    const entry = new Entry(question, KEPT, NEVER_READ, this)
    entry.known = { value }
    this.#entries = [...this.#entries, entry]
  }

  /** Forgets one answer. */
  forget(answer: object): void {
    this.#entries = this.#entries.filter((entry) => entry !== answer)
  }

  /** Forgets everything; what is on its way still answers those who wait for it. */
  clear(): void {
    this.#entries = NONE
  }

  #entry(question: Question, sameKey: SameKey = () => true): Entry<unknown> | undefined {
    return this.#entries.find((entry) => entry.question === question && sameKey(entry.key))
  }
}

// What most querysets remember: they are only there to chain others from.
const NONE: readonly Entry<unknown>[] = []
const KEPT: Keeping = { keep: true }
const NEVER_READ: Job<unknown> = { read: () => Promise.reject(new TypeError('It is known.')) }
