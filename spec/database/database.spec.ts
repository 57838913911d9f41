import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import knex from 'knex'
import { Database, openDatabase } from '../../lib/database/database.ts'
import { databaseNamed } from '../../lib/database/registry.ts'
import { ImproperlyConfigured, NotSupportedError, OrmError } from '../../lib/errors.ts'
import { thrown } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  gate,
  insert,
  read,
  rejection,
  savedIds,
  slowSql,
  until,
  useDatabase,
  write,
} from './helpers.ts'

const memory = { client: 'sqlite3', connection: { filename: ':memory:' } }

describe('openDatabase()', () => {
  const opened: Database[] = []
  const open: typeof openDatabase = (config, options) => {
    const db = openDatabase(config, options)
    opened.push(db)
    return db
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((db) => db.close()))
  })

  it('registers by name', () => {
    const first = open(memory)
    const second = open(memory, { name: 'second' })
    expect(databaseNamed('default')).to.equal(first)
    expect(databaseNamed('second')).to.equal(second)
    expect(first).to.be.instanceOf(Database)
    expect([first.name, first.dialect, first.poolMax]).to.deep.equal(['default', 'sqlite', 1])
  })

  it('says what is registered when a name is not', () => {
    expect(thrown(() => databaseNamed('default')).message).to.equal(
      "There is no open database named 'default'. No database is connected. Call connect(config) before the first query, and close() after the last.",
    )
    open(memory, { name: 'a' })
    open(memory, { name: 'b' })
    const error = thrown(() => databaseNamed('c'))
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect(error.message).to.equal(
      "There is no open database named 'c'. Connected are: 'a', 'b'. Call connect(config, { name: 'c' }) first.",
    )
  })

  it('refuses a name that is taken, until that one is closed', async () => {
    const first = open(memory)
    expect(thrown(() => open(memory))).to.be.instanceOf(ImproperlyConfigured)
    await first.close()
    const second = open(memory)
    expect(databaseNamed('default')).to.equal(second)
  })

  it('takes every spelling of the clients', () => {
    for (const client of ['pg', 'postgres', 'postgresql']) {
      expect(open({ client }, { name: client }).dialect).to.equal('postgresql')
    }
    expect(open({ ...memory, client: 'sqlite' }, { name: 'sqlite' }).dialect).to.equal('sqlite')
  })

  it('names what is wrong with a configuration', () => {
    const sections = { development: memory, production: memory }
    expect(thrown(() => open(sections as object)).message).to.match(
      /has no client. It has: development, production.*one section/,
    )
    expect(thrown(() => open('x' as unknown as object))).to.be.instanceOf(ImproperlyConfigured)
    expect(thrown(() => open({ client: 'nope' }))).to.be.instanceOf(ImproperlyConfigured)
    expect(thrown(() => open(memory, { name: '' }))).to.be.instanceOf(ImproperlyConfigured)
    const mysql = knex({ client: 'mysql2' })
    expect(thrown(() => open(mysql))).to.be.instanceOf(NotSupportedError)
    expect(thrown(() => databaseNamed('default'))).to.be.instanceOf(ImproperlyConfigured)
  })

  it('keeps a memory database on one connection, whatever the pool says (F45)', async () => {
    const db = open({ ...memory, pool: { min: 0, max: 5, maxConnectionLifetimeMillis: 1 } })
    expect(db.poolMax).to.equal(1)
    await write(db.current(), 'create table t (id integer)')
    await Promise.all([1, 2, 3].map((id) => write(db.current(), 'insert into t values (?)', id)))
    expect(await read(db.current(), 'select count(*) as n from t')).to.deep.equal([[3]])
    const given = knex({ ...memory, useNullAsDefault: true, pool: { min: 0, max: 5 } })
    expect(thrown(() => open(given, { name: 'given' })).message).to.match(/several connections/)
    await given.destroy()
  })

  it("sets up each SQLite connection, and lets the user's afterCreate have the last word", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'asynchrormous-spec-'))
    let created = 0
    const db = open({
      client: 'sqlite3',
      connection: { filename: join(directory, 'x.sqlite') },
      pool: {
        min: 0,
        max: 3,
        afterCreate(
          connection: { run(sql: string, done: (error: unknown) => void): void },
          done: (error: unknown, connection: unknown) => void,
        ) {
          created += 1
          connection.run('PRAGMA cache_size = 123', (error) => done(error, connection))
        },
      },
    })
    const pragmas = ['foreign_keys', 'journal_mode', 'busy_timeout', 'cache_size']
    const all = gate()
    let inside = 0
    const seen = await Promise.all(
      [1, 2, 3].map(() =>
        db.atomic(
          async () => {
            inside += 1
            if (inside === 3) all.open()
            await all.opened
            const values: unknown[] = []
            for (const name of pragmas) values.push(...(await read(db.current(), `PRAGMA ${name}`)))
            return values.flat()
          },
          { readOnly: true },
        ),
      ),
    )
    expect(seen).to.deep.equal(Array(3).fill([1, 'wal', 5000, 123]))
    expect(created).to.equal(3)
    await db.close()
    await rm(directory, { recursive: true })
  })

  it('opens a new SQLite file by many connections at once, which all change it to WAL', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'asynchrormous-spec-'))
    for (let round = 0; round < 40; round += 1) {
      const connection = { filename: join(directory, `${round}.sqlite`) }
      const dbs = ['one', 'two'].map((name) =>
        open({ client: 'sqlite3', connection, pool: { min: 0, max: 4 } }, { name }),
      )
      const all = gate()
      let inside = 0
      const work = async (db: Database): Promise<unknown> => {
        const mode = await read(db.current(), 'PRAGMA journal_mode')
        inside += 1
        if (inside === 8) all.open()
        await all.opened
        return mode
      }
      const readOnly = { readOnly: true }
      const modes = await Promise.all(
        dbs.flatMap((db) => [1, 2, 3, 4].map(() => db.atomic(() => work(db), readOnly))),
      )
      expect(modes).to.deep.equal(Array(8).fill([['wal']]))
      for (const db of dbs) await db.close()
    }
    await rm(directory, { recursive: true })
  })

  it('leaves a knex that is handed in as it is, and does not destroy it', async () => {
    const given = knex({ ...memory, useNullAsDefault: true })
    const db = open(given)
    expect(db.knex).to.equal(given)
    expect(await read(db.current(), 'PRAGMA foreign_keys')).to.deep.equal([[0]])
    await db.close()
    expect(await given.raw('select 1 as one')).to.deep.equal([{ one: 1 }])
    await given.transaction(async (trx) => {
      expect(thrown(() => open(trx))).to.be.instanceOf(ImproperlyConfigured)
    })
    await given.destroy()
  })
})

describeOnEach('close()', (kind) => {
  const at = useDatabase(kind)

  it('waits for what runs, refuses what is new, and can be called again (F32)', async () => {
    const { db } = at
    const free = gate()
    const inside = gate()
    const transaction = db.atomic(async () => {
      await insert(db, 1)
      inside.open()
      await free.opened
      await insert(db, 2)
      return await savedIds(db)
    })
    await inside.opened
    const waiting = db.start((runner) => read(runner, 'select 5 as five'), new Error())
    const closing = db.close({ timeoutMs: 5000 })
    const refused = await Promise.all([
      rejection(read(db.current(), 'select 1')),
      rejection(db.atomic(() => undefined)),
      rejection(db.start(() => Promise.resolve(), new Error()).read()),
    ])
    expect(refused.map(({ message }) => message)).to.deep.equal(
      Array(3).fill("The database 'default' is closed; connect() again to use it."),
    )
    expect(db.closed).to.equal(false)
    free.open()
    expect(await transaction).to.deep.equal([1, 2])
    expect(await waiting.read()).to.deep.equal([[5]])
    await closing
    await db.close()
    expect(db.closed).to.equal(true)
  })

  it('cancels what runs longer than its timeout (F32)', async () => {
    const { db } = at
    const running = rejection(read(db.current(), slowSql(kind.dialect)))
    const inside = gate()
    db.knex.client.once('query', () => inside.open())
    await inside.opened
    await db.close({ timeoutMs: 20 })
    expect(await running).to.be.instanceOf(OrmError)
    expect(db.closed).to.equal(true)
  })

  it('ends a transaction whose callback never does (F32)', async () => {
    const { db } = at
    const inside = gate()
    const never = gate()
    const transaction = rejection(
      db.atomic(async () => {
        await insert(db, 1)
        inside.open()
        await never.opened
        await insert(db, 2)
      }),
    )
    await inside.opened
    await db.close({ timeoutMs: 0 })
    never.open()
    expect(await transaction).to.be.instanceOf(OrmError)
    if (kind.name === 'SQLite memory') return
    const again = openDatabase(at.fresh.config)
    await until(async () => (await savedIds(again)).length === 0)
    await again.close()
  })
})

describeOnEach('a process', (kind) => {
  it('ends by itself after close(), and a start nobody read does not end it before (F01, F32)', async function () {
    this.timeout(60_000)
    const fresh = await kind.create()
    const script = fileURLToPath(new URL('./support/unread-start.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      ['--unhandled-rejections=strict', '--import', 'tsx', script, JSON.stringify(fresh.config)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let out = ''
    let err = ''
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect([code, out]).to.deep.equal([0, 'still here\nclosed\n'])
    expect(err.match(/UnconsumedStartWarning/g)).to.have.length(1)
    expect(err).to.match(/startAndForget/)
    expect(err).to.not.include('secret-marker')
    await fresh.drop()
  })
})
