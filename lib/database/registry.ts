import { ImproperlyConfigured } from '../errors.ts'
import { shownName } from '../util/shown-name.ts'
import { Database } from './runner.ts'

const databases = new Map<string, Database>()

/**
 * The open database of a name. Sends nothing.
 *
 * @throws ImproperlyConfigured naming those there are.
 * @example
 * databaseNamed('default').atomic(() => …)
 */
export function databaseNamed(name: string): Database {
  const database = databases.get(name)
  if (database !== undefined) return database
  const shown = shownName(name)
  const known = [...databases.keys()].map((each) => `'${each}'`).join(', ')
  const cure =
    name === 'default'
      ? 'Call connect(config) before the first query, and close() after the last.'
      : `Call connect(config, { name: '${shown}' }) first.`
  const list = known === '' ? 'No database is connected.' : `Connected are: ${known}.`
  throw new ImproperlyConfigured(`There is no open database named '${shown}'. ${list} ${cure}`)
}

/**
 * The database that `using` means: itself, or the open one of a name.
 *
 * @throws ImproperlyConfigured
 */
export function databaseFor(using: unknown): Database {
  assertDatabase(using, 'using')
  return typeof using === 'string' ? databaseNamed(using) : using
}

/**
 * Makes sure that something is a database or a name, of one that may be connected later.
 *
 * @param what the option, or the method, that took it
 * @throws ImproperlyConfigured
 */
export function assertDatabase(given: unknown, what: string): asserts given is string | Database {
  if (given instanceof Database || typeof given === 'string') return
  throw new ImproperlyConfigured(
    `${what} takes the name of a connection, as in connect(config, { name: 'replica' }), or the ` +
      'database that connect() gave.',
  )
}

/** Every database that is connected now. */
export function openDatabases(): Iterable<Database> {
  return databases.values()
}

/**
 * Refuses a name that is taken by an open database.
 *
 * @throws ImproperlyConfigured
 */
export function assertNameFree(name: string): void {
  if (!databases.has(name)) return
  throw new ImproperlyConfigured(
    `A database named '${name}' is connected already. Close it first (await db.close()), or give ` +
      "this one a name: connect(config, { name: 'other' }).",
  )
}

/** Makes a database known by its name. */
export function register(database: Database): void {
  assertNameFree(database.name)
  databases.set(database.name, database)
}

/** Frees the name of a database, when it is still its. */
export function unregister(database: Database): void {
  if (databases.get(database.name) === database) databases.delete(database.name)
}
