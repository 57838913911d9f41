/** A shop with a relation of every kind, and a database with a few rows of it before each story. */
import type { Knex } from 'knex'
import {
  AsyncManager,
  AsyncQuerySet,
  fields,
  type ManagerOf,
  Model,
  type RelatedManager,
  type RelatedOne,
} from '../../../lib/index.ts'
import type { TestDatabase } from '../../support/databases.ts'
import { type Schema, useSchema } from './schema.ts'

export class Author extends Model('authors', {
  name: fields.char({ maxLength: 50 }),
  mentor: fields.foreignKey<Author>('self', {
    onDelete: 'setNull',
    null: true,
    relatedName: 'students',
  }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly students: RelatedManager<Author>
  declare readonly books: RelatedManager<Book, BookQuerySet>
  declare readonly edited: RelatedManager<Book, BookQuerySet>
  declare readonly contributedBooks: RelatedManager<Book, BookQuerySet>
  declare readonly contributions: RelatedManager<Contribution>
  declare profile: RelatedOne<Profile>
}

export class Profile extends Model('profiles', {
  bio: fields.text({ default: '' }),
  author: fields.oneToOne(Author, { onDelete: 'cascade', relatedName: 'profile' }),
}) {
  static objects = new AsyncManager(Profile)
}

/** Books refer to it by its code. */
export class Publisher extends Model('publishers', {
  code: fields.char({ maxLength: 10, unique: true }),
  name: fields.char({ maxLength: 50, default: '' }),
}) {
  static objects = new AsyncManager(Publisher)
  declare readonly books: RelatedManager<Book, BookQuerySet>
}

export class Tag extends Model('tags', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Tag)
  declare readonly books: RelatedManager<Book, BookQuerySet>
}

export class BookQuerySet extends AsyncQuerySet<Book> {
  longerThan(pages: number): this {
    return this.filter({ pages__gt: pages })
  }
}

export class Book extends Model('books', {
  title: fields.char({ maxLength: 50 }),
  pages: fields.integer({ default: 0 }),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
  editor: fields.foreignKey(Author, { onDelete: 'setNull', null: true, relatedName: 'edited' }),
  publisher: fields.foreignKey(Publisher, {
    onDelete: 'setNull',
    null: true,
    toField: 'code',
    relatedName: 'books',
  }),
  tags: fields.manyToMany(Tag, { relatedName: 'books' }),
  contributors: fields.manyToMany(Author, {
    through: 'Contribution',
    relatedName: 'contributedBooks',
  }),
}) {
  static objects: ManagerOf<BookQuerySet> = new AsyncManager(Book, BookQuerySet)
  declare readonly chapters: RelatedManager<Chapter>
}

/** Who had a part in a book, and which. */
export class Contribution extends Model('contributions', {
  book: fields.foreignKey(Book, { onDelete: 'cascade' }),
  person: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'contributions' }),
  role: fields.char({ maxLength: 20, default: 'friend' }),
}) {
  static objects = new AsyncManager(Contribution)
}

/** It may belong to no book. */
export class Chapter extends Model(
  'chapters',
  {
    title: fields.char({ maxLength: 50 }),
    book: fields.foreignKey(Book, { onDelete: 'cascade', null: true, relatedName: 'chapters' }),
  },
  { ordering: ['title'] },
) {
  static objects = new AsyncManager(Chapter)
}

/** Friends are so of each other, followers are not. */
export class Person extends Model('persons', {
  name: fields.char({ maxLength: 50 }),
  friends: fields.manyToMany<Person>('self'),
  following: fields.manyToMany<Person>('self', { relatedName: 'followers' }),
}) {
  static objects = new AsyncManager(Person)
  declare readonly followers: RelatedManager<Person>
}

const models = [Author, Profile, Publisher, Tag, Book, Contribution, Chapter, Person]

async function createTables(knex: Knex): Promise<void> {
  await knex.schema
    .createTable('authors', (table) => {
      table.increments()
      table.string('name', 50).notNullable()
      table.integer('mentor_id').references('authors.id')
    })
    .createTable('profiles', (table) => {
      table.increments()
      table.text('bio').notNullable().defaultTo('')
      table.integer('author_id').notNullable().unique().references('authors.id')
    })
    .createTable('publishers', (table) => {
      table.increments()
      table.string('code', 10).notNullable().unique()
      table.string('name', 50).notNullable().defaultTo('')
    })
    .createTable('tags', (table) => {
      table.increments()
      table.string('name', 50).notNullable()
    })
    .createTable('books', (table) => {
      table.increments()
      table.string('title', 50).notNullable()
      table.integer('pages').notNullable().defaultTo(0)
      table.integer('author_id').notNullable().references('authors.id')
      table.integer('editor_id').references('authors.id')
      table.string('publisher_id', 10).references('publishers.code')
    })
    .createTable('books_tags', (table) => {
      table.integer('book_id').notNullable().references('books.id')
      table.integer('tag_id').notNullable().references('tags.id')
      table.primary(['book_id', 'tag_id'])
    })
    .createTable('contributions', (table) => {
      table.increments()
      table.integer('book_id').notNullable().references('books.id')
      table.integer('person_id').notNullable().references('authors.id')
      table.string('role', 20).notNullable()
    })
    .createTable('chapters', (table) => {
      table.increments()
      table.string('title', 50).notNullable()
      table.integer('book_id').references('books.id')
    })
    .createTable('persons', (table) => {
      table.increments()
      table.string('name', 50).notNullable()
    })
  for (const name of ['friends', 'following']) {
    await knex.schema.createTable(`persons_${name}`, (table) => {
      table.increments()
      table.integer('from_person_id').notNullable().references('persons.id')
      table.integer('to_person_id').notNullable().references('persons.id')
      table.unique(['from_person_id', 'to_person_id'])
    })
  }
}

/** Rows that the ORM creates get ids from here on. */
export const NEXT_ID = 101

/**
 * Authors Ann (1, mentor of Bob), Bob (2) and Cyd (3, who wrote nothing); Ann wrote A (10 pages),
 * B (20) and C (30), Bob D (40). A is tagged 'old', B 'old' and 'new', D 'new'.
 */
export function useBookshop(kind: TestDatabase): Schema {
  const shop = useSchema(kind, models, createTables)
  beforeEach(async () => {
    await fill(shop)
  })
  return shop
}

async function fill({ db, dialect, insert }: Schema): Promise<void> {
  await insert(
    'authors',
    { id: 1, name: 'Ann', mentor_id: null },
    { id: 2, name: 'Bob', mentor_id: 1 },
    { id: 3, name: 'Cyd', mentor_id: null },
  )
  await insert('profiles', { id: 1, bio: 'of Ann', author_id: 1 })
  await insert(
    'publishers',
    { id: 1, code: 'one', name: 'One' },
    { id: 2, code: 'two', name: 'Two' },
  )
  await insert('tags', { id: 1, name: 'old' }, { id: 2, name: 'new' }, { id: 3, name: 'unused' })
  await insert(
    'books',
    { id: 1, title: 'A', pages: 10, author_id: 1, editor_id: 2, publisher_id: 'one' },
    { id: 2, title: 'B', pages: 20, author_id: 1, editor_id: null, publisher_id: 'one' },
    { id: 3, title: 'C', pages: 30, author_id: 1, editor_id: 1, publisher_id: null },
    { id: 4, title: 'D', pages: 40, author_id: 2, editor_id: null, publisher_id: 'two' },
  )
  await insert(
    'books_tags',
    { book_id: 1, tag_id: 1 },
    { book_id: 2, tag_id: 1 },
    { book_id: 2, tag_id: 2 },
    { book_id: 4, tag_id: 2 },
  )
  await insert(
    'contributions',
    { id: 1, book_id: 1, person_id: 2, role: 'friend' },
    { id: 2, book_id: 4, person_id: 3, role: 'editor' },
  )
  await insert(
    'chapters',
    { id: 1, title: 'A.1', book_id: 1 },
    { id: 2, title: 'A.2', book_id: 1 },
    { id: 3, title: 'D.1', book_id: 4 },
    { id: 4, title: 'loose', book_id: null },
  )
  await insert('persons', { id: 1, name: 'P' }, { id: 2, name: 'Q' }, { id: 3, name: 'R' })
  if (dialect === 'sqlite') {
    await db.knex('sqlite_sequence').update({ seq: NEXT_ID - 1 })
    for (const name of ['friends', 'following']) {
      await db.knex('sqlite_sequence').insert({ name: `persons_${name}`, seq: NEXT_ID - 1 })
    }
    return
  }
  const tables = 'authors profiles publishers tags books contributions chapters persons'
  for (const table of tables.split(' ')) {
    await db.knex.raw(`select setval(pg_get_serial_sequence('${table}', 'id'), ${NEXT_ID - 1})`)
  }
}

/** The titles of books, the names of the others. */
export function named(rows: Iterable<object>): string[] {
  return [...rows].map((row) => {
    const { name, title } = row as { name?: string; title?: string }
    return name ?? title ?? '?'
  })
}
