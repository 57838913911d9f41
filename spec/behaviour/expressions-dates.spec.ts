import { expect } from 'chai'
import { AsyncManager, FieldError, fields, Model } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'

class Event extends Model('events', {
  day: fields.date({ null: true }),
  at: fields.dateTime(),
  name: fields.char({ maxLength: 20, default: '' }),
}) {
  static objects = new AsyncManager(Event)
}

describeOnEach('dates() and datetimes()', (kind) => {
  const store = useSchema(kind, [Event], async (knex) => {
    await knex.schema.createTable('events', (table) => {
      table.increments()
      table.date('day')
      if (kind.dialect === 'sqlite') table.text('at').notNullable()
      else table.timestamp('at', { useTz: true }).notNullable()
      table.string('name', 20).notNullable()
    })
  })

  beforeEach(async () => {
    await Event.objects.bulkCreate([
      { day: '2024-02-29', at: new Date('2024-02-29T23:59:59.123Z') },
      { day: '2024-02-01', at: new Date('2024-02-29T23:10:00Z') },
      { day: '2023-12-31', at: new Date('2023-12-31T12:00:00Z') },
      { day: null, at: new Date('2023-12-31T12:30:00Z') },
    ])
  })

  it('are each once and in order, without NULL: one statement', async () => {
    expect(await store.sends(1, () => Event.objects.dates('day', 'year'))).to.deep.equal([
      '2023-01-01',
      '2024-01-01',
    ])
    expect(await Event.objects.dates('day', 'month', { order: 'desc' })).to.deep.equal([
      '2024-02-01',
      '2023-12-01',
    ])
    expect(await Event.objects.dates('day', 'week')).to.deep.equal([
      '2023-12-25',
      '2024-01-29',
      '2024-02-26',
    ])
    expect(await Event.objects.dates('at', 'day')).to.deep.equal(['2023-12-31', '2024-02-29'])
  })

  it('are instants for datetimes()', async () => {
    expect(await Event.objects.datetimes('at', 'hour', { order: 'desc' })).to.deep.equal([
      new Date('2024-02-29T23:00:00Z'),
      new Date('2023-12-31T12:00:00Z'),
    ])
    expect(await Event.objects.datetimes('at', 'month', { tzinfo: 'Asia/Tokyo' })).to.deep.equal([
      new Date('2023-11-30T15:00:00Z'),
      new Date('2024-02-29T15:00:00Z'),
    ])
  })

  it('are counted, sliced and started', async () => {
    const months = Event.objects.filter({ day__year: 2024 }).dates('day', 'month')
    expect(await months.count()).to.equal(1)
    expect(await Event.objects.dates('day', 'day').slice(1, 2)).to.deep.equal(['2024-02-01'])
    expect(await Event.objects.dates('day', 'day').startFetch()).to.have.lengthOf(3)
  })

  it('take dates only', () => {
    expect(() => Event.objects.dates('name', 'day')).to.throw(FieldError)
    expect(() => Event.objects.datetimes('day', 'day')).to.throw(FieldError)
    expect(() => Event.objects.dates('day', 'hour' as never)).to.throw(FieldError, 'year')
    expect(() => Event.objects.dates('day', 'day', { order: 'up' } as never)).to.throw(FieldError)
    expect(() => Event.objects.dates('dya' as never, 'day')).to.throw(FieldError, "'dya'")
  })
})
