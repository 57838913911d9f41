/** The bare driver as people use it: text and values to a pool, row objects back. */
import pg from 'pg'
import type { Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'
import {
  type AuthorRow,
  authorIdsOf,
  type BookRow,
  nameLengths,
  type TagRow,
  walk,
} from './by-hand.ts'

/** Sends a statement; how is what the two contestants of this driver differ in. */
type Run = <R extends object>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: unknown[],
) => Promise<R[]>

const AUTHORS = 'select * from author order by id limit $1'
const BOOKS = 'select * from book order by id limit $1'
const JOINED = `select book.* from book join author on author.id = book.author_id
  where author.country = $1 and book.pages > $2 order by book.published_at desc limit 50`
const TAGS = `select tag.*, book_tag.book_id from tag join book_tag on book_tag.tag_id = tag.id
  where book_tag.book_id = any($1)`
const COLUMNS = 'title, pages, price, in_stock, published_at, author_id'
const INSERT_MANY = `insert into draft (${COLUMNS}) select * from
  unnest($1::text[], $2::int[], $3::numeric[], $4::bool[], $5::timestamptz[], $6::int[]) returning id`
const INSERT_ONE = `insert into draft (${COLUMNS}) values ($1, $2, $3, $4, $5, $6) returning id`

export const open: Open = openWith(async (client, text, values) => {
  const { rows } = await client.query({ text, values })
  return rows
})

/** A contestant that sends SQL by hand, in one way or another. */
export function openWith(run: Run): Open {
  return async (_driver, place) => sessionOf(poolOf(place), run)
}

function poolOf({ location, poolSize }: Place): pg.Pool {
  return new pg.Pool({ connectionString: location, max: poolSize })
}

function sessionOf(pool: pg.Pool, run: Run): Session {
  const one = async <R extends object>(text: string, values: unknown[]): Promise<R> =>
    (await run<R>(pool, text, values))[0] as R
  return {
    byKey: (id) => one('select * from book where id = $1', [id]),
    books: (count) => run(pool, BOOKS, [count]),
    joined: (country, pages) => run(pool, JOINED, [country, pages]),
    nested: (count) => nested(pool, run, count),
    authorNames: async (count) => {
      const books = await run<BookRow>(pool, BOOKS, [count])
      const values = [authorIdsOf(books)]
      return nameLengths(books, await run(pool, 'select * from author where id = any($1)', values))
    },
    insertMany: (books) => run(pool, INSERT_MANY, columnsOf(books)),
    createEach: (books) => createEach(pool, run, books),
    count: async (authorId, pages) => {
      const text = 'select count(*) as n from book where author_id = $1 and pages > $2'
      return Number((await one<{ n: string }>(text, [authorId, pages])).n)
    },
    exists: async (authorId, pages) => {
      const text = 'select 1 as one from book where author_id = $1 and pages > $2 limit 1'
      return (await run(pool, text, [authorId, pages])).length > 0
    },
    slow: (id) => one('select * from slow_book where id = $1', [id]),
    eachReview: (onRating) => eachReview(pool, onRating),
    close: () => pool.end(),
  }
}

async function nested(pool: pg.Pool, run: Run, count: number): Promise<Tally> {
  const authors = await run<AuthorRow>(pool, AUTHORS, [count])
  const ids = authors.map(({ id }) => id)
  const books = await run<BookRow>(pool, 'select * from book where author_id = any($1)', [ids])
  const bookIds = books.map(({ id }) => id)
  return walk(authors, books, await run<TagRow>(pool, TAGS, [bookIds]))
}

async function createEach(pool: pg.Pool, run: Run, books: readonly NewBook[]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    for (const book of books) await run(client, INSERT_ONE, valuesOf(book))
    await client.query('commit')
  } finally {
    client.release()
  }
}

/** Through a cursor of the server's, a thousand rows at a time. */
async function eachReview(pool: pg.Pool, onRating: (rating: number) => void): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('declare reviews no scroll cursor for select * from review')
    for (;;) {
      const { rows } = await client.query<{ rating: number }>('fetch 1000 from reviews')
      if (rows.length === 0) break
      for (const { rating } of rows) onRating(rating)
    }
    await client.query('commit')
  } finally {
    client.release()
  }
}

function valuesOf(book: NewBook): unknown[] {
  const { title, pages, price, inStock, publishedAt, authorId } = book
  return [title, pages, price, inStock, publishedAt, authorId]
}

function columnsOf(books: readonly NewBook[]): unknown[] {
  const columns: unknown[][] = [[], [], [], [], [], []]
  for (const book of books) {
    valuesOf(book).forEach((value, index) => {
      columns[index]?.push(value)
    })
  }
  return columns
}
