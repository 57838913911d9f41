/** What contestants on knex have in common. */
import type { Knex } from 'knex'
import type { Driver, Place } from '../contestant.ts'
import type { NewBook } from '../data.ts'

/** A book by columns. */
export interface DraftRow {
  readonly title: string
  readonly pages: number
  readonly price: string
  readonly in_stock: boolean
  readonly published_at: Date | string
  readonly author_id: number
}

/** What both knex and `connect()` take. */
export interface KnexConfig {
  readonly client: string
  readonly connection: string | { readonly filename: string }
  readonly useNullAsDefault?: boolean
  readonly pool: { readonly min: number; readonly max: number }
}

export function knexConfig(driver: Driver, { location, poolSize }: Place): KnexConfig {
  const pool = { min: 0, max: poolSize }
  if (driver === 'pg') return { client: 'pg', connection: location, pool }
  return { client: driver, connection: { filename: location }, useNullAsDefault: true, pool }
}

export function toRow(book: NewBook, driver: Driver): DraftRow {
  return {
    title: book.title,
    pages: book.pages,
    price: book.price,
    in_stock: book.inStock,
    // The SQLite drivers would make a number of a Date.
    published_at: driver === 'pg' ? book.publishedAt : book.publishedAt.toISOString(),
    author_id: book.authorId,
  }
}

/** knex's own way to insert many rows: in batches, in a transaction. */
export async function insertBatches(
  knex: Knex,
  driver: Driver,
  books: readonly NewBook[],
): Promise<unknown> {
  const rows = books.map((book) => toRow(book, driver))
  // PostgreSQL takes 65,535 parameters. Of SQLite's rows knex makes a compound select, which may
  // have 500 parts.
  return await knex.batchInsert('draft', rows, driver === 'pg' ? 5_000 : 500)
}
