/** The models of the stories: authors and their books, tags, and a table that is not there. */
import { AsyncManager, AsyncQuerySet, fields, Model } from '../../../lib/index.ts'

export class Author extends Model(
  'authors',
  {
    name: fields.char({ maxLength: 100 }),
    email: fields.email({ null: true, unique: true }),
    bornOn: fields.date({ null: true }),
    mentor: fields.foreignKey<Author>('self', {
      onDelete: 'setNull',
      null: true,
      relatedName: 'students',
    }),
  },
  { getLatestBy: 'bornOn' },
) {
  static objects = new AsyncManager(Author)

  get displayName(): string {
    return `${this.name} <${this.email ?? 'no address'}>`
  }
}

export class BookQuerySet extends AsyncQuerySet<Book> {
  live(): this {
    return this.filter({ status: 'live' })
  }

  longerThan(pages: number): this {
    return this.filter({ pages__gt: pages })
  }
}

export class Book extends Model(
  'books',
  {
    title: fields.char({ maxLength: 200 }),
    pages: fields.integer({ default: 0 }),
    publishedAt: fields.dateTime(),
    status: fields.choice({ choices: ['live', 'draft'], null: true }),
    price: fields.decimal({ maxDigits: 8, decimalPlaces: 2, null: true }),
    data: fields.json({ null: true }),
    author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
  },
  { ordering: ['title'] },
) {
  static objects = new AsyncManager(Book, BookQuerySet)
}

/** Nothing refers to it, and it has no ordering. */
export class Tag extends Model('tags', {
  name: fields.char({ maxLength: 50, unique: true }),
}) {
  static objects = new AsyncManager(Tag)
}

/** Its table is missing until a story makes it: what is asked of it fails. */
export class Ghost extends Model('ghosts', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Ghost)
}
