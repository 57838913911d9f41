import { expect } from 'chai'
import {
  AsyncManager,
  AsyncRawQuerySet,
  captureQueries,
  F,
  FieldError,
  fields,
  InvalidValueError,
  Manager,
  Model,
  NotLoadedError,
  QueryTimeoutError,
  RawQuerySet,
} from '../../lib/index.ts'
import { betterSqlite3, describeOnEach } from '../support/databases.ts'
import { Author, Book } from './support/library.ts'
import { Sample } from './support/samples.ts'
import { rejection, thrown, useStage } from './support/stage.ts'

const PAGES = 'select * from books where pages > ? order by pages'

for (const kinds of [undefined, betterSqlite3]) {
  const stories = (kind: Parameters<typeof useStage>[0]): void => {
    const stage = useStage(kind)

    it('reads instances, whose values their fields convert', async () => {
      const books = await stage.sends(1, () => Book.objects.raw(PAGES, [300]))

      expect(books.map((book) => ({ ...book }))).to.eql(
        (await Book.objects.filter({ pages__gt: 300 }).orderBy('pages')).map((b) => ({ ...b })),
      )
      expect(books.map((book) => book instanceof Book)).to.eql([true, true])
      expect(books[0]?.publishedAt).to.eql(new Date('1815-12-23T09:30:00.125Z'))
    })

    it('reads columns of all kinds', async () => {
      await Sample.objects.bulkCreate([
        {},
        {
          boolean: true,
          bigInteger: 2n ** 40n,
          decimal: '12345678901234567890.0123456789',
          dateTime: new Date('2024-02-29T23:59:59.999Z'),
          json: { a: [1, null, 'x'] },
          binary: Uint8Array.of(0, 255),
        },
      ])
      const samples = await Sample.objects.raw('select * from samples order by id')

      expect(samples.map((sample) => ({ ...sample }))).to.eql(
        (await Sample.objects.orderBy('id')).map((sample) => ({ ...sample })),
      )
      await stage.sends(0, async () => {
        for (const sample of samples) await sample.save()
      })
    })

    it('never rounds an integer', async () => {
      await Sample.objects.create({ bigInteger: 2n ** 63n - 1n })
      const cast = 'select id, cast(big_integer as text) as big_integer from samples'

      expect((await Sample.objects.raw(cast))[0]?.bigInteger).to.equal(2n ** 63n - 1n)
      const read = Sample.objects.raw('select * from samples')
      if (stage.dialect === 'sqlite') {
        expect(await rejection(read)).to.be.instanceOf(InvalidValueError)
      } else {
        expect((await read)[0]?.bigInteger).to.equal(2n ** 63n - 1n)
      }
    })

    it('reads other columns of PostgreSQL by their types', async () => {
      if (stage.dialect !== 'postgresql') return
      const [author] = await Author.objects.raw<{ big: bigint; at: Date; doc: unknown }>(
        `select id, 9007199254740993::bigint as big, '2024-02-29 12:00:00+02'::timestamptz as at,
          '{"a": 1}'::jsonb as doc, '{"a": 1}'::jsonb \\? 'a' as has from authors limit 1`,
      )

      expect(author && { ...author }).to.eql({
        id: 1,
        big: 9007199254740993n,
        at: new Date('2024-02-29T10:00:00Z'),
        doc: { a: 1 },
        has: true,
      })
    })

    it('sends the query once, as the inner one of another', async () => {
      const books = Book.objects.raw(PAGES, [300])
      const sent = await stage.sqlOf(async () => {
        await books
        await books.fetch()
        for await (const { title } of books) expect(title).to.be.a('string')
      })

      const mark = stage.dialect === 'postgresql' ? '$1' : '?'
      const [text, ...rest] = sent
      expect(text?.replace(/\$1::\w+/, '$1')).to.equal(
        `select * from (select * from books where pages > ${mark} order by pages) as "raw"`,
      )
      expect(rest).to.eql([])
      expect(await books).to.not.equal(await books)
      expect((await books)[0]).to.equal((await books)[0])
    })

    it('defers columns that are missing, and loads them for all', async () => {
      const books = await Book.objects.raw('select title, id from books order by id')

      expect({ ...books[0] }).to.eql({ id: 1, title: 'Emma' })
      expect(thrown(() => books[0]?.pages)).to.be.instanceOf(NotLoadedError)
      await stage.sends(1, async () => {
        for (const book of books) await book.load('pages')
      })
      expect(books.map(({ pages }) => pages)).to.eql([474, 249, 880, 240])
    })

    it('makes other columns properties', async () => {
      const [book] = await Book.objects.raw<{ score: number; author_name: string; n: number }>(
        `select books.id, pages / 10 as score, authors.name as author_name,
          (select count(*) from books) as n
         from books join authors on authors.id = books.author_id order by books.id`,
      )

      expect(book && { ...book }).to.eql({ id: 1, score: 47, author_name: 'Jane', n: 4 })
    })

    it('changes and saves what it has read', async () => {
      const [book] = await Book.objects.raw('select id, title from books where title = ?;', [
        'Emma',
      ])
      if (book === undefined) throw new Error('There is no such book.')
      book.title = 'Emma?'

      await stage.sends(1, () => book.save({ fields: ['title'] }))
      expect((await Book.objects.get({ pk: 1 })).title).to.equal('Emma?')
    })

    it('lets instances load their relations together', async () => {
      const books = await Book.objects.raw('select * from books order by id')

      const names = await stage.sends(1, async () => {
        const found: string[] = []
        for (const book of books) found.push((await book.author).name)
        return found
      })
      expect(names).to.eql(['Jane', 'Jane', 'Mary Ann', 'Mary Ann'])
    })

    it('takes values of all kinds, and question marks', async () => {
      const [author] = await Author.objects.raw<{ a: string; b: string; c: unknown }>(
        "select id, cast(? as varchar(20)) as a, 'x?' as b, cast(? as varchar(9)) as c " +
          'from authors where born_on is not null and name <> ? order by id limit ?',
        ["'; --", null, '?', 1],
      )

      expect(author && { ...author }).to.eql({ id: 1, a: "'; --", b: 'x?', c: null })
    })

    it('takes instants and booleans', async () => {
      const books = await Book.objects.raw(
        'select * from books where published_at < ? and (1 = 1) = ? order by id',
        [new Date('1816-01-01T00:00:00Z'), true],
      )

      expect(books.map(({ title }) => title)).to.eql(['Emma'])
    })

    it('gives nothing for no rows', async () => {
      expect(await Book.objects.raw(PAGES, [5000])).to.eql([])
    })

    it('takes WITH', async () => {
      const sql = 'with long as (select * from books where pages > 800) select * from long'

      expect((await Book.objects.raw(sql)).map(({ title }) => title)).to.eql(['Middlemarch'])
    })

    it('runs in the transaction around it', async () => {
      const found = stage.db.atomic(async () => {
        await Book.objects.filter({ pk: 1 }).update({ pages: 5000 })
        const books = await Book.objects.raw(PAGES, [4000])
        throw new Error(books.map(({ title }) => title).join())
      })

      expect((await rejection(found)).message).to.equal('Emma')
      expect(await Book.objects.raw(PAGES, [4000])).to.eql([])
    })

    it('is the first statement of a transaction as well, and is captured', async () => {
      const captured = await captureQueries(() =>
        stage.db.atomic(async () => (await Book.objects.raw(PAGES, [800]))[0]?.title),
      )

      expect(captured.result).to.equal('Middlemarch')
      expect(captured.queries.map(({ sql }) => sql.includes('from books'))).to.include(true)
    })

    it('is started in the background', async () => {
      const books = await stage.sends(1, async () => {
        const started = Book.objects.raw(PAGES, [300])
        expect(started.startFetch()).to.equal(started)
        started.startFetch()
        return await started
      })

      expect(books.map(({ title }) => title)).to.eql(['Emma', 'Middlemarch'])
      expect(Book.objects.raw(PAGES, [300])).to.be.instanceOf(AsyncRawQuerySet)
    })

    it('is not started by a manager that starts nothing', async () => {
      class Writer extends Model('authors', { name: fields.text() }) {
        static objects = new Manager(Writer)
      }
      const writers = Writer.objects.raw('select * from authors where name = ?', ['Jane'])

      expect(writers).to.be.instanceOf(RawQuerySet)
      expect('startFetch' in writers).to.equal(false)
      expect((await writers).map(({ name }) => name)).to.eql(['Jane'])
    })

    it('needs the primary key', async () => {
      const error = await rejection(Book.objects.raw('select title from books'))

      expect(error).to.be.instanceOf(FieldError)
      expect(error.message).to.equal(
        "The SQL of raw() must give the column 'id', the primary key of Book.",
      )
    })

    it('refuses two columns of one name', async () => {
      const sql = 'select * from books join authors on authors.id = books.author_id'
      const error = await rejection(Book.objects.raw(sql))

      expect(error).to.be.instanceOf(FieldError)
      expect(error.message).to.equal(
        "The SQL of raw() gives two columns 'id': name one with 'as', or leave it out.",
      )
    })

    it('refuses columns that cannot be properties', async () => {
      for (const name of ['then', 'publishedAt', 'a b', 'constructor']) {
        const raw = Book.objects.raw(`select id, 1 as "${name}" from books`)
        expect(await rejection(raw), name).to.be.instanceOf(FieldError)
      }
    })

    it('refuses more than one query before it sends anything', async () => {
      await stage.sends(0, () => {
        for (const sql of [
          'select 1; drop table books',
          'select 1;;',
          'select 1 -- no',
          'select /* no */ 1',
          'select 1) as x; select (1',
          'select $1',
          "select 'x",
          '',
          '   ',
        ]) {
          expect(
            thrown(() => Book.objects.raw(sql)),
            sql,
          ).to.be.instanceOf(FieldError)
        }
      })
    })

    it('refuses a wrong number of values, and what is none', async () => {
      await stage.sends(0, () => {
        const wrong: readonly (readonly unknown[])[] = [
          [],
          [1, 2],
          [undefined],
          [Number.NaN],
          [{}],
          [[1]],
          [F('pages')],
        ]
        for (const bindings of wrong) {
          expect(thrown(() => Book.objects.raw(PAGES, bindings as never))).to.be.instanceOf(
            InvalidValueError,
          )
        }
      })
      expect(thrown(() => Book.objects.raw(PAGES, [1, 2])).message).to.equal(
        "raw() has 1 '?', but 2 values were given.",
      )
    })

    it('can only read', async () => {
      for (const sql of [
        'delete from books returning *',
        'with gone as (delete from books returning *) select * from gone',
        "update books set title = 'x' returning *",
      ]) {
        expect((await rejection(Book.objects.raw(sql))).name, sql).to.not.equal('TypeError')
      }
      expect(await Book.objects.count()).to.equal(4)
    })

    it('tells a failure to each reader, and tries again', async () => {
      const ghosts = Book.objects.raw('select * from ghosts')

      expect(await rejection(ghosts)).to.not.equal(await rejection(ghosts))
    })
  }
  if (kinds === undefined) describeOnEach('raw()', stories)
  else for (const kind of kinds) describe(`raw() (${kind.name})`, () => stories(kind))
}

describeOnEach('options of raw()', (kind) => {
  const stage = useStage(kind)

  it('goes to the database that is named', async () => {
    class Elsewhere extends Model('books', { title: fields.text() }, { database: 'elsewhere' }) {
      static objects = new AsyncManager(Elsewhere)
    }
    const sql = 'select id, title from books where pages > ?'

    const named = await Elsewhere.objects.raw(sql, [800], { using: 'default' })
    expect(named.map(({ title }) => title)).to.eql(['Middlemarch'])
    const given = await Elsewhere.objects.raw(sql, [800], { using: stage.db })
    expect(given.map(({ title }) => title)).to.eql(['Middlemarch'])
    expect((await rejection(Elsewhere.objects.raw(sql, [800]))).name).to.equal(
      'ImproperlyConfigured',
    )
  })

  it('stops when its time is over or its signal is aborted', async () => {
    const endless =
      'with recursive n(id) as (select 1 union all select id + 1 from n) ' +
      'select max(id) as id from n'
    const late = await rejection(Book.objects.raw(endless, [], { timeoutMs: 50 }))
    expect(late).to.be.instanceOf(QueryTimeoutError)

    const signal = AbortSignal.abort()
    expect((await rejection(Book.objects.raw(endless, [], { signal }))).name).to.equal('AbortError')
  })

  it('refuses others', () => {
    const raw = (options: object) => thrown(() => Book.objects.raw(PAGES, [1], options))
    expect(raw({ using: 3 }).name).to.equal('ImproperlyConfigured')
    expect(raw({ timeoutMs: 0 })).to.be.instanceOf(RangeError)
    expect(raw({ signal: {} })).to.be.instanceOf(InvalidValueError)
  })
})
