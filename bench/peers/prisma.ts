/** Prisma: a generated client (npm run bench does it) on a driver adapter. */
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'
import { PrismaClient as PostgresClient } from './prisma/postgresql/client.ts'
import { PrismaClient as SqliteClient } from './prisma/sqlite/client.ts'

/** The other client has the same methods; only a price is another type. */
type Client = PostgresClient

const ROWS_PER_INSERT = 5_000

export const open: Open = async (driver, place) => sessionOf(connected(driver, place))

function connected(driver: Driver, { location, poolSize }: Place): Client {
  if (driver === 'pg') {
    return new PostgresClient({
      adapter: new PrismaPg({ connectionString: location, max: poolSize }),
    })
  }
  const url = `file:${location}`
  const adapter = new PrismaBetterSqlite3({ url }, { timestampFormat: 'iso8601' })
  return new SqliteClient({ adapter }) as unknown as Client
}

function sessionOf(prisma: Client): Session {
  const matching = (authorId: number, pages: number) => ({ authorId, pages: { gt: pages } })
  return {
    byKey: (id) => prisma.book.findUniqueOrThrow({ where: { id } }),
    books: (count) => prisma.book.findMany({ orderBy: { id: 'asc' }, take: count }),
    joined: (country, pages) =>
      prisma.book.findMany({
        where: { author: { country }, pages: { gt: pages } },
        orderBy: { publishedAt: 'desc' },
        take: 50,
      }),
    nested: (count) => nested(prisma, count),
    insertMany: (books) => insertMany(prisma, books),
    createEach: (books) =>
      prisma.$transaction(
        async (trx) => {
          for (const data of books) await trx.draft.create({ data })
        },
        { timeout: 60_000 },
      ),
    count: (authorId, pages) => prisma.book.count({ where: matching(authorId, pages) }),
    exists: async (authorId, pages) => {
      const where = matching(authorId, pages)
      return (await prisma.book.findFirst({ where, select: { id: true } })) !== null
    },
    slow: (id) => prisma.slowBook.findUniqueOrThrow({ where: { id } }),
    eachReview: async (onRating) => {
      for (const { rating } of await prisma.review.findMany()) onRating(rating)
    },
    close: () => prisma.$disconnect(),
  }
}

async function nested(prisma: Client, count: number): Promise<Tally> {
  const authors = await prisma.author.findMany({
    orderBy: { id: 'asc' },
    take: count,
    include: { books: { include: { tags: { include: { tag: true } } } } },
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

async function insertMany(prisma: Client, books: readonly NewBook[]): Promise<void> {
  const batches: NewBook[][] = []
  for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
    batches.push(books.slice(at, at + ROWS_PER_INSERT))
  }
  await prisma.$transaction(batches.map((data) => prisma.draft.createMany({ data })))
}
