import { expect } from 'chai'
import { Count, F, FieldError, FilteredRelation, Max, Q, Sum } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, useBookshop } from './support/bookshop.ts'
import { thrown } from './support/stage.ts'

const long = FilteredRelation('books', { condition: Q({ books__pages__gt: 15 }) })
const short = FilteredRelation('books', { condition: Q({ books__pages__lt: 15 }) })

describeOnEach('filtered relations', (kind) => {
  const shop = useBookshop(kind)
  const authors = Author.objects.annotate({ long }).orderBy('id', 'long__id')

  it('leave out no rows, and join none until they are asked for', async () => {
    expect(await Author.objects.annotate({ long }).count()).to.equal(3)
    expect(await shop.sends(1, () => authors.values('name', 'long__title', 'long'))).to.deep.equal([
      { name: 'Ann', long__title: 'B', long: 2 },
      { name: 'Ann', long__title: 'C', long: 3 },
      { name: 'Bob', long__title: 'D', long: 4 },
      { name: 'Cyd', long__title: null, long: null },
    ])
  })

  it('are filtered, excluded and ordered by; the rows stay what they are', async () => {
    const found = await shop.sends(1, () =>
      authors.filter({ long__pages__lt: 45 }).orderBy('-long__pages'),
    )
    expect(named(found)).to.deep.equal(['Bob', 'Ann', 'Ann'])
    expect(Object.keys(found[0] as object)).to.not.include('long')
    const every = Author.objects.annotate({ long }).orderBy('id')
    expect(named(await every.filter({ long__isnull: true }))).to.deep.equal(['Cyd'])
    expect(named(await every.exclude({ long__isnull: true }))).to.deep.equal(['Ann', 'Bob'])
    expect(named(await every.exclude({ long__title: 'C' }))).to.deep.equal(['Bob', 'Cyd'])
    // A is Ann's, but no long one.
    expect(named(await every.exclude({ long__title: 'A' }))).to.deep.equal(['Ann', 'Bob', 'Cyd'])
    const d = await Book.objects.get({ title: 'D' })
    expect(named(await every.filter({ long: d }))).to.deep.equal(['Bob'])
    expect(named(await every.alias({ t: F('long__title') }).filter({ t: 'C' }))).to.deep.equal([
      'Ann',
    ])
  })

  it('are counted beside other relations, which do not multiply them', async () => {
    const counted = Author.objects
      .alias({ long, short })
      .annotate({
        longs: Count('long'),
        shorts: Count('short'),
        last: Max('long__title'),
        pages: Sum('books__pages'),
        pupils: Count('students'),
      })
      .orderBy('id')
      .values('name', 'longs', 'shorts', 'last', 'pages', 'pupils')
    expect(await shop.sends(1, () => counted)).to.deep.equal([
      { name: 'Ann', longs: 2, shorts: 1, last: 'C', pages: 60, pupils: 1 },
      { name: 'Bob', longs: 1, shorts: 0, last: 'D', pages: 40, pupils: 0 },
      { name: 'Cyd', longs: 0, shorts: 0, last: null, pages: null, pupils: 0 },
    ])
    const all = Author.objects.alias({ long, short })
    expect(
      await all.aggregate({ n: Count('long'), s: Count('short'), p: Sum('long__pages') }),
    ).to.deep.equal({ n: 3, s: 1, p: 90 })
  })

  it('follow paths, lead to one row too, and begin where another ends', async () => {
    const pupils = FilteredRelation('students__books', {
      condition: Q({ students__books__pages: 40, students__name: 'Bob', name: 'Ann' }),
    })
    const lines = Author.objects.alias({ pupils }).orderBy('id')
    expect(await lines.valuesList('name', 'pupils__title')).to.deep.equal([
      ['Ann', 'D'],
      ['Bob', null],
      ['Cyd', null],
    ])
    const ann = FilteredRelation('author', { condition: Q({ author__name: 'Ann' }) })
    const bob = FilteredRelation('ann__students', {
      condition: Q.not({ ann__students__name: 'Cyd' }),
    })
    const both = Book.objects.annotate({ ann }).annotate({ bob }).orderBy('id')
    expect(await both.valuesList('title', 'ann__name', 'bob__name')).to.deep.equal([
      ['A', 'Ann', 'Bob'],
      ['B', 'Ann', 'Bob'],
      ['C', 'Ann', 'Bob'],
      ['D', null, null],
    ])
    const tagged = FilteredRelation('tags', { condition: Q({ tags__name: 'old' }) })
    const counted = Book.objects
      .annotate({ tagged })
      .annotate({ n: Count('tagged') })
      .orderBy('id')
    expect((await counted).map(({ n }) => n)).to.deep.equal([1, 1, 0, 0])
  })

  it('are of their own queryset only, whatever others call theirs', async () => {
    const titles = async (pages: number): Promise<unknown> => {
      const own = FilteredRelation('books', { condition: Q({ books__pages__gt: pages }) })
      return await Author.objects
        .alias({ own })
        .filter({ own__isnull: false })
        .orderBy('own__id')
        .valuesList('own__title', { flat: true })
    }
    expect(await titles(15)).to.deep.equal(['B', 'C', 'D'])
    expect(await titles(35)).to.deep.equal(['D'])
    expect(await titles(15)).to.deep.equal(['B', 'C', 'D'])
    await shop.sends(0, () => {
      const unknown = { own__isnull: false } as object
      expect(thrown(() => Author.objects.filter(unknown))).to.be.instanceOf(FieldError)
      expect(thrown(() => Author.objects.orderBy('own__id' as never))).to.be.instanceOf(FieldError)
    })
  })

  it('are loaded with the row', async () => {
    const loaded = await shop.sends(1, () => authors.selectRelated('long__author'))
    expect(loaded.map((author) => author.long?.title ?? null)).to.deep.equal(['B', 'C', 'D', null])
    expect(loaded[0]?.long?.author.name).to.equal('Ann')
    expect(loaded[0]?.long).to.be.instanceOf(Book)
    await shop.sends(0, () => {
      expect(thrown(() => authors.prefetchRelated('long' as never))).to.be.instanceOf(FieldError)
    })
  })

  it('can be started, updated and deleted by', async () => {
    const named = Author.objects.annotate({ long }).filter({ long__title: 'D' })
    await shop.sends(1, async () => {
      expect(await named.startFetch().count()).to.equal(1)
    })
    expect(await named.update({ name: 'Rob' })).to.equal(1)
    expect(await Author.objects.filter({ name: 'Rob' }).count()).to.equal(1)
    const idle = Author.objects.annotate({ long }).filter({ long: null, contributions: null })
    expect(await idle.delete()).to.deep.equal([0, {}])
  })
})
