import { expect } from 'chai'
import { captureQueries, connect, expectQueries, QueryCountError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost, Tag } from './support/library.ts'
import { rejection, useStage } from './support/stage.ts'

/** The file and line of a call site, wherever the checkout is. */
function lineOf(callSite: string): string {
  return callSite.replace(/^.*[\\/]spec[\\/]/, 'spec/').replace(/:\d+$/, '')
}

/** The line this is called on, as `lineOf` gives it. */
function here(): string {
  const line = new Error().stack?.split('\n')[2] ?? ''
  return lineOf(line.replace(/^.*\(|\)$/g, ''))
}

function* more(count: number): Generator<{ name: string }> {
  for (let at = 0; at < count; at += 1) yield { name: `more ${at}` }
}

describeOnEach('expectQueries() and captureQueries()', (kind) => {
  const stage = useStage(kind)
  const isPg = kind.dialect === 'postgresql'

  it('give what the work gives', async () => {
    const books = await expectQueries(1, () => Book.objects.filter({ status: 'live' }))
    expect(books.map(({ title }) => title)).to.eql(['Emma', 'Middlemarch'])
    const { result } = await captureQueries(async () => await Book.objects.count())
    expect(result).to.equal(4)
  })

  it('reject as the work does', async () => {
    expect(await rejection(expectQueries(0, () => Ghost.objects.count()))).to.have.property(
      'name',
      'DatabaseError',
    )
    const failure = new Error('of the work')
    expect(await rejection(captureQueries(() => Promise.reject(failure)))).to.equal(failure)
  })

  it('list what was sent, and from where, when the number differs', async () => {
    const secret = 'a secret value'
    let place = ''
    const error = await rejection(
      expectQueries(1, async () => {
        place = here()
        await Book.objects.filter({ title: secret }).count()
        await Author.objects.filter({ name: 'Jane' }).valuesList('name', { flat: true })
      }),
    )
    if (!(error instanceof QueryCountError)) expect.fail(`${error}`)
    expect([error.code, error.expected, error.actual]).to.eql(['QUERY_COUNT', 1, 2])
    const [title, first = '', second = ''] = error.message.split('\n')
    expect(title).to.equal('Expected 1 query, sent 2:')
    expect(first).to.match(/^ {2}1\. select count\(\*\) .*"books".* \(1 row, [\d.]+ ms\) at /)
    expect(second).to.match(/^ {2}2\. select "authors"\."name" .* \(1 row, [\d.]+ ms\) at /)
    const line = Number(place.split(':')[1])
    expect(lineOf(first.replace(/^.* at /, ''))).to.equal(
      `spec/behaviour/capture.spec.ts:${line + 1}`,
    )
    expect(lineOf(second.replace(/^.* at /, ''))).to.equal(
      `spec/behaviour/capture.spec.ts:${line + 2}`,
    )
    expect(error.message).not.to.contain(secret)
  })

  it('say when nothing was sent', async () => {
    const error = await rejection(expectQueries(2, () => Book.objects.filter({ id__in: [] })))
    expect(error.message).to.equal('Expected 2 queries, sent 0')
  })

  it('count started queries, wherever they are read', async () => {
    const report = await captureQueries(async () => {
      const books = Book.objects.all().startFetch()
      const authors = Author.objects.all().startCount()
      return { books: await books, authors }
    })
    expect(
      report.queries.map(({ background, rows }) => ({ background, rows })),
    ).to.have.deep.members([
      { background: true, rows: 4 },
      { background: true, rows: 1 },
    ])
    expect(report.unconsumed.map(({ what, database }) => ({ what, database }))).to.eql([
      { what: 'startCount()', database: 'default' },
    ])
    // One that is read afterwards was counted already, and is no longer unread.
    await expectQueries(0, () => report.result.authors.count())
    expect(report.unconsumed).to.eql([])
  })

  it('wait for starts that nobody reads, and name the place that started them', async () => {
    let place = ''
    const report = await captureQueries(() => {
      place = here()
      Book.objects.filter({ pages__gt: 300 }).startFetch()
    })
    const [query] = report.queries
    const line = Number(place.split(':')[1]) + 1
    expect(lineOf(query?.callSite ?? '')).to.equal(`spec/behaviour/capture.spec.ts:${line}`)
    expect(report.unconsumed.map(({ callSite }) => lineOf(callSite))).to.eql([
      `spec/behaviour/capture.spec.ts:${line}`,
    ])
    expect(report.formatted).to.match(/Started, and never read:\n {2}startFetch\(\) at .*:\d+$/)
  })

  it('do not see what runs elsewhere at the same time', async () => {
    const elsewhere = async () => {
      for (let turn = 0; turn < 5; turn += 1) await Author.objects.count()
    }
    const [report] = await Promise.all([
      captureQueries(async () => {
        for (let turn = 0; turn < 3; turn += 1) await Book.objects.count()
      }),
      elsewhere(),
    ])
    expect(report.queries).to.have.lengthOf(3)
    expect(report.queries.every(({ sql }) => sql.includes('books'))).to.equal(true)
  })

  it('count a query started outside for nobody, although it is read inside', async () => {
    const books = Book.objects.all().startFetch()
    await expectQueries(0, async () => await books)
  })

  it('nest: what the inner one sees, the outer one sees too', async () => {
    const outer = await captureQueries(async () => {
      await Book.objects.count()
      await expectQueries(1, () => Author.objects.count())
    })
    expect(outer.queries).to.have.lengthOf(2)
  })

  it('report the same statement from the same place: N+1', async () => {
    let place = ''
    const report = await captureQueries(async () => {
      const books = await Book.objects.all().fetchMode('one')
      place = here()
      for (const book of books) await book.author
      return books.length
    })
    expect(report.queries).to.have.lengthOf(5)
    expect(report.repeated.map(({ times, callSite }) => [times, lineOf(callSite)])).to.eql([
      [4, `spec/behaviour/capture.spec.ts:${Number(place.split(':')[1]) + 1}`],
    ])
    expect(report.formatted).to.match(/^Repeated \(N\+1\):\n {2}4 times at .*: select /m)
    const peers = await captureQueries(async () => {
      for (const book of await Book.objects.all()) await book.author
    })
    expect(peers.queries).to.have.lengthOf(2)
    expect(peers.repeated).to.eql([])
  })

  it('call the pages of a loop, and the batches of a write, no N+1', async () => {
    const tags = Array.from({ length: 12 }, (_, at) => ({ name: `tag ${at}` }))
    const written = await captureQueries(() => Tag.objects.bulkCreate(tags, { batchSize: 3 }))
    expect(written.queries.map(({ kind: type }) => type)).to.eql(['query', 'part', 'part', 'part'])
    const streamed = await captureQueries(() => Tag.objects.bulkCreate(more(12), { batchSize: 3 }))
    expect(streamed.queries.map(({ kind: type }) => type)).to.eql(['query', 'part', 'part', 'part'])
    const changed = await captureQueries(() =>
      Tag.objects.bulkUpdate(written.result, ['name'], { batchSize: 3 }),
    )
    expect(changed.queries.map(({ kind: type }) => type)).to.eql(['query', 'part', 'part', 'part'])
    const reads: readonly (() => AsyncIterable<unknown>)[] = [
      () => Tag.objects.iterator({ chunkSize: 4 }),
      () => Tag.objects.orderBy('-name').iterator({ chunkSize: 4 }),
      () => Book.objects.prefetchRelated('author').iterator({ chunkSize: 1 }),
      () => Book.objects.orderBy('pages').prefetchRelated('author').iterator({ chunkSize: 1 }),
    ]
    for (const read of reads) {
      const report = await captureQueries(async () => {
        for await (const _ of read());
      })
      expect(report.queries.length, String(read)).to.be.greaterThan(3)
      expect(report.repeated, String(read)).to.eql([])
    }
    for (const { repeated } of [written, streamed, changed]) expect(repeated).to.eql([])
    // What the loop itself asks is as ever.
    const inside = await captureQueries(async () => {
      for await (const { id } of Book.objects.all().iterator({ chunkSize: 1 })) {
        await Book.objects.filter({ id }).count()
      }
    })
    expect(inside.repeated.map(({ times }) => times)).to.eql([4])
    const loops = await captureQueries(async () => {
      for (const author of [1, 2, 3]) {
        const books = Book.objects.filter({ author }).orderBy('id')
        for await (const _ of books.iterator({ chunkSize: 1 }));
      }
    })
    // On PostgreSQL each cursor has a name of its own.
    expect(loops.repeated.map(({ times }) => times)).to.eql(isPg ? [] : [3])
  })

  it('report repeated statements from as many as asked for', async () => {
    const work = async () => {
      for (let turn = 0; turn < 2; turn += 1) await Book.objects.count()
    }
    expect((await captureQueries(work)).repeated).to.eql([])
    expect((await captureQueries(work, { repeats: 2 })).repeated).to.have.lengthOf(1)
  })

  it('count what transactions begin and end with when asked to', async () => {
    const work = () =>
      stage.db.atomic(async () => {
        await stage.db.atomic(() => Author.objects.filter({ id: 1 }).update({ name: 'Ann' }))
      })
    await expectQueries(1, work)
    const report = await captureQueries(work, { transactions: true })
    expect(
      report.queries.map(({ kind: type, sql }) => [type, sql.split(' ')[0]?.toLowerCase()]),
    ).to.eql([
      ['transaction', 'begin'],
      ['transaction', 'savepoint'],
      ['query', 'update'],
      ['transaction', 'release'],
      ['transaction', 'commit'],
    ])
  })

  it('know where writes and relations come from', async () => {
    const sites: string[] = []
    const from = async (work: () => PromiseLike<unknown>) => {
      const { queries } = await captureQueries(work)
      for (const { callSite } of queries) sites.push(lineOf(callSite))
    }
    const [ann] = await Author.objects.bulkCreate([new Author({ name: 'Ann' })])
    const start = Number(here().split(':')[1])
    await from(async () => await Author.objects.create({ name: 'Beth' }))
    await from(async () => await ann?.save({ fields: ['name'] }))
    await from(async () => await ann?.delete())
    await from(async () => await Book.objects.all().selectRelated('author').first())
    await from(async () => await stage.db.atomic(async () => await Author.objects.get({ id: 1 })))
    expect([...new Set(sites)]).to.eql(
      [1, 2, 3, 4, 5].map((offset) => `spec/behaviour/capture.spec.ts:${start + offset}`),
    )
  })

  it('have values only when asked for, and mark what failed', async () => {
    const work = () => Book.objects.filter({ title: 'Emma' }).count()
    expect((await captureQueries(work)).queries[0]).not.to.have.property('bindings')
    const { queries } = await captureQueries(work, { bindings: true })
    expect(queries[0]?.bindings).to.eql(['Emma'])
    const failing = await captureQueries(async () => void (await rejection(Ghost.objects.count())))
    expect(failing.queries.map(({ failed, rows }) => ({ failed, rows }))).to.eql([
      { failed: true, rows: 0 },
    ])
    expect(failing.formatted).to.match(/^1 query\n {2}1\. select count.*\(failed, [\d.]+ ms\) at /)
  })

  it('see plain knex too', async () => {
    const { knex } = stage.db
    const report = await captureQueries(async () => {
      await knex('authors').where({ name: 'Jane' })
      await Book.objects.filter({ status: 'live' }).toKnex()
      await knex.transaction(async (transaction) => {
        await transaction('authors').where({ id: 1 }).update({ name: 'Ann' })
      })
      await rejection(knex('ghosts'))
    })
    expect(report.queries.map(({ rows, failed }) => [rows, failed])).to.eql([
      [1, false],
      [2, false],
      [1, false],
      [0, true],
    ])
    await knex('authors')
    expect(report.queries).to.have.lengthOf(4)
  })

  it('look at one database only when asked to', async () => {
    const fresh = await kind.create()
    const other = connect(fresh.config, { name: 'other' })
    try {
      const work = async () => {
        await Book.objects.count()
        await rejection(Ghost.objects.using(other).count())
      }
      await expectQueries(2, work)
      await expectQueries(1, work, { using: 'other' })
      await expectQueries(1, work, { using: stage.db })
    } finally {
      await other.close()
      await fresh.drop()
    }
  })
})
