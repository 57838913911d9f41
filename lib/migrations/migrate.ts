import type { Knex } from 'knex'
import { ImproperlyConfigured } from '../errors.ts'
import { type Direction, type Hooks, isTransaction, Journal } from './journal.ts'
import { holdingLock } from './lock.ts'

/** A knex, or a database of `connect()`. */
export type MigrationTarget = Knex | { readonly knex: Knex }

/** knex's options of migrations, which go over those in the knex's own configuration. */
export type MigrationOptions = Knex.MigratorConfigWithLifecycleHooks

/** The number of the batch, and the names of the migrations that were run. */
export type MigrationResult = [batch: number, migrations: string[]]

/** knex's verbs of migrations; see `migrate`. */
export interface Migrate {
  /** Runs every migration that was not run yet, as one batch. */
  latest(target: MigrationTarget, options?: MigrationOptions): Promise<MigrationResult>
  /** Runs the next migration, or the one that is named in `options.name`. */
  up(target: MigrationTarget, options?: MigrationOptions): Promise<MigrationResult>
  /** Undoes the last migration, or the one that is named in `options.name`. */
  down(target: MigrationTarget, options?: MigrationOptions): Promise<MigrationResult>
  /** Undoes the last batch, or every migration there is. */
  rollback(
    target: MigrationTarget,
    options?: MigrationOptions,
    all?: boolean,
  ): Promise<MigrationResult>
}

/**
 * knex's migrations where several processes start at once, or one may be killed: one runs them, the
 * others wait and find nothing left to do. The lock is that of a connection, so it ends with the
 * process that holds it, and what a killed one left is put right first.
 *
 * Migrations, options and results are knex's own. They run on one connection, made for them as the
 * knex is configured: behind PgBouncer it must be a session's, or go past it. On SQLite foreign keys
 * are not enforced meanwhile, as with knex's command line, which does not wait for this lock.
 *
 * @throws MigrationInterruptedError when a migration with `transaction: false` did not finish, until
 * someone has looked; NotSupportedError, ImproperlyConfigured, and what knex and migrations throw.
 * @example
 * const db = connect(knexfile.production)
 * const [batch, names] = await migrate.latest(db)
 */
export const migrate: Migrate = {
  latest: (target, options) =>
    run(target, 'up', options, (migrator, hooked) => migrator.latest(hooked)),
  up: (target, options) => run(target, 'up', options, (migrator, hooked) => migrator.up(hooked)),
  down: (target, options) =>
    run(target, 'down', options, (migrator, hooked) => migrator.down(hooked)),
  rollback: (target, options, all = false) =>
    run(target, 'down', options, (migrator, hooked) => migrator.rollback(hooked, all)),
}

/** What knex's types leave out. */
interface Merged {
  readonly config: {
    readonly migrationSource: Knex.MigrationSource<unknown>
    readonly loadExtensions: readonly string[]
  }
}

async function run(
  target: MigrationTarget,
  direction: Direction,
  given: MigrationOptions = {},
  work: (migrator: Knex.Migrator, hooked: MigrationOptions) => Promise<MigrationResult>,
): Promise<MigrationResult> {
  const knex = knexOf(target)
  // knex would take one that is undefined for the table's name, or the directory's.
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as MigrationOptions
  const merged = { ...(knex.client.config as Knex.Config).migrations, ...options } as typeof options
  const { tableName = 'knex_migrations', schemaName = null } = merged
  const name = schemaName === null ? tableName : `${schemaName}.${tableName}`
  return await holdingLock(knex, name, async (held) => {
    const { migrate: migrator } = held.knex
    // Makes knex's tables; two processes that do so at once fail.
    await migrator.currentVersion(options)
    const { migrationSource, loadExtensions } = (migrator as unknown as Merged).config
    // list() asks the database meanwhile, and would go on without its connection where this fails.
    await migrationSource.getMigrations(loadExtensions)
    const [completed] = (await migrator.list(options)) as [{ name: string }[]]
    const journal = new Journal(held, { tableName, schemaName })
    await journal.begin(completed.map((each) => each.name))
    const around = journal.around(direction, (each) => migrationSource.getMigrationName(each))
    try {
      const result = await work(migrator, { ...options, ...both(around, merged) })
      await journal.end()
      return result
    } catch (error) {
      await journal.giveUp()
      throw error
    }
  })
}

function knexOf(target: MigrationTarget): Knex {
  const knex: unknown = typeof target === 'function' ? target : target?.knex
  if (typeof knex === 'function' && 'client' in knex && !isTransaction(knex)) {
    return knex as unknown as Knex
  }
  throw new ImproperlyConfigured(
    'migrate takes a database of connect(), or a knex that is not a transaction.',
  )
}

/** Ours outside the user's, whose own statements belong to the migration. */
function both(ours: Required<Hooks>, theirs: Hooks): Hooks {
  return {
    beforeEach: async (knexOrTrx, migrations) => {
      await ours.beforeEach(knexOrTrx, migrations)
      await theirs.beforeEach?.(knexOrTrx, migrations)
    },
    afterEach: async (knexOrTrx, migrations) => {
      await theirs.afterEach?.(knexOrTrx, migrations)
      await ours.afterEach(knexOrTrx, migrations)
    },
  }
}
