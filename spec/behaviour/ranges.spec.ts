/** Columns of ranges: on PostgreSQL, and refused by name where there are none. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Knex } from 'knex'
import {
  AsyncManager,
  Count,
  F,
  FieldError,
  fields,
  ImproperlyConfigured,
  InvalidValueError,
  Model,
  NotSupportedError,
  Q,
  type Range,
  type RangeInput,
  ValidationError,
} from '../../lib/index.ts'
import type { Dialect } from '../support/databases.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

class Booking extends Model('bookings', {
  title: fields.char({ maxLength: 20, default: '' }),
  seats: fields.integerRange({ null: true }),
  others: fields.integerRange({ null: true }),
  numbers: fields.bigIntegerRange({ null: true }),
  prices: fields.decimalRange({ null: true }),
  days: fields.dateRange({ null: true }),
  period: fields.dateTimeRange({ null: true }),
  seat: fields.smallInteger({ default: 0 }),
}) {
  static objects = new AsyncManager(Booking)
}

const TYPES: Readonly<Record<string, string>> = {
  seats: 'int4range',
  others: 'int4range',
  numbers: 'int8range',
  prices: 'numrange',
  days: 'daterange',
  period: 'tstzrange',
}

async function createTables(knex: Knex, dialect: Dialect): Promise<void> {
  await knex.schema.createTable('bookings', (table) => {
    table.increments()
    table.string('title', 20).notNullable()
    table.smallint('seat').notNullable()
    for (const [name, type] of Object.entries(TYPES)) {
      table.specificType(name, dialect === 'postgresql' ? type : 'text')
    }
  })
}

const noon = new Date('2026-02-28T12:00:00.001Z')
const later = new Date('2026-03-01T00:00:00.999Z')
const empty = { isEmpty: true } as const

/** What is given, and what it is, before it is written as after it is read. */
const VALUES: Readonly<Record<string, readonly (readonly [given: unknown, found: unknown])[]>> = {
  seats: [
    [[1, 5], { lower: 1, upper: 5, bounds: '[)' }],
    [
      { lower: 1, upper: 5, bounds: '[]' },
      { lower: 1, upper: 6, bounds: '[)' },
    ],
    [
      { lower: 1, upper: 5, bounds: '(]' },
      { lower: 2, upper: 6, bounds: '[)' },
    ],
    [{ lower: 4, upper: 5, bounds: '()' }, empty],
    [[3, 3], empty],
    [empty, empty],
    [[null, 5], { lower: null, upper: 5, bounds: '()' }],
    [[-5, null], { lower: -5, upper: null, bounds: '[)' }],
    [[null, null], { lower: null, upper: null, bounds: '()' }],
    [[-(2 ** 31), 2 ** 31 - 1], { lower: -(2 ** 31), upper: 2 ** 31 - 1, bounds: '[)' }],
  ],
  numbers: [
    [[-(2n ** 63n), 2n ** 63n - 1n], { lower: -(2n ** 63n), upper: 2n ** 63n - 1n, bounds: '[)' }],
    [
      { lower: 1n, upper: 1n, bounds: '[]' },
      { lower: 1n, upper: 2n, bounds: '[)' },
    ],
  ],
  prices: [
    [
      { lower: '0.10', upper: '99999999999999999999.990', bounds: '(]' },
      { lower: '0.10', upper: '99999999999999999999.990', bounds: '(]' },
    ],
    [
      { lower: '1.5', upper: '1.50', bounds: '[]' },
      { lower: '1.5', upper: '1.50', bounds: '[]' },
    ],
    [['1.5', '1.50'], empty],
  ],
  days: [
    [
      { lower: '2024-02-28', upper: '2024-02-28', bounds: '[]' },
      { lower: '2024-02-28', upper: '2024-02-29', bounds: '[)' },
    ],
    [['0001-01-01', null], { lower: '0001-01-01', upper: null, bounds: '[)' }],
    [
      { lower: '2024-12-31', upper: '9999-12-30', bounds: '(]' },
      { lower: '2025-01-01', upper: '9999-12-31', bounds: '[)' },
    ],
  ],
  period: [
    [[noon, later], { lower: noon, upper: later, bounds: '[)' }],
    [
      { lower: null, upper: later, bounds: '[]' },
      { lower: null, upper: later, bounds: '(]' },
    ],
    [
      { lower: noon, upper: noon, bounds: '[]' },
      { lower: noon, upper: noon, bounds: '[]' },
    ],
  ],
}

const row = (name: string, value: unknown): Record<never, unknown> => ({ [name]: value })
const heldBy = (instance: object, name: string): unknown => Reflect.get(instance, name)

describeOnEach('ranges', (kind) => {
  const shop = useSchema(kind, [Booking], createTables)
  const titles = async (where: object): Promise<string[]> =>
    await Booking.objects
      .filter(where as never)
      .orderBy('id')
      .valuesList('title', { flat: true })

  if (kind.dialect !== 'postgresql') {
    it('are refused by name before any SQL', async () => {
      const booking = await Booking.objects.only('title').filter({ id: 1 }).first()
      expect(booking).to.equal(null)
      expect(await Booking.objects.count()).to.equal(0)
      for (const ask of [
        () => Booking.objects.all(),
        () => Booking.objects.create({ seats: [1, 5] }),
        () => Booking.objects.bulkCreate([{}, {}]),
        () => Booking.objects.filter({ seats__contains: 3 }).count(),
        () => Booking.objects.filter({ seats: null }).exists(),
        () => Booking.objects.filter({ seats__startswith: 3 }).delete(),
        () => Booking.objects.values('days__endswith'),
        () => Booking.objects.orderBy('seats').values('title'),
        () => Booking.objects.update({ seats: null }),
        () => Booking.objects.update({ seats: [1, 2] }),
      ]) {
        const error = await shop.sends(0, () => rejection(ask()))
        expect(error).to.be.instanceOf(NotSupportedError)
        expect(String(error)).to.include(
          'A column of ranges (keep its two ends in two columns) is not supported on sqlite.',
        )
      }
    })
    return
  }

  for (const [name, values] of Object.entries(VALUES)) {
    it(`come back as they are canonical: ${name}`, async () => {
      for (const [given, wanted] of [...values, [null, null]]) {
        const made = await shop.sends(1, () => Booking.objects.create(row(name, given)))
        expect(heldBy(made, name)).to.deep.equal(wanted)
        const found = await Booking.objects.get({ id: made.id })
        expect(heldBy(found, name)).to.deep.equal(wanted)
        await shop.sends(0, () => found.save())
        await shop.sends(0, () => made.save())
        expect(await Booking.objects.filter({ ...row(name, given), id: made.id }).count()).to.equal(
          1,
        )
        await shop.sends(1, () => Booking.objects.filter({ id: made.id }).update(row(name, given)))
        const again = Booking.createSchema.parse(JSON.parse(JSON.stringify(made.toJSON(), skipId)))
        expect(heldBy(again, name)).to.deep.equal(wanted)
      }
      await Booking.objects.all().delete()
      const rows = [...values.map(([given]) => row(name, given)), row(name, null)]
      await shop.sends(1, () => Booking.objects.bulkCreate(rows))
      const found = await Booking.objects.orderBy('id')
      const wanted = [...values.map(([, value]) => value), null]
      expect(found.map((each) => heldBy(each, name))).to.deep.equal(wanted)
      const asked = values.map(([given]) => given)
      expect(await Booking.objects.filter({ [`${name}__in`]: asked } as never).count()).to.equal(
        values.length,
      )
      for (const [at, each] of found.entries()) Reflect.set(each, name, wanted.at(-1 - at))
      await shop.sends(1, () => Booking.objects.bulkUpdate(found, [name as 'seats']))
      const turned = await Booking.objects.orderBy('id')
      expect(turned.map((each) => heldBy(each, name))).to.deep.equal(wanted.toReversed())
    })
  }

  it('of any ends and bounds are as PostgreSQL makes them', async () => {
    const end = fc.option(fc.integer({ min: -3, max: 3 }))
    const bounds = fc.constantFrom('[)', '[]', '(]', '()')
    const inputs = fc.sample(fc.record({ lower: end, upper: end, bounds }), 100)
    for (const name of ['seats', 'prices'] as const) {
      const possible = inputs.filter(
        ({ lower, upper }) => lower === null || upper === null || lower <= upper,
      )
      const made = possible.map((input) => Booking.createSchema.parse(row(name, input)))
      await Booking.objects.all().delete()
      const table = shop.db.knex('bookings')
      await table.insert(
        possible.map(({ lower, upper, bounds: [open, close] }) => ({
          title: '',
          seat: 0,
          [name]: `${open}${lower ?? ''},${upper ?? ''}${close}`,
        })),
      )
      const found = await Booking.objects.orderBy('id')
      expect(found.map((each) => heldBy(each, name))).to.deep.equal(
        made.map((each) => heldBy(each, name)),
      )
    }
  })

  describe('lookups', () => {
    beforeEach(async () => {
      await Booking.objects.bulkCreate([
        { title: 'a', seats: [1, 5], others: [2, 4], seat: 3, period: [noon, later] },
        {
          title: 'b',
          seats: [5, 10],
          others: [1, 20],
          seat: 3,
          days: ['2026-02-01', '2026-03-01'],
        },
        { title: 'c', seats: [20, null], seat: 30, prices: ['1.5', null] },
        { title: 'd', seats: empty, others: empty },
        { title: 'e' },
      ])
    })

    it('contain a value, a range, what another column holds', async () => {
      expect(await titles({ seats__contains: 4 })).to.eql(['a'])
      expect(await titles({ seats__contains: 5 })).to.eql(['b'])
      expect(await titles({ seats__contains: [6, 8] })).to.eql(['b'])
      expect(await titles({ seats__contains: { lower: 1, upper: 4, bounds: '[]' } })).to.eql(['a'])
      expect(await titles({ seats__contains: empty })).to.eql(['a', 'b', 'c', 'd'])
      expect(await titles({ seats__contains: F('seat') })).to.eql(['a', 'c'])
      expect(await titles({ seats__contains: F('others') })).to.eql(['a', 'd'])
      expect(await titles({ prices__contains: '1.50' })).to.eql(['c'])
      expect(await titles({ days__contains: '2026-02-28' })).to.eql(['b'])
      expect(await titles({ period__contains: noon })).to.eql(['a'])
      expect(await titles({ period__contains: later })).to.eql([])
      expect(await shop.sends(0, () => titles({ seats__contains: 2 ** 40 }))).to.eql([])
    })

    it('stand to other ranges', async () => {
      expect(await titles({ seats__containedBy: [0, 10] })).to.eql(['a', 'b', 'd'])
      expect(await titles({ seats__containedBy: F('others') })).to.eql(['b', 'd'])
      expect(await titles({ seats__overlap: [4, 6] })).to.eql(['a', 'b'])
      expect(await titles({ period__overlap: [noon, null] })).to.eql(['a'])
      expect(await titles({ seats__fullyLt: [10, 11] })).to.eql(['a', 'b'])
      expect(await titles({ seats__fullyGt: [1, 5] })).to.eql(['b', 'c'])
      expect(await titles({ seats__notLt: [5, 6] })).to.eql(['b', 'c'])
      expect(await titles({ seats__notGt: [5, 6] })).to.eql(['a'])
      expect(await titles({ seats__adjacentTo: [10, 20] })).to.eql(['b', 'c'])
      expect(await titles(Q.not({ seats__overlap: [4, 6] }))).to.eql(['c', 'd', 'e'])
    })

    it('are equal, in a list, empty, NULL', async () => {
      expect(await titles({ seats: { lower: 0, upper: 4, bounds: '(]' } })).to.eql(['a'])
      expect(await titles({ seats__in: [[5, 10], empty] })).to.eql(['b', 'd'])
      expect(await titles({ seats__in: [F('others'), [1, 5]] })).to.eql(['a', 'd'])
      expect(await titles({ seats__isEmpty: true })).to.eql(['d'])
      expect(await titles({ seats__isEmpty: false })).to.eql(['a', 'b', 'c'])
      expect(await titles({ seats: null })).to.eql(['e'])
      expect(await titles({ seats__isnull: false })).to.eql(['a', 'b', 'c', 'd'])
      expect(await shop.sends(0, () => titles({ seats: [0, 2 ** 40] }))).to.eql([])
    })

    it('have ends with their own lookups, in values and in orders', async () => {
      expect(await titles({ seats__startswith: 5 })).to.eql(['b'])
      expect(await titles({ seats__startswith__gte: 5 })).to.eql(['b', 'c'])
      expect(await titles({ seats__endswith__isnull: true })).to.eql(['c', 'd', 'e'])
      expect(await titles({ seats__endswith__in: [5, 10] })).to.eql(['a', 'b'])
      expect(await titles({ days__startswith__month: 2 })).to.eql(['b'])
      const rows = await Booking.objects
        .filter({ title__in: ['a', 'b'] })
        .orderBy('-seats__startswith')
        .values('seats', 'seats__endswith', 'seats__isEmpty', { from: F('seats__startswith') })
      expect(rows).to.eql([
        {
          seats: { lower: 5, upper: 10, bounds: '[)' },
          seats__endswith: 10,
          seats__isEmpty: false,
          from: 5,
        },
        {
          seats: { lower: 1, upper: 5, bounds: '[)' },
          seats__endswith: 5,
          seats__isEmpty: false,
          from: 1,
        },
      ])
      expect(await titles({ seats__lowerInc: true })).to.eql(['a', 'b', 'c'])
      expect(await titles({ seats__upperInc: true })).to.eql([])
      expect(await titles({ seats__upperInf: true })).to.eql(['c'])
      expect(await titles({ seats__lowerInf: false, seats__upperInf: false })).to.eql([
        ...['a', 'b', 'd'],
      ])
      await Booking.objects.create({
        title: 'f',
        prices: { lower: null, upper: '9', bounds: '(]' },
      })
      expect(await titles({ prices__upperInc: true, prices__lowerInf: true })).to.eql(['f'])
      expect(
        await Booking.objects.filter({ title: 'f' }).values('prices__lowerInc', 'seats__upperInf'),
      ).to.eql([{ prices__lowerInc: false, seats__upperInf: null }])
      await Booking.objects.filter({ title: 'f' }).delete()
      const groups = await Booking.objects
        .values('seats')
        .annotate({ n: Count('id') })
        .count()
      expect(groups).to.equal(5)
      expect(await Booking.objects.orderBy('seats').valuesList('title', { flat: true })).to.eql([
        'd',
        'a',
        'b',
        'c',
        'e',
      ])
    })

    it('are written with expressions', async () => {
      await Booking.objects.filter({ title: 'a' }).update({ seats: F('others') })
      const { seats } = await Booking.objects.get({ title: 'a' })
      expect(seats).to.eql({ lower: 2, upper: 4, bounds: '[)' })
      expect(Object.isFrozen(seats)).to.equal(true)
    })
  })

  it('name what PostgreSQL holds and JavaScript does not', async () => {
    await shop.insert('bookings', { title: '', seat: 0, days: '[2026-01-01,infinity)' })
    const error = await rejection(Booking.objects.all())
    expect(error).to.be.instanceOf(InvalidValueError)
    expect(String(error)).to.include('holds infinity where a date')
  })

  it('refuse by name what they cannot hold', async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ seats: 1 }, 'seats: expects a range'],
      [{ seats: [1] }, 'got an array of another length'],
      [{ seats: [5, 1] }, 'seats: expects a range whose lower is not above its upper'],
      [{ seats: ['1', 5] }, 'seats: expects an integer, got text in lower'],
      [{ seats: [1, 2 ** 31] }, 'got one outside of it in upper'],
      [{ seats: { lower: 1, upper: 2 ** 31 - 1, bounds: '[]' } }, 'outside of it in upper'],
      [{ seats: { lower: 1 } }, 'without lower or upper'],
      [{ seats: { lower: 1, upper: 2, bound: '[]' } }, 'got an object with other keys'],
      [{ seats: { lower: 1, upper: 2, bounds: '][' } }, "expects bounds '[)', '[]'"],
      [{ seats: { lower: 1, upper: 2, isEmpty: true } }, 'isEmpty to be true and alone'],
      [{ days: ['2026-02-30', null] }, 'in the calendar, got other text in lower'],
      [{ days: { lower: null, upper: '9999-12-31', bounds: '[]' } }, 'null is no end'],
      [{ prices: ['10', '9.99'] }, 'lower is not above its upper'],
      [{ period: [later, noon] }, 'lower is not above its upper'],
    ]
    for (const [each, message] of cases) {
      const error = await shop.sends(0, () => rejection(Booking.objects.create(each as never)))
      expect(error).to.be.instanceOf(ValidationError)
      expect(String(error)).to.include(message)
    }
    for (const where of [
      { seats: 1 },
      { seats__overlap: 1 },
      { seats__overlap: [1, 2 ** 40] },
      { seats__contains: '1' },
      { seats__contains: F('title') },
      { seats__overlap: F('seat') },
      { seats__overlap: F('numbers') },
    ]) {
      expect(() => Booking.objects.filter(where as never)).to.throw(InvalidValueError)
    }
    for (const where of [
      { seats__gt: [1, 2] },
      { seats__len: 1 },
      { seats__startswith__year: 1 },
    ]) {
      expect(() => Booking.objects.filter(where as never)).to.throw(FieldError, 'Choices are')
    }
  })
})

function skipId(key: string, value: unknown): unknown {
  return key === 'id' ? undefined : value
}

describe('fields of ranges', () => {
  it('refuse options that mean nothing', () => {
    for (const make of [
      () => fields.integerRange({ primaryKey: true } as never),
      () => fields.dateRange({ choices: [] } as never),
      () => fields.dateRange({ default: ['x', null] as never }),
      () => fields.array(fields.integerRange()),
    ]) {
      expect(make).to.throw(ImproperlyConfigured)
    }
  })

  it('have a default of any form', () => {
    const input: RangeInput<number> = { lower: 1, upper: 2, bounds: '[]' }
    const wanted: Range<number> = { lower: 1, upper: 3, bounds: '[)' }
    expect(fields.integerRange({ default: input as Range<number> }).makeDefault()).to.eql(wanted)
  })
})
