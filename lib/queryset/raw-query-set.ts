import { compileRaw } from '../compile/raw-query.ts'
import { assertDatabase } from '../database/registry.ts'
import type { Database, Runner } from '../database/runner.ts'
import { hydrateRaw } from '../hydrate/raw-rows.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { type RawQuery, rawQuery } from '../query/raw-query.ts'
import * as states from '../query/state.ts'
import { callOrigin } from '../util/call-site.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { databaseOf, originOf } from './databases.ts'
import { assertSignal, assertTimeout } from './limits.ts'
import { limitsOf } from './read-rows.ts'
import { type Answer, ResultCache } from './result-cache.ts'

/** Options of `raw()`. */
export interface RawOptions {
  /** The database, or the name of its connection. @default the model's */
  readonly using?: string | Database | undefined
  /** Milliseconds that the query may take. @default none */
  readonly timeoutMs?: number | undefined
  /** Stops the query when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

const OPTIONS: OptionNames<RawOptions> = { using: true, timeoutMs: true, signal: true }

/** SQL that was checked, and where it goes. */
interface Request {
  readonly query: RawQuery
  readonly state: QueryState
}

let startRows: (querySet: object, origin: Error) => void

/**
 * What `Manager.raw()` makes: instances read by SQL of your own. The query is sent when it is first
 * awaited or iterated; the rows are remembered. It cannot be filtered or chained.
 *
 * @example for await (const book of Book.objects.raw('select * from books')) print(book.title)
 */
export class RawQuerySet<R> implements PromiseLike<R[]> {
  /** The type of a row, for the compiler only. */
  declare readonly '~row': R
  readonly #request: Request
  readonly #cache = new ResultCache()

  constructor(request: Request) {
    this.#request = request
  }

  static {
    startRows = (given, origin) => {
      const querySet = given as RawQuerySet<unknown>
      if (querySet.#cache.find('rows') !== undefined) return
      const { state } = querySet.#request
      const limits = limitsOf(state)
      const work = (runner: Runner): Promise<unknown[]> => querySet.#read(runner)
      const started = databaseOf(state).start(work, origin, limits, 'reading')
      querySet.#cache.store('rows', started, { keep: true })
    }
  }

  /**
   * The rows, as a fresh array each time. The first call runs the query, later ones do not.
   *
   * @throws FieldError when the SQL gives no primary key, or columns that cannot be properties
   */
  async fetch(): Promise<R[]> {
    return [...(await this.#rows().read())]
  }

  /** Awaiting it fetches the rows. */
  then<A = R[], B = never>(
    onFulfilled?: ((rows: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.fetch().then(onFulfilled, onRejected)
  }

  /** `for await (const book of books)`: the same rows, the same single query. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    yield* await this.fetch()
  }

  #rows(): Answer<R[]> {
    const known = this.#cache.find<R[]>('rows')
    if (known !== undefined) return known
    const running = this.#read(databaseOf(this.#request.state).current())
    return this.#cache.store('rows', { read: () => running }, { keep: true })
  }

  async #read(runner: Runner): Promise<R[]> {
    const { query, state } = this.#request
    const { db } = runner
    // A statement that is prepared does not tell its columns.
    const statement = { ...compileRaw(query, db.dialect), named: true, repeated: false }
    const { rows, columns } = await runner.run(statement, limitsOf(state))
    // `sqlite3` does not tell the columns of no rows.
    if (columns === undefined) return []
    return hydrateRaw(query.model, columns, rows, originOf(db)) as R[]
  }
}

/**
 * A `RawQuerySet` of a manager whose querysets can be started: the query can run in the background.
 *
 * @example
 * const books = Book.objects.raw('select * from books').startFetch()
 * const page = await renderHeader()   // the query runs meanwhile
 * for (const book of await books) page.add(book)
 */
export class AsyncRawQuerySet<R> extends RawQuerySet<R> {
  /** Starts fetching the rows, and gives the same object. */
  startFetch(): this {
    startRows(this, callOrigin(this.startFetch, 'startFetch'))
    return this
  }
}

/**
 * Checks what `raw()` is given. Sends nothing.
 *
 * @throws FieldError, InvalidValueError, ImproperlyConfigured, RangeError
 */
export function rawRequest(
  model: ModelMeta,
  sql: unknown,
  bindings: unknown,
  options: RawOptions,
): Request {
  const { using, timeoutMs, signal } = readOptions('raw()', options, OPTIONS)
  const query = rawQuery(model, sql, bindings)
  if (using !== undefined) assertDatabase(using, 'using()')
  if (timeoutMs !== undefined) assertTimeout(timeoutMs)
  if (signal !== undefined) assertSignal(signal)
  const state = states.patchState(states.initialState(model), {
    database: using ?? null,
    timeoutMs: timeoutMs ?? null,
    signal: signal ?? null,
  })
  return { query, state }
}
