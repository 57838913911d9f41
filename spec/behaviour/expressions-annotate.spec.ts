import { expect } from 'chai'
import {
  AsyncManager,
  Avg,
  Case,
  Coalesce,
  Count,
  F,
  FieldError,
  fields,
  Max,
  Min,
  Model,
  Q,
  type RelatedManager,
  Sum,
  Upper,
  Value,
  When,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, Tag, useBookshop } from './support/bookshop.ts'
import { useSchema } from './support/schema.ts'

describeOnEach('annotate()', (kind) => {
  const shop = useBookshop(kind)

  describe('on instances', () => {
    it('adds own properties beside the columns: one statement', async () => {
      const authors = await shop.sends(1, () =>
        Author.objects.annotate({ n: Count('books') }).orderBy('id'),
      )
      expect(authors.map(({ name, n }) => [name, n])).to.deep.equal([
        ['Ann', 3],
        ['Bob', 1],
        ['Cyd', 0],
      ])
      expect(authors[0]).to.be.instanceOf(Author)
      expect(Object.keys({ ...authors[0] })).to.include('n')
    })

    it('can be saved again, without the annotation: one statement', async () => {
      const ann = await Author.objects.annotate({ n: Count('books') }).get({ id: 1 })
      ann.name = 'Anna'
      await shop.sends(1, () => ann.save())
      expect((await Author.objects.get({ id: 1 })).name).to.equal('Anna')
    })

    it('counts each relation by itself, also where its name is the relation’s', async () => {
      const [ann] = await shop.sends(1, () =>
        Author.objects
          .annotate({ books: Count('books'), chapters: Count('books__chapters') })
          .orderBy('id'),
      )
      expect([ann?.books, ann?.chapters]).to.deep.equal([3, 2])
    })

    it('names what comes later: filters, order, values and other annotations', async () => {
      const authors = Author.objects.annotate({ n: Count('books') })
      expect(named(await authors.filter({ n__gt: 1 }))).to.deep.equal(['Ann'])
      expect(named(await authors.exclude({ n: 0 }).orderBy('n'))).to.deep.equal(['Bob', 'Ann'])
      expect(named(await authors.orderBy('-n'))).to.deep.equal(['Ann', 'Bob', 'Cyd'])
      const twice = authors.annotate({ twice: F('n').mul(2) }).orderBy('id')
      expect(await twice.values('n', 'twice')).to.deep.equal([
        { n: 3, twice: 6 },
        { n: 1, twice: 2 },
        { n: 0, twice: 0 },
      ])
    })

    it('asks rows before and groups after they are grouped', async () => {
      const authors = Author.objects.annotate({ n: Count('books') })
      expect(named(await authors.filter({ n__gt: 0, name__gt: 'Ann' }))).to.deep.equal(['Bob'])
      expect(
        named(await authors.filter(Q.or({ n__gt: 2 }, { name: 'Cyd' })).orderBy('id')),
      ).to.deep.equal(['Ann', 'Cyd'])
    })

    it('joins related rows in the same query, and loads them with selectRelated()', async () => {
      const [book] = await shop.sends(1, () =>
        Book.objects
          .selectRelated('author')
          .annotate({ n: Count('tags') })
          .orderBy('-n', 'id'),
      )
      expect([book?.title, book?.author.name, book?.n]).to.deep.equal(['B', 'Ann', 2])
    })

    it('does not group by the order of the model', async () => {
      const sql = Book.objects.annotate({ n: Count('tags') }).toSQL().sql
      expect(sql).to.contain('group by').and.not.contain('order by')
    })
  })

  describe('of one relation after another', () => {
    it('filters before it narrow what is counted, as in Django', async () => {
      const long = Author.objects.filter({ books__pages__gt: 10 }).annotate({ n: Count('books') })
      expect(await long.orderBy('id').values('name', 'n')).to.deep.equal([
        { name: 'Ann', n: 2 },
        { name: 'Bob', n: 1 },
      ])
    })

    it('several aggregates do not multiply each other: one statement', async () => {
      const authors = Author.objects
        .annotate({
          written: Count('books'),
          edited: Count('edited'),
          pages: Sum('books__pages'),
          tags: Count('books__tags'),
          different: Count('books__tags', { distinct: true }),
        })
        .orderBy('id')
      expect(
        await shop.sends(1, () =>
          authors.valuesList('written', 'edited', 'pages', 'tags', 'different'),
        ),
      ).to.deep.equal([
        [3, 1, 60, 3, 2],
        [1, 1, 40, 1, 1],
        [0, 0, null, 0, 0],
      ])
      expect(named(await authors.filter({ pages__gt: 40, edited: 1 }))).to.deep.equal(['Ann'])
      expect(await authors.filter({ written__gt: 0 }).count()).to.equal(2)
    })

    it('nor over all rows: one statement', async () => {
      expect(
        await shop.sends(1, () =>
          Author.objects.aggregate({
            written: Count('books'),
            edited: Count('edited'),
            pages: Sum('books__pages'),
          }),
        ),
      ).to.deep.equal({ written: 4, edited: 2, pages: 100 })
    })

    it('nor in groups of expressions, of the same value or of none', async () => {
      const groups = Book.objects
        .values({ left: F('pages').mod(20) })
        .annotate({ chapters: Count('chapters'), tags: Count('tags') })
        .orderBy('left')
      expect(await shop.sends(1, () => groups)).to.deep.equal([
        { left: 0, chapters: 1, tags: 3 },
        { left: 10, chapters: 2, tags: 1 },
      ])
      expect(await groups.filter({ tags__gt: 1 }).orderBy('-chapters')).to.deep.equal([
        { left: 0, chapters: 1, tags: 3 },
      ])
      expect(await groups.filter({ tags__gt: 1 }).count()).to.equal(1)
      const named = Author.objects
        .values('mentor__id', { loud: Upper('mentor__name') })
        .annotate({ books: Count('books'), pupils: Count('students') })
        .orderBy(F('loud').asc({ nulls: 'last' }))
      expect(await shop.sends(1, () => named)).to.deep.equal([
        { mentor__id: 1, loud: 'ANN', books: 1, pupils: 0 },
        { mentor__id: null, loud: null, books: 3, pupils: 1 },
      ])
      const byRow = Author.objects
        .values('id', { loud: Upper('name') })
        .annotate({ books: Count('books'), pupils: Count('students') })
        .orderBy('id')
      expect(await byRow.filter({ books__gt: 0 })).to.deep.equal([
        { id: 1, loud: 'ANN', books: 3, pupils: 1 },
        { id: 2, loud: 'BOB', books: 1, pupils: 0 },
      ])
    })

    it('nor in groups of values, NULL being one', async () => {
      const groups = Book.objects
        .values('publisher')
        .annotate({ tags: Count('tags'), chapters: Count('chapters') })
        .orderBy(F('publisher').asc({ nulls: 'last' }))
      expect(await shop.sends(1, () => groups)).to.deep.equal([
        { publisher: 'one', tags: 3, chapters: 2 },
        { publisher: 'two', tags: 1, chapters: 1 },
        { publisher: null, tags: 0, chapters: 0 },
      ])
    })
  })

  describe('behind values()', () => {
    it('groups by the values: one statement', async () => {
      const groups = Book.objects
        .values('author__name')
        .annotate({ n: Count('id'), p: Sum('pages') })
      expect(await shop.sends(1, () => groups.orderBy('author__name'))).to.deep.equal([
        { author__name: 'Ann', n: 3, p: 60 },
        { author__name: 'Bob', n: 1, p: 40 },
      ])
      expect(await groups.filter({ n: 1 }).count()).to.equal(1)
      expect(await groups.orderBy('-n').first()).to.deep.equal({ author__name: 'Ann', n: 3, p: 60 })
    })

    it('groups by an expression that binds values', async () => {
      const size = Case(When({ pages__gt: 20 }, Value('long')), { default: Value('short') })
      const groups = Book.objects
        .annotate({ size })
        .values('size')
        .annotate({ n: Count('id') })
      expect(await groups.orderBy('size')).to.deep.equal([
        { size: 'long', n: 2 },
        { size: 'short', n: 2 },
      ])
    })

    it('does not where values() comes behind it', async () => {
      const rows = Book.objects
        .annotate({ n: Count('tags') })
        .values('author', 'n')
        .orderBy('id')
      expect(await rows).to.deep.equal([
        { author: 1, n: 1 },
        { author: 1, n: 2 },
        { author: 1, n: 0 },
        { author: 2, n: 1 },
      ])
    })

    it('adds columns to lists', async () => {
      expect(
        await Book.objects
          .valuesList('author')
          .annotate({ n: Count('id') })
          .orderBy('author'),
      ).to.deep.equal([
        [1, 3],
        [2, 1],
      ])
    })

    it('first() needs an order, or the key among the groups', async () => {
      const groups = Book.objects.values('author').annotate({ n: Count('id') })
      await expectRejection(groups.first(), FieldError)
      expect(await groups.orderBy('author').last()).to.deep.equal({ author: 2, n: 1 })
    })
  })

  describe('of expressions and conditions', () => {
    it('computes with columns of related rows', async () => {
      const books = Book.objects.annotate({ by: F('author__name'), twice: F('pages').mul(2) })
      expect(await books.filter({ by: 'Bob' }).values('title', 'by', 'twice')).to.deep.equal([
        { title: 'D', by: 'Bob', twice: 80 },
      ])
    })

    it('takes a Q, which is true or false', async () => {
      const books = Book.objects.annotate({ long: Q({ pages__gt: 20 }) }).orderBy('id')
      expect(await books.valuesList('long', { flat: true })).to.deep.equal([
        false,
        false,
        true,
        true,
      ])
      expect(named(await books.filter({ long: true }))).to.deep.equal(['C', 'D'])
    })

    it('names in values() are annotations too', async () => {
      const rows = Book.objects.values('title', { half: F('pages').div(2) })
      expect(await rows.filter({ half__gt: 10 }).orderBy('-half')).to.deep.equal([
        { title: 'D', half: 20 },
        { title: 'C', half: 15 },
      ])
    })

    it('options of aggregates', async () => {
      const authors = Author.objects.annotate({
        long: Count('books', { filter: Q({ books__pages__gt: 10 }) }),
        pages: Sum('books__pages', { default: 0 }),
        shown: Coalesce(Max('books__title'), Value('nothing')),
      })
      expect(await authors.orderBy('id').valuesList('long', 'pages', 'shown')).to.deep.equal([
        [2, 60, 'C'],
        [1, 40, 'D'],
        [0, 0, 'nothing'],
      ])
    })
  })

  describe('is followed by', () => {
    it('count(), exists(), slices, get() and aggregate(): one statement each', async () => {
      const authors = Author.objects.annotate({ n: Count('books') })
      const some = authors.filter({ n__gt: 0 })
      expect(await shop.sends(1, () => some.count())).to.equal(2)
      expect(await shop.sends(1, () => some.exists())).to.equal(true)
      expect(await shop.sends(1, () => authors.filter({ n__gt: 3 }).exists())).to.equal(false)
      expect(named(await shop.sends(1, () => authors.orderBy('-n').slice(1, 3)))).to.deep.equal([
        'Bob',
        'Cyd',
      ])
      expect((await shop.sends(1, () => authors.get({ n: 1 }))).name).to.equal('Bob')
      expect(
        await shop.sends(1, () =>
          authors.aggregate({ most: Max('n'), all: Sum('n'), of: Count('*') }),
        ),
      ).to.deep.equal({ most: 3, all: 4, of: 3 })
    })

    it('aggregate() of those that another query finds', async () => {
      const pupils = Author.objects.filter({ name: 'Ann' })
      const filter = Q.or({ n__gt: 2 }, Q.not({ mentor__in: pupils }), { id: 2 })
      const authors = Author.objects.annotate({ n: Count('books') })
      const all = Count('id', { filter })
      expect(await shop.sends(1, () => authors.aggregate({ all }))).to.deep.equal({ all: 3 })
      expect(
        await authors.aggregate({ of: Count('id', { filter: { mentor__in: pupils, n: 1 } }) }),
      ).to.deep.equal({ of: 1 })
    })

    it('update() and delete() of the rows that are left', async () => {
      const authors = Author.objects.annotate({ n: Count('books') })
      expect(await shop.sends(1, () => authors.filter({ n: 0 }).update({ name: 'None' }))).to.equal(
        1,
      )
      expect((await Author.objects.get({ id: 3 })).name).to.equal('None')
      const books = Book.objects.annotate({ twice: F('pages').mul(2) })
      expect(await books.filter({ twice__gt: 50 }).update({ pages: F('twice') })).to.equal(2)
      expect(await Book.objects.orderBy('id').valuesList('pages', { flat: true })).to.deep.equal([
        10, 20, 60, 80,
      ])
      const [total] = await Tag.objects
        .annotate({ n: Count('books') })
        .filter({ n: 0 })
        .delete()
      expect(total).to.equal(1)
      expect(await Tag.objects.count()).to.equal(2)
    })

    it('a subquery of its own', async () => {
      const busy = Author.objects.annotate({ n: Count('books') }).filter({ n__gt: 1 })
      expect(
        named(await shop.sends(1, () => Book.objects.filter({ author__in: busy }))),
      ).to.have.members(['A', 'B', 'C'])
    })

    it('a start in the background', async () => {
      const authors = Author.objects
        .annotate({ n: Count('books') })
        .orderBy('-n')
        .startFetch()
      expect((await authors)[0]?.n).to.equal(3)
    })
  })

  describe('alias()', () => {
    it('names values that are no part of the rows', async () => {
      const authors = Author.objects
        .alias({ n: Count('books') })
        .filter({ n__gt: 0 })
        .orderBy('n')
      const rows = await shop.sends(1, () => authors)
      expect(named(rows)).to.deep.equal(['Bob', 'Ann'])
      expect(rows[0]).to.not.have.property('n')
    })
  })

  describe('refuses', () => {
    it('names of columns, unknown paths, and aggregates of aggregates', () => {
      expect(() => Author.objects.annotate({ name: Count('books') })).to.throw(FieldError, 'name')
      expect(() => Author.objects.annotate({ save: Count('books') })).to.throw(FieldError, 'save')
      expect(() => Author.objects.annotate({ n: Count('boks') } as never)).to.throw(
        FieldError,
        "'boks'",
      )
      const counted = Author.objects.annotate({ n: Count('books') })
      expect(() => counted.annotate({ m: Max('n') })).to.throw(FieldError, 'aggregate')
      expect(() => Author.objects.annotate({ n: 3 } as never)).to.throw(FieldError, "'n'")
    })

    it('to set a column to an aggregate', async () => {
      const counted = Author.objects.annotate({ n: Count('books') })
      await expectRejection(counted.update({ name: F('n') } as never), FieldError)
    })
  })
})

class Shelf extends Model('shelves', {
  name: fields.char({ maxLength: 20 }),
}) {
  static objects = new AsyncManager(Shelf)
  declare readonly items: RelatedManager<Item>
}

class Item extends Model('items', {
  shelf: fields.foreignKey(Shelf, { onDelete: 'cascade', relatedName: 'items' }),
  price: fields.decimal({ maxDigits: 8, decimalPlaces: 2 }),
  serial: fields.bigInteger(),
  weight: fields.float(),
  madeAt: fields.dateTime(),
  soldOn: fields.date({ null: true }),
  used: fields.boolean(),
}) {
  static objects = new AsyncManager(Item)
}

describeOnEach('values of annotations', (kind) => {
  const store = useSchema(kind, [Shelf, Item], async (knex) => {
    await knex.schema
      .createTable('shelves', (table) => {
        table.increments()
        table.string('name', 20).notNullable()
      })
      .createTable('items', (table) => {
        table.increments()
        table.integer('shelf_id').notNullable().references('shelves.id')
        table.decimal('price', 8, 2).notNullable()
        table.bigInteger('serial').notNullable()
        table.double('weight').notNullable()
        if (kind.dialect === 'sqlite') table.text('made_at').notNullable()
        else table.timestamp('made_at', { useTz: true }).notNullable()
        table.date('sold_on')
        table.boolean('used').notNullable()
      })
  })

  const first = new Date('2024-02-29T23:59:59.123Z')
  const second = new Date('2025-01-01T00:00:00.000Z')

  beforeEach(async () => {
    const shelf = await Shelf.objects.create({ name: 'top' })
    await Shelf.objects.create({ name: 'empty' })
    await Item.objects.bulkCreate([
      {
        ...{ shelf, price: '0.10', serial: 2n ** 62n, weight: 0.5, madeAt: first },
        ...{ soldOn: '2024-03-01', used: true },
      },
      { shelf, price: '0.20', serial: 5n, weight: 1.25, madeAt: second, used: false },
    ])
  })

  it('are what columns of their kind are', async () => {
    const [top, empty] = await store.sends(1, () =>
      Shelf.objects.orderBy('id').annotate({
        price: Sum('items__price'),
        mean: Avg('items__price'),
        serial: Max('items__serial'),
        weight: Avg('items__weight'),
        madeAt: Min('items__madeAt'),
        soldOn: Max('items__soldOn'),
        used: Count('items', { filter: { items__used: true } }),
      }),
    )
    expect(Number(top?.price)).to.equal(0.3)
    expect(top?.price).to.be.a('string')
    expect(Number(top?.mean)).to.equal(0.15)
    expect(top?.mean).to.be.a('string')
    expect(top?.serial).to.equal(2n ** 62n)
    expect(top?.weight).to.equal(0.875)
    expect(top?.madeAt).to.deep.equal(first)
    expect(top?.soldOn).to.equal('2024-03-01')
    expect(top?.used).to.equal(1)
    expect([empty?.price, empty?.serial, empty?.madeAt, empty?.soldOn]).to.deep.equal([
      null,
      null,
      null,
      null,
    ])
    expect(empty?.used).to.equal(0)
  })

  it('and so they are behind windows, unions and in CASE', async () => {
    const items = Item.objects.annotate({
      price2: Case(When({ used: true }, F('price')), { default: Value('7.50') }),
      at: Case(When({ used: true }, F('madeAt')), { default: second }),
      is: Case(When({ used: true }, true), { default: false }),
    })
    const rows = await items.orderBy('id').values('price2', 'at', 'is', 'serial')
    expect(rows.map(({ price2 }) => Number(price2))).to.deep.equal([0.1, 7.5])
    expect(rows.map(({ at }) => at)).to.deep.equal([first, second])
    expect(rows.map(({ is }) => is)).to.deep.equal([true, false])
    const both = items.union(items.filter({ used: true })).orderBy('id')
    const united = await both.values('id', 'madeAt', 'serial', 'used', 'price')
    expect(united[0]).to.deep.equal({
      ...{ id: united[0]?.id, madeAt: first, serial: 2n ** 62n, used: true, price: '0.10' },
    })
  })
})

async function expectRejection(
  promise: PromiseLike<unknown>,
  type: new (...args: never[]) => Error,
): Promise<void> {
  let caught: unknown
  try {
    await promise
  } catch (error) {
    caught = error
  }
  expect(caught).to.be.instanceOf(type)
}
