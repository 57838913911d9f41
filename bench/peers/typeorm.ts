/** TypeORM: a DataSource and its repositories; entities by schema, which needs no decorators. */
import {
  DataSource,
  EntitySchema,
  type EntitySchemaColumnOptions,
  MoreThan,
  type Repository,
} from 'typeorm'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'

interface Author {
  id: number
  name: string
  country: string
  books: Book[]
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
  authorId: number
}

interface Book extends Draft {
  author: Author
  tags: Tag[]
}

interface Review {
  id: number
  rating: number
  body: string
  createdAt: Date
}

type Columns = Record<string, EntitySchemaColumnOptions>

const ROWS_PER_INSERT = 5_000
const KEY: EntitySchemaColumnOptions = { type: Number, primary: true, generated: true }

export const open: Open = async (driver, place) => {
  const source = new DataSource({ ...optionsOf(driver, place), entities: entitiesFor(driver) })
  await source.initialize()
  return sessionOf(source)
}

function optionsOf(driver: Driver, { location, poolSize }: Place) {
  if (driver === 'pg') return { type: 'postgres', url: location, poolSize } as const
  return { type: 'better-sqlite3', database: location } as const
}

function entitiesFor(driver: Driver): EntitySchema<object>[] {
  const instant = driver === 'pg' ? ({ type: 'timestamptz' } as const) : ISO_TEXT
  const columns = draftColumns(instant)
  return [
    new EntitySchema<Author>({
      name: 'author',
      columns: {
        id: KEY,
        name: { type: String },
        email: { type: String },
        country: { type: String },
        createdAt: { ...instant, name: 'created_at' },
      } as never,
      relations: { books: { type: 'one-to-many', target: 'book', inverseSide: 'author' } },
    }),
    new EntitySchema<Tag>({ name: 'tag', columns: { id: KEY, name: { type: String } } }),
    new EntitySchema<Book>({
      name: 'book',
      columns: columns as never,
      relations: {
        author: { type: 'many-to-one', target: 'author', joinColumn: { name: 'author_id' } },
        tags: {
          type: 'many-to-many',
          target: 'tag',
          joinTable: {
            name: 'book_tag',
            joinColumn: { name: 'book_id' },
            inverseJoinColumn: { name: 'tag_id' },
          },
        },
      },
    }),
    new EntitySchema<Draft>({ name: 'draft', columns: columns as never }),
    new EntitySchema<Draft>({ name: 'slow_book', columns: columns as never }),
    new EntitySchema<Review>({
      name: 'review',
      columns: {
        id: KEY,
        rating: { type: Number },
        body: { type: String },
        createdAt: { ...instant, name: 'created_at' },
      },
    }),
  ]
}

/** Text, as everybody else has it here. */
const ISO_TEXT = {
  type: 'text',
  transformer: {
    to: (value: Date) => value.toISOString(),
    from: (text: string) => new Date(text),
  },
} satisfies EntitySchemaColumnOptions

function draftColumns(instant: EntitySchemaColumnOptions): Columns {
  return {
    id: KEY,
    title: { type: String },
    pages: { type: Number },
    price: { type: String },
    inStock: { type: Boolean, name: 'in_stock' },
    publishedAt: { ...instant, name: 'published_at' },
    authorId: { type: Number, name: 'author_id' },
  }
}

function sessionOf(source: DataSource): Session {
  const books: Repository<Book> = source.getRepository('book')
  const drafts: Repository<Draft> = source.getRepository('draft')
  const slowBooks: Repository<Draft> = source.getRepository('slow_book')
  const reviews: Repository<Review> = source.getRepository('review')
  return {
    byKey: (id) => books.findOneByOrFail({ id }),
    books: (count) => books.find({ order: { id: 'ASC' }, take: count }),
    joined: (country, pages) =>
      books.find({
        where: { author: { country }, pages: MoreThan(pages) },
        order: { publishedAt: 'DESC' },
        take: 50,
      }),
    nested: (count) => nested(source.getRepository('author'), count),
    insertMany: (rows) => insertMany(source, rows),
    createEach: (rows) =>
      source.transaction(async (manager) => {
        const repository = manager.withRepository(drafts)
        for (const row of rows) await repository.save(repository.create(row))
      }),
    count: (authorId, pages) => books.countBy({ authorId, pages: MoreThan(pages) }),
    exists: (authorId, pages) => books.existsBy({ authorId, pages: MoreThan(pages) }),
    slow: (id) => slowBooks.findOneByOrFail({ id }),
    eachReview: async (onRating) => {
      for (const { rating } of await reviews.find()) onRating(rating)
    },
    build: (country, pages) =>
      books
        .createQueryBuilder('book')
        .innerJoin('book.author', 'author')
        .where('author.country = :country', { country })
        .andWhere('book.pages > :pages', { pages })
        .orderBy('book.publishedAt', 'DESC')
        .limit(50)
        .getQuery(),
    close: () => source.destroy(),
  }
}

async function nested(repository: Repository<Author>, count: number): Promise<Tally> {
  const authors = await repository.find({
    order: { id: 'ASC' },
    take: count,
    relations: { books: { tags: true } },
  })
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { tags } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

async function insertMany(source: DataSource, books: readonly NewBook[]): Promise<void> {
  await source.transaction(async (manager) => {
    for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
      await manager.insert<Draft>('draft', books.slice(at, at + ROWS_PER_INSERT))
    }
  })
}
