import type { Deadline } from './deadline.ts'

/**
 * What a task may overlap with. `alone`: nothing. `statement` and `write`: statements before it,
 * since they go over one connection in order; a `write` waits for jobs, whose later statements must
 * not see it. `job`: any of these before it.
 */
export type Manner = 'alone' | 'statement' | 'write' | 'job'

interface Entry {
  readonly manner: Manner
  begin(): void
  refuse(error: unknown): void
}

/**
 * First come first served, one at a time but for what may overlap. A task is entered before `add`
 * returns when nothing keeps it; one that waits can leave.
 */
export class TurnQueue {
  readonly #waiting: Set<Entry> = new Set()
  readonly #running: Record<Manner, number> = { alone: 0, statement: 0, write: 0, job: 0 }
  #entered = 0
  // Whose turn has come, and who enter in a moment, in the async context they came from.
  #beginning = 0

  get isIdle(): boolean {
    return this.#entered === 0 && this.#waiting.size === 0
  }

  /** Whether a task would be entered at once. */
  isFree(manner: Manner = 'alone'): boolean {
    return this.#waiting.size === 0 && this.#beginning === 0 && this.#mayEnter(manner)
  }

  /**
   * Runs the task in its turn and settles as it does.
   *
   * @throws what the deadline says when it passes before the task's turn.
   * @example
   * await queue.add(() => send('SELECT 1'))
   */
  add<T>(task: () => Promise<T>, deadline?: Deadline, manner: Manner = 'alone'): Promise<T> {
    if (!this.isFree(manner)) return this.#wait(task, deadline, manner)
    this.#count(manner, 1)
    return this.#enter(task, manner)
  }

  #mayEnter(manner: Manner): boolean {
    if (this.#entered === 0) return true
    if (manner === 'alone' || this.#running.alone > 0) return false
    return manner !== 'write' || this.#running.job === 0
  }

  #count(manner: Manner, change: number): void {
    this.#running[manner] += change
    this.#entered += change
  }

  async #enter<T>(task: () => Promise<T>, manner: Manner): Promise<T> {
    try {
      return await task()
    } finally {
      this.#count(manner, -1)
      this.#next()
    }
  }

  #next(): void {
    for (const entry of this.#waiting) {
      if (!this.#mayEnter(entry.manner)) return
      this.#waiting.delete(entry)
      this.#count(entry.manner, 1)
      this.#beginning += 1
      entry.begin()
    }
  }

  #wait<T>(task: () => Promise<T>, deadline: Deadline | undefined, manner: Manner): Promise<T> {
    const turn = new Promise<void>((resolve, reject) => {
      const entry: Entry = {
        manner,
        begin: () => {
          off?.()
          resolve()
        },
        refuse: reject,
      }
      const off = deadline?.onStop(() => {
        this.#waiting.delete(entry)
        entry.refuse(deadline.toError())
        // It may have been what the others waited for.
        this.#next()
      })
      this.#waiting.add(entry)
    })
    return this.#enterAfter(turn, task, manner)
  }

  async #enterAfter<T>(turn: Promise<void>, task: () => Promise<T>, manner: Manner): Promise<T> {
    await turn
    this.#beginning -= 1
    const running = this.#enter(task, manner)
    this.#next()
    return await running
  }
}
