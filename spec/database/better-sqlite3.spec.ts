/** The optional driver of SQLite; run where it is installed, here or for the benchmarks. */
import { expect } from 'chai'
import {
  ConnectionLostError,
  ForeignKeyViolation,
  QueryAbortedError,
  UniqueViolation,
} from '../../lib/errors.ts'
import { connect, type Database } from '../../lib/index.ts'
import { betterSqlite3, describeOnEach, type FreshDatabase } from '../support/databases.ts'

const read = (sql: string, bindings: readonly unknown[] = [], repeated = false) => ({
  sql,
  bindings,
  wants: 'rows' as const,
  writes: false,
  repeated,
})
const write = (sql: string, bindings: readonly unknown[] = []) => ({
  sql,
  bindings,
  wants: 'count' as const,
  writes: true,
})

async function rejection(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describeOnEach(
  'the driver better-sqlite3',
  (kind) => {
    let fresh: FreshDatabase
    let db: Database

    beforeEach(async () => {
      fresh = await kind.create()
      db = connect(fresh.config)
      await db.current().run(write('create table t (id integer primary key, x unique, y)'))
    })
    afterEach(async () => {
      await db.close()
      await fresh.drop()
    })

    it('is set up as every SQLite', async () => {
      expect(db.dialect).to.equal('sqlite')
      for (const [pragma, value] of [
        ['foreign_keys', 1],
        ['busy_timeout', 5000],
        ['journal_mode', 'wal'],
      ] as const) {
        const { rows } = await db.current().run(read(`pragma ${pragma}`))
        expect(rows, pragma).to.deep.equal([[value]])
      }
    })

    it('binds and gives values as sqlite3 does', async () => {
      const values = ['a\0b', 5, -1.5, 2 ** 40, true, false, null, Buffer.from([0, 255])]
      const { rows } = await db
        .current()
        .run(
          read(`select ${values.map(() => '?').join(', ')}, typeof(?), 5 / ?`, [...values, 5, 2]),
        )
      expect(rows[0]).to.deep.equal([
        ...['a\0b', 5, -1.5, 2 ** 40, 1, 0, null, Buffer.from([0, 255])],
        ...['integer', 2],
      ])
      const large = await db
        .current()
        .run(
          read('select cast(? as integer) = 9007199254740993, ?', [
            '9007199254740993',
            new Uint8Array([7]),
          ]),
        )
      expect(large.rows).to.deep.equal([[1, Buffer.from([7])]])
    })

    it('counts what was written, and gives what was asked back', async () => {
      const { count } = await db.current().run(write('insert into t (x) values (1), (2)'))
      expect(count).to.equal(2)
      const back = await db.current().run({
        ...read('insert into t (x) values (3) returning id, x'),
        writes: true,
      })
      expect(back.rows).to.deep.equal([[3, 3]])
    })

    it('prepares what comes again once, over changes of the schema too', async () => {
      const all = () => db.current().run(read('select * from t where x > ?', [0], true))
      await db.current().run(write('insert into t (x, y) values (1, 2)'))
      expect((await all()).rows).to.deep.equal([[1, 1, 2]])
      await db.current().run(write('alter table t add column z default 9'))
      expect((await all()).rows).to.deep.equal([[1, 1, 2, 9]])
    })

    it('names its errors, without values', async () => {
      await db.current().run(write('create table u (t integer references t (id))'))
      await db.current().run(write('insert into t (x) values (?)', ['secret']))
      const clash = await rejection(
        db.current().run(write('insert into t (x) values (?)', ['secret'])),
      )
      expect(clash).to.be.instanceOf(UniqueViolation)
      expect(String(clash)).to.contain('(table t; column x)')
      expect(String(clash)).to.not.contain('secret')
      const orphan = await rejection(db.current().run(write('insert into u values (77)')))
      expect(orphan).to.be.instanceOf(ForeignKeyViolation)
    })

    it('a connection that was closed under it is replaced, for what only reads', async () => {
      const raw = (await db.knex.client.acquireConnection()) as { close(): void }
      db.knex.client.releaseConnection(raw)
      raw.close()
      expect((await db.current().run(read('select 1'))).rows).to.deep.equal([[1]])
      const again = (await db.knex.client.acquireConnection()) as { close(): void }
      db.knex.client.releaseConnection(again)
      again.close()
      const lost = await rejection(db.current().run(write('insert into t (x) values (1)')))
      expect(lost).to.be.instanceOf(ConnectionLostError)
    })

    it('rolls back, and takes writers in turns', async () => {
      const failed = db.atomic(async () => {
        await db.current().run(write('insert into t (x) values (1)'))
        throw new RangeError('no')
      })
      expect(await rejection(failed)).to.be.instanceOf(RangeError)
      await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          db.atomic(async () => {
            await db.current().run(write('insert into t (x) values (?)', [at]))
            await new Promise((resolve) => setTimeout(resolve, 1))
          }),
        ),
      )
      expect((await db.current().run(read('select count(*) from t'))).rows).to.deep.equal([[20]])
    })

    it('a statement blocks, and is not stopped: a start has its answer at once', async () => {
      const slow = read(
        'with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select max(i) from n',
      )
      await db.current().run(read('select 1'))
      let ticks = 0
      const timer = setInterval(() => {
        ticks += 1
      }, 1)
      const started = db.start((runner) => runner.run(slow), new Error('here'), { timeoutMs: 20 })
      expect(ticks).to.equal(0)
      expect((await started.read()).rows).to.deep.equal([[300000]])
      clearInterval(timer)
      const aborted = db.current().run(slow, { signal: AbortSignal.abort() })
      expect(await rejection(aborted)).to.be.instanceOf(QueryAbortedError)
    })
  },
  betterSqlite3,
)
