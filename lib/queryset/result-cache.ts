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
}

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
  find<T>(question: Question, sameKey: (key: unknown) => boolean = () => true): Answer<T> | undefined {
    const found = this.#entries.find((one) => one.question === question && sameKey(one.key))
    return found?.answer as Answer<T> | undefined
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
          if (options.keep) known ??= { value }
          else this.#drop(answer)
          return value
        } catch (error) {
          this.#drop(answer)
          throw error
        }
      },
    }
    this.#entries.push({ question, key: options.key, answer })
    return answer
  }

  /** Forgets everything; what is on its way still answers those who wait for it. */
  clear(): void {
    this.#entries = []
  }

  #drop(answer: Answer<unknown>): void {
    this.#entries = this.#entries.filter((entry) => entry.answer !== answer)
  }
}
