/** The project's own migrations, by knex's migrator and by the command line of `npm run migrate`. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import knex, { type Knex } from 'knex'
import {
  type Dialect,
  databases,
  describeOnEach,
  type FreshDatabase,
  migrate,
  migrationsDirectory,
} from './support/databases.ts'

const run = promisify(execFile)
const root = join(migrationsDirectory, '..')
const migrator: Knex.MigratorConfig = { directory: migrationsDirectory, loadExtensions: ['.ts'] }
const files = readdirSync(migrationsDirectory).filter((name) => name.endsWith('.ts'))
const tables = [
  'authors',
  'books',
  'books_tags',
  'cities',
  'continents',
  'countries',
  'countries_languages',
  'languages',
  'optional_samples',
  'regions',
  'samples',
  'tags',
]

const tablesSql: Record<Dialect, string> = {
  sqlite: "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
  postgresql: "select tablename as name from pg_tables where schemaname = 'public'",
}

async function tablesOf(db: Knex, dialect: Dialect): Promise<string[]> {
  const result = await db.raw(tablesSql[dialect])
  const rows: { name: string }[] = dialect === 'sqlite' ? result : result.rows
  return rows
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('knex_'))
    .sort()
}

describeOnEach('migrations', ({ create, dialect }) => {
  let fresh: FreshDatabase
  let db: Knex

  beforeEach(async () => {
    fresh = await create()
    // One connection, so that a pragma holds for all that follows.
    db = knex({ ...fresh.config, pool: { min: 1, max: 1 } })
  })
  afterEach(async () => {
    await db?.destroy()
    await fresh?.drop()
  })

  it('make every table, unmake it, and make it again', async () => {
    await migrate(db)
    expect(await tablesOf(db, dialect)).to.deep.equal(tables)
    await db.migrate.rollback(migrator)
    expect(await tablesOf(db, dialect)).to.deep.equal([])
    await migrate(db)
    expect(await tablesOf(db, dialect)).to.deep.equal(tables)
  })

  it('can be unmade one at a time', async () => {
    await migrate(db)
    for (const _ of files) await db.migrate.down(migrator)
    expect(await tablesOf(db, dialect)).to.deep.equal([])
  })

  it('check foreign keys when the transaction ends', async () => {
    await migrate(db)
    if (dialect === 'sqlite') await db.raw('pragma foreign_keys = on')
    const named = { name: 'Nowhere', native: 'Nowhere' }
    await db.transaction(async (trx) => {
      await trx('countries').insert({ ...named, code: 'N1', continent_id: 1 })
      await trx('continents').insert({ id: 1, code: 'NW', name: 'Nowhere' })
    })
    const failure = await db
      .transaction(async (trx) => {
        await trx('countries').insert({ ...named, code: 'N2', continent_id: 2 })
      })
      .catch((error: unknown) => error)
    expect(failure)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/foreign key/i)
  })
})

const onDisk = databases.filter(({ name }) => name !== 'SQLite memory')

describeOnEach(
  'npm run migrate',
  ({ create, dialect }) => {
    let fresh: FreshDatabase
    let scratch: string

    before(async () => {
      fresh = await create()
      scratch = await mkdtemp(join(tmpdir(), 'asynchrormous-migrations-'))
    })
    after(async () => {
      await rm(scratch, { recursive: true, force: true })
      await fresh?.drop()
    })

    /** Runs a script of package.json as npm does, on the fresh database instead of the demo's. */
    async function script(name: string, ...args: string[]): Promise<string> {
      const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      const [node, ...words] = (scripts[name] as string).split(' ')
      expect(node).to.equal('node')
      const { NODE_ENV: _, DATABASE_URL: __, ...env } = process.env
      const connection = fresh.config.connection as { filename: string; connectionString: string }
      if (dialect === 'postgresql') env['DATABASE_URL'] = connection.connectionString
      else words.push('--connection', connection.filename)
      const { stdout } = await run(process.execPath, [...words, ...args], { cwd: root, env })
      return stdout
    }

    it('migrates, tells the status, rolls back and makes a file', async () => {
      const environment = { sqlite: 'development', postgresql: 'production' }[dialect]
      expect(await script('migrate:status')).to.contain(`${files.length} Pending Migration`)
      const latest = await script('migrate')
      expect(latest).to.contain(`Using environment: ${environment}`)
      expect(latest).to.contain(`Batch 1 run: ${files.length} migrations`)
      expect(await script('migrate:status')).to.contain(`${files.length} Completed Migration`)
      expect(await script('migrate:rollback')).to.contain(`rolled back: ${files.length} migrations`)
      const made = await script('migrate:make', 'add_things', '--migrations-directory', scratch)
      const path = /Created Migration: (.*)/.exec(made)?.[1]?.trim() ?? ''
      expect(basename(path)).to.match(/^\d{14}_add_things\.ts$/)
      expect(readFileSync(path, 'utf8')).to.contain('export async function up')
    }).timeout(60_000)
  },
  onDisk,
)
