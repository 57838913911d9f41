import { type CompiledSelect, compileSelect } from '../compile/select.ts'
import { continuing, type Database, type Reading, type Runner } from '../database/runner.ts'
import { currentFrame, frameAround } from '../database/transaction.ts'
import { withKeyOrder } from '../query/key-order.ts'
import type { QueryState } from '../query/nodes.ts'
import { readOptions } from '../util/options.ts'
import { assertSize } from './limits.ts'
import { loadPrefetches } from './prefetch.ts'
import { assertLockable, limitsOf, makeRows } from './read-rows.ts'
import {
  cursorStream,
  keyedStream,
  type RowStream,
  type StreamPlace,
  spooledStream,
  wholeStream,
} from './row-stream.ts'

/** Options of `iterator()`. */
export interface IteratorOptions {
  /** How many rows are fetched, and made into instances, at a time. @default 2000 */
  readonly chunkSize?: number | undefined
}

const CHUNK_SIZE = 2000

/**
 * The rows of a query one by one, of which no more than a chunk is in memory. Opens a connection
 * when the first is asked for, gives it back with the last chunk, and when it is left early.
 *
 * @throws RangeError for a `chunkSize` that is none, at once.
 */
export function iterate<R>(
  db: Database,
  state: QueryState,
  options: IteratorOptions,
): AsyncGenerator<R, void, undefined> {
  const { chunkSize = CHUNK_SIZE } = readOptions('iterator()', options, { chunkSize: true })
  assertSize(chunkSize, 'chunkSize')
  return rowsOf<R>(db, state, chunkSize)
}

async function* rowsOf<R>(
  db: Database,
  state: QueryState,
  chunkSize: number,
): AsyncGenerator<R, void, undefined> {
  const query = compileSelect(state, db.dialect)
  if (query === null) return
  assertLockable(db, state)
  const isOneChunk = state.limit !== null && state.limit <= chunkSize
  const source = isOneChunk
    ? new Source(
        state,
        () => db.current(),
        db.current(),
        null,
        (place) => wholeStream(place, query),
      )
    : await openSource(db, state, query)
  try {
    for (;;) {
      const rows = await source.next(chunkSize)
      const made = makeRows(db, state, query.shape, rows)
      await loadPrefetches(source.reader(), state, made)
      source.isBegun = true
      const isLast = rows.length < chunkSize
      // The loop's own statements may need the connection.
      if (isLast) await source.close()
      yield* made as R[]
      if (isLast) return
    }
  } finally {
    await source.close()
  }
}

/** The rows of a query, and the connection that they are read on. */
class Source implements StreamPlace {
  readonly limits: ReturnType<typeof limitsOf>
  readonly runner: () => Runner
  readonly home: Runner
  /** The first chunk is there. */
  isBegun = false
  readonly #reading: Reading | null
  readonly #stream: RowStream
  #isClosed = false

  constructor(
    state: QueryState,
    runner: () => Runner,
    home: Runner,
    reading: Reading | null,
    streamOf: (place: StreamPlace) => RowStream,
  ) {
    this.limits = limitsOf(state)
    this.runner = runner
    this.home = home
    this.#reading = reading
    this.#stream = streamOf(this)
  }

  get isOfOneMoment(): boolean {
    return this.#reading !== null
  }

  reader(): Runner {
    const runner = this.runner()
    return this.isBegun ? continuing(runner) : runner
  }

  async next(count: number): Promise<readonly (readonly unknown[])[]> {
    return await this.#stream.next(count)
  }

  /** What goes wrong here has gone wrong before, and was thrown there. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#reading !== null) await this.#reading.close()
    else await this.#stream.close().catch(() => undefined)
  }
}

async function openSource(db: Database, state: QueryState, query: CompiledSelect): Promise<Source> {
  const streamOf = streamFor(db, state, query)
  // A sandbox too: another connection would not see its rows.
  const home = frameAround(db)
  if (home !== undefined) {
    // The loop may be in a savepoint of the transaction that the rows are read in.
    const runner = (): Runner => {
      const here = frameAround(db)
      return here?.isWithin(home) ? here : home
    }
    return new Source(state, runner, home, null, streamOf)
  }
  // The only connection is for the loop's own statements too.
  if (db.dialect === 'sqlite' && db.poolMax === 1) {
    return new Source(state, () => db.current(), db.current(), null, streamOf)
  }
  const reading = await db.openReading(limitsOf(state))
  return new Source(state, () => reading, reading, reading, streamOf)
}

function streamFor(
  db: Database,
  state: QueryState,
  query: CompiledSelect,
): (place: StreamPlace) => RowStream {
  if (db.dialect === 'postgresql') return (place) => cursorStream(place, query)
  const order = withKeyOrder(state)
  if (order !== null) return (place) => keyedStream(place, order)
  // SQLite writes nothing in a transaction that only reads, temporary tables neither.
  const isReadOnly = currentFrame(db)?.host.options.readOnly === true
  return (place) => (isReadOnly ? wholeStream(place, query) : spooledStream(place, query))
}
