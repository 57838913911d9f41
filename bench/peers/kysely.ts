/** kysely: a typed query builder; nested rows as JSON, as its recipe for relations says. */
import Database from 'better-sqlite3'
import {
  type Expression,
  type Generated,
  Kysely,
  ParseJSONResultsPlugin,
  PostgresDialect,
  type RawBuilder,
  type Simplify,
  SqliteDialect,
} from 'kysely'
import { jsonArrayFrom as postgresArrayFrom } from 'kysely/helpers/postgres'
import { jsonArrayFrom as sqliteArrayFrom } from 'kysely/helpers/sqlite'
import pg from 'pg'
import Cursor from 'pg-cursor'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'
import { type DraftRow, toRow } from '../contestants/knex-support.ts'
import type { NewBook } from '../data.ts'

type BookTable = { readonly [C in keyof DraftRow]: DraftRow[C] } & {
  readonly id: Generated<number>
}

interface Tables {
  readonly author: { readonly id: number; readonly name: string; readonly country: string }
  readonly tag: { readonly id: number; readonly name: string }
  readonly book: BookTable
  readonly draft: BookTable
  readonly slow_book: BookTable
  readonly book_tag: { readonly book_id: number; readonly tag_id: number }
  readonly review: { readonly id: number; readonly rating: number; readonly body: string }
}

type Db = Kysely<Tables>
type ArrayFrom = <R>(query: Expression<R>) => RawBuilder<Simplify<R>[]>

/** SQLite's helper for nested rows takes no `*`. */
const BOOK_COLUMNS = [
  'book.id',
  'book.title',
  'book.pages',
  'book.price',
  'book.in_stock',
  'book.published_at',
  'book.author_id',
] as const
const ROWS_PER_INSERT = 5_000

export const open: Open = async (driver, place) => {
  const dialect = driver === 'pg' ? onPostgres(place) : onSqlite(place)
  // PostgreSQL's driver parses JSON by itself.
  const plugins = driver === 'pg' ? [] : [new ParseJSONResultsPlugin()]
  return sessionOf(
    new Kysely<Tables>({ dialect }),
    driver,
    new Kysely<Tables>({ dialect, plugins }),
  )
}

function onPostgres({ location, poolSize }: Place): PostgresDialect {
  return new PostgresDialect({
    pool: new pg.Pool({ connectionString: location, max: poolSize }),
    cursor: Cursor,
  })
}

function onSqlite({ location }: Place): SqliteDialect {
  const database = new Database(location)
  database.pragma('busy_timeout = 5000')
  return new SqliteDialect({ database })
}

function sessionOf(db: Db, driver: Driver, nestingDb: Db): Session {
  return {
    byKey: (id) => db.selectFrom('book').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    books: (count) => db.selectFrom('book').selectAll().orderBy('id').limit(count).execute(),
    joined: (country, pages) => joined(db, country, pages).execute(),
    nested: (count) => nested(nestingDb, driver, count),
    insertMany: (books) => insertMany(db, driver, books),
    createEach: (books) => createEach(db, driver, books),
    count: async (authorId, pages) => {
      const { n } = await db
        .selectFrom('book')
        .select(({ fn }) => fn.countAll().as('n'))
        .where('author_id', '=', authorId)
        .where('pages', '>', pages)
        .executeTakeFirstOrThrow()
      return Number(n)
    },
    exists: async (authorId, pages) => {
      const row = await db
        .selectFrom('book')
        .select(({ lit }) => lit(1).as('one'))
        .where('author_id', '=', authorId)
        .where('pages', '>', pages)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
    slow: (id) =>
      db.selectFrom('slow_book').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    eachReview: async (onRating) => {
      for await (const { rating } of db.selectFrom('review').selectAll().stream(1_000))
        onRating(rating)
    },
    build: (country, pages) => joined(db, country, pages).compile().sql,
    buildNew: (conditions) => {
      let query = db.selectFrom('book').selectAll()
      for (const { column, operator, value } of conditions) {
        const name = column === 'authorId' ? 'author_id' : column
        query = query.where(name, operator === 'gt' ? '>' : '<', value)
      }
      return query.compile().sql
    },
    close: () => db.destroy(),
  }
}

function joined(db: Db, country: string, pages: number) {
  return db
    .selectFrom('book')
    .innerJoin('author', 'author.id', 'book.author_id')
    .selectAll('book')
    .where('author.country', '=', country)
    .where('book.pages', '>', pages)
    .orderBy('book.published_at', 'desc')
    .limit(50)
}

async function nested(db: Db, driver: Driver, count: number): Promise<Tally> {
  const arrayFrom = (driver === 'pg' ? postgresArrayFrom : sqliteArrayFrom) as ArrayFrom
  const authors = await db
    .selectFrom('author')
    .selectAll('author')
    .select((author) =>
      arrayFrom(
        author
          .selectFrom('book')
          .select(BOOK_COLUMNS)
          .select((book) =>
            arrayFrom(
              book
                .selectFrom('tag')
                .innerJoin('book_tag', 'book_tag.tag_id', 'tag.id')
                .select(['tag.id', 'tag.name'])
                .whereRef('book_tag.book_id', '=', 'book.id'),
            ).as('tags'),
          )
          .whereRef('book.author_id', '=', 'author.id'),
      ).as('books'),
    )
    .orderBy('id')
    .limit(count)
    .execute()
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { tags } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

async function insertMany(db: Db, driver: Driver, books: readonly NewBook[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      const rows = books.slice(at, at + ROWS_PER_INSERT).map((book) => valuesOf(book, driver))
      await trx.insertInto('draft').values(rows).execute()
    }
  })
}

async function createEach(db: Db, driver: Driver, books: readonly NewBook[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const book of books) {
      const row = valuesOf(book, driver)
      await trx.insertInto('draft').values(row).returning('id').executeTakeFirstOrThrow()
    }
  })
}

/** better-sqlite3 takes no booleans. */
function valuesOf(book: NewBook, driver: Driver): DraftRow {
  const row = toRow(book, driver)
  if (driver === 'pg') return row
  return { ...row, in_stock: Number(row.in_stock) as unknown as boolean }
}
