import { type OpenOptions, openDatabase } from '../database/database.ts'
import { databaseFor } from '../database/registry.ts'
import type { AtomicOptions, Database } from '../database/runner.ts'
import { ATOMIC_OPTIONS, onCommit as onDatabaseCommit } from '../database/transaction.ts'
import { ImproperlyConfigured } from '../errors.ts'
import { Problems } from '../meta/link.ts'
import { isModelClass, metaOf } from '../meta/meta.ts'
import type { FetchMode } from '../query/nodes.ts'
import { assertModelOrders } from '../query/ordering.ts'
import { assertFetchMode, setFetchMode } from '../queryset/databases.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { assertFunction } from '../util/shapes.ts'

/** Options of `connect()`. */
export interface ConnectOptions extends OpenOptions {
  /**
   * Every model of the application: all of them are then known, and checked at once, as are the names
   * in their `ordering` and `getLatestBy`. A class whose module was never loaded has no reverse side.
   */
  readonly models?: readonly (abstract new (...args: never[]) => object)[] | undefined
  /**
   * What awaiting a relation that is not loaded does, where a queryset's own `fetchMode()` does not
   * say: load it for all rows of the same result ('peers') or for one row only ('one'), or throw
   * ('raise'). @default 'peers'
   */
  readonly fetchMode?: FetchMode | undefined
}

/** Which database; and, for `atomic()`, what kind of transaction. */
export interface UsingOptions {
  /** The name of a connection, or what `connect()` gave. @default 'default' */
  readonly using?: string | Database | undefined
}

/**
 * Opens a database: of a section of a knexfile, or of a knex that exists already (which stays the
 * caller's: it is not changed, and not destroyed by `close()`). Opens no connection yet.
 *
 * @throws ImproperlyConfigured for a name that is taken, an option that there is not, and listing all
 * that is wrong with the models.
 * @example
 * const db = connect(knexfile.production, { models: [Author, Book] })
 * …
 * await db.close()
 */
export function connect(
  config: Parameters<typeof openDatabase>[0],
  options: ConnectOptions = {},
): Database {
  const own = readOptions('connect()', options, OPTIONS, ImproperlyConfigured)
  const { models = [], fetchMode = 'peers', ...rest } = own
  checkModels(models)
  assertFetchMode(fetchMode)
  if (rest.onUnconsumedError !== undefined) {
    assertFunction(rest.onUnconsumedError, EXAMPLE, ImproperlyConfigured)
  }
  const db = openDatabase(config, rest)
  setFetchMode(db, fetchMode)
  return db
}

/**
 * Runs `fn` in a transaction of the default database, or of `using`: all of it is saved, or
 * nothing. Everything in it joins by itself, started queries too; an `atomic` inside is a savepoint.
 *
 * @throws TransactionBrokenError when a statement or a start in it failed, even if `fn` swallowed
 * the error; CommitUnknownError when the connection broke during COMMIT.
 * @example
 * await atomic(async () => {
 *   const author = await Author.objects.create({ name: 'Ann' })
 *   await Book.objects.create({ title: 'One', author, publishedAt: new Date() })
 * })
 */
export async function atomic<T>(
  fn: () => T | PromiseLike<T>,
  options: AtomicOptions & UsingOptions = {},
): Promise<T> {
  const { using, ...rest } = readOptions('atomic()', options, { ...ATOMIC_OPTIONS, ...USING })
  return await databaseFor(using ?? 'default').atomic(fn, rest)
}

/**
 * Runs `fn` once the outermost `atomic()` around the call has committed; at once when there is none,
 * never when it rolls back.
 *
 * @example onCommit(() => sendMail(order))
 */
export function onCommit(fn: () => unknown, options: UsingOptions = {}): void {
  const { using } = readOptions('onCommit()', options, USING)
  onDatabaseCommit(databaseFor(using ?? 'default'), fn)
}

const EXAMPLE = 'connect(config, { onUnconsumedError: (report) => … })'
const USING: OptionNames<UsingOptions> = { using: true }
const OPTIONS: OptionNames<ConnectOptions> = {
  name: true,
  models: true,
  fetchMode: true,
  onUnconsumedError: true,
  debug: 'flag',
  prepare: true,
}

function checkModels(models: readonly object[]): void {
  if (!Array.isArray(models)) {
    throw new ImproperlyConfigured('connect() takes model classes in models: [Author, Book].')
  }
  const metas = models.map((model) => {
    if (isModelClass(model)) return metaOf(model)
    throw new ImproperlyConfigured('connect() takes model classes in models: [Author, Book].')
  })
  const problems = new Problems()
  for (const meta of metas) {
    problems.try(() => {
      meta.link()
      assertModelOrders(meta)
    })
  }
  problems.throw()
}
