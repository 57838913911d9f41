import { AsyncLocalStorage } from 'node:async_hooks'
import type { Deadline } from './deadline.ts'
import type { Database, Job, Runner, StartManner } from './runner.ts'

/** A connection that belongs to what runs now: a transaction's frame, or a background job. */
export interface Held extends Runner {
  /** Its work is done and its connection given back: it is as if it were not there. */
  readonly isGone: boolean
  /** Work can still be handed to it. */
  readonly isUsable: boolean
  /** Whether it is that one or a part of it. */
  isWithin(other: Held): boolean
  /** Runs a started job as one piece on this connection. */
  runJob<T>(job: Job<T>, deadline?: Deadline, manner?: StartManner): Promise<T>
}

// One for each database, since two may be in transactions at once.
const storage = new AsyncLocalStorage<ReadonlyMap<Database, Held>>()
const attached = new Map<Database, Held>()

/**
 * The connection the running code holds on a database, if any.
 *
 * @example
 * heldOn(db)?.run(statement)
 */
export function heldOn(db: Database): Held | undefined {
  const held = storage.getStore()?.get(db)
  if (held !== undefined && !held.isGone) return held
  return attached.size === 0 ? undefined : attached.get(db)
}

/**
 * From now on work on a database that holds no other connection is done there, wherever it is called
 * from: hooks of test runners share no context with their tests.
 *
 * @returns what ends it.
 * @example
 * const detach = attach(db, frame)
 */
export function attach(db: Database, held: Held): () => void {
  const before = attached.get(db)
  attached.set(db, held)
  return () => {
    if (before === undefined) attached.delete(db)
    else attached.set(db, before)
  }
}

/**
 * Runs `fn`, and all that it starts, with a connection held; with `undefined`, with none.
 *
 * @example
 * await holding(db, frame, () => callback())
 */
export function holding<T>(db: Database, held: Held | undefined, fn: () => T): T {
  const store = new Map(storage.getStore())
  if (held === undefined) store.delete(db)
  else store.set(db, held)
  return storage.run(store, fn)
}
