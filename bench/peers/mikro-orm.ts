/** MikroORM: an entity manager of its own for each piece of work, eager loads by `populate`. */
import { BetterSqliteDriver } from '@mikro-orm/better-sqlite'
import { type Collection, EntitySchema, MikroORM, type Options } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/knex'
import { PostgreSqlDriver } from '@mikro-orm/postgresql'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'

interface Author {
  id: number
  name: string
  email: string
  country: string
  createdAt: Date
  books: Collection<Book>
}

interface Tag {
  id: number
  name: string
}

interface Draft {
  id: number
  title: string
  pages: number
  price: string
  inStock: boolean
  publishedAt: Date
  author: Author
}

interface Book extends Draft {
  tags: Collection<Tag>
}

interface Review {
  id: number
  rating: number
  body: string
  createdAt: Date
  book: Book
}

const ROWS_PER_INSERT = 5_000

const draftProperties = {
  id: { type: 'integer', primary: true },
  title: { type: 'string' },
  pages: { type: 'integer' },
  price: { type: 'string' },
  inStock: { type: 'boolean' },
  publishedAt: { type: 'Date' },
  author: { kind: 'm:1', entity: () => 'Author' },
} as const

const entities: EntitySchema[] = [
  new EntitySchema<Author>({
    name: 'Author',
    properties: {
      id: { type: 'integer', primary: true },
      name: { type: 'string' },
      email: { type: 'string' },
      country: { type: 'string' },
      createdAt: { type: 'Date' },
      books: { kind: '1:m', entity: () => 'Book', mappedBy: 'author' },
    },
  }),
  new EntitySchema<Tag>({
    name: 'Tag',
    properties: { id: { type: 'integer', primary: true }, name: { type: 'string' } },
  }),
  new EntitySchema<Book>({
    name: 'Book',
    properties: {
      ...draftProperties,
      tags: {
        kind: 'm:n',
        entity: () => 'Tag',
        pivotTable: 'book_tag',
        joinColumn: 'book_id',
        inverseJoinColumn: 'tag_id',
      },
    },
  }),
  new EntitySchema<Draft>({ name: 'Draft', properties: draftProperties }),
  new EntitySchema<Draft>({ name: 'SlowBook', properties: draftProperties }),
  new EntitySchema<Review>({
    name: 'Review',
    properties: {
      id: { type: 'integer', primary: true },
      rating: { type: 'integer' },
      body: { type: 'text' },
      createdAt: { type: 'Date' },
      book: { kind: 'm:1', entity: () => 'Book' },
    },
  }),
]

export const open: Open = async (driver, place) =>
  sessionOf(await MikroORM.init<never, SqlEntityManager>(optionsOf(driver, place) as never))

function optionsOf(driver: Driver, { location, poolSize }: Place): Options {
  const common = { entities, debug: false, pool: { min: 0, max: poolSize } }
  if (driver === 'pg')
    return { ...common, driver: PostgreSqlDriver, clientUrl: location } as Options
  return { ...common, driver: BetterSqliteDriver, dbName: location } as Options
}

function sessionOf(orm: MikroORM<never, SqlEntityManager>): Session {
  const fresh = (): SqlEntityManager => orm.em.fork()
  const matching = (author: number, pages: number) => ({ author, pages: { $gt: pages } })
  const joined = (country: string, pages: number) => ({
    author: { country },
    pages: { $gt: pages },
  })
  return {
    byKey: (id) => fresh().findOneOrFail<Book>('Book', { id }),
    books: (count) => fresh().find<Book>('Book', {}, { orderBy: { id: 'asc' }, limit: count }),
    joined: (country, pages) =>
      fresh().find<Book>('Book', joined(country, pages), {
        orderBy: { publishedAt: 'desc' },
        limit: 50,
      }),
    nested: (count) => nested(fresh(), count),
    insertMany: (books) => insertMany(fresh(), books),
    createEach: (books) =>
      fresh().transactional(async (em) => {
        for (const book of books) {
          em.create<Draft>('Draft', toEntity(book) as never)
          await em.flush()
        }
      }),
    count: (authorId, pages) => fresh().count<Book>('Book', matching(authorId, pages)),
    exists: async (authorId, pages) => {
      const where = matching(authorId, pages)
      return (await fresh().findOne<Book>('Book', where, { fields: ['id'] as never })) !== null
    },
    slow: (id) => fresh().findOneOrFail<Draft>('SlowBook', { id }),
    eachReview: async (onRating) => {
      for (const { rating } of await fresh().find<Review>('Review', {})) onRating(rating)
    },
    build: (country, pages) =>
      fresh()
        .createQueryBuilder<Book>('Book')
        .select('*')
        .where(joined(country, pages))
        .orderBy({ publishedAt: 'desc' })
        .limit(50)
        .getQuery(),
    close: () => orm.close(),
  }
}

async function nested(em: SqlEntityManager, count: number): Promise<Tally> {
  const authors = await em.find<Author>(
    'Author',
    {},
    { orderBy: { id: 'asc' }, limit: count, populate: ['books.tags'] as never },
  )
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { tags } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

async function insertMany(em: SqlEntityManager, books: readonly NewBook[]): Promise<void> {
  await em.transactional(async (trx) => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      const batch = books.slice(at, at + ROWS_PER_INSERT)
      await trx.insertMany<Draft>('Draft', batch.map(toEntity) as never)
    }
  })
}

function toEntity({ authorId, ...book }: NewBook) {
  return { ...book, author: authorId }
}
