import { continuing, type Database, type Runner } from '../database/runner.ts'
import type { OnProgress } from './progress.ts'

/** Rows of one statement. */
export interface Batch {
  readonly rows: readonly unknown[]
}

/** What is said of all batches of a write. */
export interface BatchOptions {
  readonly onProgress?: OnProgress | undefined
  /** They go on with what the same call wrote before. */
  readonly isPart?: boolean
}

/** Writes batches one after the other, several of them, and what is told of them, in one transaction. */
export async function writeBatches<B extends Batch>(
  db: Database,
  batches: readonly B[],
  { onProgress, isPart = false }: BatchOptions,
  write: (runner: Runner, batch: B) => Promise<void>,
): Promise<void> {
  const writeAll = async (): Promise<void> => {
    const total = batches.reduce((sum, { rows }) => sum + rows.length, 0)
    let done = 0
    for (const batch of batches) {
      const runner = db.current()
      await write(done > 0 || isPart ? continuing(runner) : runner, batch)
      done += batch.rows.length
      await onProgress?.({ done, total })
    }
  }
  const isOne = batches.length <= 1 && onProgress === undefined
  await (isOne ? writeAll() : db.atomic(writeAll))
}
