/** Migrations as objects, for processes of their own: what a directory of files would give. */
import type { Knex } from 'knex'

/** What a file of migrations exports; knex's types leave its `config` out. */
export interface Migration extends Knex.Migration {
  readonly config?: { readonly transaction: boolean }
}

type Migrations = Readonly<Record<string, Knex.Migration>>

const authors: Knex.Migration = {
  async up(knex) {
    await knex.schema.createTable('authors', (table) => {
      table.increments()
      table.string('name').notNullable()
    })
    await knex('authors').insert({ name: 'Jane' })
  },
  async down({ schema }) {
    await schema.dropTable('authors')
  },
}

/** Without a transaction; each way has several statements, none of which can be run twice. */
const notes: Migration = {
  config: { transaction: false },
  async up(knex) {
    await knex.schema.createTable('notes', (table) => {
      table.integer('author_id')
      table.text('body')
    })
    await knex('notes').insert({ author_id: 1, body: 'first' })
    await knex.schema.alterTable('notes', (table) => {
      table.index(['author_id'], 'notes_author')
    })
  },
  async down(knex) {
    await knex.schema.alterTable('notes', (table) => {
      table.dropIndex(['author_id'], 'notes_author')
    })
    await knex.schema.dropTable('notes')
  },
}

const books: Knex.Migration = {
  async up(knex) {
    await knex.schema.createTable('books', (table) => {
      table.increments()
      table.integer('author_id').references('authors.id')
    })
    await knex('books').insert({ author_id: 1 })
  },
  async down({ schema }) {
    await schema.dropTable('books')
  },
}

/** What knex takes as `migrationSource`. */
export function sourceOf(migrations: Migrations): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => Object.keys(migrations),
    getMigrationName: (name) => name,
    getMigration: async (name) => migrations[name] ?? Promise.reject(new Error(name)),
  }
}

/** `transactions`: knex runs all of them in one transaction; `mixed`: each by itself. */
export const sources = {
  transactions: sourceOf({ '1_authors': authors, '3_books': books }),
  mixed: sourceOf({ '1_authors': authors, '2_notes': notes, '3_books': books }),
} as const

export type SourceName = keyof typeof sources
