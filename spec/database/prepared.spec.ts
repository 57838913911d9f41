/** Statements that connections keep prepared: how many, and what happens when they are gone. */
import { expect } from 'chai'
import { type Database, openDatabase } from '../../lib/database/database.ts'
import type { Runner, Statement } from '../../lib/database/runner.ts'
import { describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { rejection, until } from './helpers.ts'

const read = (sql: string, ...bindings: readonly unknown[]): Statement => ({
  sql,
  bindings,
  wants: 'rows',
  writes: false,
  repeated: true,
})

const once = (sql: string): Statement => ({ ...read(sql), repeated: false })
const raw = (sql: string): Statement => ({ ...once(sql), wants: 'count', writes: true })

describeOnEach('prepared statements', (kind) => {
  const isPostgres = kind.dialect === 'postgresql'
  const mark = isPostgres ? '$1' : '?'
  let fresh: FreshDatabase
  let db: Database | undefined

  async function opened(prepare: boolean | number): Promise<() => Runner> {
    fresh = await kind.create()
    // One connection, so that it is the one that has them.
    db = openDatabase({ ...fresh.config, pool: { min: 1, max: 1 } }, { prepare })
    const database = db
    const current = (): Runner => database.current()
    await current().run(raw('create table t (a integer, b text)'))
    await current().run(raw("insert into t values (1, 'x')"))
    return current
  }

  afterEach(async () => {
    await db?.close()
    await fresh.drop()
  })

  it('give what others give, however often they run', async () => {
    const current = await opened(true)
    const statement = `select a, b from t where a = ${mark}`
    for (const a of [1, 2, 1]) {
      const { rows } = await current().run(read(statement, a))
      expect(rows).to.deep.equal(a === 1 ? [[1, 'x']] : [])
    }
  })

  it('are as many as was said, the least recently used going first', async () => {
    const current = await opened(2)
    for (const n of [1, 2, 1, 3, 1, 4, 1]) {
      const { rows } = await current().run(read(`select a + ${n} from t where a = ${mark}`, 1))
      expect(Number(rows[0]?.[0])).to.equal(1 + n)
    }
    if (!isPostgres) return
    const { rows } = await current().run(once('select statement from pg_prepared_statements'))
    const texts = rows.map(([text]) => String(text)).sort()
    // The last one to go is told to the server with the next that is prepared.
    expect(texts).to.have.lengthOf.at.most(3)
    expect(texts.join()).to.contain('a + 1').and.to.not.contain('a + 2')
  })

  it('are none with prepare: false, and for statements that were not repeated', async () => {
    const current = await opened(false)
    await current().run(read(`select a from t where a = ${mark}`, 1))
    await current().run(once('select a from t'))
    if (!isPostgres) return
    const { rows } = await current().run(once('select name from pg_prepared_statements'))
    expect(rows).to.deep.equal([])
  })

  it('follow a table that was changed', async () => {
    const current = await opened(true)
    const statement = read(`select a from t where b = ${mark}`, 'x')
    for (let run = 0; run < 3; run += 1) await current().run(statement)
    await current().run(raw('drop table t'))
    await current().run(raw('create table t (a text, b text)'))
    await current().run(raw("insert into t values ('one', 'x')"))
    for (let run = 0; run < 2; run += 1) {
      expect((await current().run(statement)).rows).to.deep.equal([['one']])
    }
  })

  it('hold nothing: a table can be dropped after they ran, or failed', async () => {
    const current = await opened(true)
    await current().run(read(`select a from t where a = ${mark}`, 1))
    await current().run(raw('drop table t'))
    const failed = current().run(read(`select a from t where a = ${mark}`, 1))
    expect((await rejection(failed)).message).to.match(/\bt\b/)
    await current().run(raw('create table t (a integer, b text)'))
    await current().run(raw('drop table t'))
  })

  if (kind.name === 'SQLite file') {
    it('do not depend on the limit that they are run with, for which SQLite would prepare them', async () => {
      const current = await opened(true)
      const { client } = (db as Database).knex
      const connection = await client.acquireConnection()
      const texts: string[] = []
      connection.on('trace', (text: string) => texts.push(text))
      await client.releaseConnection(connection)
      for (const limit of [0, 1, 2]) {
        const { rows } = await current().run(read('select a from t limit ? offset ?', limit, 0))
        expect(rows).to.deep.equal([[1]].slice(0, limit))
      }
      await until(() => texts.length === 3)
      connection.removeAllListeners('trace')
      const sent = [0, 1, 2].map((limit) => `select a from t limit ${limit} + 0 offset 0`)
      expect(texts.map((text) => text.replaceAll('.0', ''))).to.deep.equal(sent)
    })
  }

  if (isPostgres) {
    it('are prepared again after DISCARD ALL', async () => {
      const current = await opened(true)
      const statements = ['a', 'b'].map((column) => `select ${column} from t where a = ${mark}`)
      for (const sql of statements) await current().run(read(sql, 1))
      await current().run(once('discard all'))
      for (const sql of statements) {
        expect((await current().run(read(sql, 1))).rows).to.have.lengthOf(1)
      }
    })

    it('that broke a transaction are prepared anew by the next one', async () => {
      const current = await opened(true)
      const statement = read(`select a from t where b = ${mark}`, 'x')
      await current().run(statement)
      await current().run(raw('alter table t alter column a type text'))
      const work = (): Promise<unknown> =>
        (db as Database).atomic(async () => {
          await current().run(once('select 1'))
          return (await current().run(statement)).rows
        })
      expect(await rejection(work())).to.have.property('code')
      expect(await work()).to.deep.equal([['1']])
    })
  }
})
