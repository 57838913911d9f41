import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidValueError } from '../../lib/errors.ts'
import { fields } from '../../lib/fields/fields.ts'
import { parseTimestamp } from '../../lib/fields/timestamp.ts'
import { instants } from './kinds.ts'

const two = (n: number): string => String(Math.trunc(n)).padStart(2, '0')

/** An instant as PostgreSQL shows it to a session whose zone has this offset. */
function shown(instant: Date, offsetSeconds: number, micros: string): string {
  const local = new Date(instant.getTime() + offsetSeconds * 1000)
  const year = local.getUTCFullYear()
  const date = `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`
  const clock = local.toISOString().slice(-13, -1)
  const rest = Math.abs(offsetSeconds)
  const minutes = rest % 3600 === 0 ? '' : `:${two((rest % 3600) / 60)}`
  const seconds = rest % 60 === 0 ? '' : `:${two(rest % 60)}`
  const zone = `${offsetSeconds < 0 ? '-' : '+'}${two(rest / 3600)}${minutes}${seconds}`
  const shownYear = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${shownYear}-${date} ${clock}${micros}${zone}${year > 0 ? '' : ' BC'}`
}

describe('parseTimestamp', () => {
  it('agrees with Date on every instant in every offset', () => {
    const offsets = fc.oneof(
      fc.integer({ min: -15 * 3600, max: 15 * 3600 }),
      fc.constantFrom(0, 19_800, -18_000, -17_762, 46_800, 50_400),
    )
    fc.assert(
      fc.property(instants, offsets, fc.stringMatching(/^\d{0,3}$/), (instant, offset, micros) => {
        // A whole minute with seconds of zero is what PostgreSQL leaves out.
        expect(parseTimestamp(shown(instant, offset, micros))).to.equal(instant.getTime())
      }),
      { numRuns: 2000 },
    )
  })

  it('takes text without a zone for UTC, with any fraction', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 9 }), (instant, digits) => {
        const iso = instant.toISOString()
        const fraction = digits === 0 ? '' : `.${iso.slice(20, 23)}456789`.slice(0, digits + 1)
        const kept = Number(fraction.slice(1, 4).padEnd(3, '0'))
        const expected = Math.floor(instant.getTime() / 1000) * 1000 + kept
        for (const separator of [' ', 'T']) {
          for (const zone of ['', 'Z', ' +00:00', '+0000', '+00']) {
            const text = `${iso.slice(0, 10)}${separator}${iso.slice(11, 19)}${fraction}${zone}`
            expect(parseTimestamp(text), text).to.equal(expected)
          }
        }
      }),
    )
  })

  it('refuses what is no timestamp', () => {
    const wrong = [
      '',
      'now',
      'infinity',
      '2021-02-29 00:00:00',
      '2021-13-01 00:00:00',
      '2021-00-10 00:00:00',
      '2021-01-00 00:00:00',
      '2021-01-01 24:00:00',
      '2021-01-01 00:60:00',
      '2021-01-01 00:00:60',
      '2021-01-01 00:00:00.',
      '2021-01-01 00:00:00.1x',
      '2021-01-01 00:00:00+5',
      '2021-01-01 00:00:00+05:',
      '2021-01-01 00:00:00+05:3',
      '2021-01-01 00:00:00+05:30:',
      '2021-01-01 00:00:00+05:30:20:10',
      '2021-01-01 00:00:00 UTC',
      '2021-01-01 00:00:00 BCE',
      '2021-01-01x00:00:00',
      '2021/01/01 00:00:00',
      '0000-01-01 00:00:00',
      '0044-03-15 12:00:00+00 BC',
      '10000-01-01 00:00:00+00',
      '1e10-01-01 00:00:00',
      ' 2021-01-01 00:00:00',
    ]
    for (const text of wrong) expect(parseTimestamp(text), text).to.deep.equal(Number.NaN)
  })

  it('never throws and never invents', () => {
    const near = fc
      .tuple(instants, fc.nat({ max: 30 }), fc.string({ maxLength: 2 }))
      .map(([instant, at, junk]) => {
        const text = shown(instant, 19_800, '456')
        return text.slice(0, at) + junk + text.slice(at + 1)
      })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const ms = parseTimestamp(text)
        expect(Number.isNaN(ms) || Number.isInteger(ms)).to.equal(true)
      }),
    )
  })
})

describe('dateTime', () => {
  const field = fields.dateTime()

  it('writes UTC with an offset for PostgreSQL, without one elsewhere', () => {
    const instant = new Date('2021-03-14T01:02:03.004Z')
    expect(field.toDb(instant, 'postgresql')).to.equal('2021-03-14 01:02:03.004+00')
    expect(field.toDb(instant, 'sqlite')).to.equal('2021-03-14 01:02:03.004')
    expect(field.toDb(instant, 'mysql')).to.equal('2021-03-14 01:02:03.004')
    const epoch = fields.dateTime({ storage: 'epochMs' })
    expect(epoch.toDb(instant, 'sqlite')).to.equal(1_615_683_723_004)
    expect(epoch.toDb(instant, 'postgresql')).to.equal('2021-03-14 01:02:03.004+00')
  })

  it('reads every form that SQLite may hold, whatever its storage', () => {
    for (const storage of ['text', 'epochMs'] as const) {
      const column = fields.dateTime({ storage })
      const read = (raw: unknown): string | undefined => column.fromDb(raw, 'sqlite')?.toISOString()
      expect(read('2021-03-14 01:02:03.004')).to.equal('2021-03-14T01:02:03.004Z')
      expect(read('2021-03-14 01:02:03')).to.equal('2021-03-14T01:02:03.000Z')
      expect(read('2021-03-14T01:02:03Z')).to.equal('2021-03-14T01:02:03.000Z')
      expect(read('2021-03-14 01:02')).to.equal('2021-03-14T01:02:00.000Z')
      expect(read('2021-03-14')).to.equal('2021-03-14T00:00:00.000Z')
      expect(read(1_615_683_723_004)).to.equal('2021-03-14T01:02:03.004Z')
    }
  })

  it('names what a Date cannot hold', () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      ['infinity', /^Book\.at holds infinity/],
      ['-infinity', /^Book\.at holds -infinity/],
      ['0044-03-15 12:00:00+00 BC', /^Book\.at holds a year before Christ/],
      ['12021-03-14 00:00:00+00', /^Book\.at holds text where an instant of the years 1 to 9999/],
      [Number.POSITIVE_INFINITY, /^Book\.at holds Infinity/],
      [new Date(), /^Book\.at holds a Date/],
    ]
    for (const [raw, message] of wrong) {
      expect(() => field.fromDb(raw, 'postgresql', 'Book.at')).to.throw(InvalidValueError, message)
    }
  })

  it('takes ISO text with an offset only', () => {
    const instant = '2021-03-14T01:02:03.000Z'
    for (const text of [
      instant,
      '2021-03-14T01:02:03Z',
      '2021-03-14t01:02:03z',
      '2021-03-14 06:32:03+05:30',
      '2021-03-14T06:32:03.000999+0530',
      '2021-03-13T20:02:03-05',
    ]) {
      expect(field.schema.parse(text).toISOString(), text).to.equal(instant)
    }
    for (const text of [
      '2021-03-14',
      '2021-03-14T01:02:03',
      '2021-03-14 01:02:03 BC',
      '2021-03-14T01:02:03+99:00',
      '0044-03-15T12:00:00Z BC',
      '+012021-03-14T01:02:03Z',
      'Sun Mar 14 2021',
      `2021-03-14T01:02:03.${'1'.repeat(100)}Z`,
    ]) {
      expect(() => field.check(text), text).to.throw(InvalidValueError, 'expects a Date')
    }
  })

  it('copies the Date it is given', () => {
    const given = new Date('2021-03-14T01:02:03Z')
    const taken = field.schema.parse(given)
    given.setFullYear(1999)
    expect(taken.getUTCFullYear()).to.equal(2021)
  })

  it('reads no text that is far too long', () => {
    expect(parseTimestamp('12021-03-14 01:02:03')).to.deep.equal(Number.NaN)
    expect(parseTimestamp(`02021-03-14${' '.repeat(60)}`)).to.deep.equal(Number.NaN)
  })

  it('does not ask a subclass what it is', () => {
    class Evil extends Date {
      override getTime(): number {
        return Number.NaN
      }
      override toISOString(): string {
        return "'; drop table canary; --"
      }
    }
    const written = field.toDb(field.check(new Evil(0)), 'postgresql')
    expect(written).to.equal('1970-01-01 00:00:00.000+00')
    expect(field.toDb(new Evil(0), 'sqlite')).to.equal('1970-01-01 00:00:00.000')
  })
})
