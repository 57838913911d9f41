/** Several callers at once who want the same row. */
import { expect } from 'chai'
import {
  AsyncManager,
  F,
  fields,
  IntegrityError,
  Model,
  type RelatedManager,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

class Counter extends Model('counters', {
  name: fields.text({ unique: true }),
  count: fields.integer({ default: 0 }),
}) {
  static objects = new AsyncManager(Counter)
  declare readonly boards: RelatedManager<Board>
}

class Board extends Model('boards', {
  title: fields.text(),
  counters: fields.manyToMany(Counter, { relatedName: 'boards' }),
}) {
  static objects = new AsyncManager(Board)
}

const CALLERS = 8
const callers = Array.from({ length: CALLERS }, (_, at) => at)

describeOnEach('races', (kind) => {
  const schema = useSchema(kind, [Counter, Board], async (knex) => {
    await knex.schema.createTable('counters', (table) => {
      table.increments()
      table.text('name').notNullable().unique()
      table.integer('count').notNullable()
    })
    await knex.schema.createTable('boards', (table) => {
      table.increments()
      table.text('title').notNullable()
    })
    await knex.schema.createTable('boards_counters', (table) => {
      table.increments()
      table.integer('board_id').notNullable().references('boards.id')
      table.integer('counter_id').notNullable().references('counters.id')
      table.unique(['board_id', 'counter_id'])
    })
  })

  it('getOrCreate(): one of them creates, all have the row', async () => {
    const found = await Promise.all(
      callers.map((count) => Counter.objects.getOrCreate({ name: 'a' }, { defaults: { count } })),
    )
    expect(found.filter(([, isNew]) => isNew)).to.have.lengthOf(1)
    expect(new Set(found.map(([{ id, count }]) => `${id} ${count}`)).size).to.equal(1)
    expect(await Counter.objects.count()).to.equal(1)
  })

  it('getOrCreate() in transactions of their own', async () => {
    const found = await Promise.all(
      callers.map(() => schema.db.atomic(() => Counter.objects.getOrCreate({ name: 'a' }))),
    )
    expect(found.filter(([, isNew]) => isNew)).to.have.lengthOf(1)
    expect(await Counter.objects.count()).to.equal(1)
  })

  it('updateOrCreate(): one of them creates, the others update, none is lost', async () => {
    const found = await Promise.all(
      callers.map(() =>
        Counter.objects.updateOrCreate(
          { name: 'a' },
          { defaults: { count: F('count').add(1) as never }, createDefaults: { count: 1 } },
        ),
      ),
    )
    expect(found.filter(([, isNew]) => isNew)).to.have.lengthOf(1)
    const counts = found.map(([{ count }]) => count).sort((a, b) => a - b)
    expect(counts).to.deep.equal(callers.map((at) => at + 1))
    expect((await Counter.objects.get({ name: 'a' })).count).to.equal(CALLERS)
  })

  it('updateOrCreate() keeps the row from others while it decides', async () => {
    const { id } = await Counter.objects.create({ name: 'a' })
    const add = async (): Promise<unknown> =>
      await schema.db.atomic(async () => {
        const [counter] = await Counter.objects.updateOrCreate({ name: 'a' })
        counter.count += 1
        await counter.save()
      })
    await Promise.all(callers.map(add))
    expect((await Counter.objects.get({ pk: id })).count).to.equal(CALLERS)
    const sql = await schema.sqlOf(() => Counter.objects.updateOrCreate({ name: 'a' }))
    const select = sql.filter((text) => text.startsWith('select'))
    expect(select).to.have.lengthOf(1)
    if (kind.dialect === 'postgresql') expect(select[0]).to.match(/for update of "counters"$/)
  })

  it('getOrCreate() of what a join table connects: connected once, and never to half', async () => {
    const boards = await Board.objects.bulkCreate([{ title: 'x' }, { title: 'y' }])
    const [x, y] = boards
    if (!x || !y) throw new Error('Two boards are due.')
    const outcomes = await Promise.allSettled(
      callers.map(() => x.counters.getOrCreate({ name: 'a' })),
    )
    const found = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(found.filter(([, isNew]) => isNew)).to.have.lengthOf(1)
    for (const one of outcomes) {
      if (one.status === 'rejected') expect(one.reason).to.be.instanceOf(IntegrityError)
    }
    expect(await x.counters.valuesList('name', { flat: true })).to.deep.equal(['a'])
    // Taken, but not among the rows of this one: as in Django the unique column decides.
    expect(await rejection(y.counters.getOrCreate({ name: 'a' }))).to.be.instanceOf(IntegrityError)
    expect(await y.counters.count()).to.equal(0)
    const [made, isNew] = await y.counters.updateOrCreate({ name: 'b' }, { defaults: { count: 2 } })
    expect([made.count, isNew]).to.deep.equal([2, true])
    const [again] = await y.counters.updateOrCreate({ name: 'b' }, { defaults: { count: 3 } })
    expect([again.id, again.count, await y.counters.count()]).to.deep.equal([made.id, 3, 1])
  })
})
