import type { Deadline } from './deadline.ts'

interface Entry {
  begin(): void
  refuse(error: unknown): void
}

/**
 * One at a time, first come first served. A task is entered before `add` returns when nobody is
 * before it; one that waits can leave.
 */
export class SerialQueue {
  readonly #waiting: Set<Entry> = new Set()
  #busy = false

  get isIdle(): boolean {
    return !this.#busy && this.#waiting.size === 0
  }

  /**
   * Runs the task in its turn and settles as it does.
   *
   * @throws what the deadline says when it passes before the task's turn.
   * @example
   * await queue.add(() => send('SELECT 1'))
   */
  add<T>(task: () => Promise<T>, deadline?: Deadline): Promise<T> {
    if (this.#busy) return this.#wait(task, deadline)
    this.#busy = true
    return this.#enter(task)
  }

  async #enter<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } finally {
      this.#next()
    }
  }

  #next(): void {
    const [entry] = this.#waiting
    if (entry === undefined) {
      this.#busy = false
      return
    }
    this.#waiting.delete(entry)
    entry.begin()
  }

  #wait<T>(task: () => Promise<T>, deadline: Deadline | undefined): Promise<T> {
    const turn = new Promise<void>((resolve, reject) => {
      const entry: Entry = {
        begin: () => {
          off?.()
          resolve()
        },
        refuse: reject,
      }
      const off = deadline?.onStop(() => {
        this.#waiting.delete(entry)
        entry.refuse(deadline.toError())
      })
      this.#waiting.add(entry)
    })
    return this.#enterAfter(turn, task)
  }

  async #enterAfter<T>(turn: Promise<void>, task: () => Promise<T>): Promise<T> {
    await turn
    return await this.#enter(task)
  }
}
