import { databaseFor, databaseNamed } from '../database/registry.ts'
import { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { type Columns, instanceOrigin, type Origin } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import type { FetchMode, QueryState } from '../query/nodes.ts'

/**
 * The database a query goes to: what `using()` said, else the model's, else the default one.
 *
 * @throws ImproperlyConfigured when it is not connected.
 */
export function databaseOf(state: QueryState): Database {
  const { database } = state
  return database instanceof Database ? database : named(database ?? state.model.database)
}

/** The database an instance is written to: `using`, else where it came from, else the model's. */
export function databaseOfInstance(instance: Columns, meta: ModelMeta, using?: unknown): Database {
  if (using !== undefined) return databaseFor(using)
  return named(instanceOrigin(instance)?.database ?? meta.database)
}

/** What instances read from, or written to, a database remember of it. */
export function originOf(db: Database, fetchMode: FetchMode | null = null): Origin {
  const { name, dialect } = db
  return { database: name, dialect, fetchMode: fetchMode ?? defaultFetchMode(db), batch: null }
}

const FETCH_MODES: ReadonlySet<unknown> = new Set<FetchMode>(['one', 'peers', 'raise'])

/** @throws InvalidValueError when `mode` is no fetch mode. */
export function assertFetchMode(mode: unknown): void {
  if (FETCH_MODES.has(mode)) return
  throw new InvalidValueError("A fetch mode is 'one', 'peers' or 'raise'.")
}

const fetchModes = new WeakMap<Database, FetchMode>()

/** Makes a fetch mode the default of a connection. */
export function setFetchMode(db: Database, mode: FetchMode): void {
  fetchModes.set(db, mode)
}

function defaultFetchMode(db: Database): FetchMode {
  return fetchModes.get(db) ?? 'peers'
}

function named(name: unknown): Database {
  return databaseNamed(typeof name === 'string' ? name : 'default')
}
