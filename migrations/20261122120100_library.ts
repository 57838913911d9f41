/** The behaviour specs' tables: authors, their books, the books' tags. */
import type { Knex } from 'knex'

export async function up({ client, schema }: Knex): Promise<void> {
  const isSqlite = client.dialect === 'sqlite3'
  await schema
    .createTable('authors', (table) => {
      table.increments()
      table.string('name', 100).notNullable()
      table.string('email', 254).unique()
      table.date('born_on')
      addKey(table, 'mentor_id', 'authors').index()
    })
    .createTable('tags', (table) => {
      table.increments()
      table.string('name', 50).notNullable().unique()
    })
    .createTable('books', (table) => {
      table.increments()
      table.string('title', 200).notNullable()
      table.integer('pages').notNullable()
      table.timestamp('published_at', { useTz: true }).notNullable()
      table.string('status', 20)
      // SQLite's own decimals keep 15 digits; text keeps them all.
      table.specificType('price', isSqlite ? 'text' : 'numeric(8, 2)')
      table.specificType('data', isSqlite ? 'text' : 'jsonb')
      addKey(table, 'author_id', 'authors').notNullable().index()
    })
    .createTable('books_tags', (table) => {
      table.increments()
      addKey(table, 'book_id', 'books').notNullable()
      addKey(table, 'tag_id', 'tags').notNullable().index()
      table.unique(['book_id', 'tag_id'])
    })
}

export async function down({ schema }: Knex): Promise<void> {
  await schema.dropTable('books_tags').dropTable('books').dropTable('tags').dropTable('authors')
}

/**
 * Without an ON DELETE action: what happens to rows that refer to a row is the ORM's to decide. As
 * text, since knex's `deferrable()` does nothing on SQLite.
 */
function addKey(
  table: Knex.CreateTableBuilder,
  column: string,
  target: string,
): Knex.ColumnBuilder {
  return table.specificType(
    column,
    `integer references "${target}" ("id") deferrable initially deferred`,
  )
}
