import { expect } from 'chai'
import {
  Case,
  Count,
  Exists,
  F,
  FieldError,
  Max,
  OuterRef,
  Q,
  Subquery,
  Sum,
  Value,
  When,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, Tag, useBookshop } from './support/bookshop.ts'

const titles = async (books: PromiseLike<readonly Book[]>): Promise<string[]> => named(await books)

describeOnEach('Case()', (kind) => {
  const shop = useBookshop(kind)
  const size = Case(
    When({ pages__lt: 15 }, Value('short')),
    When(Q({ pages__gte: 30 }), Value('long')),
    {
      default: Value('middling'),
    },
  )

  it('is a value of rows: one statement', async () => {
    const books = Book.objects.annotate({ size }).orderBy('id')
    expect(await shop.sends(1, () => books.valuesList('size', { flat: true }))).to.deep.equal([
      'short',
      'middling',
      'long',
      'long',
    ])
  })

  it('is NULL without a default', async () => {
    const books = Book.objects.annotate({ x: Case(When({ title: 'A' }, F('pages').mul(2))) })
    expect(await books.orderBy('id').valuesList('x', { flat: true })).to.deep.equal([
      20,
      null,
      null,
      null,
    ])
  })

  it('is filtered and ordered by, by its name or as it is', async () => {
    expect(await titles(Book.objects.annotate({ size }).filter({ size: 'long' }))).to.have.members([
      'C',
      'D',
    ])
    expect(await titles(Book.objects.orderBy(size, '-title'))).to.deep.equal(['D', 'C', 'B', 'A'])
  })

  it('asks related rows without taking rows away', async () => {
    const books = Book.objects.annotate({
      by: Case(When({ editor__name: 'Bob' }, Value('bob')), { default: Value('other') }),
    })
    expect(await books.orderBy('id').valuesList('by', { flat: true })).to.deep.equal([
      'bob',
      'other',
      'other',
      'other',
    ])
  })

  it('is written by update(): one statement', async () => {
    const pages = Case(When({ title__in: ['A', 'B'] }, F('pages').add(1)), { default: 0 })
    expect(await shop.sends(1, () => Book.objects.update({ pages }))).to.equal(4)
    expect(await Book.objects.orderBy('id').valuesList('pages', { flat: true })).to.deep.equal([
      11, 21, 0, 0,
    ])
  })

  it('is summed', async () => {
    expect(
      await Book.objects.aggregate({ long: Sum(Case(When({ pages__gt: 20 }, 1), { default: 0 })) }),
    ).to.deep.equal({ long: 2 })
  })

  it('takes branches of one type, and at least one', () => {
    const mixed = Case(When({ pages: 1 }, Value('x')), { default: 3 })
    expect(() => Book.objects.annotate({ mixed })).to.throw(FieldError, 'Case()')
    expect(() => Case()).to.throw(FieldError)
    expect(() => Case({ default: 3 })).to.throw(FieldError)
    expect(() => Book.objects.annotate({ x: Case(When({ pgaes: 1 } as object, 1)) })).to.throw(
      FieldError,
    )
  })
})

describeOnEach('Exists() and Subquery()', (kind) => {
  const shop = useBookshop(kind)
  const own = Book.objects.filter({ author: OuterRef('pk') })

  it('are conditions by themselves: one statement', async () => {
    expect(
      named(
        await shop.sends(1, () => Author.objects.filter(Exists(own.filter({ pages__gt: 30 })))),
      ),
    ).to.deep.equal(['Bob'])
    expect(named(await Author.objects.filter(Q.not(Exists(own))))).to.deep.equal(['Cyd'])
    expect(named(await Author.objects.exclude(Exists(own)))).to.deep.equal(['Cyd'])
    expect(
      named(
        await Author.objects
          .filter(Q.or(Exists(own.filter({ pages: 40 })), { name: 'Cyd' }))
          .orderBy('id'),
      ),
    ).to.deep.equal(['Bob', 'Cyd'])
  })

  it('are true or false as annotations', async () => {
    const authors = Author.objects.annotate({ wrote: Exists(own) }).orderBy('id')
    expect(await authors.valuesList('wrote', { flat: true })).to.deep.equal([true, true, false])
    expect(named(await authors.filter({ wrote: false }))).to.deep.equal(['Cyd'])
    const never = Author.objects.annotate({ wrote: Exists(own.filter({ id__in: [] })) })
    expect((await never.get({ id: 1 })).wrote).to.equal(false)
  })

  it('give the one column of the one row, or NULL', async () => {
    const longest = own.orderBy('-pages').values('title').slice(0, 1)
    const authors = Author.objects.annotate({ longest: Subquery(longest) })
    expect(
      await shop.sends(1, () => authors.orderBy('id').values('name', 'longest')),
    ).to.deep.equal([
      { name: 'Ann', longest: 'C' },
      { name: 'Bob', longest: 'D' },
      { name: 'Cyd', longest: null },
    ])
    expect(named(await authors.filter({ longest__gt: 'C' }))).to.deep.equal(['Bob'])
    expect(named(await authors.orderBy(F('longest').desc({ nulls: 'last' })))).to.deep.equal([
      'Bob',
      'Ann',
      'Cyd',
    ])
  })

  it('aggregate inside', async () => {
    const counts = own
      .values('author')
      .annotate({ n: Count('id') })
      .values('n')
    expect(
      await Author.objects
        .annotate({ n: Subquery(counts) })
        .orderBy('id')
        .values('n'),
    ).to.deep.equal([{ n: 3 }, { n: 1 }, { n: null }])
  })

  it('stand in lookups, with references to the row around them', async () => {
    const same = Author.objects
      .filter({ books: OuterRef('pk') })
      .values('name')
      .slice(0, 1)
    expect(await titles(Book.objects.filter({ title__gt: Subquery(same) }))).to.have.members([
      'B',
      'C',
      'D',
    ])
    const longest = Book.objects.filter({ author: OuterRef('author') }).orderBy('-pages')
    expect(
      await titles(
        Book.objects.filter({ pages: longest.values('pages').slice(0, 1) }).orderBy('id'),
      ),
    ).to.deep.equal(['C', 'D'])
  })

  it('are nested, each level by its own OuterRef()', async () => {
    const tagged = Tag.objects.filter({
      books: OuterRef('pk'),
      books__author: OuterRef(OuterRef('pk')),
      name: 'old',
    })
    const authors = Author.objects.filter(Exists(own.filter(Exists(tagged))))
    expect(named(await shop.sends(1, () => authors))).to.deep.equal(['Ann'])
  })

  it('refer to annotations and to related rows around them', async () => {
    const authors = Author.objects.annotate({ most: Max('books__pages') }).annotate({
      title: Subquery(
        own
          .filter({ pages: OuterRef('most') })
          .values('title')
          .slice(0, 1),
      ),
    })
    expect(await authors.orderBy('id').valuesList('title', { flat: true })).to.deep.equal([
      'C',
      'D',
      null,
    ])
    const mentors = Author.objects.filter({ name: OuterRef('author__mentor__name') })
    expect(await titles(Book.objects.filter(Exists(mentors)))).to.deep.equal(['D'])
  })

  it('are written by update() and counted by count()', async () => {
    const name = Subquery(
      Author.objects
        .filter({ id: OuterRef('author') })
        .values('name')
        .slice(0, 1),
    )
    expect(await shop.sends(1, () => Book.objects.update({ title: name }))).to.equal(4)
    expect(await Book.objects.filter({ title: 'Ann' }).count()).to.equal(3)
    expect(await Author.objects.filter(Exists(own)).count()).to.equal(2)
    expect(await Author.objects.filter(Q.not(Exists(own))).delete()).to.be.an('array')
    expect(await Author.objects.count()).to.equal(2)
  })

  it('start in the background', async () => {
    const authors = Author.objects.filter(Exists(own)).orderBy('id').startFetch()
    expect(named(await authors)).to.deep.equal(['Ann', 'Bob'])
  })

  it('are refused where a name is unknown around them, or nothing is', async () => {
    const wrong = Book.objects.filter({ author: OuterRef('nmae' as string) })
    expect(() => Author.objects.filter(Exists(wrong))).to.throw(FieldError, "'nmae'")
    let caught: unknown
    try {
      await own
    } catch (error) {
      caught = error
    }
    expect(caught).to.be.instanceOf(FieldError)
    expect(() => Author.objects.filter(Exists(Author as never))).to.throw('queryset')
    expect(() => Author.objects.annotate({ x: Subquery(own.values('id', 'title')) })).to.throw(
      'one column',
    )
  })
})
