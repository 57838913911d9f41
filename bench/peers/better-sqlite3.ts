/** The fast, synchronous bare driver: statements prepared once, as its users do. */
import Database from 'better-sqlite3'
import type { Open, Session, SomeBook, Tally } from '../contestant.ts'
import {
  type AuthorRow,
  authorIdsOf,
  type BookRow,
  nameLengths,
  type TagRow,
  walk,
} from '../contestants/by-hand.ts'
import * as sql from '../contestants/sqlite-statements.ts'
import type { NewBook } from '../data.ts'

type Db = Database.Database
/** Values go in as they are; rows come out as somebody says they are. */
type Statement<R> = Database.Statement<unknown[], R>

export const open: Open = async (_driver, { location }) => {
  const db = new Database(location)
  db.pragma('busy_timeout = 5000')
  return sessionOf(db)
}

function sessionOf(db: Db): Session {
  const byKey: Statement<SomeBook> = db.prepare(sql.BY_KEY)
  const books: Statement<BookRow> = db.prepare(sql.BOOKS)
  const joined: Statement<SomeBook> = db.prepare(sql.JOINED)
  const counted: Statement<{ n: number }> = db.prepare(sql.COUNT)
  const existing: Statement<object> = db.prepare(sql.EXISTS)
  const slow: Statement<SomeBook> = db.prepare(sql.SLOW)
  return {
    byKey: async (id) => byKey.get(id) as SomeBook,
    books: async (count) => books.all(count),
    joined: async (country, pages) => joined.all(country, pages),
    nested: async (count) => nested(db, count),
    authorNames: async (count) => {
      const rows = books.all(count)
      const ids = authorIdsOf(rows)
      const authors = db.prepare<unknown[], AuthorRow>(sql.authorsOf(ids.length))
      return nameLengths(rows, authors.all(...ids))
    },
    insertMany: async (rows) => createEach(db, rows),
    createEach: async (rows) => createEach(db, rows),
    count: async (authorId, pages) => counted.get(authorId, pages)?.n ?? 0,
    exists: async (authorId, pages) => existing.get(authorId, pages) !== undefined,
    slow: async (id) => slow.get(id) as SomeBook,
    eachReview: async (onRating) => {
      const reviews: Statement<{ rating: number }> = db.prepare('select * from review')
      for (const { rating } of reviews.iterate()) onRating(rating)
    },
    close: async () => {
      db.close()
    },
  }
}

function nested(db: Db, count: number): Tally {
  const authors = db.prepare<unknown[], AuthorRow>(sql.AUTHORS).all(count)
  const ids = authors.map(({ id }) => id)
  const books = db.prepare<unknown[], BookRow>(sql.booksOf(ids.length)).all(...ids)
  const bookIds = books.map(({ id }) => id)
  const tags = db.prepare<unknown[], TagRow>(sql.tagsOf(bookIds.length)).all(...bookIds)
  return walk(authors, books, tags)
}

/** One statement a row is also its way to insert many, for nothing travels. */
function createEach(db: Db, books: readonly NewBook[]): void {
  const insert = db.prepare(sql.insertOf(1))
  db.transaction(() => {
    for (const book of books) insert.run(...sql.valuesOf(book))
  })()
}
