/** Migrations by several processes at once, and by some that are killed (F55, F56). */
import { expect } from 'chai'
import knexModule, { type Knex } from 'knex'
import {
  connect,
  MigrationInterruptedError,
  type MigrationOptions,
  migrate,
} from '../../lib/index.ts'
import { rejection } from '../behaviour/support/stage.ts'
import { databases, describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { leftIn, migrating } from './support/processes.ts'
import { type Migration, sourceOf, sources } from './support/sources.ts'

/** Those whose configuration another process can be given. */
const onDisk = databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL')
const PROCESSES = 4
const ROUNDS = 3
const all = ['1_authors', '2_notes', '3_books']
const free = [{ is_locked: 0, asynchrormous: null }]
const mixed: MigrationOptions = { migrationSource: sources.mixed }

describeOnEach(
  'migrate, by several processes',
  ({ create, dialect }) => {
    let fresh: FreshDatabase

    beforeEach(async () => {
      fresh = await create()
    })
    afterEach(() => fresh?.drop())

    /** What is there after a run that nothing disturbed. */
    async function undisturbed(): ReturnType<typeof leftIn> {
      const other = await create()
      const knex = knexModule.default(other.config)
      await migrate.latest(knex, mixed)
      await knex.destroy()
      return await leftIn(other.config, dialect).finally(other.drop)
    }

    async function again(verb: 'latest' | 'rollback' = 'latest'): Promise<string[]> {
      const knex = knexModule.default(fresh.config)
      const [, ran] = await migrate[verb](knex, mixed).finally(() => knex.destroy())
      return ran
    }

    it(`${PROCESSES} from an empty database: one runs them, the others nothing, all end well (F56)`, async () => {
      const rounds = [fresh, ...(await Promise.all(Array.from({ length: ROUNDS - 1 }, create)))]
      const configs = rounds.map(({ config }) => config)
      const ended = await Promise.all(
        Array.from({ length: PROCESSES }, () => migrating({ configs, source: 'mixed' })),
      )
      const whole = await undisturbed()
      expect(ended.map(({ code, stderr }) => [code, stderr])).to.eql(ended.map(() => [0, '']))
      for (const [round, { config, drop }] of rounds.entries()) {
        const ran = ended.map((each) => each.ran?.[round] ?? []).filter(({ length }) => length > 0)
        expect(ran).to.eql([all])
        expect(await leftIn(config, dialect)).to.eql(whole)
        if (round > 0) await drop()
      }
    }).timeout(60_000)

    const places = [
      { at: 'create table', where: "knex's tables are made" },
      {
        at: dialect === 'sqlite' ? '`is_locked` = ?' : '"is_locked" = $1',
        where: "knex's lock is taken",
      },
      { at: 'COMMIT', where: 'something is committed' },
    ]
    for (const { at, where } of places) {
      it(`kill -9 where ${where}: run again, it goes to the end (F55)`, async () => {
        const killed = await migrating({
          configs: [fresh.config],
          source: 'mixed',
          kill: { at, when: 'sent' },
        })
        expect(killed).to.include({ signal: 'SIGKILL' })
        await again()
        expect(await leftIn(fresh.config, dialect)).to.eql(await undisturbed())
      }).timeout(20_000)
    }

    it('kill -9 after a transaction, before knex records it: run again, it is recorded (F55)', async () => {
      const at =
        dialect === 'sqlite' ? 'insert into `knex_migrations` ' : 'insert into "knex_migrations" '
      const killed = await migrating({
        configs: [fresh.config],
        source: 'mixed',
        kill: { at, when: 'before' },
      })
      expect(killed).to.include({ signal: 'SIGKILL' })
      expect(await again()).to.eql(all.slice(1))
      expect(await leftIn(fresh.config, dialect)).to.eql(await undisturbed())
    }).timeout(20_000)

    it('kill -9 in a migration without a transaction: says which, and goes on when told (F55)', async () => {
      await migrating({
        configs: [fresh.config],
        source: 'mixed',
        kill: { at: 'notes_author', when: 'before' },
      })
      const before = await leftIn(fresh.config, dialect)
      expect(before.rows).to.eql({ authors: 1, notes: 1 })
      const error = await rejection(again())
      expect(error).to.be.instanceOf(MigrationInterruptedError)
      expect(error.message).to.equal(
        'Migration 2_notes did not finish: it runs without a transaction, and its process died or it ' +
          'failed, so part of it may be in the database. Take that part away, or let its up() run over ' +
          'it; then call "knex migrate:unlock", or knex.migrate.forceFreeMigrationsLock(), and migrate ' +
          'again. If all of it is there, insert its name into knex_migrations instead.',
      )
      expect(await leftIn(fresh.config, dialect)).to.eql(before)
      const knex = knexModule.default(fresh.config)
      await knex.schema.dropTable('notes')
      await knex.migrate.forceFreeMigrationsLock()
      await knex.destroy()
      expect(await again()).to.eql(['2_notes', '3_books'])
      expect(await leftIn(fresh.config, dialect)).to.eql(await undisturbed())
    }).timeout(20_000)

    it('kill -9 while it is rolled back: the rest is, when it is asked for again (F55)', async () => {
      await again()
      const killed = await migrating({
        configs: [fresh.config],
        source: 'mixed',
        verb: 'rollback',
        kill: {
          at:
            dialect === 'sqlite'
              ? 'delete from `knex_migrations` '
              : 'delete from "knex_migrations" ',
          when: 'before',
        },
      })
      expect(killed).to.include({ signal: 'SIGKILL' })
      expect(await leftIn(fresh.config, dialect)).to.deep.include({
        rows: { authors: 1, notes: 1 },
        migrations: all,
      })
      expect(await again('rollback')).to.eql(['2_notes', '1_authors'])
      expect(await leftIn(fresh.config, dialect)).to.eql({
        schema: [],
        rows: {},
        migrations: [],
        lock: free,
      })
    }).timeout(20_000)
  },
  onDisk,
)

describeOnEach('migrate', ({ name: kind, create, dialect }) => {
  let fresh: FreshDatabase
  let knex: Knex

  beforeEach(async () => {
    fresh = await create()
    knex = knexModule.default(fresh.config)
  })
  afterEach(async () => {
    await knex?.destroy()
    await fresh?.drop()
  })

  const tables = async () => {
    const there: string[] = []
    for (const table of ['authors', 'notes', 'books']) {
      if (await knex.schema.hasTable(table)) there.push(table)
    }
    return there
  }
  const lock = () => knex('knex_migrations_lock').select('is_locked', 'asynchrormous')

  it('latest, down, up and rollback do what those of knex do, and say the same', async () => {
    expect(await migrate.latest(knex, mixed)).to.eql([1, all])
    expect(await migrate.latest(knex, mixed)).to.eql([1, []])
    expect(await migrate.down(knex, mixed)).to.eql([1, ['3_books']])
    expect(await migrate.down(knex, { ...mixed, name: '2_notes' })).to.eql([1, ['2_notes']])
    expect(await tables()).to.eql(['authors'])
    expect(await migrate.up(knex, mixed)).to.eql([2, ['2_notes']])
    expect(await migrate.latest(knex, mixed)).to.eql([3, ['3_books']])
    expect(await migrate.rollback(knex, mixed)).to.eql([3, ['3_books']])
    expect(await migrate.rollback(knex, mixed, true)).to.eql([2, ['2_notes', '1_authors']])
    expect(await tables()).to.eql([])
    expect(await lock()).to.eql(free)
    expect(await knex.migrate.latest(mixed)).to.eql([1, all])
  })

  it('takes a database of connect(), and what its configuration says of migrations', async () => {
    const db = connect(
      { ...fresh.config, migrations: { ...mixed, tableName: 'history' } },
      { name: 'migrated' },
    )
    try {
      expect(await migrate.latest(db)).to.eql([1, all])
      expect(await db.knex('history').pluck('name')).to.eql(all)
      expect(await db.knex('history_lock').pluck('is_locked')).to.eql([0])
    } finally {
      await db.close()
    }
  })

  it('in one process, several at once: one runs them', async () => {
    const results = await Promise.all([1, 2, 3].map(() => migrate.latest(knex, mixed)))
    const sorted = results.sort(([, a], [, b]) => b.length - a.length)
    expect(sorted).to.eql([
      [1, all],
      [1, []],
      [1, []],
    ])
  })

  it("runs hooks, and the user's code with those of its knex", async () => {
    const calls: string[] = []
    const upper = knexModule.default({
      ...fresh.config,
      wrapIdentifier: (value, wrap) => wrap(value.toUpperCase()),
      postProcessResponse: () => 'processed',
    })
    const note = (what: string) => async (_: Knex, migrations: unknown[]) => {
      calls.push(`${what} ${migrations}`)
    }
    const hooks = {
      beforeAll: note('beforeAll'),
      beforeEach: note('beforeEach'),
      afterEach: note('afterEach'),
      afterAll: note('afterAll'),
    }
    const seen: unknown[] = []
    const asking: Migration = {
      async up(trx) {
        await trx.schema.createTable('asked', (table) => {
          table.integer('n')
        })
        seen.push(await trx('asked').select('n'))
      },
      async down() {},
    }
    const apart = { ...asking, config: { transaction: false }, up: async () => {} }
    await migrate.latest(upper, {
      ...hooks,
      migrationSource: sourceOf({ one: asking, two: apart }),
    })
    await upper.destroy()
    expect(calls).to.eql([
      'beforeAll one,two',
      'beforeEach one',
      'afterEach one',
      'beforeEach two',
      'afterEach two',
      'afterAll one,two',
    ])
    if (kind === 'SQLite memory') return
    expect(seen).to.eql(['processed'])
    expect(await knex.schema.hasTable('ASKED')).to.equal(true)
    expect(await lock()).to.eql(free)
  })

  /** Of which one table is there when it fails. */
  const failing: Migration = {
    async up(own) {
      await own.schema.createTable('notes', (table) => {
        table.increments()
      })
      await own.schema.dropTable('nowhere')
    },
    async down() {},
  }

  it('a directory that is not there leaves no connection open', async () => {
    const directory = '/no/such/directory'
    expect(await rejection(migrate.latest(knex, { directory }))).to.have.property('code', 'ENOENT')
    // What stays open is seen by the runner of the specs.
    expect(await migrate.latest(knex, mixed)).to.eql([1, all])
    expect(await lock()).to.eql(free)
  })

  it('an option that is undefined is none', async () => {
    const none = { tableName: undefined, schemaName: undefined, disableTransactions: undefined }
    const options = { ...mixed, ...none } as unknown as MigrationOptions
    expect(await migrate.latest(knex, options)).to.eql([1, all])
    expect(await lock()).to.eql(free)
  })

  it('a failure in a transaction leaves nothing, and nothing locked', async () => {
    const source = { migrationSource: sourceOf({ failing }) }
    quiet(knex)
    expect((await rejection(migrate.latest(knex, source))).message).to.contain('nowhere')
    expect(await tables()).to.eql([])
    expect(await lock()).to.eql(free)
    expect(await migrate.latest(knex, mixed)).to.eql([1, all])
  })

  it('a failure without a transaction is told, and not run over without a word', async () => {
    const config = { transaction: false }
    const halfway: Migration = { ...failing, config }
    const half = { migrationSource: sourceOf({ half: halfway }) }
    quiet(knex)
    expect((await rejection(migrate.latest(knex, half))).message).to.contain('nowhere')
    expect(await lock()).to.eql([{ is_locked: 0, asynchrormous: 'running up half' }])
    const refusal = await rejection(migrate.latest(knex, half))
    expect(refusal).to.be.instanceOf(MigrationInterruptedError)
    expect(refusal.message).to.match(/^Migration half did not finish: /)
    await knex('knex_migrations').insert({ name: 'half', batch: 1, migration_time: new Date() })
    expect(await migrate.latest(knex, half)).to.eql([1, []])
    const back = async () => Promise.reject(new Error('not back'))
    const backless: Migration = { up: back, down: back, config }
    const stuck = { migrationSource: sourceOf({ half: backless }) }
    expect((await rejection(migrate.rollback(knex, stuck))).message).to.equal('not back')
    expect((await rejection(migrate.latest(knex, stuck))).message).to.equal(
      'Migration half was not rolled back to the end: it runs without a transaction, and its process ' +
        'died or it failed, so part of it may be gone. Bring that part back, or let its down() run ' +
        'over it; then call "knex migrate:unlock", or knex.migrate.forceFreeMigrationsLock(), and roll ' +
        'back again. If all of it is gone, delete its row from knex_migrations instead.',
    )
    await knex('knex_migrations').del()
    expect(await migrate.rollback(knex, stuck)).to.eql([0, []])
    expect(await lock()).to.eql(free)
  })

  it("a lock of knex's own, which another may hold now, is not freed", async () => {
    await migrate.latest(knex, mixed)
    await knex('knex_migrations_lock').update({ is_locked: 1 })
    quiet(knex)
    const error = await rejection(migrate.rollback(knex, mixed))
    expect(error).to.include({
      name: 'MigrationLocked',
      message: 'Migration table is already locked',
    })
    expect(await lock()).to.eql([{ is_locked: 1, asynchrormous: null }])
    expect(await tables()).to.eql(['authors', 'notes', 'books'])
  })

  it('says so when it waits for long', async () => {
    const [begun, end] = [makeGate(), makeGate()]
    const slow: Migration = {
      async up() {
        begun.open()
        await end.gate
      },
      async down() {},
    }
    const first = migrate.latest(knex, { migrationSource: sourceOf({ slow }) })
    await begun.gate
    const other = kind === 'SQLite memory' ? knex : knexModule.default(fresh.config)
    const told: string[] = []
    other.client.logger = {
      warn(message: string) {
        told.push(message)
        end.open()
      },
    }
    if (other === knex) end.open()
    const second = migrate.latest(other, { migrationSource: sourceOf({ slow }) })
    expect(await Promise.all([first, second])).to.eql([
      [1, ['slow']],
      [1, []],
    ])
    if (other === knex) return
    await other.destroy()
    expect(told).to.eql(['migrate waits: another process is migrating this database'])
  })

  it('what is no database to migrate is refused', async () => {
    const refused = async (target: unknown) => await rejection(migrate.latest(target as Knex))
    for (const target of [undefined, {}, () => {}, fresh.config]) {
      expect(await refused(target)).to.include({
        name: 'ImproperlyConfigured',
        message: 'migrate takes a database of connect(), or a knex that is not a transaction.',
      })
    }
    await knex.transaction(async (trx) => {
      expect(await refused(trx)).to.include({ name: 'ImproperlyConfigured' })
    })
    expect(await refused(knexModule.default({ client: 'mysql2' }))).to.include({
      name: 'NotSupportedError',
      message:
        "knex uses the driver 'mysql2', on which migrations cannot be locked. " +
        'Supported are: pg, sqlite3, better-sqlite3.',
    })
    const pooled = knexModule.default({
      client: knex.client.config.client,
      connectionPool: knex.client.pool,
      useNullAsDefault: true,
    } as Knex.Config)
    expect(await refused(pooled)).to.include({
      name: 'ImproperlyConfigured',
      message:
        'migrate needs a connection of its own, which cannot be had from a connectionPool: give it a ' +
        'knex that is made with connection.',
    })
  })

  if (dialect === 'sqlite') {
    it('a table that is made anew keeps the rows that refer to it, and keys are enforced after it', async () => {
      const db = connect(fresh.config, { name: 'keys' })
      const cascading: Migration = {
        async up({ schema }) {
          await schema
            .createTable('parents', (table) => {
              table.increments()
              table.string('name')
            })
            .createTable('children', (table) => {
              table.integer('parent_id').references('parents.id').onDelete('cascade')
            })
        },
        async down() {},
      }
      const remaking: Migration = {
        async up({ schema }) {
          await schema.alterTable('parents', (table) => {
            table.string('name', 10).notNullable().alter()
          })
        },
        async down() {},
      }
      try {
        await migrate.latest(db, { migrationSource: sourceOf({ cascading }) })
        await db.knex('parents').insert({ id: 1, name: 'Jane' })
        await db.knex('children').insert({ parent_id: 1 })
        await migrate.latest(db, { migrationSource: sourceOf({ cascading, remaking }) })
        expect(await db.knex('children').pluck('parent_id')).to.eql([1])
        expect(await db.knex.raw('pragma foreign_keys')).to.eql([{ foreign_keys: 1 }])
      } finally {
        await db.close()
      }
    })
  } else {
    it('an index is made concurrently while others wait', async () => {
      const concurrently: Migration = {
        config: { transaction: false },
        async up(own) {
          await own.raw('create index concurrently on authors (name)')
        },
        async down() {},
      }
      const { '1_authors': authors } = {
        '1_authors': await sources.mixed.getMigration('1_authors'),
      }
      const migrationSource = sourceOf({ authors, concurrently })
      const results = await Promise.all(
        Array.from({ length: 3 }, () => migrate.latest(knex, { migrationSource })),
      )
      expect(results.map(([, ran]) => ran.length).sort()).to.eql([0, 0, 2])
    })

    it('where the connection is lost, so is the lock, and nothing goes on without it', async () => {
      const lost: Migration = {
        config: { transaction: false },
        async up(own) {
          const { rows } = await own.raw('select pg_backend_pid() as pid')
          await knex.raw('select pg_terminate_backend(?)', [rows[0].pid])
          await own.raw('select 1').catch(() => {})
        },
        async down() {},
      }
      quiet(knex)
      const error = await rejection(
        migrate.latest(knex, { migrationSource: sourceOf({ lost, after: failing }) }),
      )
      expect(error.message).to.contain('update "knex_migrations_lock" set "asynchrormous" = $1 - ')
      expect(await lock()).to.eql([{ is_locked: 0, asynchrormous: 'running up lost' }])
      expect(await tables()).to.eql([])
      const next = await rejection(migrate.latest(knex, { migrationSource: sourceOf({ lost }) }))
      expect(next).to.be.instanceOf(MigrationInterruptedError)
    })

    it('keeps its tables in the schema that is asked for', async () => {
      await knex.raw('create schema tenant')
      const options = { ...mixed, schemaName: 'tenant' }
      expect(await migrate.latest(knex, options)).to.eql([1, all])
      expect(await knex.withSchema('tenant').table('knex_migrations').pluck('name')).to.eql(all)
      expect(await migrate.rollback(knex, options)).to.eql([1, [...all].reverse()])
    })
  }
})

/** The failures of a spec are no news. */
function quiet(knex: Knex): void {
  knex.client.config.log = { warn: () => {} }
  knex.client.logger.warn = () => {}
}

function makeGate(): { readonly gate: Promise<void>; open(): void } {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  return { gate, open: () => open() }
}
