/** objection: models on knex, eager loads by `withGraphFetched`. */
import createKnex, { type Knex } from 'knex'
import { Model, type QueryBuilder, type RelationMappings } from 'objection'
import type { Driver, Open, Session, Tally } from '../contestant.ts'
import { insertBatches, knexConfig, toRow } from '../contestants/knex-support.ts'
import type { NewBook } from '../data.ts'

class Tag extends Model {
  static override tableName = 'tag'
  declare id: number
  declare name: string
}

class BookModel extends Model {
  declare id: number
  declare title: string
  declare pages: number
  declare author_id: number
}

class Book extends BookModel {
  static override tableName = 'book'
  declare tags?: Tag[]

  static override get relationMappings(): RelationMappings {
    return {
      author: {
        relation: Model.BelongsToOneRelation,
        modelClass: Author,
        join: { from: 'book.author_id', to: 'author.id' },
      },
      tags: {
        relation: Model.ManyToManyRelation,
        modelClass: Tag,
        join: {
          from: 'book.id',
          through: { from: 'book_tag.book_id', to: 'book_tag.tag_id' },
          to: 'tag.id',
        },
      },
    }
  }
}

class Author extends Model {
  static override tableName = 'author'
  declare id: number
  declare books?: Book[]

  static override get relationMappings(): RelationMappings {
    return {
      books: {
        relation: Model.HasManyRelation,
        modelClass: Book,
        join: { from: 'author.id', to: 'book.author_id' },
      },
    }
  }
}

class Draft extends BookModel {
  static override tableName = 'draft'
}

class SlowBook extends BookModel {
  static override tableName = 'slow_book'
}

class Review extends Model {
  static override tableName = 'review'
  declare rating: number
}

export const open: Open = async (driver, place) => {
  const knex = createKnex(knexConfig(driver, place))
  Model.knex(knex)
  return sessionOf(knex, driver)
}

function sessionOf(knex: Knex, driver: Driver): Session {
  return {
    byKey: (id) => Book.query().findById(id).throwIfNotFound(),
    books: (count) => Book.query().orderBy('id').limit(count),
    joined,
    nested,
    insertMany: async (books) => {
      if (driver !== 'pg') return await insertBatches(knex, driver, books)
      return await Draft.query().insert(books.map((book) => toRow(book, driver)))
    },
    createEach: (books) => createEach(driver, books),
    count: (authorId, pages) =>
      Book.query().where('author_id', authorId).where('pages', '>', pages).resultSize(),
    exists: async (authorId, pages) => {
      const query = Book.query().where('author_id', authorId).where('pages', '>', pages)
      return (await query.select('id').first()) !== undefined
    },
    slow: (id) => SlowBook.query().findById(id).throwIfNotFound(),
    eachReview: async (onRating) => {
      if (driver !== 'pg') {
        for (const { rating } of await Review.query()) onRating(rating)
        return
      }
      const rows: AsyncIterable<{ rating: number }> = Review.query().toKnexQuery().stream()
      for await (const { rating } of rows) onRating(rating)
    },
    build: (country, pages) => joined(country, pages).toKnexQuery().toSQL().toNative().sql,
    close: () => knex.destroy(),
  }
}

function joined(country: string, pages: number): QueryBuilder<Book> {
  return Book.query()
    .joinRelated('author')
    .where('author.country', country)
    .where('book.pages', '>', pages)
    .orderBy('book.published_at', 'desc')
    .limit(50)
}

async function nested(count: number): Promise<Tally> {
  const authors = await Author.query().orderBy('id').limit(count).withGraphFetched('books.tags')
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books = [] } of authors) {
    for (const { tags = [] } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

async function createEach(driver: Driver, books: readonly NewBook[]): Promise<void> {
  await Draft.transaction(async (trx) => {
    for (const book of books) await Draft.query(trx).insert(toRow(book, driver))
  })
}
