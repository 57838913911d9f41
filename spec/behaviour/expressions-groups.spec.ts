/** Bound values and queries inside groups, orders and distinct rows: answers as Django has them. */
import { expect } from 'chai'
import {
  AsyncManager,
  Avg,
  Case,
  Coalesce,
  Concat,
  Count,
  Exists,
  ExtractMonth,
  F,
  fields,
  Max,
  Model,
  OuterRef,
  Q,
  Subquery,
  Substr,
  Sum,
  Value,
  When,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Chapter, named, Tag, useBookshop } from './support/bookshop.ts'
import { useSchema } from './support/schema.ts'

describeOnEach('expressions of bound values', (kind) => {
  const shop = useBookshop(kind)

  it('are the same in a group, in what is asked of it and in its order: one statement', async () => {
    const initial = Substr('author__name', 1, 1)
    const groups = Book.objects.values({ initial }).annotate({ sum: Sum('pages') })
    const asked = groups.filter({ sum__gt: Case(When({ initial: 'A' }, 50), { default: 30 }) })
    expect(await shop.sends(1, () => asked.orderBy(initial.desc()))).to.deep.equal([
      { initial: 'B', sum: 40 },
      { initial: 'A', sum: 60 },
    ])
    const books = Book.objects.annotate({ n: Count('tags') }).orderBy(Substr('author__name', 2, 1))
    const least = Case(When({ author__name: 'Ann' }, 2), { default: 'author__id' })
    expect(named(await shop.sends(1, () => books.filter({ n__gte: least })))).to.deep.equal(['B'])
  })

  it('are the same in distinct rows and in their order', async () => {
    const named = Author.objects.annotate({ shown: Concat('name', Value('!')), one: Value(1) })
    const shown = named.distinct().orderBy('-shown', 'one').values('shown')
    expect(await shown).to.deep.equal([{ shown: 'Cyd!' }, { shown: 'Bob!' }, { shown: 'Ann!' }])
  })

  it('have a type of their own beside other values', async () => {
    const rows = Book.objects.annotate({ two: Value(2), day: Value(new Date(0)) }).orderBy('id')
    expect(await rows.filter({ two__gt: 10 }).count()).to.equal(0)
    expect(await rows.filter({ two__in: [2, 10] }).count()).to.equal(4)
    expect(await rows.filter({ two__range: [1, 10] }).count()).to.equal(4)
    expect(named(await rows.exclude({ pages__gt: 10, day__isnull: false }))).to.deep.equal(['A'])
    const counts = rows.values('author').annotate({
      few: Count('id', { filter: Q({ two__gt: 10, author: 1 }) }),
    })
    expect(await counts.orderBy('author')).to.deep.equal([
      { author: 1, few: 0 },
      { author: 2, few: 0 },
    ])
  })

  it('is what rows are grouped by where it is a query', async () => {
    const pages = Book.objects
      .filter({ author: OuterRef('author') })
      .orderBy('pages')
      .values('pages')
    const books = Book.objects.annotate({ least: Subquery(pages.slice(0, 1)) })
    const groups = books.values('least').annotate({ n: Count('id') })
    expect(await shop.sends(1, () => groups.orderBy('least'))).to.deep.equal([
      { least: 10, n: 3 },
      { least: 40, n: 1 },
    ])
    expect(await groups.count()).to.equal(2)
  })

  it('are the same in a query of groups inside another statement', async () => {
    const next = F('books__id').add(1)
    const tags = Tag.objects
      .annotate({ most: Max('books__author__id') })
      .filter({ most__gte: next })
    // 'old' has the books 1 and 2 of author 1, 'new' 2 and 4 of 1 and 2: no book comes before its author.
    expect(await shop.sends(1, () => tags.update({ name: 'none' }))).to.equal(0)
    const least = Tag.objects
      .annotate({ most: Max('books__author__id') })
      .filter({ most__lt: next })
    expect(await shop.sends(1, () => least.update({ name: 'some' }))).to.equal(2)
    const owners = Author.objects.values({ next: F('id').add(1) }).annotate({ n: Count('books') })
    const counts = owners.filter({ n__gt: F('next') }).values('n')
    const many = Book.objects.filter({ id__in: counts })
    expect(named(await shop.sends(1, () => many))).to.deep.equal(['C'])
    const few = owners.filter({ n__lt: F('next').sub(1) }).values('next')
    const later = Chapter.objects.filter({ id__in: few })
    expect(await shop.sends(1, () => later.delete())).to.deep.equal([2, { Chapter: 2 }])
  })

  it('may order distinct rows by what is not asked for, inside another query too', async () => {
    const names = Book.objects.distinct().orderBy('-pages')
    const most = names.values('author').slice(0, 2)
    expect(
      named(await shop.sends(1, () => Author.objects.filter({ id__in: most }))),
    ).to.have.members(['Ann', 'Bob'])
    const last = Subquery(
      names
        .filter({ author: OuterRef('id') })
        .values('title')
        .slice(0, 1),
    )
    const rows = Author.objects.annotate({ last }).orderBy('id').valuesList('last', { flat: true })
    expect(await shop.sends(1, () => rows)).to.deep.equal(['C', 'D', null])
    const both = most.union(Author.objects.filter({ id: 3 }).values('id') as never)
    expect(await both).to.have.lengthOf(3)
    expect(
      await Chapter.objects.filter({ book__in: names.values('id').slice(1, 4) }).delete(),
    ).to.deep.equal([2, { Chapter: 2 }])
  })

  it('may be a query without rows, in an order too', async () => {
    const none = Tag.objects.filter({ id__in: [] }).values('id')
    const rows = Author.objects.annotate({ none: Subquery(none.slice(0, 1)) })
    expect(named(await rows.orderBy('-none', '-id'))).to.deep.equal(['Cyd', 'Bob', 'Ann'])
    const groups = rows.values('none').annotate({ n: Count('id') })
    expect(await groups.orderBy('n')).to.deep.equal([{ none: null, n: 3 }])
  })

  it('may ask whether a query has rows that never has any', async () => {
    const never = Exists(Tag.objects.filter({ id__in: [] }))
    const books = Book.objects.annotate({ long: Q({ pages__gt: 20 }) }).orderBy('id')
    expect(named(await books.filter({ long: never }))).to.deep.equal(['A', 'B'])
    expect(named(await books.exclude({ long: never }))).to.deep.equal(['C', 'D'])
  })

  it('update() is not kept from rows that are distinct', async () => {
    expect(await Author.objects.distinct().filter({ id: 1 }).update({ name: 'Eve' })).to.equal(1)
    expect(await Tag.objects.filter({ name: 'unused' }).distinct().delete()).to.deep.equal([
      1,
      { Tag: 1 },
    ])
  })
})

class Price extends Model('prices', {
  net: fields.decimal({ maxDigits: 8, decimalPlaces: 2, null: true }),
  day: fields.date(),
}) {
  static objects = new AsyncManager(Price)
}

describeOnEach('arithmetic', (kind) => {
  useSchema(kind, [Price], async (knex) => {
    await knex.schema.createTable('prices', (table) => {
      table.increments()
      if (kind.dialect === 'sqlite') table.text('net')
      else table.decimal('net', 8, 2)
      table.date('day').notNullable()
    })
  })

  it('has the digits of its result, not those of a column', async () => {
    await Price.objects.create({ net: '2.25', day: '2024-05-01' })
    const square = F('net').mul(F('net').sub(Value(6)))
    const [row] = await Price.objects.values({ square })
    expect(Number(row?.square)).to.equal(-8.4375)
    await Price.objects.update({ net: square })
    expect(await Price.objects.valuesList('net', { flat: true })).to.deep.equal(['-8.44'])
  })

  it('has the type of its stronger side', async () => {
    await Price.objects.bulkCreate([
      { net: '2.25', day: '2024-05-01' },
      { net: null, day: '2024-05-01' },
    ])
    const first = Price.objects.orderBy('id').slice(0, 1)
    const sides = [F('id').mul(F('net')), F('net').sub(1), F('net').mul(1.19), Coalesce('net', 0.5)]
    for (const side of sides) {
      const [row] = await first.values({ side })
      expect(row?.side).to.be.a('string')
    }
    const [taxed] = await first.values({ taxed: F('net').mul(1.19).add(0.1) })
    expect(taxed?.taxed).to.equal('2.7775')
    await Price.objects.filter({ net__isnull: false }).update({ net: F('net').mul(1.19) })
    expect(await first.valuesList('net', { flat: true })).to.deep.equal(['2.68'])
    await Price.objects.filter({ net__isnull: false }).update({ net: '2.25' })
    const { sum, mean } = await Price.objects.aggregate({
      sum: Sum(F('day__year').mul(F('net'))),
      mean: Avg(F('day__year').mul(F('net'))),
    })
    expect([sum, mean].map(Number)).to.deep.equal([4554, 4554])
    expect(typeof sum).to.equal('string')
    expect(typeof mean).to.equal('string')
    expect(
      await first.values({ power: F('net').pow(2), null: F('id').add(F('net')) }),
    ).to.have.nested.property('[0].power', 5.0625)
  })

  it('of parts of dates is that of whole numbers', async () => {
    await Price.objects.create({ net: null, day: '2024-05-01' })
    const month = ExtractMonth('day')
    expect(
      await Price.objects.values({ half: month.div(2), rest: F('day__month').mod(2) }),
    ).to.deep.equal([{ half: 2, rest: 1 }])
  })
})
