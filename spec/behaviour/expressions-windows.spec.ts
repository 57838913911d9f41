import { expect } from 'chai'
import {
  Count,
  CumeDist,
  DenseRank,
  F,
  FieldError,
  FirstValue,
  Lag,
  LastValue,
  Lead,
  Length,
  Max,
  NthValue,
  Ntile,
  PercentRank,
  Q,
  Rank,
  RowNumber,
  RowRange,
  Sum,
  ValueRange,
  Window,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, useBookshop } from './support/bookshop.ts'

describeOnEach('Window()', (kind) => {
  const shop = useBookshop(kind)
  const rank = Window(Rank(), { partitionBy: ['author'], orderBy: ['-pages'] })

  it('ranks rows without grouping them: one statement', async () => {
    const books = Book.objects
      .annotate({
        rank,
        number: Window(RowNumber(), { orderBy: ['id'] }),
        dense: Window(DenseRank(), { orderBy: ['author'] }),
        percent: Window(PercentRank(), { orderBy: ['id'] }),
        dist: Window(CumeDist(), { orderBy: ['id'] }),
        half: Window(Ntile(2), { orderBy: ['id'] }),
      })
      .orderBy('id')
    const rows = await shop.sends(1, () =>
      books.valuesList('rank', 'number', 'dense', 'percent', 'dist', 'half'),
    )
    expect(rows).to.deep.equal([
      [3, 1, 1, 0, 0.25, 1],
      [2, 2, 1, 1 / 3, 0.5, 1],
      [1, 3, 1, 2 / 3, 0.75, 2],
      [1, 4, 2, 1, 1, 2],
    ])
  })

  it('reads rows near by', async () => {
    const orderBy = ['id'] as const
    const whole = RowRange(null, null)
    const books = Book.objects
      .annotate({
        before: Window(Lag('title'), { orderBy }),
        after: Window(Lead('pages', { offset: 2, default: 0 }), { orderBy }),
        first: Window(FirstValue('title'), { orderBy }),
        last: Window(LastValue('title'), { orderBy, frame: whole }),
        second: Window(NthValue('title', 2), { orderBy, frame: whole }),
      })
      .orderBy('id')
    expect(await books.valuesList('before', 'after', 'first', 'last', 'second')).to.deep.equal([
      [null, 30, 'A', 'D', 'B'],
      ['A', 40, 'A', 'D', 'B'],
      ['B', 0, 'A', 'D', 'B'],
      ['C', 0, 'A', 'D', 'B'],
    ])
  })

  it('sums over frames', async () => {
    const books = Book.objects
      .annotate({
        all: Window(Sum('pages')),
        upTo: Window(Sum('pages'), { orderBy: [F('pages').asc()] }),
        near: Window(Sum('pages'), { orderBy: ['pages'], frame: RowRange(-1, 0) }),
        range: Window(Sum('pages'), { orderBy: ['pages'], frame: ValueRange(null, 0) }),
      })
      .orderBy('id')
    expect(await books.valuesList('all', 'upTo', 'near', 'range')).to.deep.equal([
      [100, 10, 10, 10],
      [100, 30, 30, 30],
      [100, 60, 50, 60],
      [100, 100, 70, 100],
    ])
  })

  it('is filtered around the query: one statement', async () => {
    const best = Book.objects.annotate({ rank }).filter({ rank: 1 }).orderBy('title')
    const rows = await shop.sends(1, () => best)
    expect(named(rows)).to.deep.equal(['C', 'D'])
    expect(rows[0]).to.be.instanceOf(Book)
    expect(rows[0]?.rank).to.equal(1)
    expect(await shop.sends(1, () => best.all().count())).to.equal(2)
    expect(await shop.sends(1, () => best.filter({ pages__gt: 30 }).exists())).to.equal(true)
    expect(await best.slice(1).valuesList('title', { flat: true })).to.deep.equal(['D'])
    expect(await best.aggregate({ pages: Sum('pages') })).to.deep.equal({ pages: 70 })
    expect(named(await Book.objects.filter({ id__in: best }).orderBy('id'))).to.deep.equal([
      'C',
      'D',
    ])
  })

  it('sees the rows that other conditions leave, whatever their order', async () => {
    const short = Book.objects.annotate({ rank }).filter({ rank: 1 }).filter({ pages__lt: 30 })
    expect(named(await short)).to.deep.equal(['B'])
    const either = Book.objects.annotate({ rank }).exclude({ rank__gt: 1 }).orderBy('id')
    expect(named(await either)).to.deep.equal(['C', 'D'])
  })

  it('loads related rows beside', async () => {
    const best = Book.objects.selectRelated('author').annotate({ rank }).filter({ rank: 1 })
    const rows = await shop.sends(1, () => best.orderBy('author__name'))
    expect(rows.map(({ author }) => author.name)).to.deep.equal(['Ann', 'Bob'])
  })

  it('runs over groups', async () => {
    const groups = Book.objects
      .values('author')
      .annotate({ sum: Sum('pages') })
      .annotate({ place: Window(Rank(), { orderBy: ['-sum'] }) })
    expect(await groups.orderBy('place')).to.deep.equal([
      { author: 1, sum: 60, place: 1 },
      { author: 2, sum: 40, place: 2 },
    ])
    expect(await groups.filter({ place: 2 })).to.deep.equal([{ author: 2, sum: 40, place: 2 }])
  })

  it('stands beside aggregates of groups: one statement', async () => {
    const authors = Author.objects.annotate({
      books: Count('books'),
      place: Window(RowNumber(), { orderBy: ['name'] }),
      before: Window(Lag('mentor__name'), { orderBy: ['id'] }),
      people: Window(Count('id'), { orderBy: ['id'] }),
    })
    const ordered = authors.orderBy('id')
    const rows = await shop.sends(1, () => ordered.values('books', 'place', 'before', 'people'))
    expect(rows).to.deep.equal([
      { books: 3, place: 1, before: null, people: 1 },
      { books: 1, place: 2, before: null, people: 2 },
      { books: 0, place: 3, before: 'Ann', people: 3 },
    ])
    expect(named(await authors.filter({ books__gt: 0, people__gt: 1 }))).to.deep.equal(['Bob'])
    const byName = authors.filter({ people__lt: Length('mentor__name') })
    expect(named(await byName)).to.deep.equal(['Bob'])
  })

  it('is aggregated around the query: one statement', async () => {
    const ranked = Book.objects.annotate({ rank })
    const sums = { best: Count('id', { filter: Q({ rank: 1 }) }), last: Max('rank') }
    expect(await shop.sends(1, () => ranked.aggregate(sums))).to.deep.equal({ best: 2, last: 3 })
  })

  it('says which rows are updated and deleted', async () => {
    const best = Book.objects.annotate({ rank }).filter({ rank: 1 })
    expect(await shop.sends(1, () => best.update({ pages: 1 }))).to.equal(2)
    expect(await Book.objects.orderBy('id').valuesList('pages', { flat: true })).to.deep.equal([
      10, 20, 1, 1,
    ])
    expect(
      (await Book.objects.annotate({ rank }).filter({ rank__gt: 2 }).delete())[1]['Book'],
    ).to.equal(1)
  })

  it('is ordered by as it is', async () => {
    expect(named(await Book.objects.orderBy(rank, '-title'))).to.deep.equal(['D', 'C', 'B', 'A'])
  })

  it('takes aggregates and functions of windows, which belong nowhere else', () => {
    expect(() => Book.objects.annotate({ x: Window(F('pages')) })).to.throw(FieldError, 'Window()')
    expect(() => Book.objects.annotate({ x: Rank() })).to.throw(FieldError, 'Window()')
    expect(() => Window(Rank(), { order: ['id'] } as never)).to.throw(FieldError, 'orderBy')
    expect(() => RowRange(1, 0)).to.throw(FieldError)
    expect(() => RowRange(0.5)).to.throw(FieldError)
    expect(() => Ntile(0)).to.throw(FieldError)
  })
})
