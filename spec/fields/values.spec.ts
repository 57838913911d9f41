import { expect } from 'chai'
import fc from 'fast-check'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { fields } from '../../lib/fields/fields.ts'
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

      it('passes null through and compares it', () => {
        if (field.family !== 'json') expect(field.toDb(null, 'sqlite')).to.equal(null)
        expect(field.fromDb(null, 'postgresql')).to.equal(null)
        expect(field.toJson(null)).to.equal(null)
        expect(field.equals(null, null)).to.equal(true)
        for (const value of edges) {
          expect(field.equals(value, null)).to.equal(false)
          expect(field.equals(null, value)).to.equal(false)
        }
      })

      it('hands nothing but scalars and buffers to the driver', () => {
        for (const dialect of dialects) {
          for (const value of [{}, [1], new Map(), () => 1, Symbol('s'), undefined]) {
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

  it('reads times and dates in the forms databases have', () => {
    expect(fields.time().fromDb('09:00:00.123456', 'postgresql')).to.equal('09:00:00.123')
    expect(fields.time().fromDb('09:00', 'sqlite')).to.equal('09:00:00')
    expect(fields.time().fromDb('09:00:00.5', 'postgresql')).to.equal('09:00:00.500')
    expect(fields.time().fromDb('24:00:00', 'postgresql')).to.equal('24:00:00')
    expect(fields.time().schema.parse('09:00:00.000')).to.equal('09:00:00')
    expect(fields.date().fromDb('2021-03-14 00:00:00', 'sqlite')).to.equal('2021-03-14')
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
    expect(() => read('1 mon 2 days')).to.throw(/months or years/)
    expect(() => read('soon')).to.throw(/holds text where a duration is due/)
  })
})
