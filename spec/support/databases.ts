/**
 * The databases every behaviour spec runs on. It deals in knex configurations only and knows
 * nothing of `lib/`; each `create()` is a fresh database of its own, so specs may run side by side.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import { betterSqlite3Client } from './better-sqlite3.ts'

export type Dialect = 'sqlite' | 'postgresql'

export interface FreshDatabase {
  /** What `knex()` and `connect()` take. Make as many knexes from it as a spec needs. */
  readonly config: Knex.Config
  /** Removes the database. Close what was opened on it first. */
  drop(): Promise<void>
}

export interface TestDatabase {
  readonly name: 'SQLite file' | 'SQLite memory' | 'SQLite file by better-sqlite3' | 'PostgreSQL'
  readonly dialect: Dialect
  create(): Promise<FreshDatabase>
}

function sqliteFileOf(
  name: TestDatabase['name'],
  client: string | typeof Knex.Client,
): TestDatabase {
  return {
    name,
    dialect: 'sqlite',
    async create() {
      const directory = await mkdtemp(join(tmpdir(), 'asynchrormous-spec-'))
      return {
        config: {
          client,
          connection: { filename: join(directory, 'spec.sqlite') },
          useNullAsDefault: true,
          // One connection writes at a time anyway; more than one lets specs see real concurrency.
          pool: { min: 0, max: 4 },
        },
        drop: () => rm(directory, { recursive: true, force: true }),
      }
    },
  }
}

const sqliteFile = sqliteFileOf('SQLite file', 'sqlite3')

/** The optional driver, which blocks; none where it is not installed. */
export const betterSqlite3: readonly TestDatabase[] =
  betterSqlite3Client === null
    ? []
    : [sqliteFileOf('SQLite file by better-sqlite3', betterSqlite3Client)]

const sqliteMemory: TestDatabase = {
  name: 'SQLite memory',
  dialect: 'sqlite',
  async create() {
    return {
      config: {
        client: 'sqlite3',
        connection: { filename: ':memory:' },
        useNullAsDefault: true,
        // The database is its connection: a second one would be another, empty database.
        pool: { min: 1, max: 1 },
      },
      drop: async () => {},
    }
  },
}

const postgresql: TestDatabase = {
  name: 'PostgreSQL',
  dialect: 'postgresql',
  async create() {
    const name = `test_${randomBytes(8).toString('hex')}`
    const url = new URL(serverUrl())
    url.pathname = `/${name}`
    await onServer(`create database ${name} template template0`)
    return {
      config: {
        client: 'pg',
        connection: { connectionString: url.href },
        pool: { min: 0, max: 10 },
      },
      drop: () => onServer(`drop database if exists ${name} with (force)`),
    }
  },
}

/** With `SPEC_BETTER_SQLITE3=1` everything runs on that driver too, where it is installed. */
const others = process.env['SPEC_BETTER_SQLITE3'] === '1' ? betterSqlite3 : []

/** Every database of this run; `--only=sqlite` and `--only=postgresql` of the runner narrow it. */
export const databases: readonly TestDatabase[] = [
  sqliteFile,
  sqliteMemory,
  ...others,
  postgresql,
].filter(({ dialect }) => !process.env['SPEC_ONLY'] || process.env['SPEC_ONLY'] === dialect)

/**
 * A `describe` per database. `db` is the kind of database, not yet one: call `db.create()` in a
 * hook.
 *
 *     describeOnEach('count()', (db) => { before(async () => { fresh = await db.create() }) … })
 */
export function describeOnEach(
  title: string,
  body: (db: TestDatabase) => void,
  on: readonly TestDatabase[] = databases,
): void {
  for (const db of on) describe(`${title} [${db.name}]`, () => body(db))
}

/** The directory of the project's migrations. */
export const migrationsDirectory: string = fileURLToPath(
  new URL('../../migrations/', import.meta.url),
)

/**
 * Runs the project's `migrations/*.ts` by knex's own migrator. Takes a configuration (opened and
 * closed again) or an open knex, which a memory database needs.
 */
export async function migrate(target: Knex.Config | Knex): Promise<void> {
  const migrations = { directory: migrationsDirectory, loadExtensions: ['.ts'] }
  if (typeof target === 'function') {
    await target.migrate.latest(migrations)
    return
  }
  const own = knex(target)
  try {
    await own.migrate.latest(migrations)
  } finally {
    await own.destroy()
  }
}

/** The PostgreSQL server's own connection string, for specs that look from a second connection. */
export function serverUrl(): string {
  const url = process.env['DATABASE_URL']
  if (!url) {
    throw new Error(
      'No PostgreSQL: run specs with `npm test -- spec/some.spec.ts`, or set DATABASE_URL',
    )
  }
  return url
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
