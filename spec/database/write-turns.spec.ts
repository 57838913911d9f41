import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database, Statement } from '../../lib/database/runner.ts'
import { deferred } from '../../lib/util/deferred.ts'

const count = (sql: string): Statement => ({ sql, bindings: [], wants: 'count', writes: true })
const rows = (sql: string): Statement => ({ sql, bindings: [], wants: 'rows', writes: false })

describe('writers of one SQLite file in one process', () => {
  let directory: string
  let db: Database

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'asynchrormous-spec-'))
    db = openDatabase(
      {
        client: 'sqlite3',
        connection: { filename: join(directory, 'db.sqlite') },
        useNullAsDefault: true,
        pool: { min: 0, max: 10 },
      },
      { name: 'write-turns' },
    )
    await db.current().run(count('create table counters (n integer)'))
    await db.current().run(count('insert into counters values (0)'))
  })

  afterEach(async () => {
    await db.close()
    await rm(directory, { recursive: true })
  })

  it('all have their turn, though they outnumber the threads', async () => {
    const increment = async (): Promise<void> => {
      const { rows: found } = await db.current().run(rows('select n from counters'))
      await db.current().run(count(`update counters set n = ${Number(found[0]?.[0]) + 1}`))
    }
    const increments = Array.from({ length: 40 }, () => db.atomic(increment))
    const plain = Array.from({ length: 40 }, () =>
      db.current().run(count('update counters set n = n + 100')),
    )
    await Promise.all([...increments, ...plain])
    expect((await db.current().run(rows('select n from counters'))).rows).to.deep.equal([[4040]])
  })

  it('do not keep readers waiting', async () => {
    const written = deferred<void>()
    const seen = deferred<void>()
    const writing = db.atomic(async () => {
      await db.current().run(count('update counters set n = 7'))
      written.resolve()
      await seen.promise
    })
    await written.promise
    const before = await db.current().run(rows('select n from counters'))
    seen.resolve()
    await writing
    const after = await db.current().run(rows('select n from counters'))
    expect([before.rows, after.rows]).to.deep.equal([[[0]], [[7]]])
  })
})
