import type { Database, Runner } from '../database/runner.ts'
import type { Instance } from '../hydrate/instance.ts'

interface Turn {
  /** The transaction it runs in, or the pool. */
  readonly runner: Runner
  readonly done: Promise<unknown>
  /** The one before it in another transaction, which it may be a part of. */
  readonly around: Turn | undefined
  isOver: boolean
}

const turns = new WeakMap<Instance, Turn>()

/**
 * Runs what reads or writes an instance's row once such work that began before it on the same
 * instance is done. Two saves at once would insert the row twice; two on different connections might
 * arrive in the wrong order, and what the instance remembers would not be what the database holds.
 *
 * Work in different transactions does not wait for each other, since they may wait for each other
 * already: a listener saves the instance whose save it is told of. When it is done, that save is what
 * others wait for again.
 *
 * @example
 * await inTurn(db, book, () => write(book))
 */
export function inTurn<T>(db: Database, instance: Instance, work: () => Promise<T>): Promise<T> {
  const runner = db.current()
  const before = turns.get(instance)
  const begun = before?.runner === runner ? before.done.then(work, work) : work()
  const around = before?.runner === runner ? before.around : before
  const turn: Turn = { runner, done: begun, around, isOver: false }
  turns.set(instance, turn)
  return leaving(instance, turn, begun)
}

/** Nothing but this waits for the work, so that stacks lead through it to the caller. */
async function leaving<T>(instance: Instance, turn: Turn, begun: Promise<T>): Promise<T> {
  try {
    return await begun
  } finally {
    turn.isOver = true
    if (turns.get(instance) === turn) {
      if (turn.around?.isOver === false) turns.set(instance, turn.around)
      else turns.delete(instance)
    }
  }
}
