/** Ours, written as the README teaches it. */
import {
  AsyncManager,
  atomic,
  connect,
  fields,
  Model,
  Q,
  type RelatedManager,
} from '../../lib/index.ts'
import type { BookCondition, Open, Session, Tally } from '../contestant.ts'
import type { NewBook } from '../data.ts'
import { knexConfig } from './knex-support.ts'

class Author extends Model('author', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ unique: true }),
  country: fields.char({ maxLength: 2 }),
  createdAt: fields.dateTime(),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book>
}

class Tag extends Model('tag', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Tag)
}

const bookColumns = {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer(),
  price: fields.decimal({ maxDigits: 8, decimalPlaces: 2 }),
  inStock: fields.boolean(),
  publishedAt: fields.dateTime(),
}

class Book extends Model('book', {
  ...bookColumns,
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
  tags: fields.manyToMany(Tag, { relatedName: 'books', table: 'book_tag' }),
}) {
  static objects = new AsyncManager(Book)
}

class Draft extends Model('draft', {
  ...bookColumns,
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: '+' }),
}) {
  static objects = new AsyncManager(Draft)
}

class SlowBook extends Model('slow_book', {
  ...bookColumns,
  author: fields.foreignKey(Author, { onDelete: 'doNothing', relatedName: '+' }),
}) {
  static objects = new AsyncManager(SlowBook)
}

class Review extends Model('review', {
  rating: fields.integer(),
  body: fields.text(),
  createdAt: fields.dateTime(),
  book: fields.foreignKey(Book, { onDelete: 'cascade', relatedName: '+' }),
}) {
  static objects = new AsyncManager(Review)
}

const models = [Author, Tag, Book, Draft, SlowBook, Review]

export const open: Open = async (driver, place) => {
  const db = connect(knexConfig(driver, place), { models })
  return { ...session, close: () => db.close() }
}

const session: Omit<Session, 'close'> = {
  byKey: (id) => Book.objects.get({ id }),
  books: async (count) => await Book.objects.orderBy('id').slice(0, count),
  joined: async (country, pages) => await joined(country, pages),
  nested,
  authorNames,
  insertMany: (books) => Draft.objects.bulkCreate(books),
  createEach: (books) => createEach(books),
  count: (authorId, pages) => Book.objects.filter({ author: authorId, pages__gt: pages }).count(),
  exists: (authorId, pages) => Book.objects.filter({ author: authorId, pages__gt: pages }).exists(),
  slow: (id) => SlowBook.objects.get({ id }),
  eachReview: async (onRating) => {
    for await (const { rating } of Review.objects.all().iterator()) onRating(rating)
  },
  build: (country, pages) => joined(country, pages).toSQL().sql,
  buildNew: (conditions) => Book.objects.filter(Q.and(...conditions.map(toQ))).toSQL().sql,
  page: async (ids, work) => {
    const started = ids.map((id) => SlowBook.objects.filter({ id }).startFetch())
    await work()
    return await gather(started)
  },
  lookups: (ids) => gather(ids.map((id) => Book.objects.filter({ id }).startFetch())),
}

function joined(country: string, pages: number) {
  return Book.objects
    .filter({ author__country: country, pages__gt: pages })
    .orderBy('-publishedAt')
    .slice(0, 50)
}

async function nested(count: number): Promise<Tally> {
  const authors = await Author.objects.orderBy('id').slice(0, count).prefetchRelated('books__tags')
  let books = 0
  let tags = 0
  for (const author of authors) {
    for (const book of await author.books.all()) {
      books++
      for (const _tag of await book.tags.all()) tags++
    }
  }
  return { authors: authors.length, books, tags }
}

async function authorNames(count: number): Promise<number> {
  let length = 0
  for (const book of await Book.objects.orderBy('id').slice(0, count)) {
    const author = await book.author
    length += author.name.length
  }
  return length
}

async function createEach(books: readonly NewBook[]): Promise<void> {
  await atomic(async () => {
    for (const book of books) await Draft.objects.create(book)
  })
}

function toQ({ column, operator, value }: BookCondition) {
  if (column === 'id') return operator === 'gt' ? Q({ id__gt: value }) : Q({ id__lt: value })
  if (column === 'pages')
    return operator === 'gt' ? Q({ pages__gt: value }) : Q({ pages__lt: value })
  return operator === 'gt' ? Q({ author__gt: value }) : Q({ author__lt: value })
}

async function gather<T>(started: readonly PromiseLike<readonly T[]>[]): Promise<T[]> {
  const books: T[] = []
  for (const rows of started) books.push(...(await rows))
  return books
}
