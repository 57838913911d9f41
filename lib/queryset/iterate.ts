import { compileSelect } from '../compile/select.ts'
import type { Database } from '../database/runner.ts'
import type { QueryState } from '../query/nodes.ts'
import { assertSize } from './limits.ts'
import { loadPrefetches } from './prefetch.ts'
import { assertLockable, limitsOf, makeRows } from './read-rows.ts'

/** Options of `iterator()`. */
export interface IteratorOptions {
  /** How many rows are made into instances at a time. @default 2000 */
  readonly chunkSize?: number
}

const CHUNK_SIZE = 2000

/** The rows of a query one by one, made into what they become only as they are asked for. */
export async function* iterate<R>(
  db: Database,
  state: QueryState,
  { chunkSize = CHUNK_SIZE }: IteratorOptions,
): AsyncGenerator<R, void, undefined> {
  assertSize(chunkSize, 'chunkSize')
  const query = compileSelect(state, db.dialect)
  if (query === null) return
  assertLockable(db, state)
  const { rows } = await db.current().run(query, limitsOf(state))
  for (let at = 0; at < rows.length; at += chunkSize) {
    const made = makeRows(db, state, query.shape, rows.slice(at, at + chunkSize))
    await loadPrefetches(db.current(), state, made)
    yield* made as R[]
  }
}
