/** Lucid, AdonisJS's active records on knex, without the rest of AdonisJS. */
import { Logger } from '@adonisjs/core/logger'
import { Database } from '@adonisjs/lucid/database'
import { Adapter, BaseModel, belongsTo, column, hasMany, manyToMany } from '@adonisjs/lucid/orm'
import type { BelongsTo, HasMany, ManyToMany } from '@adonisjs/lucid/types/relations'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'

class Author extends BaseModel {
  static override table = 'author'
  declare id: number
  declare country: string
  declare books: HasMany<typeof Book>
}

class Tag extends BaseModel {
  static override table = 'tag'
  declare id: number
  declare name: string
}

class BookModel extends BaseModel {
  declare id: number
  declare title: string
  declare pages: number
  declare price: string
  declare inStock: boolean
  declare publishedAt: Date
  declare authorId: number
}

class Book extends BookModel {
  static override table = 'book'
  declare author: BelongsTo<typeof Author>
  declare tags: ManyToMany<typeof Tag>
}

class Draft extends BookModel {
  static override table = 'draft'
}

class SlowBook extends BookModel {
  static override table = 'slow_book'
}

class Review extends BaseModel {
  static override table = 'review'
  declare id: number
  declare rating: number
  declare body: string
  declare createdAt: Date
  declare bookId: number
}

/** Who listens to AdonisJS's events: nobody. */
const silence = { hasListeners: () => false, emit: () => {} }

export const open: Open = async (driver, place) => {
  const connection = { client: clientOf(driver), ...connectionOf(driver, place) }
  const config = { connection: 'main', connections: { main: connection } }
  const db = new Database(config as never, new Logger({ enabled: false }), silence as never)
  BaseModel.$adapter = new Adapter(db)
  define(driver)
  return sessionOf(db, driver)
}

function clientOf(driver: Driver): string {
  return driver === 'sqlite3' ? 'sqlite' : driver
}

function connectionOf(driver: Driver, { location, poolSize }: Place): object {
  const pool = { min: 0, max: poolSize }
  if (driver === 'pg') return { connection: { connectionString: location }, pool }
  return { connection: { filename: location }, useNullAsDefault: true, pool: { min: 0, max: 1 } }
}

let isDefined = false

/** What its decorators do, called by hand: a session may be opened twice. */
function define(driver: Driver): void {
  if (isDefined) return
  isDefined = true
  const key = column({ isPrimary: true })
  key(Author.prototype, 'id')
  for (const name of ['name', 'email', 'country', 'createdAt']) column()(Author.prototype, name)
  key(Tag.prototype, 'id')
  column()(Tag.prototype, 'name')
  for (const model of [Book, Draft, SlowBook]) {
    key(model.prototype, 'id')
    for (const name of ['title', 'pages', 'price', 'inStock', 'authorId']) {
      column()(model.prototype, name)
    }
    column(driver === 'pg' ? {} : ISO_TEXT)(model.prototype, 'publishedAt')
  }
  key(Review.prototype, 'id')
  for (const name of ['rating', 'body', 'createdAt', 'bookId']) column()(Review.prototype, name)
  hasMany(() => Book)(Author.prototype, 'books')
  belongsTo(() => Author)(Book.prototype, 'author')
  manyToMany(() => Tag, { pivotTable: 'book_tag' })(Book.prototype, 'tags')
}

/** Text, as everybody else has it here. */
const ISO_TEXT = {
  prepare: (value: Date) => value.toISOString(),
  consume: (text: string) => new Date(text),
}

function sessionOf(db: Database, driver: Driver): Session {
  return {
    byKey: (id) => Book.findOrFail(id),
    books: (count) => Book.query().orderBy('id').limit(count),
    joined: (country, pages) => joined(country, pages),
    nested,
    insertMany: (books) => insertMany(db, driver, books),
    createEach: (books) =>
      db.transaction(async (client) => {
        for (const book of books) await Draft.create({ ...book }, { client })
      }),
    count: async (authorId, pages) => {
      const query = Book.query().where({ authorId }).where('pages', '>', pages)
      const [row] = await query.count('* as n').pojo<{ n: number | string }>()
      return Number(row?.n)
    },
    exists: async (authorId, pages) => {
      const query = Book.query().where({ authorId }).where('pages', '>', pages)
      return (await query.select('id').first()) !== null
    },
    slow: (id) => SlowBook.findOrFail(id),
    eachReview: async (onRating) => {
      for (const { rating } of await Review.query()) onRating(rating)
    },
    build: (country, pages) => joined(country, pages).toSQL().toNative().sql,
    close: () => db.manager.closeAll(),
  }
}

function joined(country: string, pages: number) {
  return Book.query()
    .whereHas('author', (author) => author.where('country', country))
    .where('pages', '>', pages)
    .orderBy('publishedAt', 'desc')
    .limit(50)
}

async function nested(count: number): Promise<Tally> {
  const authors = await Author.query()
    .orderBy('id')
    .limit(count)
    .preload('books', (books) => books.preload('tags'))
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books } of authors) {
    for (const { tags } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}

/** `multiInsert` of its query builder: the models' `createMany` is one statement a row. */
async function insertMany(
  db: Database,
  driver: Driver,
  books: readonly NewBook[],
): Promise<unknown> {
  const rows = books.map(({ title, pages, price, inStock, publishedAt, authorId }) => ({
    title,
    pages,
    price,
    in_stock: inStock,
    published_at: driver === 'pg' ? publishedAt : publishedAt.toISOString(),
    author_id: authorId,
  }))
  const size = driver === 'pg' ? 5_000 : 500
  return await db.transaction(async (trx) => {
    for (let at = 0; at < rows.length; at += size) {
      await trx.table('draft').multiInsert(rows.slice(at, at + size))
    }
  })
}
