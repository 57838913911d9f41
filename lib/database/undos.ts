import { callSafely } from './boundaries.ts'

interface Undo {
  /** Its number among all. */
  readonly at: number
  readonly hook: () => void
}

let soFar = 0

/** What to call when a transaction, or a part of it, rolls back: what was added last comes first. */
export class Undos {
  readonly #undos: Undo[] = []

  add(hook: () => void): void {
    soFar += 1
    this.#undos.push({ at: soFar, hook })
  }

  /** Others are to be undone with these, of which some may have been added in between. */
  take(others: Undos): void {
    // One by one: there may be more of them than a call takes arguments.
    for (const undo of others.#undos.splice(0)) this.#undos.push(undo)
  }

  run(): void {
    const undos = this.#undos.splice(0).sort((a, b) => b.at - a.at)
    for (const { hook } of undos) callSafely(hook, 'rollback')
  }
}
