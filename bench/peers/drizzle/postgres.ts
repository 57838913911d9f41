/** drizzle on pg. */
import { and, count, desc, eq, gt, relations } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import {
  boolean,
  char,
  integer,
  numeric,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
  varchar,
} from 'drizzle-orm/pg-core'
import pg from 'pg'
import type { Place, Session } from '../../contestant.ts'
import type { NewBook } from '../../data.ts'
import { tallyOf } from './tally.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true }).notNull()

const author = pgTable('author', {
  id: serial().primaryKey(),
  name: varchar({ length: 100 }).notNull(),
  email: varchar({ length: 254 }).notNull(),
  country: char({ length: 2 }).notNull(),
  createdAt: instant('created_at'),
})

const bookTable = <N extends string>(name: N) =>
  pgTable(name, {
    id: serial().primaryKey(),
    title: varchar({ length: 200 }).notNull(),
    pages: integer().notNull(),
    price: numeric({ precision: 8, scale: 2 }).notNull(),
    inStock: boolean('in_stock').notNull(),
    publishedAt: instant('published_at'),
    authorId: integer('author_id').notNull(),
  })

const book = bookTable('book')
const draft = bookTable('draft')
const slowBook = bookTable('slow_book')
const tag = pgTable('tag', { id: serial().primaryKey(), name: varchar({ length: 50 }).notNull() })

const bookTag = pgTable(
  'book_tag',
  { bookId: integer('book_id').notNull(), tagId: integer('tag_id').notNull() },
  (table) => [primaryKey({ columns: [table.bookId, table.tagId] })],
)

const review = pgTable('review', {
  id: serial().primaryKey(),
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

type Db = NodePgDatabase<typeof schema>

const ROWS_PER_INSERT = 5_000

export function openDrizzlePostgres({ location, poolSize }: Place): Session {
  const pool = new pg.Pool({ connectionString: location, max: poolSize })
  const db = drizzle(pool, { schema })
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
    insertMany: (books) => insertMany(db, books),
    createEach: (books) =>
      db.transaction(async (trx) => {
        for (const values of books)
          await trx.insert(draft).values(values).returning({ id: draft.id })
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
    close: () => pool.end(),
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

async function insertMany(db: Db, books: readonly NewBook[]): Promise<void> {
  await db.transaction(async (trx) => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      await trx.insert(draft).values(books.slice(at, at + ROWS_PER_INSERT))
    }
  })
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new Error('no row')
  return row
}
