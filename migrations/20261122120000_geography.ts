/** The demo's tables: continents, countries and their languages, regions, cities. */
import type { Knex } from 'knex'

export async function up({ schema }: Knex): Promise<void> {
  await schema
    .createTable('continents', (table) => {
      table.increments()
      table.string('code', 2).notNullable().unique()
      table.string('name', 50).notNullable()
    })
    .createTable('languages', (table) => {
      table.increments()
      table.string('code', 2).notNullable().unique()
      table.string('name', 50).notNullable()
      table.string('native', 50).notNullable()
      table.boolean('is_rtl').notNullable()
    })
    .createTable('countries', (table) => {
      table.increments()
      table.string('code', 2).notNullable().unique()
      table.string('name', 100).notNullable()
      table.string('native', 100).notNullable()
      table.string('capital', 100)
      table.string('currency', 3)
      table.string('phone', 15)
      addKey(table, 'continent_id', 'continents').notNullable().index()
    })
    .createTable('countries_languages', (table) => {
      table.increments()
      addKey(table, 'country_id', 'countries').notNullable()
      addKey(table, 'language_id', 'languages').notNullable().index()
      table.unique(['country_id', 'language_id'])
    })
    .createTable('regions', (table) => {
      table.increments()
      table.string('code', 20).notNullable().unique()
      table.string('name', 100).notNullable()
      addKey(table, 'country_id', 'countries').notNullable().index()
    })
    .createTable('cities', (table) => {
      table.increments()
      table.string('name', 200).notNullable()
      table.double('lat').notNullable()
      table.double('lng').notNullable()
      addKey(table, 'country_id', 'countries').notNullable().index()
      addKey(table, 'region_id', 'regions').index()
    })
}

export async function down({ schema }: Knex): Promise<void> {
  await schema
    .dropTable('cities')
    .dropTable('regions')
    .dropTable('countries_languages')
    .dropTable('countries')
    .dropTable('languages')
    .dropTable('continents')
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
