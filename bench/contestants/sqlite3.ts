/** The bare driver that knex has for SQLite by default: `all`, `get` and `run` with values. */
import sqlite3 from 'sqlite3'
import type { Open, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'
import {
  type AuthorRow,
  authorIdsOf,
  type BookRow,
  nameLengths,
  type TagRow,
  walk,
} from './by-hand.ts'
import * as sql from './sqlite-statements.ts'

type Database = sqlite3.Database

export const open: Open = async (_driver, { location }) => sessionOf(await opened(location))

function opened(file: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const db = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(db)))
  })
}

function all<R>(db: Database, text: string, values: readonly unknown[]): Promise<R[]> {
  return new Promise((resolve, reject) => {
    db.all<R>(text, values, (error, rows) => (error ? reject(error) : resolve(rows)))
  })
}

function one<R>(db: Database, text: string, values: readonly unknown[]): Promise<R> {
  return new Promise((resolve, reject) => {
    db.get<R>(text, values, (error, row) => (error ? reject(error) : resolve(row as R)))
  })
}

function sessionOf(db: Database): Session {
  return {
    byKey: (id) => one(db, sql.BY_KEY, [id]),
    books: (count) => all(db, sql.BOOKS, [count]),
    joined: (country, pages) => all(db, sql.JOINED, [country, pages]),
    nested: (count) => nested(db, count),
    authorNames: async (count) => {
      const books = await all<BookRow>(db, sql.BOOKS, [count])
      const ids = authorIdsOf(books)
      return nameLengths(books, await all(db, sql.authorsOf(ids.length), ids))
    },
    insertMany: (books) => inTransaction(db, () => insertMany(db, books)),
    createEach: (books) => inTransaction(db, () => createEach(db, books)),
    count: async (authorId, pages) =>
      (await one<{ n: number }>(db, sql.COUNT, [authorId, pages])).n,
    exists: async (authorId, pages) => (await one(db, sql.EXISTS, [authorId, pages])) !== undefined,
    slow: (id) => one(db, sql.SLOW, [id]),
    eachReview: (onRating) => eachReview(db, onRating),
    close: () =>
      new Promise((resolve, reject) => {
        db.close((error) => (error ? reject(error) : resolve()))
      }),
  }
}

async function nested(db: Database, count: number): Promise<Tally> {
  const authors = await all<AuthorRow>(db, sql.AUTHORS, [count])
  const ids = authors.map(({ id }) => id)
  const books = await all<BookRow>(db, sql.booksOf(ids.length), ids)
  const bookIds = books.map(({ id }) => id)
  const tags = await all<TagRow>(db, sql.tagsOf(bookIds.length), bookIds)
  return walk(authors, books, tags)
}

async function inTransaction(db: Database, work: () => Promise<void>): Promise<void> {
  await all(db, 'begin', [])
  await work()
  await all(db, 'commit', [])
}

async function insertMany(db: Database, books: readonly NewBook[]): Promise<void> {
  for (let at = 0; at < books.length; at += sql.ROWS_PER_INSERT) {
    const batch = books.slice(at, at + sql.ROWS_PER_INSERT)
    await all(db, sql.insertOf(batch.length), batch.flatMap(sql.valuesOf))
  }
}

async function createEach(db: Database, books: readonly NewBook[]): Promise<void> {
  for (const book of books) {
    await new Promise<number>((resolve, reject) => {
      db.run(sql.insertOf(1), sql.valuesOf(book), function (error) {
        if (error) reject(error)
        else resolve(this.lastID)
      })
    })
  }
}

function eachReview(db: Database, onRating: (rating: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    db.each<{ rating: number }>(
      'select * from review',
      (error, row) => (error ? reject(error) : onRating(row.rating)),
      (error) => (error ? reject(error) : resolve()),
    )
  })
}
