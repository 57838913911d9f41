/** What a queryset asks and answers, with Django's semantics. */
import { expect } from 'chai'
import { Avg, Count, F, Max, Min, Q, Sum } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { rejection, streamed, thrown, useStage } from './support/stage.ts'

const titles = () => Book.objects.valuesList('title', { flat: true })
const byId = () => Book.objects.orderBy('id').valuesList('title', { flat: true })
const names = () => Author.objects.orderBy('id').valuesList('name', { flat: true })
const all = ['Emma', 'Persuasion', 'Middlemarch', 'Silas Marner']

describeOnEach('reading', (kind) => {
  const stage = useStage(kind)

  describe('filter() and exclude()', () => {
    it('conditions of one call and of several are all to hold', async () => {
      await stage.sends(4, async () => {
        expect(await byId().filter({ pages__gt: 240, status: 'live' })).to.deep.equal([
          'Emma',
          'Middlemarch',
        ])
        expect(await byId().filter({ pages__gt: 240 }, Q({ pages__lt: 500 }))).to.deep.equal([
          'Emma',
          'Persuasion',
        ])
        expect(await byId().filter({ pages__gt: 240 }).filter({ status: 'draft' })).to.deep.equal([
          'Persuasion',
        ])
        expect(await byId().filter()).to.deep.equal(all)
      })
    })

    it('lookups of each kind', async () => {
      const found: [object, string[]][] = [
        [{ title: 'Emma' }, ['Emma']],
        [{ title__iexact: 'emma' }, ['Emma']],
        [{ title__contains: 'arn' }, ['Silas Marner']],
        [
          { title__icontains: 'MA' },
          ['Emma', 'Middlemarch', 'Silas Marner'].filter((t) => /ma/i.test(t)),
        ],
        [{ title__startswith: 'Mid' }, ['Middlemarch']],
        [{ title__endswith: 'sion' }, ['Persuasion']],
        [{ title__in: ['Emma', 'Nope'] }, ['Emma']],
        [{ pages__range: [240, 249] }, ['Persuasion', 'Silas Marner']],
        [{ pages__gte: 474 }, ['Emma', 'Middlemarch']],
        [{ pages__lt: 249 }, ['Silas Marner']],
        [{ status: null }, ['Silas Marner']],
        [{ status__isnull: false }, ['Emma', 'Persuasion', 'Middlemarch']],
        [{ publishedAt__year: 1817 }, ['Persuasion']],
        [{ publishedAt__year__gte: 1861 }, ['Middlemarch', 'Silas Marner']],
        [{ publishedAt__date: '1815-12-23' }, ['Emma']],
        [{ publishedAt__month: 12, publishedAt__day: 1 }, ['Middlemarch']],
        [{ publishedAt: new Date('1815-12-23T09:30:00.125Z') }, ['Emma']],
        [{ author: 1 }, ['Emma', 'Persuasion']],
        [{ authorId__in: [2, 3] }, ['Middlemarch', 'Silas Marner']],
        [{ author__name__startswith: 'Mary' }, ['Middlemarch', 'Silas Marner']],
        [{ author__mentor__name: 'Jane' }, ['Middlemarch', 'Silas Marner']],
        [{ author__mentor: null }, ['Emma', 'Persuasion']],
        [{ pk: 1 }, ['Emma']],
        [{ pages__gt: F('id').mul(200) }, ['Emma', 'Middlemarch']],
      ]
      for (const [where, expected] of found) {
        const got = await stage.sends(1, () => byId().filter(where as Record<never, unknown>))
        expect(got, JSON.stringify(where)).to.deep.equal(expected)
      }
    })

    it('metacharacters of LIKE mean themselves', async () => {
      await Tag.objects.bulkCreate(
        ['100%', '100x', 'a_b', 'aXb', 'c\\d', "it's"].map((name) => ({ name })),
      )
      const tags = (where: Record<never, unknown>) =>
        Tag.objects
          .filter(where as Record<never, unknown>)
          .orderBy('id')
          .valuesList('name', { flat: true })
      expect(await tags({ name__contains: '0%' })).to.deep.equal(['100%'])
      expect(await tags({ name__contains: '_' })).to.deep.equal(['a_b'])
      expect(await tags({ name__startswith: 'a_' })).to.deep.equal(['a_b'])
      expect(await tags({ name__endswith: '\\d' })).to.deep.equal(['c\\d'])
      expect(await tags({ name__icontains: "T'S" })).to.deep.equal(["it's"])
    })

    it('exclude() keeps rows with NULL', async () => {
      expect(await byId().exclude({ status: 'live' })).to.deep.equal(['Persuasion', 'Silas Marner'])
      expect(await byId().exclude({ pages__gt: 240, status: 'live' })).to.deep.equal([
        'Persuasion',
        'Silas Marner',
      ])
      expect(await names().exclude({ email__startswith: 'jane' })).to.deep.equal([
        'Mary Ann',
        'Charlotte',
      ])
      expect(await names().exclude({ mentor__name: 'Jane' })).to.deep.equal(['Jane'])
      expect(await names().exclude({ email: null })).to.deep.equal(['Jane', 'Charlotte'])
    })

    it('NULL in a list is no value, and leaves out no rows (F57)', async () => {
      const names = (authors: PromiseLike<{ name: string }[]>) =>
        stage.sends(1, async () => (await authors).map(({ name }) => name))
      const authors = Author.objects.orderBy('id')
      const everyone = ['Jane', 'Mary Ann', 'Charlotte']
      expect(await names(authors.exclude({ id__in: [1, null] as never }))).to.eql(everyone.slice(1))
      expect(await names(authors.exclude({ mentorId__in: [1, null] as never }))).to.eql(['Jane'])
      expect(await names(authors.exclude({ mentor__in: [1, null] as never }))).to.eql(['Jane'])
      expect(await names(authors.exclude({ id__in: [null] as never }))).to.eql(everyone)
      expect(await names(authors.filter(Q.not({ mentorId__in: [null] as never })))).to.eql(everyone)
      expect(await names(authors.filter({ mentorId__in: [1, null] as never }))).to.eql(
        everyone.slice(1),
      )
      expect(await byId().exclude({ status__in: ['live', null] as never })).to.eql([
        'Persuasion',
        'Silas Marner',
      ])
      const shortLived = { books__status__in: ['live', null] } as never
      expect(await names(authors.exclude(shortLived))).to.eql(['Charlotte'])
      await stage.sends(0, async () => {
        expect(await authors.filter({ mentorId__in: [null] as never })).to.eql([])
      })
      // As in Django and in SQL: whether a row is among what may be NULL, nobody knows.
      const mentors = Author.objects.valuesList('mentorId', { flat: true })
      expect(await names(authors.exclude({ id__in: mentors as never }))).to.eql([])
      const known = mentors.filter({ mentorId__isnull: false })
      expect(await names(authors.exclude({ id__in: known as never }))).to.eql(everyone.slice(1))
    })

    it('Q combines with or, xor, not and nesting', async () => {
      const short = Q({ pages__lt: 300 })
      expect(await byId().filter(Q.or(short, { status: 'live' }))).to.deep.equal(all)
      expect(await byId().filter(Q.not(short))).to.deep.equal(['Emma', 'Middlemarch'])
      expect(await byId().filter(Q.xor({ pages__gt: 240 }, { status: 'live' }))).to.deep.equal([
        'Persuasion',
      ])
      expect(await byId().filter(short.and({ status: null }).or({ title: 'Emma' }))).to.deep.equal([
        'Emma',
        'Silas Marner',
      ])
      expect(await byId().filter(Q({}))).to.deep.equal(all)
      expect(await byId().exclude(Q.or({ id: 1 }, { id: 2 }))).to.deep.equal(all.slice(2))
    })

    it('a queryset on the right is a subquery: one statement', async () => {
      await stage.sends(1, async () => {
        const live = Author.objects.filter({ name__startswith: 'J' })
        expect(await byId().filter({ author__in: live as never })).to.deep.equal([
          'Emma',
          'Persuasion',
        ])
      })
    })

    it('what cannot match sends nothing', async () => {
      await stage.sends(0, async () => {
        const nothing = Book.objects.filter({ id__in: [] })
        expect(await nothing).to.deep.equal([])
        expect(await nothing.count()).to.equal(0)
        expect(await nothing.exists()).to.equal(false)
        expect(await nothing.first()).to.equal(null)
        expect(await nothing.at(0)).to.equal(undefined)
        expect(await nothing.aggregate({ n: Count('*'), sum: Sum('pages') })).to.deep.equal({
          n: 0,
          sum: null,
        })
        expect(await Book.objects.none().filter({ id: 1 })).to.deep.equal([])
        expect(await Book.objects.filter({ pages: 2 ** 40 })).to.deep.equal([])
        expect(await rejection(nothing.get())).to.be.instanceOf(Book.DoesNotExist)
      })
      expect(await stage.sends(1, () => byId().exclude({ id__in: [] }))).to.deep.equal(all)
      expect(await stage.sends(1, () => byId().exclude({ pages__gt: 2 ** 40 }))).to.deep.equal(all)
    })

    it('lists of many thousands work', async () => {
      const ids = Array.from({ length: 100_000 }, (_, at) => at + 2)
      expect(await stage.sends(1, () => byId().filter({ id__in: ids }))).to.deep.equal(all.slice(1))
    })
  })

  describe('orderBy(), reverse(), distinct(), slice()', () => {
    it('the model has an order, which orderBy() replaces and reverse() turns round', async () => {
      const sorted = [...all].sort()
      expect(await titles()).to.deep.equal(sorted)
      expect(await titles().reverse()).to.deep.equal([...sorted].reverse())
      expect(await titles().reverse().reverse()).to.deep.equal(sorted)
      expect(await titles().orderBy('-pages')).to.deep.equal([
        'Middlemarch',
        'Emma',
        'Persuasion',
        'Silas Marner',
      ])
      expect(await titles().orderBy('pages').orderBy('author__name', '-title')).to.deep.equal([
        'Persuasion',
        'Emma',
        'Silas Marner',
        'Middlemarch',
      ])
      expect(await titles().orderBy(F('status').asc({ nulls: 'first' }), 'id')).to.deep.equal([
        'Silas Marner',
        'Persuasion',
        'Emma',
        'Middlemarch',
      ])
      expect((await titles().orderBy('?')).sort()).to.deep.equal(sorted)
      const [sql] = await stage.sqlOf(() => titles().orderBy())
      expect(sql).not.to.contain('order by')
    })

    it('distinct() leaves repeated rows out', async () => {
      const authors = Book.objects.orderBy('authorId').valuesList('authorId', { flat: true })
      expect(await authors).to.deep.equal([1, 1, 2, 2])
      expect(await authors.distinct()).to.deep.equal([1, 2])
      expect(await authors.distinct().count()).to.equal(2)
    })

    it('slices count from 0 and compose', async () => {
      expect(await byId().slice(1, 3)).to.deep.equal(['Persuasion', 'Middlemarch'])
      expect(await byId().slice(2)).to.deep.equal(['Middlemarch', 'Silas Marner'])
      expect(await byId().slice(1).slice(1, 2)).to.deep.equal(['Middlemarch'])
      expect(await byId().slice(1, 3).slice(1, 9)).to.deep.equal(['Middlemarch'])
      expect(await byId().slice(9)).to.deep.equal([])
      await stage.sends(0, async () => expect(await byId().slice(2, 2)).to.deep.equal([]))
      expect(await byId().slice(1, 3).count()).to.equal(2)
      expect(await byId().slice(3, 9).count()).to.equal(1)
      expect(await byId().slice(4, 9).exists()).to.equal(false)
      expect(await byId().slice(1).first()).to.equal('Persuasion')
    })

    it('after a slice the rest is refused at the call', async () => {
      const slice = Book.objects.slice(0, 2)
      await stage.sends(0, async () => {
        const calls: (() => unknown)[] = [
          () => slice.filter({ id: 1 }),
          () => slice.exclude({ id: 1 }),
          () => slice.orderBy('id'),
          () => slice.reverse(),
          () => slice.distinct(),
        ]
        for (const call of calls) expect(thrown(call).name).to.be.oneOf(['FieldError', 'TypeError'])
        const asked = [slice.latest('id'), slice.inBulk([1]), slice.get({ id: 1 }), slice.delete()]
        for (const one of asked) {
          expect((await rejection(one)).name).to.be.oneOf(['FieldError', 'TypeError'])
        }
      })
      expect(await slice.filter()).to.have.lengthOf(2)
    })
  })

  describe('values() and valuesList()', () => {
    it('give plain rows of the paths asked for', async () => {
      const rows = await stage.sends(1, () =>
        Book.objects
          .orderBy('id')
          .values('title', 'author__name', 'author__mentor__name')
          .slice(1, 3),
      )
      expect(rows).to.deep.equal([
        { title: 'Persuasion', author__name: 'Jane', author__mentor__name: null },
        { title: 'Middlemarch', author__name: 'Mary Ann', author__mentor__name: 'Jane' },
      ])
      expect(Object.getPrototypeOf(rows[0])).to.equal(Object.prototype)
    })

    it('of nothing in particular: every column, keys under their column name', async () => {
      const [row] = await Author.objects.orderBy('id').slice(1).values()
      expect(row).to.deep.equal({
        id: 2,
        name: 'Mary Ann',
        email: null,
        bornOn: '1819-11-22',
        mentorId: 1,
      })
    })

    it('a relation is its key, under the name asked for', async () => {
      const rows = await Book.objects.filter({ id: 1 }).values('author', 'authorId', 'pk')
      expect(rows).to.deep.equal([{ author: 1, authorId: 1, pk: 1 }])
    })

    it('expressions and transforms have names', async () => {
      const rows = await Book.objects
        .filter({ id: 1 })
        .values('publishedAt__year', { twice: F('pages').mul(2) as never })
      expect(rows).to.deep.equal([{ publishedAt__year: 1815, twice: 948 }])
    })

    it('valuesList() gives tuples, in the order asked for', async () => {
      const rows = await Book.objects
        .filter({ id__lte: 2 })
        .orderBy('id')
        .valuesList('pages', 'title')
      expect(rows).to.deep.equal([
        [474, 'Emma'],
        [249, 'Persuasion'],
      ])
      expect(await Book.objects.orderBy('id').valuesList('pages', { flat: true })).to.deep.equal([
        474, 249, 880, 240,
      ])
    })

    it('get(), first(), last(), at() give such rows too', async () => {
      const rows = Book.objects.orderBy('id').values('title')
      expect(await rows.get({ id: 2 })).to.deep.equal({ title: 'Persuasion' })
      expect(await rows.first()).to.deep.equal({ title: 'Emma' })
      expect(await rows.last()).to.deep.equal({ title: 'Silas Marner' })
      expect(await rows.at(2)).to.deep.equal({ title: 'Middlemarch' })
    })
  })

  describe('one row', () => {
    it('get(): the row, or what is wrong', async () => {
      expect((await stage.sends(1, () => Book.objects.get({ title: 'Emma' }))).id).to.equal(1)
      const none = await rejection(Book.objects.get({ id: 9 }))
      expect(none).to.be.instanceOf(Book.DoesNotExist)
      expect(none.message).to.equal('Book matching query does not exist.')
      expect(none).not.to.be.instanceOf(Author.DoesNotExist)
      const many = await rejection(Book.objects.get({ pages__gt: 240 }))
      expect(many.message).to.equal('get() returned more than one Book -- it returned 3!')
      await Tag.objects.bulkCreate(Array.from({ length: 30 }, (_, at) => ({ name: `${at}` })))
      const [sql] = await stage.sqlOf(async () => {
        expect((await rejection(Tag.objects.get())).message).to.contain('it returned more than 20!')
      })
      expect(sql).to.contain('limit')
    })

    it('first() and last() go by the order, or by the primary key', async () => {
      expect((await Book.objects.first())?.title).to.equal('Emma')
      expect((await Book.objects.last())?.title).to.equal('Silas Marner')
      expect((await Author.objects.first())?.id).to.equal(1)
      expect((await Author.objects.last())?.id).to.equal(3)
      expect((await Author.objects.orderBy('name').last())?.name).to.equal('Mary Ann')
      await stage.sends(2, async () => {
        expect(await Book.objects.filter({ id: 9 }).first()).to.equal(null)
        expect(await Book.objects.filter({ id: 9 }).last()).to.equal(null)
      })
    })

    it('earliest() and latest() go by fields, or by getLatestBy', async () => {
      expect((await Author.objects.exclude({ bornOn: null }).latest()).name).to.equal('Mary Ann')
      expect((await Author.objects.exclude({ bornOn: null }).earliest()).name).to.equal('Jane')
      expect((await Book.objects.latest('author', '-pages')).title).to.equal('Silas Marner')
      expect((await Book.objects.earliest('publishedAt')).title).to.equal('Emma')
      await stage.sends(0, async () => {
        expect((await rejection(Book.objects.latest())).name).to.equal('FieldError')
      })
      expect(await rejection(Book.objects.filter({ id: 9 }).latest('id'))).to.be.instanceOf(
        Book.DoesNotExist,
      )
    })

    it('at(): the row at a position, undefined beyond the end', async () => {
      await stage.sends(2, async () => {
        expect((await Book.objects.at(1))?.title).to.equal('Middlemarch')
        expect(await Book.objects.at(4)).to.equal(undefined)
      })
      const error = await stage.sends(0, () => rejection(Book.objects.at(-1)))
      expect(error).to.be.instanceOf(RangeError)
    })

    it('inBulk(): a Map by key', async () => {
      const found = await stage.sends(1, () => Author.objects.inBulk([1, 3, 99]))
      expect([...found.keys()].sort()).to.deep.equal([1, 3])
      expect(found.get(3)?.name).to.equal('Charlotte')
      expect((await Author.objects.inBulk()).size).to.equal(3)
      expect((await stage.sends(0, () => Author.objects.inBulk([]))).size).to.equal(0)
      const byEmail = await Author.objects.inBulk(['jane@example.org'], { fieldName: 'email' })
      expect(byEmail.get('jane@example.org')?.id).to.equal(1)
      const error = await stage.sends(0, () =>
        rejection(Author.objects.inBulk(['x'], { fieldName: 'name' })),
      )
      expect(error.name).to.equal('FieldError')
    })
  })

  describe('aggregate()', () => {
    it('computes over all rows', async () => {
      const answer = await stage.sends(1, () =>
        Book.objects.aggregate({
          n: Count('*'),
          known: Count('status'),
          kinds: Count('status', { distinct: true }),
          sum: Sum('pages'),
          least: Min('pages'),
          most: Max('publishedAt'),
          mean: Avg('pages'),
        }),
      )
      expect(answer).to.deep.equal({
        n: 4,
        known: 3,
        kinds: 2,
        sum: 1843,
        least: 240,
        most: new Date('1871-12-01T09:30:00.125Z'),
        mean: 460.75,
      })
    })

    it('of filtered, sliced and empty querysets', async () => {
      expect(await Book.objects.live().aggregate({ n: Sum('pages') })).to.deep.equal({ n: 1354 })
      expect(
        await Book.objects
          .orderBy('id')
          .slice(0, 2)
          .aggregate({ n: Sum('pages') }),
      ).to.deep.equal({ n: 723 })
      expect(
        await Book.objects.filter({ id: 9 }).aggregate({ n: Sum('pages'), c: Count('*') }),
      ).to.deep.equal({
        n: null,
        c: 0,
      })
      expect(
        await Book.objects.filter({ id: 9 }).aggregate({ n: Sum('pages', { default: 0 }) }),
      ).to.deep.equal({ n: 0 })
    })
  })

  describe('iterator() and explain()', () => {
    it('iterator() gives all rows, in chunks, and can be left early', async () => {
      const seen: string[] = []
      await stage.sends(streamed(stage, 2), async () => {
        for await (const { title } of Book.objects.orderBy('id').iterator({ chunkSize: 3 }))
          seen.push(title)
      })
      expect(seen).to.deep.equal(all)
      for await (const book of Book.objects.iterator()) {
        expect(book).to.be.instanceOf(Book)
        break
      }
      expect(await Book.objects.count()).to.equal(4)
      for (const chunkSize of [0, -1, 1.5]) {
        const iterate = async () => {
          for await (const _ of Book.objects.iterator({ chunkSize })) expect.fail()
        }
        expect(await stage.sends(0, () => rejection(iterate()))).to.be.instanceOf(RangeError)
      }
    })

    it('explain() is the plan of the query, which it does not run', async () => {
      const [sql] = await stage.sqlOf(async () => {
        expect(await Book.objects.filter({ id: 1 }).explain()).to.match(/books/i)
      })
      expect(sql).to.match(/^explain/i)
      if (kind.dialect === 'postgresql') {
        expect(await Book.objects.explain({ analyze: true })).to.match(/actual time/)
      } else {
        expect((await rejection(Book.objects.explain({ analyze: true }))).name).to.equal(
          'NotSupportedError',
        )
      }
    })
  })

  describe('relations', () => {
    it('a relation is loaded when it is awaited, once', async () => {
      const book = await Book.objects.get({ id: 3 })
      const [author, same] = await stage.sends(1, async () => [
        await book.author,
        await book.author,
      ])
      expect(author?.name).to.equal('Mary Ann')
      expect(same).to.equal(author)
      await stage.sends(0, () => [book.author])
      const jane = await Author.objects.get({ id: 1 })
      expect(await stage.sends(0, () => jane.mentor)).to.equal(null)
    })

    it('selectRelated() loads them in the same query', async () => {
      await stage.sends(1, async () => {
        const books = await Book.objects.orderBy('id').selectRelated('author__mentor')
        expect(books.map(({ author }) => author.name)).to.deep.equal([
          'Jane',
          'Jane',
          'Mary Ann',
          'Mary Ann',
        ])
        expect(books.map(({ author }) => author.mentor?.name ?? null)).to.deep.equal([
          null,
          null,
          'Jane',
          'Jane',
        ])
      })
    })
  })

  it('toSQL() and toKnex() send nothing, and say what would be sent', async () => {
    await stage.sends(0, () => {
      const { sql, bindings } = Book.objects.filter({ title: 'Emma' }).toSQL()
      expect(sql).to.match(/^select .* from "books" where .*"title" = (\?|\$1)/)
      expect(bindings).to.deep.equal(['Emma'])
      expect(Book.objects.toKnex().toSQL().sql).to.contain('books')
    })
    const rows = await stage.sends(1, () => Author.objects.filter({ id: 1 }).toKnex())
    expect(rows).to.have.lengthOf(1)
  })

  it('a queryset returned from an async function is evaluated', async () => {
    const rows = await stage.sends(1, async () => await (async () => names())())
    expect(rows).to.deep.equal(['Jane', 'Mary Ann', 'Charlotte'])
  })
})
