/** drizzle on better-sqlite3. */

import type Database from 'better-sqlite3'
import { and, count, desc, eq, gt, relations } from 'drizzle-orm'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { customType, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Session } from '../../contestant.ts'
import type { NewBook } from '../../data.ts'
import { tallyOf } from './tally.ts'

/** Text, as everybody else has it here; its own modes for instants are numbers. */
const isoText = customType<{ data: Date; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => value.toISOString(),
  fromDriver: (text) => new Date(text),
})
const instant = (name: string) => isoText(name).notNull()

const author = sqliteTable('author', {
  id: integer().primaryKey(),
  name: text().notNull(),
  email: text().notNull(),
  country: text().notNull(),
  createdAt: instant('created_at'),
})

const bookTable = <N extends string>(name: N) =>
  sqliteTable(name, {
    id: integer().primaryKey(),
    title: text().notNull(),
    pages: integer().notNull(),
    price: text().notNull(),
    inStock: integer('in_stock', { mode: 'boolean' }).notNull(),
    publishedAt: instant('published_at'),
    authorId: integer('author_id').notNull(),
  })

const book = bookTable('book')
const draft = bookTable('draft')
const slowBook = bookTable('slow_book')
const tag = sqliteTable('tag', { id: integer().primaryKey(), name: text().notNull() })

const bookTag = sqliteTable(
  'book_tag',
  { bookId: integer('book_id').notNull(), tagId: integer('tag_id').notNull() },
  (table) => [primaryKey({ columns: [table.bookId, table.tagId] })],
)

const review = sqliteTable('review', {
  id: integer().primaryKey(),
  rating: integer().notNull(),
  body: text().notNull(),
  createdAt: instant('created_at'),
  bookId: integer('book_id').notNull(),
})

const schema = {
  author,
  book,
  tag,
  bookTag,
  authorRelations: relations(author, ({ many }) => ({ books: many(book) })),
  bookRelations: relations(book, ({ one, many }) => ({
    author: one(author, { fields: [book.authorId], references: [author.id] }),
    links: many(bookTag),
  })),
  bookTagRelations: relations(bookTag, ({ one }) => ({
    book: one(book, { fields: [bookTag.bookId], references: [book.id] }),
    tag: one(tag, { fields: [bookTag.tagId], references: [tag.id] }),
  })),
}

type Db = BetterSQLite3Database<typeof schema>

const ROWS_PER_INSERT = 5_000

export function openDrizzleSqlite(client: Database.Database): Session {
  client.pragma('busy_timeout = 5000')
  const db = drizzle(client, { schema })
  const matching = (authorId: number, pages: number) =>
    and(eq(book.authorId, authorId), gt(book.pages, pages))
  return {
    byKey: async (id) => only(await db.select().from(book).where(eq(book.id, id))),
    books: (count) => db.select().from(book).orderBy(book.id).limit(count),
    joined: async (country, pages) => {
      return (await joined(db, country, pages)).map((row) => row.book)
    },
    nested: async (authors) => {
      const tags = { links: { with: { tag: true } } } as const
      return tallyOf(
        await db.query.author.findMany({
          orderBy: author.id,
          limit: authors,
          with: { books: { with: tags } },
        }),
      )
    },
    insertMany: async (books) => insertMany(db, books),
    // This driver's transactions are synchronous.
    createEach: async (books) =>
      db.transaction((trx) => {
        for (const values of books)
          trx.insert(draft).values(values).returning({ id: draft.id }).get()
      }),
    count: async (authorId, pages) => {
      const rows = db.select({ n: count() }).from(book).where(matching(authorId, pages))
      return only(await rows).n
    },
    exists: async (authorId, pages) => {
      const rows = db.select({ id: book.id }).from(book).where(matching(authorId, pages)).limit(1)
      return (await rows).length > 0
    },
    slow: async (id) => only(await db.select().from(slowBook).where(eq(slowBook.id, id))),
    eachReview: async (onRating) => {
      for (const { rating } of await db.select().from(review)) onRating(rating)
    },
    build: (country, pages) => joined(db, country, pages).toSQL().sql,
    close: async () => {
      client.close()
    },
  }
}

function joined(db: Db, country: string, pages: number) {
  return db
    .select()
    .from(book)
    .innerJoin(author, eq(author.id, book.authorId))
    .where(and(eq(author.country, country), gt(book.pages, pages)))
    .orderBy(desc(book.publishedAt))
    .limit(50)
}

function insertMany(db: Db, books: readonly NewBook[]): void {
  db.transaction((trx) => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      trx
        .insert(draft)
        .values(books.slice(at, at + ROWS_PER_INSERT))
        .run()
    }
  })
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new Error('no row')
  return row
}
