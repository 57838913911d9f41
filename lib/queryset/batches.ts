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
export function writeBatches<B extends Batch>(
  db: Database,
  batches: readonly B[],
  { onProgress, isPart = false }: BatchOptions,
  write: (runner: Runner, batch: B) => Promise<void>,
): Promise<void> {
  const [only] = batches
  if (only !== undefined && batches.length === 1 && onProgress === undefined) {
    return write(part(db.current(), isPart), only)
  }
  const writeAll = async (): Promise<void> => {
    const total = batches.reduce((sum, { rows }) => sum + rows.length, 0)
    let done = 0
    for (const batch of batches) {
      await write(part(db.current(), done > 0 || isPart), batch)
      done += batch.rows.length
      await onProgress?.({ done, total })
    }
  }
  return batches.length === 0 ? Promise.resolve() : db.atomic(writeAll)
}

function part(runner: Runner, isPart: boolean): Runner {
  return isPart ? continuing(runner) : runner
}
