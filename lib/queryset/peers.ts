import type { Runner } from '../database/runner.ts'
import { isWrittenSince, writeMark } from '../database/written.ts'
import type { Batch, KeyCounts } from '../hydrate/batch.ts'
import { type Columns, instanceOrigin, storedValue } from '../hydrate/instance.ts'
import type { ColumnMeta } from '../meta/model-meta.ts'

/** One query for many instances: what it found for each key, and the tables it reads. */
export interface PeerLoad<T> {
  readonly tables: Iterable<string>
  readonly found: Promise<Map<unknown, T>>
}

/** What a query found for the instances of a batch, until they ask for it. */
interface Waiting<T> extends PeerLoad<T> {
  /** The transaction it ran in, or the pool. */
  readonly runner: Runner
  readonly mark: number
  /** How many instances of each key have not got theirs yet. */
  readonly expected: Map<unknown, number>
}

/**
 * A question that instances of one result ask after each other. The first `patience` of them ask
 * alone; then one query answers it for all that have not asked yet, and each gets its answer once.
 *
 * What waits is thrown away, never handed out, once a table it was read of is written or the
 * transaction is another. As this may happen again, twice as many then ask alone first: a loop that
 * writes in every turn loads little in vain.
 */
export class PeerQuestion<T> {
  readonly #keys: KeyCounts
  readonly #isRepeatable: boolean
  readonly #given = new Map<unknown, number>()
  #patience: number
  #alone = 0
  #waiting: Waiting<T> | null = null

  /** `isRepeatable`: the same instance may well ask again, for instance in a second loop. */
  constructor(
    keys: KeyCounts,
    options: { readonly patience: number; readonly isRepeatable: boolean },
  ) {
    this.#keys = keys
    this.#patience = options.patience
    this.#isRepeatable = options.isRepeatable
  }

  /** The answer for one key; null, or a promise of null, where it has to be asked for alone. */
  ask(
    key: unknown,
    runner: Runner,
    load: (keys: readonly unknown[]) => PeerLoad<T>,
  ): Promise<{ readonly value: T } | null> | null {
    this.#discardStale(runner)
    if (!this.#take(key)) return null
    if (this.#waiting === null && this.#alone < this.#patience) {
      this.#alone += 1
      return null
    }
    this.#waiting ??= this.#load(key, runner, load)
    return this.#handOut(this.#waiting, key)
  }

  #discardStale(runner: Runner): void {
    const waiting = this.#waiting
    if (waiting === null) return
    if (waiting.runner === runner && !isWrittenSince(waiting.tables, waiting.mark)) return
    this.#waiting = null
    // What everybody has got already was not thrown away.
    if (waiting.expected.size === 0) return
    this.#patience = Math.max(1, this.#patience * 2)
    this.#alone = 0
  }

  /** Whether it is this key's turn: not if it has had its answer, or is none of the batch's. */
  #take(key: unknown): boolean {
    const count = this.#keys.get(key) ?? 0
    if (count > 0 && this.#timesGiven(key) >= count && this.#isRepeatable) this.#beginAgain()
    const given = this.#timesGiven(key)
    if (given >= count) return false
    this.#given.set(key, given + 1)
    return true
  }

  /** A second loop over the same instances; not while answers of the first one still wait. */
  #beginAgain(): void {
    if (this.#waiting !== null && this.#waiting.expected.size > 0) return
    this.#waiting = null
    this.#given.clear()
    this.#alone = 0
  }

  #timesGiven(key: unknown): number {
    return this.#given.get(key) ?? 0
  }

  #load(key: unknown, runner: Runner, load: (keys: readonly unknown[]) => PeerLoad<T>): Waiting<T> {
    const expected = new Map<unknown, number>()
    for (const [other, count] of this.#keys) {
      const left = count - this.#timesGiven(other) + (other === key ? 1 : 0)
      if (left > 0) expected.set(other, left)
    }
    const mark = writeMark()
    return { ...load([...expected.keys()]), runner, mark, expected }
  }

  async #handOut(waiting: Waiting<T>, key: unknown): Promise<{ readonly value: T } | null> {
    try {
      const found = await waiting.found
      const answer = found.has(key) ? { value: found.get(key) as T } : null
      const left = (waiting.expected.get(key) ?? 0) - 1
      if (left > 0) {
        waiting.expected.set(key, left)
      } else {
        waiting.expected.delete(key)
        found.delete(key)
      }
      return answer
    } catch (error) {
      if (this.#waiting === waiting) this.#waiting = null
      // It has not got its answer.
      this.#given.set(key, Math.max(0, this.#timesGiven(key) - 1))
      throw error
    }
  }
}

const memories = new WeakMap<Batch, Map<unknown, unknown>>()

/** What is remembered for a batch under a subject: made at first. */
export function rememberedFor<T extends object>(batch: Batch, subject: unknown, make: () => T): T {
  let memory = memories.get(batch)
  if (memory === undefined) {
    memory = new Map()
    memories.set(batch, memory)
  }
  const known = memory.get(subject)
  if (known !== undefined) return known as T
  const made = make()
  memory.set(subject, made)
  return made
}

/** The batch of an instance whose key in `column` is still the one it was loaded with, else null. */
export function batchOf(instance: Columns, column: ColumnMeta, key: unknown): Batch | null {
  const batch = instanceOrigin(instance)?.batch ?? null
  if (batch === null) return null
  const stored = storedValue(instance, column) ?? null
  return stored !== null && column.field.equals(stored, key) ? batch : null
}
