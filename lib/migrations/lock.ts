import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import knexModule, { type Knex } from 'knex'
import { ImproperlyConfigured, NotSupportedError } from '../errors.ts'

/**
 * Where migrations run while others wait. The lock is the connection's: whatever ends the one, ends
 * the other, so that nothing is ever left locked.
 */
export interface Held {
  /** Its pool is the one connection. */
  readonly knex: Knex
  /** Runs a builder of this house on that connection, in the transaction there is, without hooks. */
  on<B extends { connection(connection: never): unknown }>(build: (knex: Knex) => B): B
}

/** The part of a knex client that is used here; knex types `knex.client` as `any`. */
interface Client {
  readonly driverName: string
  readonly config: Knex.Config & { readonly connectionPool?: unknown }
  readonly logger: { warn(message: string): void }
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<void>
}

type Work<T> = (held: Held) => Promise<T>

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500
const SILENT_MS = 2000
const ONE: Knex.PoolConfig = { min: 1, max: 1 }
const DRIVERS = ['pg', 'sqlite3', 'better-sqlite3']

/**
 * Runs work on a connection of its own, one process at a time; the others wait. `name` is whose turn
 * it is: the table of the migrations.
 *
 * On PostgreSQL it holds an advisory lock of its session, on SQLite an exclusive lock on a file beside
 * the database, `<file>-migrate-lock`, which stays there and is empty. A database in memory has one
 * connection, which it is then.
 *
 * @throws NotSupportedError for another database, ImproperlyConfigured where there can be no connection
 * of its own.
 * @example
 * await holdingLock(knex, 'knex_migrations', ({ knex }) => knex.migrate.latest())
 */
export async function holdingLock<T>(knex: Knex, name: string, work: Work<T>): Promise<T> {
  const client = clientOf(knex)
  if (!DRIVERS.includes(client.driverName)) {
    throw new NotSupportedError(
      `knex uses the driver '${client.driverName}', on which migrations cannot be locked. ` +
        `Supported are: ${DRIVERS.join(', ')}.`,
    )
  }
  if (client.config.connectionPool !== undefined) {
    throw new ImproperlyConfigured(
      'migrate needs a connection of its own, which cannot be had from a connectionPool: give it a ' +
        'knex that is made with connection.',
    )
  }
  return client.driverName === 'pg'
    ? await onPostgres(client, name, work)
    : await onSqlite(knex, client, work)
}

function clientOf(knex: Knex): Client {
  return knex.client as Client
}

async function onPostgres<T>(client: Client, name: string, work: Work<T>): Promise<T> {
  const key = keyOf(name)
  return await alone(client, async (held) => {
    // Asked again and again: a session that waits inside a statement would have a snapshot, for
    // which CREATE INDEX CONCURRENTLY of the one that it waits for waits in turn.
    await turn(client, async () => {
      const asked = held.on((plain) =>
        plain.select(plain.raw('pg_try_advisory_lock(?::bigint) as taken', [key])),
      )
      const [row] = (await asked) as [{ taken: boolean }]
      return row.taken
    })
    return await work(held)
  })
}

/** Which advisory lock it is: eight bytes that no other program is likely to have. */
function keyOf(name: string): string {
  const digest = createHash('sha256').update(`asynchrormous migrations ${name}`).digest()
  return String(digest.readBigInt64BE())
}

async function onSqlite<T>(knex: Knex, client: Client, work: Work<T>): Promise<T> {
  const file = await fileOf(client)
  if (file === '') return await inMemory(knex, work)
  const lock = { connection: { filename: `${file}-migrate-lock` }, pool: ONE }
  return await using(bareKnex(client, lock), async (guard) => {
    // Not by the driver: better-sqlite3 waits with the whole process.
    await guard.on((plain) => plain.raw('PRAGMA busy_timeout = 0'))
    await turn(client, async () => {
      const begun = guard.on((plain) => plain.raw('BEGIN EXCLUSIVE'))
      return await begun.then(
        () => true,
        (error: { code?: unknown }) => {
          if (error.code === 'SQLITE_BUSY') return false
          throw error
        },
      )
    })
    return await alone(client, (held) => withoutForeignKeys(held, work))
  })
}

/** The file of the database as SQLite has it: absolute, and the same whatever leads to it. */
async function fileOf(client: Client): Promise<string> {
  const { connection } = client.config
  const bare = bareKnex(client, { ...(connection && { connection }), pool: ONE })
  const list = await using(bare, async (held): Promise<{ name: string; file: string }[]> => {
    return await held.on((plain) => plain.raw('PRAGMA database_list'))
  })
  return list.find(({ name }) => name === 'main')?.file ?? ''
}

const turns = new WeakMap<object, Promise<unknown>>()

/** Nobody else sees the database; only calls in this process are kept apart. */
async function inMemory<T>(knex: Knex, work: Work<T>): Promise<T> {
  const client = clientOf(knex)
  const before = turns.get(client)
  const mine = (async () => {
    await before
    return await withoutForeignKeys(await heldBy(knex), work)
  })()
  turns.set(
    client,
    mine.catch(() => {}),
  )
  return await mine
}

/**
 * As knex's command line has it, and Django: to change a table SQLite makes it anew, and dropping the
 * old one would delete the rows that refer to it.
 */
async function withoutForeignKeys<T>(held: Held, work: Work<T>): Promise<T> {
  const asked = held.on((plain) => plain.raw('PRAGMA foreign_keys'))
  const [{ foreign_keys: before }] = (await asked) as [{ foreign_keys: 0 | 1 }]
  await held.on((plain) => plain.raw('PRAGMA foreign_keys = OFF'))
  try {
    return await work(held)
  } finally {
    if (before === 1) await held.on((plain) => plain.raw('PRAGMA foreign_keys = ON'))
  }
}

/** Runs work on a knex that is configured as the given one, but has one connection. */
async function alone<T>(client: Client, work: Work<T>): Promise<T> {
  const { maxConnectionLifetimeMillis: _lifetime, ...pool } = (client.config.pool ??
    {}) as Knex.PoolConfig & { maxConnectionLifetimeMillis?: number }
  return await using(knexModule.default({ ...client.config, pool: { ...pool, ...ONE } }), work)
}

/** Without the hooks and the pool's settings of the given one. */
function bareKnex({ config }: Client, more: Knex.Config = {}): Knex {
  const client = config.client ?? config.dialect
  return knexModule.default({ ...(client && { client }), useNullAsDefault: true, ...more })
}

async function using<T>(knex: Knex, work: Work<T>): Promise<T> {
  try {
    return await work(await heldBy(knex))
  } finally {
    await knex.destroy()
  }
}

async function heldBy(knex: Knex): Promise<Held> {
  const client = clientOf(knex)
  const connection = await client.acquireConnection()
  await client.releaseConnection(connection)
  const plain = bareKnex(client)
  return {
    knex,
    on(build) {
      const builder = build(plain)
      builder.connection(connection as never)
      return builder
    },
  }
}

/** Resolves when it was taken. Says so when that takes long, as knex does when it is locked. */
async function turn(client: Client, take: () => Promise<boolean>): Promise<void> {
  const startedAt = Date.now()
  let told = false
  for (let ms = FIRST_PAUSE_MS; !(await take()); ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    if (!told && Date.now() - startedAt > SILENT_MS) {
      client.logger.warn('migrate waits: another process is migrating this database')
      told = true
    }
    await sleep(ms)
  }
}
