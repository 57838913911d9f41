/** Rows of which no more than a chunk is in memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import {
  atomic,
  Count,
  connect,
  F,
  OperationalError,
  QueryAbortedError,
  RowNumber,
  TransactionError,
  Window,
} from '../../lib/index.ts'
import { endBackends } from '../support/backends.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost, Tag } from './support/library.ts'
import { rejection, streamed, until, useStage } from './support/stage.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

type Books = ReturnType<typeof Book.objects.all>

async function all<R>(rows: AsyncIterable<R>): Promise<R[]> {
  const found: R[] = []
  for await (const row of rows) found.push(row)
  return found
}

async function fill(count: number): Promise<void> {
  await Tag.objects.bulkCreate(Array.from({ length: count }, (_, at) => ({ name: `tag ${at}` })))
}

const generic = (sql: readonly string[]): string[] =>
  sql.map((text) => text.replace(/asynchrormous_\d+/, 'x'))

describeOnEach('iterator()', (kind) => {
  const stage = useStage(kind)
  const isPg = kind.dialect === 'postgresql'
  const isMemory = kind.name === 'SQLite memory'
  const used = (): number =>
    (stage.db.knex.client as { pool: { numUsed(): number } }).pool.numUsed()

  it('fetches a chunk at a time', async () => {
    await fill(5)
    const sql = await stage.sqlOf(() =>
      all(
        Tag.objects
          .filter({ name__gte: 'tag' })
          .valuesList('id', 'name')
          .iterator({ chunkSize: 2 }),
      ),
    )
    const select = 'select "tags"."id", "tags"."name" from "tags" where "tags"."name" >= ?'
    const first = `${select} order by "tags"."id" asc limit ?`
    const next = `${select} and "tags"."id" > ? order by "tags"."id" asc limit ?`
    const last = `${select} order by "tags"."id" desc limit ?`
    const nextUpTo = next.replace(' order', ' and "tags"."id" <= ? order')
    const fetch = 'fetch 2 from "x"'
    const cursor = `declare "x" no scroll cursor for ${select.replace('?', '$1')}`
    const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ'
    const file = ['BEGIN', first, next, next, 'ROLLBACK']
    const memory = [first, last, nextUpTo, nextUpTo]
    expect(generic(sql)).to.deep.equal(
      isPg ? [begin, cursor, fetch, fetch, fetch, 'ROLLBACK'] : isMemory ? memory : file,
    )
  })

  it('ends where the loop adds a row for each, on whatever connection', async () => {
    await fill(3)
    let names = 0
    const copies = async (tags = Tag.objects.orderBy('id')): Promise<number> => {
      let made = 0
      for await (const { name } of tags.iterator({ chunkSize: 2 })) {
        made += 1
        names += 1
        await Tag.objects.create({ name: `${name} ${names}` })
        if (made > 100) break
      }
      return made
    }
    expect(await copies()).to.equal(3)
    expect(await atomic(() => copies())).to.equal(6)
    expect(await atomic(() => copies(Tag.objects.orderBy('-id')))).to.equal(12)
    expect(await atomic(() => copies(Tag.objects.filter({ name__contains: 'tag' })))).to.equal(24)
  })

  it('fetches it from a temporary table where SQLite cannot read on from a key', async () => {
    const titles = Book.objects.orderBy('-pages').valuesList('title', { flat: true })
    const found: string[] = []
    const sql = await stage.sqlOf(async () => {
      for await (const title of titles.iterator({ chunkSize: 3 })) found.push(title)
    })
    expect(found).to.deep.equal(['Middlemarch', 'Emma', 'Persuasion', 'Silas Marner'])
    if (isPg) return
    const select = 'select "books"."title" from "books" order by "books"."pages" desc'
    const fetch = 'select * from temp."x" where _rowid_ > ? and _rowid_ <= ? order by _rowid_'
    const spooled = [`create temp table "x" as ${select}`, fetch, fetch]
    expect(generic(sql)).to.deep.equal(
      isMemory ? [...spooled, 'drop table if exists temp."x"'] : ['BEGIN', ...spooled, 'ROLLBACK'],
    )
  })

  it('gives what fetch() gives, whatever the query', async () => {
    await Author.objects.filter({ id: 1 }).update({ mentorId: 2 })
    const books = Book.objects
    const queries: readonly AsyncIterable<unknown>[] = [
      books.orderBy('id'),
      books.orderBy('-pk'),
      books.orderBy('author__name', '-title'),
      books.orderBy(F('status').desc({ nulls: 'last' }), 'id'),
      books.reverse(),
      books.all().slice(1, 3),
      books.all().slice(2),
      books.orderBy('id').slice(1),
      books.filter({ author__name: 'Jane' }),
      books.selectRelated('author__mentor').orderBy('id'),
      books.only('title'),
      books.annotate({ n: Window(RowNumber(), { orderBy: ['id'] }) }),
      Author.objects.annotate({ n: Count('books' as never) }).orderBy('id'),
      Author.objects.filter({ books__pages__gt: 1 } as never).orderBy('id'),
      Author.objects
        .filter({ books__pages__gt: 1 } as never)
        .distinct()
        .orderBy('id'),
      books
        .values('author')
        .annotate({ n: Count('id') })
        .orderBy('author'),
      books.values('pk', 'title').orderBy('id'),
      books.valuesList('title', 'author__name'),
      books.valuesList('id', { flat: true }).orderBy('-id'),
      Author.objects.valuesList('name').union(Tag.objects.valuesList('name')).orderBy('name'),
      books.none(),
    ]
    for (const [at, query] of queries.entries()) {
      const expected: unknown[] = await (query as Books)
      for (const chunkSize of [1, 2, 2000]) {
        const streamedRows = await all((query as Books).iterator({ chunkSize }))
        expect(streamedRows, `query ${at} by ${chunkSize}`).to.deep.equal(expected)
      }
    }
    const random = await all(books.orderBy('?').iterator({ chunkSize: 1 }))
    expect(random.map(({ id }) => id).sort()).to.deep.equal([1, 2, 3, 4])
  }).timeout(30_000)

  it('sends one statement for a slice that is no longer than a chunk', async () => {
    const rows = await stage.sends(1, () => all(Book.objects.all().slice(0, 3).iterator()))
    expect(rows).to.have.lengthOf(3)
  })

  it('keeps no row of 50,000, and remembers none (F33)', async () => {
    await fill(50_000)
    const tags = Tag.objects.all()
    const seen: WeakRef<Tag>[] = []
    let count = 0
    await stage.sends(streamed(stage, 26), async () => {
      for await (const tag of tags.iterator()) {
        if (count % 1000 === 0) seen.push(new WeakRef(tag))
        count += 1
      }
    })
    expect(count).to.equal(50_000)
    await until(() => {
      collectGarbage()
      return seen.every((ref) => ref.deref() === undefined)
    })
    expect(await stage.sends(1, () => tags.count())).to.equal(50_000)
  }).timeout(60_000)

  it('keeps none in order of a column either (F33)', async () => {
    await fill(20_000)
    const seen: WeakRef<object>[] = []
    let last = ''
    for await (const row of Tag.objects.orderBy('name').values('name').iterator()) {
      expect(row.name > last || isPg).to.equal(true)
      last = row.name
      seen.push(new WeakRef(row))
      if (seen.length !== 10_000) continue
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
      expect(seen.filter((ref) => ref.deref() !== undefined).length).to.be.lessThan(6001)
    }
    expect(seen).to.have.lengthOf(20_000)
  }).timeout(60_000)

  it('gives the connection back when the loop is left (F33)', async () => {
    await fill(10)
    for await (const tag of Tag.objects.iterator({ chunkSize: 3 })) {
      expect(used()).to.equal(isMemory ? 0 : 1)
      if (tag.name === 'tag 4') break
    }
    expect(used()).to.equal(0)
    const failed = async (): Promise<void> => {
      for await (const _ of Tag.objects.iterator({ chunkSize: 3 })) throw new Error('mine')
    }
    expect((await rejection(failed())).message).to.equal('mine')
    expect(used()).to.equal(0)
    // With the last chunk at the latest, so that the loop can use it.
    for await (const _ of Tag.objects.iterator()) expect(used()).to.equal(0)
    expect(await Tag.objects.count()).to.equal(10)
  })

  it('takes no part in what the loop writes', async () => {
    await fill(6)
    const names: string[] = []
    for await (const tag of Tag.objects.orderBy('id').iterator({ chunkSize: 2 })) {
      names.push(tag.name)
      tag.name = `${tag.name}!`
      await tag.save()
      await Tag.objects.filter({ name: 'tag 5' }).update({ name: 'tag 5!' })
    }
    expect(await Tag.objects.filter({ name__endswith: '!' }).count()).to.equal(6)
    expect(names).to.deep.equal(
      // Where the only connection is not held, pages are of different moments.
      ['tag 0', 'tag 1', 'tag 2', 'tag 3', 'tag 4', isMemory ? 'tag 5!' : 'tag 5'],
    )
  })

  it('reads in the transaction around it, and ends there (F11)', async () => {
    await fill(6)
    await stage.db.atomic(async () => {
      await Tag.objects.create({ name: 'mine' })
      const names: string[] = []
      for await (const { name, id } of Tag.objects.orderBy('id').iterator({ chunkSize: 2 })) {
        names.push(name)
        await stage.db.atomic(async () => {
          await Tag.objects.filter({ id }).update({ name: `${name}!` })
        })
        await rejection(stage.db.atomic(() => Tag.objects.create({ name: `${name}!` })))
      }
      expect(names).to.deep.equal(['tag 0', 'tag 1', 'tag 2', 'tag 3', 'tag 4', 'tag 5', 'mine'])
      for await (const _ of Tag.objects.orderBy('name').iterator({ chunkSize: 2 })) break
    })
    expect(await Tag.objects.filter({ name__endswith: '!' }).count()).to.equal(7)
    const left = await stage.db.atomic(async () => {
      const rows = Tag.objects.iterator({ chunkSize: 2 })
      await rows.next()
      return { rows }
    })
    await left.rows.next()
    expect(await rejection(left.rows.next())).to.be.instanceOf(TransactionError)
    expect(used()).to.equal(0)
  })

  it('can be read on in a nested atomic(), and in one that only reads', async () => {
    await fill(5)
    await stage.db.atomic(async () => {
      const rows = Tag.objects.orderBy('name').iterator({ chunkSize: 2 })
      await rows.next()
      expect(await stage.db.atomic(() => all(rows))).to.have.lengthOf(4)
    })
    const names = await stage.db.atomic(
      () =>
        all(
          Tag.objects
            .orderBy('-name')
            .valuesList('name', { flat: true })
            .iterator({ chunkSize: 2 }),
        ),
      { readOnly: true },
    )
    expect(names[0]).to.equal('tag 4')
    expect(names).to.have.lengthOf(5)
  })

  it('leaves nothing behind where the loop ends in a part that is undone', async () => {
    await fill(5)
    const left = async (): Promise<number> => {
      // In turn with what the end of a savepoint sends.
      await Tag.objects.count()
      const table = isPg ? 'pg_cursors' : 'sqlite_temp_master'
      return (await stage.db.join(stage.db.knex(table)).select('name')).length
    }
    const open = async () => {
      const rows = Tag.objects.orderBy('name').iterator({ chunkSize: 2 })
      await rows.next()
      return { rows }
    }
    const undone = (work: () => Promise<unknown>) =>
      rejection(
        stage.db.atomic(async () => {
          await work()
          throw new Error('undone')
        }),
      )
    await stage.db.atomic(async () => {
      const { rows } = await open()
      await undone(() => rows.return())
      expect(await left()).to.equal(0)
      const { rows: others } = await open()
      await undone(() => stage.db.atomic(() => all(others)))
      expect(await left()).to.equal(0)
      const { rows: more } = await open()
      await undone(async () => {
        await rejection(Ghost.objects.all())
        await more.return()
      })
      // A cursor ends with the transaction by itself.
      expect(await left()).to.equal(isPg ? 1 : 0)
      await undone(() => open())
      expect(await left()).to.equal(isPg ? 1 : 0)
      expect(await Tag.objects.count()).to.equal(5)
    })
    const { rows } = await open()
    await undone(() => rows.return())
    expect(await stage.db.atomic(left)).to.equal(0)
    expect(used()).to.equal(0)
  })

  it('holds to timeout() for each chunk, and to signal() at any time', async () => {
    await fill(6)
    const controller = new AbortController()
    const left = async (): Promise<void> => {
      const rows = Tag.objects.signal(controller.signal).timeout(5000)
      for await (const _ of rows.iterator({ chunkSize: 2 })) controller.abort()
    }
    expect(await rejection(left())).to.be.instanceOf(QueryAbortedError)
    expect(used()).to.equal(0)
    const slow = async (): Promise<void> => {
      for await (const _ of Tag.objects.timeout(100).iterator({ chunkSize: 2 })) {
        await new Promise((resolve) => setTimeout(resolve, 110))
      }
    }
    await slow()
    expect(used()).to.equal(0)
  })

  it('refuses a chunkSize that is none at once', () => {
    for (const chunkSize of [0, -1, 1.5, '3' as never]) {
      expect(() => Tag.objects.iterator({ chunkSize })).to.throw(RangeError, 'chunkSize')
    }
  })

  it('rejects when the database is closed meanwhile (F33)', async function () {
    if (isMemory) this.skip()
    await fill(6)
    const other = connect(stage.config, { name: 'other' })
    const rows = Tag.objects.using('other').iterator({ chunkSize: 2 })
    await rows.next()
    await rows.next()
    await other.close({ timeoutMs: 20 })
    expect(await rejection(rows.next())).to.be.instanceOf(OperationalError)
    expect(await rows.next()).to.deep.equal({ done: true, value: undefined })
  })
})

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

describeOnEach(
  'iterator() when its backend is killed',
  (kind) => {
    const stage = useStage(kind)

    it('rejects, and never gives half of the rows as all (F33)', async () => {
      await fill(10)
      const read = async (): Promise<number> => {
        let count = 0
        for await (const _ of Tag.objects.iterator({ chunkSize: 2 })) {
          count += 1
          if (count !== 2) continue
          await endBackends(stage.db.knex, "state = 'idle in transaction'")
        }
        return count
      }
      expect(await rejection(read())).to.have.property('code', 'CONNECTION_LOST')
      expect(await Tag.objects.count()).to.equal(10)
    })

    it('says who holds the only connection', async () => {
      const pool = { min: 0, max: 1, acquireTimeoutMillis: 500 }
      const other = connect({ ...stage.config, pool }, { name: 'other' })
      await fill(4)
      const rows = Tag.objects.using('other').iterator({ chunkSize: 2 })
      await rows.next()
      const error = await rejection(Tag.objects.using('other').count())
      expect(error).to.have.property('code', 'POOL_TIMEOUT')
      expect(error.message).to.match(/iterator\(\) at .*iterator\.spec\.ts:\d+:\d+ for/)
      await rows.return()
      expect(await Tag.objects.using('other').count()).to.equal(4)
      await other.close()
    })
  },
  onPostgres,
)
