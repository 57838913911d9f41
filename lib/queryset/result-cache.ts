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

interface Entry {
  readonly question: Question
  readonly key: unknown
  readonly answer: Answer<unknown>
  keep: boolean
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
  #entries: Entry[] = []

  /** The answer to `question`, known or on its way. */
  find<T>(question: Question, sameKey?: SameKey): Answer<T> | undefined {
    return this.#entry(question, sameKey)?.answer as Answer<T> | undefined
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
  store<T>(question: Question, job: Job<T>, options: { keep: boolean; key?: unknown }): Answer<T> {
    let known: { value: T } | undefined
    const answer: Answer<T> = {
      get known() {
        return known
      },
      read: async () => {
        try {
          const value = await job.read()
          if (entry.keep) known ??= { value }
          else this.#drop(answer)
          return value
        } catch (error) {
          this.#drop(answer)
          throw error
        }
      },
    }
    const entry: Entry = { question, key: options.key, answer, keep: options.keep }
    this.#entries.push(entry)
    return answer
  }

  /** Forgets everything; what is on its way still answers those who wait for it. */
  clear(): void {
    this.#entries = []
  }

  #entry(question: Question, sameKey: SameKey = () => true): Entry | undefined {
    return this.#entries.find((entry) => entry.question === question && sameKey(entry.key))
  }

  #drop(answer: Answer<unknown>): void {
    this.#entries = this.#entries.filter((entry) => entry.answer !== answer)
  }
}
