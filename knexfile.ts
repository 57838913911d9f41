/**
 * The databases of this repository's migrations and demo, as knex's command line reads them:
 * SQLite to develop on, PostgreSQL where NODE_ENV is 'production' or DATABASE_URL is set.
 */
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'

export type Environment = 'development' | 'production'

const url = process.env['DATABASE_URL']

const migrations: Knex.MigratorConfig = {
  directory: pathOf('./migrations'),
  extension: 'ts',
  loadExtensions: ['.ts'],
  stub: pathOf('./migrations/migration.stub'),
}

const sections: Record<Environment, Knex.Config> = {
  development: {
    client: 'sqlite3',
    connection: { filename: pathOf('./demo.sqlite') },
    useNullAsDefault: true,
    // Readers do not wait for each other, and sqlite3 works on four threads.
    pool: { min: 0, max: 5 },
    migrations,
  },
  production: {
    client: 'pg',
    // Without DATABASE_URL it is PGHOST, PGUSER and so on that count.
    connection: url === undefined ? {} : { connectionString: url },
    pool: { min: 0, max: 10 },
    migrations,
  },
}

/** The section that counts where nothing else is said. */
export const environment: Environment = defaultEnvironment(process.env['NODE_ENV'])

// knex's command line asks NODE_ENV only after it has read this file; --env still goes first.
process.env['NODE_ENV'] ??= environment

export default sections

function defaultEnvironment(named: string | undefined): Environment {
  if (named === 'development' || named === 'production') return named
  return url === undefined ? 'development' : 'production'
}

/** Whatever directory the process was started in. */
function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}
