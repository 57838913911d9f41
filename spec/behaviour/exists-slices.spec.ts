/** Slices of rows that an EXISTS finds: one for each, however many there are inside. */
import { expect } from 'chai'
import { AsyncManager, Exists, fields, Model, OuterRef } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'

class Book extends Model('books', { data: fields.json({ default: [] }) }) {
  static objects = new AsyncManager(Book)
}

class Review extends Model('reviews', {
  book: fields.foreignKey(Book, { onDelete: 'cascade', relatedName: 'reviews' }),
}) {
  static objects = new AsyncManager(Review)
}

describeOnEach('Slices of an EXISTS', (kind) => {
  const shop = useSchema(kind, [Book, Review], async (knex) => {
    await knex.schema
      .createTable('books', (table) => {
        table.integer('id').primary()
        table.jsonb('data')
      })
      .createTable('reviews', (table) => {
        table.integer('id').primary()
        table.integer('book_id').notNullable().references('books.id')
      })
  })

  beforeEach(async () => {
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) {
      await shop.insert('books', { id, data: JSON.stringify([{ a: 1 }, { a: 1, b: id }]) })
    }
    const reviewed = [1, 1, 2, 2, 2, 4, 6, 7]
    await shop.insert('reviews', ...reviewed.map((book_id, at) => ({ id: at + 1, book_id })))
  })

  it('count each row once', async () => {
    const reviews = Review.objects.filter({ book: OuterRef('pk') })
    const books = Book.objects.filter(Exists(reviews)).orderBy('id')
    const ids = (from: number, to?: number): Promise<number[]> =>
      shop.sends(1, () => books.valuesList('id', { flat: true }).slice(from, to))
    expect(await ids(0)).to.deep.equal([1, 2, 4, 6, 7])
    expect(await ids(2, 5)).to.deep.equal([4, 6, 7])
    expect(await ids(1)).to.deep.equal([2, 4, 6, 7])
    expect(await books.slice(3).count()).to.equal(2)
    expect((await books.at(4))?.id).to.equal(7)
  })

  it('of queries within queries, and of what is inside JSON', async () => {
    const same = Book.objects.filter(
      { pk: OuterRef('pk') },
      Exists(Review.objects.filter({ book: OuterRef('pk') })),
    )
    const slice = Book.objects.filter(Exists(same)).orderBy('id').slice(2, 4)
    expect(await slice.valuesList('id', { flat: true })).to.deep.equal([4, 6])
    const sliced = Exists(Review.objects.filter({ book: OuterRef('pk') }).slice(1, 3))
    const often = Book.objects.filter(sliced).orderBy('id').slice(1)
    expect(await often.valuesList('id', { flat: true })).to.deep.equal([2])
    const inside = Book.objects.filter({ data__contains: [{ a: 1 }] as never }).orderBy('id')
    expect(await inside.slice(3, 6).valuesList('id', { flat: true })).to.deep.equal([4, 5, 6])
  })
})
