/** knex by hand: plain objects, nested rows put together with maps. */
import createKnex, { type Knex } from 'knex'
import type { Driver, Open, Session, Tally } from '../contestant.ts'
import {
  type AuthorRow,
  authorIdsOf,
  type BookRow,
  nameLengths,
  type TagRow,
  walk,
} from './by-hand.ts'
import { insertBatches, knexConfig, toRow } from './knex-support.ts'

export const open: Open = async (driver, place) =>
  sessionOf(createKnex(knexConfig(driver, place)), driver)

function sessionOf(knex: Knex, driver: Driver): Session {
  return {
    byKey: async (id) => await knex('book').where({ id }).first(),
    books: async (count) => await knex('book').orderBy('id').limit(count),
    joined: async (country, pages) => await joined(knex, country, pages),
    nested: (count) => nested(knex, count),
    authorNames: async (count) => {
      const books: BookRow[] = await knex('book').orderBy('id').limit(count)
      return nameLengths(books, await knex('author').whereIn('id', authorIdsOf(books)))
    },
    insertMany: (books) => insertBatches(knex, driver, books),
    createEach: (books) =>
      knex.transaction(async (trx) => {
        for (const book of books) await trx('draft').insert(toRow(book, driver)).returning('id')
      }),
    count: async (authorId, pages) => {
      const query = knex('book').where({ author_id: authorId }).where('pages', '>', pages)
      const [row] = await query.count({ n: '*' })
      return Number(row?.['n'])
    },
    exists: async (authorId, pages) => {
      const query = knex('book').where({ author_id: authorId }).where('pages', '>', pages)
      return (await query.select(knex.raw('1')).first()) !== undefined
    },
    slow: async (id) => await knex('slow_book').where({ id }).first(),
    eachReview: async (onRating) => {
      for await (const row of rowsOf(knex, driver)) onRating(row.rating)
    },
    build: (country, pages) => joined(knex, country, pages).toSQL().toNative().sql,
    buildNew: (conditions) => {
      const query = knex('book')
      for (const { column, operator, value } of conditions) {
        query.where(
          column === 'authorId' ? 'author_id' : column,
          operator === 'gt' ? '>' : '<',
          value,
        )
      }
      return query.toSQL().toNative().sql
    },
    close: () => knex.destroy(),
  }
}

function joined(knex: Knex, country: string, pages: number): Knex.QueryBuilder {
  return knex('book')
    .join('author', 'author.id', 'book.author_id')
    .where('author.country', country)
    .where('book.pages', '>', pages)
    .orderBy('book.published_at', 'desc')
    .limit(50)
    .select('book.*')
}

async function nested(knex: Knex, count: number): Promise<Tally> {
  const authors: AuthorRow[] = await knex('author').orderBy('id').limit(count)
  const ids = authors.map(({ id }) => id)
  const books: BookRow[] = await knex('book').whereIn('author_id', ids)
  const tags: TagRow[] = await knex('tag')
    .join('book_tag', 'book_tag.tag_id', 'tag.id')
    .whereIn(
      'book_tag.book_id',
      books.map(({ id }) => id),
    )
    .select('tag.*', 'book_tag.book_id')
  return walk(authors, books, tags)
}

function rowsOf(knex: Knex, driver: Driver): AsyncIterable<{ rating: number }> {
  // Only pg has a stream of rows; knex gathers them all for SQLite.
  return driver === 'pg' ? knex('review').stream() : everyRow(knex)
}

async function* everyRow(knex: Knex): AsyncGenerator<{ rating: number }> {
  yield* await knex('review')
}
