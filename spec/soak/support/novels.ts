/** Writers, novels and labels: what the long tests write, and how it looks from outside. */
import type { Knex } from 'knex'
import { AsyncManager, fields, Model, type RelatedManager } from '../../../lib/index.ts'

export class Label extends Model('labels', { name: fields.char({ maxLength: 50, unique: true }) }) {
  static objects = new AsyncManager(Label)
}

export class Writer extends Model('writers', {
  name: fields.char({ maxLength: 50, unique: true }),
  score: fields.integer({ default: 0 }),
}) {
  static objects = new AsyncManager(Writer)
  declare readonly novels: RelatedManager<Novel>
}

export class Novel extends Model('novels', {
  title: fields.char({ maxLength: 50 }),
  writer: fields.foreignKey(Writer, { onDelete: 'cascade', relatedName: 'novels' }),
  labels: fields.manyToMany(Label, { relatedName: 'novels' }),
}) {
  static objects = new AsyncManager(Novel)
}

export async function createNovels(knex: Knex): Promise<void> {
  await knex.schema
    .createTable('labels', (table) => {
      table.increments()
      table.string('name', 50).notNullable().unique()
    })
    .createTable('writers', (table) => {
      table.increments()
      table.string('name', 50).notNullable().unique()
      table.integer('score').notNullable()
    })
    .createTable('novels', (table) => {
      table.increments()
      table.string('title', 50).notNullable()
      table.integer('writer_id').notNullable().references('writers.id')
    })
    .createTable('novels_labels', (table) => {
      table.increments()
      table.integer('novel_id').notNullable().references('novels.id')
      table.integer('label_id').notNullable().references('labels.id')
      table.unique(['novel_id', 'label_id'])
    })
    // What a statement that rolls back by itself runs into, on SQLite.
    .createTable('stumbles', (table) => {
      table.integer('id').primary()
    })
  await knex('stumbles').insert({ id: 1 })
  if (knex.client.config.client !== 'pg') return
  // Above the keys that are given by hand.
  for (const table of ['novels_labels', 'novels', 'writers', 'labels']) {
    await knex.raw(`alter sequence ${table}_id_seq restart with 1000`)
  }
}

/** Empties the tables, then: two writers, three novels, three labels. */
export async function refillNovels(knex: Knex): Promise<void> {
  for (const table of ['novels_labels', 'novels', 'writers', 'labels']) await knex(table).delete()
  await knex('writers').insert([
    { id: 1, name: 'Ann', score: 1 },
    { id: 2, name: 'Ben', score: 2 },
  ])
  await knex('labels').insert(['red', 'green', 'blue'].map((name, at) => ({ id: at + 1, name })))
  await knex('novels').insert([
    { id: 1, title: 'One', writer_id: 1 },
    { id: 2, title: 'Two', writer_id: 1 },
    { id: 3, title: 'Three', writer_id: 2 },
  ])
  await knex('novels_labels').insert([
    { id: 1, novel_id: 1, label_id: 1 },
    { id: 2, novel_id: 1, label_id: 2 },
    { id: 3, novel_id: 3, label_id: 3 },
  ])
}

/** All of it by names, since the keys of what was undone are not given again. */
export async function snapshotOf(knex: Knex): Promise<string> {
  const writers: { name: string; score: number }[] = await knex('writers').select('name', 'score')
  const novels: { title: string; name: string }[] = await knex('novels')
    .join('writers', 'writers.id', 'novels.writer_id')
    .select('title', 'name')
  const labels: { name: string }[] = await knex('labels').select('name')
  const pairs: { title: string; name: string }[] = await knex('novels_labels')
    .join('novels', 'novels.id', 'novels_labels.novel_id')
    .join('labels', 'labels.id', 'novels_labels.label_id')
    .select('title', 'labels.name as name')
  return [
    ...writers.map(({ name, score }) => `writer ${name} ${score}`),
    ...novels.map(({ title, name }) => `novel ${title} by ${name}`),
    ...labels.map(({ name }) => `label ${name}`),
    ...pairs.map(({ title, name }) => `${title} is ${name}`),
  ]
    .sort()
    .join('\n')
}
