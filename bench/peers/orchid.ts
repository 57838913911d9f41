/** Orchid ORM: tables as classes, nested rows as JSON made by the server. */
import { createBaseTable } from 'orchid-orm'
import { orchidORM } from 'orchid-orm/node-postgres'
import type { Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'

const BaseTable = createBaseTable({ snakeCase: true })

class AuthorTable extends BaseTable {
  override readonly table = 'author'
  override columns = this.setColumns((t) => ({
    id: t.serial().primaryKey(),
    name: t.varchar(100),
    email: t.varchar(254),
    country: t.varchar(2),
    createdAt: t.timestamp().asDate(),
  }))
  relations = {
    books: this.hasMany(() => BookTable, { columns: ['id'], references: ['authorId'] }),
  }
}

class TagTable extends BaseTable {
  override readonly table = 'tag'
  override columns = this.setColumns((t) => ({ id: t.serial().primaryKey(), name: t.varchar(50) }))
}

class BookTable extends BaseTable {
  override readonly table = 'book'
  override columns = this.setColumns((t) => ({
    id: t.serial().primaryKey(),
    title: t.varchar(200),
    pages: t.integer(),
    price: t.decimal(8, 2),
    inStock: t.boolean(),
    publishedAt: t.timestamp().asDate(),
    authorId: t.integer(),
  }))
  relations = {
    author: this.belongsTo(() => AuthorTable, { columns: ['authorId'], references: ['id'] }),
    tags: this.hasAndBelongsToMany(() => TagTable, {
      columns: ['id'],
      references: ['bookId'],
      through: { table: 'book_tag', columns: ['tagId'], references: ['id'] },
    }),
  }
}

class DraftTable extends BaseTable {
  override readonly table = 'draft'
  override columns = this.setColumns((t) => ({
    id: t.serial().primaryKey(),
    title: t.varchar(200),
    pages: t.integer(),
    price: t.decimal(8, 2),
    inStock: t.boolean(),
    publishedAt: t.timestamp().asDate(),
    authorId: t.integer(),
  }))
}

class SlowBookTable extends BaseTable {
  override readonly table = 'slow_book'
  override columns = this.setColumns((t) => ({
    id: t.serial().primaryKey(),
    title: t.varchar(200),
    pages: t.integer(),
    price: t.decimal(8, 2),
    inStock: t.boolean(),
    publishedAt: t.timestamp().asDate(),
    authorId: t.integer(),
  }))
}

class ReviewTable extends BaseTable {
  override readonly table = 'review'
  override columns = this.setColumns((t) => ({
    id: t.serial().primaryKey(),
    rating: t.integer(),
    body: t.text(),
    createdAt: t.timestamp().asDate(),
    bookId: t.integer(),
  }))
}

const tables = {
  author: AuthorTable,
  book: BookTable,
  draft: DraftTable,
  review: ReviewTable,
  slowBook: SlowBookTable,
  tag: TagTable,
}

const ROWS_PER_INSERT = 5_000

export const open: Open = async (_driver, place) => sessionOf(connected(place))

function connected({ location, poolSize }: Place) {
  return orchidORM({ databaseURL: location, max: poolSize, log: false }, tables)
}

type Db = ReturnType<typeof connected>

function sessionOf(db: Db): Session {
  return {
    byKey: async (id) => await db.book.find(id),
    books: async (count) => await db.book.order('id').limit(count),
    joined: async (country, pages) => await joined(db, country, pages),
    nested: (count) => nested(db, count),
    insertMany: (books) => insertMany(db, books),
    createEach: (books) =>
      db.$transaction(async () => {
        for (const book of books) await db.draft.create(book)
      }),
    count: (authorId, pages) => db.book.where({ authorId, pages: { gt: pages } }).count(),
    exists: (authorId, pages) => db.book.where({ authorId, pages: { gt: pages } }).exists(),
    slow: async (id) => await db.slowBook.find(id),
    eachReview: async (onRating) => {
      for (const { rating } of await db.review) onRating(rating)
    },
    build: (country, pages) => {
      const sql = joined(db, country, pages).toSQL()
      return 'text' in sql ? sql.text : ''
    },
    close: () => db.$close(),
  }
}

function joined(db: Db, country: string, pages: number) {
  return db.book
    .join('author')
    .where({ 'author.country': country, pages: { gt: pages } })
    .order({ publishedAt: 'DESC' })
    .limit(50)
}

async function nested(db: Db, count: number): Promise<Tally> {
  const authors = await db.author
    .order('id')
    .limit(count)
    .select('*', { books: (author) => author.books.select('*', { tags: (book) => book.tags }) })
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { tags } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

async function insertMany(db: Db, books: readonly NewBook[]): Promise<void> {
  await db.$transaction(async () => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      await db.draft.insertMany(books.slice(at, at + ROWS_PER_INSERT))
    }
  })
}
