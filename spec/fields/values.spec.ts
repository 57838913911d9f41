import { expect } from 'chai'
import fc from 'fast-check'
import { type AnyColumn, ColumnField } from '../../lib/fields/column-field.ts'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { fields } from '../../lib/fields/fields.ts'
import { distinctKeys, toMapKey } from '../../lib/fields/key.ts'
import { listOf } from '../../lib/fields/list.ts'
import { kinds } from './kinds.ts'

const dialects: readonly DialectName[] = ['sqlite', 'postgresql', 'mysql']

describe('values of columns', () => {
  for (const { name, field, values, edges } of kinds) {
    describe(name, () => {
      const all = fc.oneof(values, ...edges.map((edge) => fc.constant(edge)))
      for (const dialect of dialects) {
        it(`comes back from ${dialect} as it went`, () => {
          fc.assert(
            fc.property(all, (value) => {
              const back = field.fromDb(field.toDb(value, dialect), dialect)
              expect(field.equals(back, value)).to.equal(true)
              expect(field.equals(value, back)).to.equal(true)
              // Written again it is the same raw value: snapshots compare.
              expect(field.toDb(back, dialect)).to.deep.equal(field.toDb(value, dialect))
            }),
          )
        })
      }

      it('is taken by its schema, and canonical at once', () => {
        fc.assert(
          fc.property(all, (value) => {
            const once = field.schema.parse(value)
            expect(field.equals(once, value)).to.equal(true)
            expect(field.schema.parse(once)).to.deep.equal(once)
            expect(field.check(value)).to.deep.equal(field.base.parse(value))
          }),
        )
      })

      it('goes through JSON', () => {
        fc.assert(
          fc.property(all, (value) => {
            const carried = JSON.parse(JSON.stringify(field.toJson(value)))
            expect(field.equals(field.schema.parse(carried), value)).to.equal(true)
          }),
        )
      })

      it('tells values apart that are not the same to the database', () => {
        const raw = (value: unknown): string => JSON.stringify(field.toDb(value, 'postgresql'))
        const compare = (a: unknown, b: unknown): void => {
          expect([a, b, field.equals(a, b)]).to.deep.equal([a, b, raw(a) === raw(b)])
        }
        const canonical = edges.map((edge) => field.schema.parse(edge))
        for (const a of canonical) for (const b of canonical) compare(a, b)
        // The same JSON may have its keys in another order.
        if (field.family !== 'json') fc.assert(fc.property(values, values, compare))
      })

      it('passes null through and compares it', () => {
        if (field.family !== 'json') expect(field.toDb(null, 'sqlite')).to.equal(null)
        expect(field.fromDb(null, 'postgresql')).to.equal(null)
        expect(field.fromDb(undefined, 'sqlite')).to.equal(null)
        expect(field.toJson(null)).to.equal(null)
        expect(field.toJson(undefined)).to.equal(null)
        expect(field.equals(null, null)).to.equal(true)
        for (const value of edges) {
          expect(field.equals(value, null)).to.equal(false)
          expect(field.equals(null, value)).to.equal(false)
          expect(field.equals(undefined, value)).to.equal(false)
          expect(field.equals(value, undefined)).to.equal(false)
        }
      })

      it('hands nothing but scalars and buffers to the driver', () => {
        for (const dialect of dialects) {
          const own = typeof fc.sample(values, 1)[0]
          const scalars = ['', 1, 1n, true].filter((value) => typeof value !== own)
          for (const value of [...scalars, {}, [1], new Map(), () => 1, Symbol('s'), undefined]) {
            let raw: unknown
            try {
              raw = field.toDb(value, dialect)
            } catch {
              continue
            }
            expect(raw).to.be.a('string')
            expect(field.family).to.equal('json')
          }
        }
      })

      it('compares and shows whatever a property was set to', () => {
        for (const junk of [{}, [], 'x', 1, true, undefined, new Date(Number.NaN), new Map()]) {
          for (const value of edges) {
            expect(field.equals(junk, value)).to.be.a('boolean')
            expect(field.equals(value, junk)).to.be.a('boolean')
          }
          expect(() => field.toJson(junk)).not.to.throw()
        }
      })
    })
  }

  it('keeps NaN and infinities of a float on PostgreSQL and in JSON', () => {
    const field = fields.float()
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(
        field.equals(field.fromDb(field.toDb(value, 'postgresql'), 'postgresql'), value),
      ).to.equal(true)
      expect(field.fromDb(String(value), 'postgresql')).to.deep.equal(value)
      expect(field.schema.parse(field.toJson(value))).to.deep.equal(value)
      expect(() => field.toDb(value, 'sqlite', 'Item.price')).to.throw(
        /^Item\.price expects a finite number on sqlite/,
      )
    }
  })

  it('writes JSON null where the column cannot hold NULL, and NULL where it can', () => {
    expect(fields.json().toDb(null, 'postgresql')).to.equal('null')
    expect(fields.json().fromDb('null', 'postgresql')).to.equal(null)
    expect(fields.json().schema.parse(null)).to.equal(null)
    expect(fields.json({ null: true }).toDb(null, 'postgresql')).to.equal(null)
  })

  it('pads decimals as PostgreSQL does and compares them as numbers', () => {
    const field = fields.decimal({ maxDigits: 8, decimalPlaces: 2 })
    expect(field.toDb('1.5', 'sqlite')).to.equal('1.50')
    expect(field.toDb('7', 'postgresql')).to.equal('7.00')
    expect(field.fromDb(1.5, 'sqlite')).to.equal('1.50')
    expect(field.fromDb('1.5', 'sqlite')).to.equal('1.50')
    expect(field.fromDb('7', 'sqlite')).to.equal('7.00')
    expect(field.equals('1.5', '1.50')).to.equal(true)
    expect(field.equals('-0', '0.0')).to.equal(true)
    expect(field.equals('1.5', '15')).to.equal(false)
    expect(field.equals('100', '1')).to.equal(false)
    expect(field.schema.parse('-007.50')).to.equal('-7.50')
    expect(field.schema.parse('-0')).to.equal('0')
    expect(field.schema.parse(7)).to.equal('7')
  })

  it('reads what SQLite made of a decimal without rounding it again', () => {
    const field = fields.decimal()
    expect(field.fromDb(1e21, 'sqlite')).to.equal('1000000000000000000000')
    expect(field.fromDb(1.5e-7, 'sqlite')).to.equal('0.00000015')
    expect(field.fromDb(-12.5, 'sqlite')).to.equal('-12.5')
    expect(field.fromDb('1.25E+3', 'sqlite')).to.equal('1250')
    expect(field.fromDb('1.25e3', 'sqlite')).to.equal('1250')
    expect(field.fromDb('1e400', 'sqlite')).to.equal(`1${'0'.repeat(400)}`)
    expect(() => field.fromDb('1.25x', 'sqlite')).to.throw('holds text')
    expect(field.fromDb('.5', 'sqlite')).to.equal('0.5')
    expect(field.fromDb('5.', 'sqlite')).to.equal('5')
  })

  it('reads integers wherever databases write them as text', () => {
    expect(fields.integer().fromDb('12', 'postgresql')).to.equal(12)
    expect(fields.auto().fromDb('9007199254740991', 'postgresql')).to.equal(2 ** 53 - 1)
    expect(fields.bigInteger().fromDb(5, 'sqlite')).to.equal(5n)
    expect(fields.float().fromDb('1.5000', 'postgresql')).to.equal(1.5)
    expect(fields.boolean().fromDb(1, 'sqlite')).to.equal(true)
    expect(fields.text().fromDb(12, 'sqlite')).to.equal('12')
    expect(fields.binary().fromDb('\\x00ff', 'postgresql')).to.deep.equal(new Uint8Array([0, 255]))
  })

  it('reads numbers in whatever form a driver gives them', () => {
    expect(fields.integer().fromDb(12n, 'sqlite')).to.equal(12)
    expect(fields.bigInteger().fromDb(2n ** 62n, 'sqlite')).to.equal(2n ** 62n)
    expect(fields.float().fromDb(12n, 'sqlite')).to.equal(12)
    expect(fields.decimal().fromDb(12n, 'sqlite')).to.equal('12')
    expect(fields.duration().fromDb(12n, 'sqlite')).to.equal(12)
    expect(fields.duration().fromDb(12.9, 'sqlite')).to.equal(12)
    expect(fields.text().fromDb(2n ** 62n, 'sqlite')).to.equal('4611686018427387904')
  })

  it('reads JSON that a driver or SQLite has read already', () => {
    expect(fields.json().fromDb(1.5, 'sqlite')).to.equal(1.5)
    expect(fields.json().fromDb(true, 'postgresql')).to.equal(true)
  })

  it('reads arrays of PostgreSQL wherever they begin, and those that a driver took apart', () => {
    const field = fields.array(fields.integer({ null: true }))
    expect(field.fromDb('[0:1]={1,2}', 'postgresql')).to.deep.equal([1, 2])
    expect(field.fromDb('{NULL,-3}', 'postgresql')).to.deep.equal([null, -3])
    expect(field.fromDb('{}', 'postgresql')).to.deep.equal([])
    expect(field.fromDb([1, null], 'postgresql')).to.deep.equal([1, null])
    const texts = fields.array(fields.text({ null: true }))
    expect(texts.fromDb('{NULL,"NULL",a b,"a\\"b","a\\\\","{,}"}', 'postgresql')).to.deep.equal([
      null,
      'NULL',
      'a b',
      'a"b',
      'a\\',
      '{,}',
    ])
    const flags = fields.array(fields.boolean())
    expect(flags.fromDb('{t,f}', 'postgresql')).to.deep.equal([true, false])
    expect(flags.fromDb([true, false], 'postgresql')).to.deep.equal([true, false])
    expect(flags.fromDb('[1,0]', 'sqlite')).to.deep.equal([true, false])
  })

  it('takes ranges with bounds and without, and says which end is wrong', () => {
    const field = fields.integerRange()
    const range = { lower: 1, upper: 5, bounds: '[)' }
    expect(field.check([1, 5])).to.deep.equal(range)
    expect(field.check({ lower: 1, upper: 5 })).to.deep.equal(range)
    expect(field.check({ lower: 1, upper: 4, bounds: '[]' })).to.deep.equal(range)
    expect(field.check({ isEmpty: true })).to.deep.equal({ isEmpty: true })
    expect(() => field.check(['x', 5])).to.throw('expects an integer, got text in lower')
    expect(() => field.check([1, 'x'])).to.throw('expects an integer, got text in upper')
  })

  it('takes a float that is no number for a choice', () => {
    const field = fields.float({ choices: [Number.NaN, 1] })
    expect(field.schema.parse(Number.NaN)).to.deep.equal(Number.NaN)
    expect(field.schema.safeParse(2).success).to.equal(false)
  })

  it('knows values by one key each, whatever form they have', () => {
    const ids = ['123E4567-E89B-12D3-A456-426614174000', '123e4567-e89b-12d3-a456-426614174000']
    expect(distinctKeys(fields.uuid(), [null, ...ids, undefined])).to.deep.equal([ids[0]])
    const epoch = [new Date(0), new Date(0), new Date(1)]
    expect(distinctKeys(fields.dateTime(), epoch)).to.deep.equal([epoch[0], epoch[2]])
    expect(toMapKey(fields.dateTime(), new Date(5))).to.equal(5)
    expect(toMapKey(fields.binary(), new Uint8Array([0, 255]))).to.equal('00ff')
    expect(toMapKey(fields.integerRange(), [1, 5])).to.equal('{"lower":1,"upper":5,"bounds":"[)"}')
    expect(toMapKey(fields.text(), 'a')).to.equal('a')
    expect(toMapKey(fields.integer(), 5n)).to.equal(5)
    expect(toMapKey(fields.bigInteger(), 5)).to.equal(5n)
    expect(toMapKey(fields.text(), null)).to.equal(null)
    expect(toMapKey(fields.text(), undefined)).to.equal(null)
  })

  it('lets the fault of a kind itself through as it is', () => {
    const fault = new TypeError('a mistake in this program')
    const kind = {
      ...fields.integer().type,
      fromDb: () => {
        throw fault
      },
    }
    expect(() => new ColumnField(kind, {}).fromDb(1, 'sqlite', 'Item.x')).to.throw(fault)
  })

  it('reads times and dates in the forms databases have', () => {
    expect(fields.date().fromDb('2021-03-14T23:59:59', 'sqlite')).to.equal('2021-03-14')
    const at = new Date('2021-03-14T01:02:03.004Z')
    expect(fields.dateTime().fromDb(at, 'mysql')).to.deep.equal(at)
    expect(fields.dateTime().fromDb(at.getTime() + 0.9, 'sqlite')).to.deep.equal(at)
    expect(fields.time().fromDb('09:00:00.123456', 'postgresql')).to.equal('09:00:00.123')
    expect(fields.time().fromDb('09:00', 'sqlite')).to.equal('09:00:00')
    expect(fields.time().fromDb('09:00:00.5', 'postgresql')).to.equal('09:00:00.500')
    expect(fields.time().fromDb('24:00:00', 'postgresql')).to.equal('24:00:00')
    expect(fields.time().schema.parse('09:00:00.000')).to.equal('09:00:00')
    expect(fields.date().fromDb('2021-03-14 00:00:00', 'sqlite')).to.equal('2021-03-14')
  })

  it('takes lists of values, and reads those that the database made', () => {
    const decimals = fields.decimal()
    const list = listOf(decimals)
    expect(listOf(decimals)).to.equal(list)
    expect(list.check(['007', null])).to.deep.equal(['7', null])
    expect(list.equals(['1.5', null], ['1.50', null])).to.equal(true)
    expect(list.equals(['1.5'], ['1.5', null])).to.equal(false)
    expect(list.equals(['1.5'], ['1.6'])).to.equal(false)
    expect(list.fromDb(['1.5', null], 'postgresql')).to.deep.equal(['1.5', null])
    expect(list.fromDb('["1.5",null]', 'sqlite')).to.deep.equal(['1.5', null])
    expect(list.toDb(['1.5', null], 'sqlite')).to.equal('["1.5",null]')
    expect(() => list.check('1', 'Item.x')).to.throw('Item.x expects an array, got text')
    const bytes = listOf(fields.binary())
    expect(bytes.toDb([new Uint8Array([255])], 'postgresql')).to.equal('["\\\\xff"]')
    const flags = listOf(fields.boolean())
    expect(flags.toDb([true, null], 'postgresql')).to.equal('["true",null]')
    expect(flags.toDb([true, null], 'sqlite')).to.equal('[1,null]')
    expect(flags.fromDb('["true","false",null]', 'postgresql')).to.deep.equal([true, false, null])
    expect(listOf(fields.float()).fromDb('["1.5"]', 'postgresql')).to.deep.equal([1.5])
    expect(list.toJson(['1.5', null])).to.deep.equal(['1.5', null])
  })

  it('writes what each database takes', () => {
    const written = (field: AnyColumn, value: unknown) =>
      dialects.map((dialect) => field.toDb(value, dialect))
    const at = new Date('2021-03-14T01:02:03.004Z')
    const text = '2021-03-14 01:02:03.004'
    const bytes = Buffer.from([0, 255])
    expect(written(fields.boolean(), true)).to.deep.equal([1, true, 1])
    expect(written(fields.boolean(), false)).to.deep.equal([0, false, 0])
    expect(written(fields.integer(), 5)).to.deep.equal([5, 5, 5])
    expect(written(fields.bigInteger(), 5n)).to.deep.equal(['5', '5', '5'])
    expect(written(fields.dateTime(), at)).to.deep.equal([text, `${text}+00`, text])
    const epoch = fields.dateTime({ storage: 'epochMs' })
    expect(written(epoch, at)).to.deep.equal([at.getTime(), `${text}+00`, text])
    expect(written(fields.date(), '2021-03-14')).to.deep.equal(Array(3).fill('2021-03-14'))
    expect(written(fields.time(), '01:02:03')).to.deep.equal(Array(3).fill('01:02:03'))
    expect(written(fields.duration(), 5)).to.deep.equal([5, '00:00:00.005', 5])
    expect(written(fields.duration(), 0)).to.deep.equal([0, '00:00:00.000', 0])
    const hour = 3_600_000
    expect(written(fields.duration(), -hour)).to.deep.equal([-hour, '-01:00:00.000', -hour])
    expect(written(fields.binary(), new Uint8Array(bytes))).to.deep.equal([bytes, bytes, bytes])
    expect(written(fields.json(), { a: [1] })).to.deep.equal(Array(3).fill('{"a":[1]}'))
    const list = fields.array(fields.binary({ null: true }))
    expect(written(list, [new Uint8Array(bytes), null])).to.deep.equal([
      '["\\\\x00ff",null]',
      '{"\\\\x00ff",NULL}',
      '["\\\\x00ff",null]',
    ])
    const grid = fields.array(fields.array(fields.boolean()))
    expect(written(grid, [[true], [false]])).to.deep.equal(['[[1],[0]]', '{{t},{f}}', '[[1],[0]]'])
  })

  it('knows what a column can hold, of arrays each item', () => {
    const field = fields.array(fields.smallInteger({ null: true }))
    expect(field.inRange([1, null, -32_768])).to.equal(true)
    expect(field.inRange([1, 40_000])).to.equal(false)
    expect(field.inRange([])).to.equal(true)
    expect(fields.integerRange().inRange(fields.integerRange().check([1, 2 ** 40]))).to.equal(false)
    expect(fields.integerRange().inRange(fields.integerRange().check([1, 2]))).to.equal(true)
  })

  it('reads intervals of PostgreSQL', () => {
    const { fromDb } = fields.duration().type
    const read = (text: string): number => fromDb(text, 'postgresql')
    expect(read('00:00:12.345')).to.equal(12_345)
    expect(read('1 day')).to.equal(86_400_000)
    expect(read('-1 days +02:03:04')).to.equal(-86_400_000 + 7_384_000)
    expect(read('3 days -00:00:01.5')).to.equal(3 * 86_400_000 - 1500)
    expect(read('00:00:00.0019')).to.equal(1)
    expect(read('90000')).to.equal(90_000)
    expect(read('12 days 10:00:00')).to.equal(12 * 86_400_000 + 36_000_000)
    expect(Object.is(fields.duration().check(-0), 0)).to.equal(true)
    for (const text of ['1 mon 2 days', '2 mons', '1 year', '3 years 1 day']) {
      expect(() => read(text)).to.throw(/months or years/)
    }
    expect(() => read('soon')).to.throw(/holds text where a duration is due/)
  })
})
