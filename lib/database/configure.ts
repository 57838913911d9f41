import knexModule, { type Knex } from 'knex'
import { ImproperlyConfigured } from '../errors.ts'
import type { DriverConnection, KnexClient } from './drivers/driver.ts'

type Done = (error?: unknown, connection?: unknown) => void

interface ExecConnection extends DriverConnection {
  exec(sql: string, done?: (error: Error | null) => void): unknown
  close(): unknown
}

const BUSY_TIMEOUT_MS = 5000
const BUSY_AGAIN_MS = 10
/** knex would open one connection, on which a started query and the rest wait for each other. */
const FILE_POOL: Knex.PoolConfig = { min: 0, max: 4 }
/** pg waits for ever by itself, and knex's pool hands out nothing else meanwhile. */
const CONNECT_MS = 10_000
const SQLITE_CLIENTS = new Set(['sqlite', 'sqlite3', 'better-sqlite3'])

/** knex takes the name of a client, or a class of one's own. */
function isSqliteClient(client: unknown): boolean {
  if (typeof client === 'string') return SQLITE_CLIENTS.has(client)
  if (typeof client !== 'function') return false
  return (client.prototype as Partial<KnexClient> | undefined)?.dialect === 'sqlite3'
}

/** Whether a value is a knex, and not the configuration of one. */
function isKnex(value: unknown): value is Knex {
  return typeof value === 'function' && 'client' in value && 'raw' in value
}

function filenameOf(config: Knex.Config): string | undefined {
  const connection: unknown = config.connection
  if (typeof connection === 'string') return connection
  return (connection as { filename?: string } | null | undefined)?.filename
}

function isMemory(filename: unknown): boolean {
  if (typeof filename !== 'string') return false
  return filename === '' || filename.includes(':memory:') || filename.includes('mode=memory')
}

/** Settings each new SQLite connection needs, since SQLite keeps them for none. */
function preparedBy(isFile: boolean, then: unknown): (connection: unknown, done: Done) => void {
  // The timeout first: changing the journal mode waits for a lock too.
  const pragmas = [
    `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
    ...(isFile ? ['PRAGMA journal_mode = WAL'] : []),
    'PRAGMA foreign_keys = ON',
  ].join('; ')
  return (connection, done) => {
    const sqlite = connection as ExecConnection
    const finish: Done = (error) => {
      // knex forgets it then, and its file would stay open.
      if (error) sqlite.close()
      done(error ?? null, connection)
    }
    const next: Done = (error) => {
      if (error || typeof then !== 'function') finish(error)
      else (then as (connection: unknown, done: Done) => void)(connection, finish)
    }
    const until = Date.now() + BUSY_TIMEOUT_MS
    const setUp = (): void => {
      execute(sqlite, pragmas, (error) => {
        if (isBusy(error) && Date.now() < until) setTimeout(setUp, BUSY_AGAIN_MS)
        else next(error)
      })
    }
    setUp()
  }
}

/** sqlite3 calls back; better-sqlite3 is synchronous. */
function execute(sqlite: ExecConnection, sql: string, done: Done): void {
  if (sqlite.exec.length !== 1) {
    sqlite.exec(sql, done)
    return
  }
  let failure: unknown
  try {
    sqlite.exec(sql)
  } catch (error) {
    failure = error
  }
  done(failure)
}

/** Whether another connection was in the way; several that change a new file to WAL do not wait. */
function isBusy(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === 'SQLITE_BUSY'
}

/** One connection that is never reaped: each connection to `:memory:` is another, empty database. */
function memoryPool(pool: Knex.PoolConfig): Knex.PoolConfig {
  const { maxConnectionLifetimeMillis: _lifetime, ...rest } = pool as Knex.PoolConfig & {
    maxConnectionLifetimeMillis?: number
  }
  return { ...rest, min: 1, max: 1 }
}

function sqliteConfig(config: Knex.Config): Knex.Config {
  const filename = filenameOf(config)
  const memory = isMemory(filename)
  const pool = memory ? memoryPool(config.pool ?? {}) : { ...FILE_POOL, ...config.pool }
  return {
    useNullAsDefault: true,
    ...config,
    pool: { ...pool, afterCreate: preparedBy(!memory, config.pool?.afterCreate) },
  }
}

/** What pg is given, with an end to connecting; one that is set stays. */
function bounded(connection: unknown): unknown {
  if (typeof connection !== 'object' || connection === null) return connection
  const settings = connection as { connectionTimeoutMillis?: number }
  // Changed in place: knex keeps the password where a copy would not have it.
  settings.connectionTimeoutMillis ??= CONNECT_MS
  return settings
}

function otherConfig(config: Knex.Config): Knex.Config {
  const { connection } = config
  if (typeof connection !== 'function') return { ...config }
  const provide = connection as () => unknown
  return { ...config, connection: async () => bounded(await provide()) as Knex.ConnectionConfig }
}

function assertSection(config: Knex.Config): void {
  if (typeof config !== 'object' || config === null) {
    throw new ImproperlyConfigured(
      "connect() takes a knex configuration such as { client: 'pg', connection: … }, or a knex.",
    )
  }
  if (config.client !== undefined || config.dialect !== undefined) return
  const sections = Object.keys(config).filter((key) => /^[a-z]+$/i.test(key))
  throw new ImproperlyConfigured(
    `The configuration given to connect() has no client. It has: ${sections.join(', ')}. Of a ` +
      'knexfile, give one section: connect(knexfile.development).',
  )
}

function assertOneMemory({ pool, connectionSettings }: KnexClient): void {
  if (!isMemory(connectionSettings?.filename) || (pool?.max ?? 1) === 1) return
  throw new ImproperlyConfigured(
    'The knex given to connect() has an SQLite database in memory and a pool of several connections, each of which is another, empty database. Give it pool: { min: 1, max: 1 }.',
  )
}

/** A knex, and whether it was made here. */
export interface ConfiguredKnex {
  readonly knex: Knex
  readonly isOwn: boolean
}

/**
 * The knex for a configuration, with what SQLite needs; one that is handed in is left as it is.
 * Opens no connection.
 *
 * @throws ImproperlyConfigured for a whole knexfile, a transaction, or a driver that is missing.
 * @example
 * configuredKnex({ client: 'sqlite3', connection: { filename: 'app.sqlite' } })
 */
export function configuredKnex(configOrKnex: Knex.Config | Knex): ConfiguredKnex {
  if (isKnex(configOrKnex)) {
    if ((configOrKnex as { isTransaction?: boolean }).isTransaction === true) {
      throw new ImproperlyConfigured(
        'connect() takes a knex, not a transaction of one: transactions are made by atomic().',
      )
    }
    assertOneMemory(clientOf(configOrKnex))
    return { knex: configOrKnex, isOwn: false }
  }
  assertSection(configOrKnex)
  const client: unknown = configOrKnex.client ?? configOrKnex.dialect
  const isSqlite = isSqliteClient(client)
  try {
    const knex = knexModule.default(
      isSqlite ? sqliteConfig(configOrKnex) : otherConfig(configOrKnex),
    )
    if (!isSqlite) bounded(clientOf(knex).connectionSettings)
    return { knex, isOwn: true }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ImproperlyConfigured(`knex could not be made: ${reason}`, { cause: error })
  }
}

/** The client of a knex, which its types leave open. */
export function clientOf(knex: Knex): KnexClient {
  return knex.client as KnexClient
}
