import { SerializationError } from '../errors.ts'
import { Deadline } from './deadline.ts'
import { TurnQueue } from './turn-queue.ts'

/**
 * Whose turn it is to write. SQLite lets one connection write at a time, and one that waits for
 * another's lock holds a thread of Node's small pool while it does: a few of them, and the holder of
 * the lock has no thread left to finish on. Writers of one process therefore wait here instead.
 */
export class WriteTurns {
  readonly #queue: TurnQueue = new TurnQueue()
  readonly #isNeeded: boolean

  constructor(isNeeded: boolean) {
    this.#isNeeded = isNeeded
  }

  /**
   * Runs work that writes in its turn.
   *
   * @throws SerializationError when its turn does not come within `patienceMs`.
   */
  take<T>(work: () => Promise<T>, patienceMs: number, outer?: Deadline): Promise<T> {
    return this.#isNeeded ? this.#takeTurn(work, patienceMs, outer) : work()
  }

  async #takeTurn<T>(
    work: () => Promise<T>,
    patienceMs: number,
    outer: Deadline | undefined,
  ): Promise<T> {
    const deadline = new Deadline({}, outer)
    const timer = setTimeout(() => deadline.stop(lateError(patienceMs)), patienceMs)
    try {
      return await this.#queue.add(() => {
        clearTimeout(timer)
        return work()
      }, deadline)
    } finally {
      clearTimeout(timer)
      deadline.dispose()
    }
  }
}

function lateError(patienceMs: number): SerializationError {
  return new SerializationError(
    `SQLite writes one at a time, and another atomic() or write did not end within ${patienceMs} ms. ` +
      'Keep transactions short, and do not wait in one for what another connection writes.',
  )
}
