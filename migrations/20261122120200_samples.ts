/** A column of every kind, for round trips: none can hold NULL, or all can. */
import type { Knex } from 'knex'

type Columns = readonly Knex.ColumnBuilder[]

export async function up({ client, schema }: Knex): Promise<void> {
  const isSqlite = client.dialect === 'sqlite3'
  await schema
    .createTable('samples', (table) => {
      table.increments()
      for (const column of addColumns(table, isSqlite)) column.notNullable()
    })
    .createTable('optional_samples', (table) => {
      table.bigIncrements()
      for (const column of addColumns(table, isSqlite)) column.nullable()
    })
}

export async function down({ schema }: Knex): Promise<void> {
  await schema.dropTable('optional_samples').dropTable('samples')
}

/** Each named as its builder in `fields`, in snake_case. */
function addColumns(table: Knex.CreateTableBuilder, isSqlite: boolean): Columns {
  return [
    ...textColumns(table),
    ...numberColumns(table, isSqlite),
    ...otherColumns(table, isSqlite),
  ]
}

function textColumns(table: Knex.CreateTableBuilder): Columns {
  return [
    table.string('char', 100),
    table.text('text'),
    table.string('email', 254),
    table.string('url', 200),
    table.string('slug', 50),
    table.string('choice', 20),
    table.uuid('uuid'),
  ]
}

function numberColumns(table: Knex.CreateTableBuilder, isSqlite: boolean): Columns {
  return [
    table.boolean('boolean'),
    table.integer('integer'),
    table.smallint('small_integer'),
    table.bigInteger('big_integer'),
    table.double('float'),
    // SQLite's own decimals keep 15 digits; text keeps them all.
    table.specificType('decimal', isSqlite ? 'text' : 'numeric(38, 10)'),
  ]
}

function otherColumns(table: Knex.CreateTableBuilder, isSqlite: boolean): Columns {
  return [
    table.date('date'),
    table.timestamp('date_time', { useTz: true }),
    // For `storage: 'epochMs'`: what knex itself makes of a Date on SQLite; UTC on PostgreSQL.
    table.timestamp('epoch_ms', { useTz: false }),
    table.time('time'),
    table.specificType('duration', isSqlite ? 'bigint' : 'interval'),
    // Text, since a column of SQLite called 'json' has numeric affinity and rewrites numbers.
    table.specificType('json', isSqlite ? 'text' : 'jsonb'),
    table.binary('binary'),
  ]
}
