import { expect } from 'chai'
import {
  AnyValue,
  ArrayAgg,
  BoolAnd,
  BoolOr,
  Case,
  Cast,
  Count,
  F,
  FieldError,
  fields,
  JSONAgg,
  NotSupportedError,
  Q,
  StringAgg,
  Value,
  When,
  Window,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag, useBookshop } from './support/bookshop.ts'
import { OptionalSample, VALUES } from './support/samples.ts'
import { rejection, thrown, useStage } from './support/stage.ts'

describeOnEach('aggregates that put values in a row', (kind) => {
  const shop = useBookshop(kind)

  it('join texts by a delimiter that is a value, in an order', async () => {
    const titles = await shop.sends(1, () =>
      Book.objects.aggregate({
        all: StringAgg('title', ', ', { orderBy: ['-title'] }),
        long: StringAgg('title', "-') --", { filter: Q({ pages__gt: 25 }), orderBy: ['pages'] }),
        none: StringAgg('title', ', ', { filter: { pages: 0 } }),
        empty: StringAgg('title', ', ', { filter: { pages: 0 }, default: '' }),
        pages: StringAgg(Cast('pages', fields.text()), '+', { orderBy: [F('pages').asc()] }),
      }),
    )
    expect(titles).to.deep.equal({
      all: 'D, C, B, A',
      long: "C-') --D",
      none: null,
      empty: '',
      pages: '10+20+30+40',
    })
  })

  it('of groups, in filters and orders, beside other relations', async () => {
    const authors = Author.objects
      .annotate({
        titles: StringAgg('books__title', '', { orderBy: ['books__title'] }),
        pages: ArrayAgg('books__pages', {
          orderBy: ['-books__pages'],
          filter: { books__pages__gt: 0 },
        }),
        pupils: Count('students'),
      })
      .orderBy('id')
    expect(
      await shop.sends(1, () => authors.values('name', 'titles', 'pages', 'pupils')),
    ).to.deep.equal([
      { name: 'Ann', titles: 'ABC', pages: [30, 20, 10], pupils: 1 },
      { name: 'Bob', titles: 'D', pages: [40], pupils: 0 },
      { name: 'Cyd', titles: null, pages: null, pupils: 0 },
    ])
    expect(await authors.filter({ titles__startswith: 'AB' }).count()).to.equal(1)
    expect((await authors.filter({ pages__isnull: true })).map(({ name }) => name)).to.deep.equal([
      'Cyd',
    ])
    const groups = Book.objects
      .values('author__name')
      .annotate({ titles: ArrayAgg('title', { orderBy: ['title'] }) })
      .orderBy('author__name')
    expect(await groups).to.deep.equal([
      { author__name: 'Ann', titles: ['A', 'B', 'C'] },
      { author__name: 'Bob', titles: ['D'] },
    ])
  })

  it('each value once', async () => {
    const distinct = { distinct: true, orderBy: ['publisher'] } as const
    const nulls = shop.dialect === 'sqlite' ? [null, 'one', 'two'] : ['one', 'two', null]
    expect(await Book.objects.aggregate({ codes: ArrayAgg('publisher', distinct) })).to.deep.equal({
      codes: nulls,
    })
    expect(await Book.objects.aggregate({ codes: JSONAgg('publisher', distinct) })).to.deep.equal({
      codes: nulls,
    })
    const joined = Book.objects.aggregate({ codes: StringAgg('publisher', '; ', distinct) })
    if (shop.dialect === 'sqlite') {
      expect(await rejection(joined)).to.be.instanceOf(NotSupportedError)
    } else {
      expect(await joined).to.deep.equal({ codes: 'one; two' })
    }
  })

  it('NULL of nothing, unless there is a default', async () => {
    const none = { filter: { id: 0 } }
    const spec = {
      a: ArrayAgg('title', none),
      b: ArrayAgg('title', { ...none, default: ['x'] }),
      c: JSONAgg('title', none),
      d: JSONAgg('title', { ...none, default: [] }),
      e: BoolAnd(Cast('pages', fields.boolean()), none),
      f: AnyValue('title', { ...none, default: 'x' }),
    }
    const nothing = { a: null, b: ['x'], c: null, d: [], e: null, f: 'x' }
    expect(await Book.objects.aggregate(spec)).to.deep.equal(nothing)
    expect(await Book.objects.none().aggregate(spec)).to.deep.equal(nothing)
    expect(
      await Author.objects.filter({ id: 3 }).aggregate({ a: ArrayAgg('books__title') }),
    ).to.deep.equal({
      a: [null],
    })
  })

  it('JSON arrays have keys and lookups', async () => {
    const tags = Tag.objects
      .annotate({ titles: JSONAgg('books__title', { orderBy: ['books__title'] }) })
      .orderBy('id')
    expect(
      await tags.filter({ titles__0: 'A' }).valuesList('titles', { flat: true }),
    ).to.deep.equal([['A', 'B']])
    expect(
      await tags.filter({ titles__contains: ['D'] }).valuesList('name', { flat: true }),
    ).to.deep.equal(['new'])
  })

  it('any value, and what is true of all or some', async () => {
    const isLong = Case(When({ pages__gt: 15 }, Value(true)), { default: Value(false) })
    const groups = Book.objects
      .values('author__name')
      .annotate({ code: AnyValue('publisher'), all: BoolAnd(isLong), some: BoolOr(isLong) })
      .orderBy('author__name')
    expect(await shop.sends(1, () => groups)).to.deep.equal([
      { author__name: 'Ann', code: 'one', all: false, some: true },
      { author__name: 'Bob', code: 'two', all: true, some: true },
    ])
    expect((await groups.filter({ all: true })).length).to.equal(1)
  })

  it('as windows', async () => {
    const books = Book.objects
      .annotate({
        sofar: Window(ArrayAgg('title'), { partitionBy: ['author'], orderBy: ['pages'] }),
        titles: Window(StringAgg('title', '>'), { orderBy: ['pages'] }),
        first: Window(AnyValue('title'), { partitionBy: ['id'] }),
      })
      .orderBy('pages')
    expect(await books.valuesList('sofar', 'titles', 'first')).to.deep.equal([
      [['A'], 'A', 'A'],
      [['A', 'B'], 'A>B', 'B'],
      [['A', 'B', 'C'], 'A>B>C', 'C'],
      [['D'], 'A>B>C>D', 'D'],
    ])
    const ordered = ArrayAgg('title', { orderBy: ['title'] })
    expect(thrown(() => Book.objects.annotate({ x: Window(ordered) }))).to.be.instanceOf(FieldError)
  })
})

describeOnEach('values in a row, of every kind of column', (kind) => {
  useStage(kind)

  it('are what they are by themselves', async () => {
    for (const [name, values] of Object.entries(VALUES)) {
      await OptionalSample.objects.all().delete()
      for (const value of values) await OptionalSample.objects.create({ [name]: value } as object)
      await OptionalSample.objects.create({})
      const rows = await OptionalSample.objects
        .orderBy('id')
        .valuesList(name as 'text', { flat: true })
      const all = ArrayAgg(name as 'text', { orderBy: ['id'] })
      expect((await OptionalSample.objects.aggregate({ all })).all, name).to.deep.equal(rows)
      if (name !== 'json') {
        const once = ArrayAgg(name as 'text', { distinct: true, orderBy: [name as 'text'] })
        const found = await OptionalSample.objects.aggregate({ once })
        expect(found.once, `${name}, once`).to.have.lengthOf(rows.length)
      }
      const back = ArrayAgg(name as 'text', { filter: { id: 0n }, default: values as string[] })
      const known = await OptionalSample.objects.aggregate({ back })
      expect(known.back, `${name} by default`).to.deep.equal(rows.slice(0, -1))
    }
  })
})
