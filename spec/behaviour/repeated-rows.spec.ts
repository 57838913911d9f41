/** The same row in a result again and again: instances of it share what they remember, no more. */
import { expect } from 'chai'
import type { Knex } from 'knex'
import { z } from 'zod'
import { fields, Manager, Model, Prefetch } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'

class Maker extends Model('maker', {
  name: fields.char({ maxLength: 50 }),
  founded: fields.dateTime(),
  facts: fields.json({ schema: z.object({ seats: z.number() }) }),
}) {
  static objects = new Manager(Maker)
}

class Label extends Model('label', { text: fields.char({ maxLength: 50 }) }) {
  static objects = new Manager(Label)
}

/** A view, in which a key stands for two rows. */
class Size extends Model('size', { text: fields.char({ maxLength: 50 }) }) {
  static objects = new Manager(Size)
}

class Toy extends Model('toy', {
  maker: fields.foreignKey(Maker, { onDelete: 'cascade', relatedName: 'toys' }),
  size: fields.foreignKey(Size, { onDelete: 'doNothing', relatedName: '+' }),
  labels: fields.manyToMany(Label, { relatedName: 'toys' }),
}) {
  static objects = new Manager(Toy)
}

async function create(knex: Knex): Promise<void> {
  await knex.schema
    .createTable('maker', (table) => {
      table.increments('id')
      table.string('name', 50).notNullable()
      table.timestamp('founded').notNullable()
      table.jsonb('facts').notNullable()
    })
    .createTable('label', (table) => {
      table.increments('id')
      table.string('text', 50).notNullable()
    })
    .createTable('toy', (table) => {
      table.increments('id')
      table.integer('maker_id').notNullable().references('maker.id')
      table.integer('size_id').notNullable()
    })
    .createTable('toy_labels', (table) => {
      table.increments('id')
      table.integer('toy_id').notNullable().references('toy.id')
      table.integer('label_id').notNullable().references('label.id')
    })
  await knex.raw("create view size as select 1 as id, 'small' as text union all select 1, 'tiny'")
}

describeOnEach('instances of a row that comes again and again', (kind) => {
  const shop = useSchema(kind, [Maker, Label, Toy, Size], create)
  const founded = new Date('1890-05-01T00:00:00Z')

  beforeEach(async () => {
    await Maker.objects.create({ id: 1, name: 'Ann', founded, facts: { seats: 4 } })
    await Maker.objects.create({ id: 2, name: 'Bob', founded, facts: { seats: 2 } })
    await Toy.objects.bulkCreate([1, 2, 3].map((id) => ({ id, maker: id < 3 ? 1 : 2, size: 1 })))
    await Label.objects.bulkCreate([
      { id: 1, text: 'wood' },
      { id: 2, text: 'red' },
    ])
    const labelled = [
      [1, 1],
      [2, 1],
      [3, 1],
      [3, 2],
    ] as const
    await shop.insert('toy_labels', ...labelled.map(([toy_id, label_id]) => ({ toy_id, label_id })))
  })

  it('have each its own values, and know each for itself what it changed', async () => {
    const toys = await shop.sends(1, () => Toy.objects.selectRelated('maker').orderBy('id'))
    const [one, two, three] = [...toys].map(({ maker }) => maker) as [Maker, Maker, Maker]
    expect([one.name, two.name, three.name]).to.deep.equal(['Ann', 'Ann', 'Bob'])
    expect(two).not.to.equal(one)
    expect(two).to.deep.equal(one)
    expect(two.founded).not.to.equal(one.founded)
    expect(two.facts).not.to.equal(one.facts)
    one.name = 'Anna'
    one.facts.seats = 5
    await one.save()
    expect([one.name, two.name]).to.deep.equal(['Anna', 'Ann'])
    await shop.sends(0, () => two.save())
    two.founded = new Date('1900-01-01T00:00:00Z')
    await two.save()
    expect(await Maker.objects.orderBy('id').valuesList('name', 'facts', 'founded')).to.deep.equal([
      ['Anna', { seats: 5 }, new Date('1900-01-01T00:00:00Z')],
      ['Bob', { seats: 2 }, founded],
    ])
  })

  it('those of a prefetch, too', async () => {
    const inOrder = Prefetch('labels', { queryset: Label.objects.orderBy('id') })
    const toys = await shop.sends(2, () => Toy.objects.prefetchRelated(inOrder).orderBy('id'))
    const labels = await shop.sends(0, () =>
      Promise.all([...toys].map(async (toy) => [...(await toy.labels.all())])),
    )
    expect(labels.map((each) => each.map(({ text }) => text))).to.deep.equal([
      ['wood'],
      ['wood'],
      ['wood', 'red'],
    ])
    const [one, two] = labels.map(([first]) => first) as [Label, Label, Label]
    one.text = 'oak'
    await one.save()
    expect(two.text).to.equal('wood')
    await shop.sends(0, () => two.save())
    await two.refreshFromDb()
    expect(two.text).to.equal('oak')
  })

  it('have the values of their row where a key is that of several rows', async () => {
    const toys = await Toy.objects.selectRelated('size').orderBy('id', 'size__text')
    expect([...toys].map(({ id, size }) => [id, size.id, size.text])).to.deep.equal(
      [1, 2, 3].flatMap((id) => [
        [id, 1, 'small'],
        [id, 1, 'tiny'],
      ]),
    )
  })
})
