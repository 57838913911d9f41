import { expect } from 'chai'
import { InvalidValueError } from '../../lib/errors.ts'
import type { AnyColumn } from '../../lib/fields/column-field.ts'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { fields } from '../../lib/fields/fields.ts'
import { listOf } from '../../lib/fields/list.ts'
import { thrown } from '../behaviour/support/stage.ts'
import { kinds } from './kinds.ts'

const SECRET = 'hunter2'

/** Objects that pretend to be SQL, operators or values, and things that are no data at all. */
const objects: readonly (readonly [string, unknown])[] = [
  ['a raw marker', { isRawInstance: true, toSQL: () => ({ sql: SECRET }) }],
  ['an expression by its looks', { type: 'F', name: SECRET, resolveExpression: () => SECRET }],
  ['a value for pg', { toPostgres: () => SECRET }],
  ['an operator', { not: '', $gt: '', startsWith: SECRET }],
  ['an object with a primitive', { valueOf: () => 1, toString: () => SECRET }],
  ['a list', [1, 2]],
  ['a Map', new Map([[SECRET, 1]])],
  ['a Set', new Set([1])],
  ['a function', () => 1],
  ['a symbol', Symbol(SECRET)],
  ['a promise', Promise.resolve(1)],
  ['a boxed string', new String(SECRET)],
  ['a boxed number', new Number(1)],
  ['a regular expression', /a/],
  ['undefined', undefined],
  ['a proxy', new Proxy({}, {})],
  ['a revoked proxy', revoked()],
  ['an invalid Date', new Date(Number.NaN)],
]

const IN_JSON: ReadonlySet<string> = new Set(['an operator', 'a list'])
/** A list of two is a range of numbers. */
const IN_RANGES: ReadonlySet<string> = new Set(['a list'])
const NOWHERE: ReadonlySet<string> = new Set()

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}

const UUID = '123e4567-e89b-12d3-a456-426614174000'

/** Text with each of its digits replaced by what is beside digits in ASCII. */
function broken(text: string): string[] {
  return [...text].flatMap((digit, at) =>
    /\d/.test(digit) ? ['/', ':'].map((bad) => text.slice(0, at) + bad + text.slice(at + 1)) : [],
  )
}

const surrogates = ['a\ud800', '\udc00b', 'x\ud83dy']

describe('values that are refused before any SQL', () => {
  for (const { name, field } of kinds) {
    // JSON holds lists and plain objects; its own spec says which.
    const taken = name === 'json' ? IN_JSON : name.endsWith('Range') ? IN_RANGES : NOWHERE
    const hostile = objects.filter(([what]) => !taken.has(what))
    for (const [what, value] of hostile) {
      it(`${name}: ${what}`, () => {
        expect(() => field.check(value, 'Book.x')).to.throw(
          InvalidValueError,
          /^Book\.x expects .+, got .+/,
        )
        for (const schema of [field.base, field.schema]) {
          const result = schema.safeParse(value)
          expect(result.success).to.equal(false)
          expect(JSON.stringify(result.error)).not.to.contain(SECRET)
        }
      })
    }
  }

  const table: readonly (readonly [
    string,
    { check(value: unknown): unknown },
    readonly unknown[],
  ])[] = [
    ['text', fields.text(), ['a\0b', ...surrogates, 1, 1n, true, Buffer.from('a'), new Date()]],
    ['char', fields.char({ maxLength: 9 }), ['a\0b', ...surrogates, 1, null]],
    ['uuid', fields.uuid(), [`x${UUID}`, `${UUID}x`]],
    ['uuid', fields.uuid(), ['', 'x', '123e4567-e89b-12d3-a456-42661417400', 1, 1n]],
    ['boolean', fields.boolean(), [0, 1, '', 'true', null]],
    ['integer', fields.integer(), [true, '1', 'abc', 1.5, Number.NaN, Infinity, new Date(), null]],
    ['auto', fields.auto(), [true, '1', '9'.repeat(100_000), 1.5]],
    ['bigInteger', fields.bigInteger(), ['', '0x10', '1e3', '1.0', ' 1', '9'.repeat(100_000), 1.5]],
    ['bigInteger', fields.bigInteger(), [true, 2 ** 53, Number.NaN, null]],
    ['float', fields.float(), ['1', '', 'inf', true, 1n, null]],
    ['decimal', fields.decimal(), ['', '.5', '5.', '1e3', '+1', ' 1', 'NaN', 'Infinity', '1,5']],
    ['decimal', fields.decimal(), [1.5, Number.NaN, Infinity, true, null, '9'.repeat(100_000)]],
    ['date', fields.date(), ['2021-02-29', '2021-1-1', '0000-01-01', '10000-01-01', 'x', '']],
    ['date', fields.date(), ['2021/03-14', '2021-03/14', ...broken('2021-03-14')]],
    ['dateTime', fields.dateTime(), ['x2021-03-14T00:00:00Z', '2021-03-14T00:00:00Zx']],
    ['dateTime', fields.dateTime(), [`2021-03-14T00:00:00.${'0'.repeat(30)}Z`]],
    ['dateTime', fields.dateTime(), broken('2021-03-14T01:02:03Z')],
    ['date', fields.date(), [new Date(), 0, '2021-03-14T00:00:00Z', '2021-03-14 ', null]],
    ['dateTime', fields.dateTime(), [0, 1e12, '2021-03-14', '', new Date(8.64e15), null]],
    ['dateTime', fields.dateTime(), [new Date('0000-12-31T23:59:59.999Z'), '2021-02-29T00:00:00Z']],
    ['time', fields.time(), ['24:00:00', '9:00', '09:60', '09:00:60', '09:00:00.1234', 9, null]],
    ['duration', fields.duration(), [1.5, '1', 2 ** 53, Number.NaN, 1n, null]],
    ['binary', fields.binary(), ['a', 'ab=c', 'a-_=', '====', new ArrayBuffer(1), [1], null]],
    ['binary', fields.binary(), [new Uint16Array(1), new DataView(new ArrayBuffer(1))]],
  ]
  for (const [name, field, values] of table) {
    for (const [index, value] of values.entries()) {
      it(`${name}: ${describeCase(value)} (${index})`, () => {
        expect(() => field.check(value)).to.throw(InvalidValueError, / expects /)
      })
    }
  }

  it('are named by type: what was expected and what came', () => {
    const message = (field: { check(value: unknown, label: string): unknown }, value: unknown) => {
      try {
        field.check(value, 'Book.pages')
      } catch (error) {
        return (error as Error).message
      }
      return undefined
    }
    const integer = fields.integer()
    expect(message(integer, {})).to.equal('Book.pages expects an integer, got an object')
    expect(message(integer, '5')).to.equal('Book.pages expects an integer, got text')
    expect(message(integer, 1.5)).to.equal(
      'Book.pages expects an integer, got a number with a fraction',
    )
    expect(message(integer, Number.NaN)).to.equal('Book.pages expects an integer, got NaN')
    expect(message(integer, null)).to.equal('Book.pages expects an integer, got null')
    expect(message(fields.dateTime(), new Date(Number.NaN))).to.equal(
      'Book.pages expects a Date (or ISO text with Z or an offset), got an invalid Date',
    )
    expect(message(fields.dateTime(), new Date(8.64e15))).to.equal(
      'Book.pages expects an instant of the years 1 to 9999, got one outside of them',
    )
    expect(message(integer, Promise.resolve())).to.equal(
      'Book.pages expects an integer, got a promise',
    )
    expect(message(integer, /a/)).to.equal(
      'Book.pages expects an integer, got a regular expression',
    )
    expect(() => integer.check(true)).to.throw(
      'The integer column expects an integer, got a boolean',
    )
  })

  it('by their limits only when written', () => {
    const cases: readonly (readonly [{ check(v: unknown): unknown; schema: Schema }, unknown])[] = [
      [fields.char({ maxLength: 3 }), 'abcd'],
      [fields.char({ maxLength: 3 }), '👍👍👍👍'],
      [fields.email(), 'ann'],
      [fields.url(), 'javascript:alert(1)'],
      [fields.url(), ' https://example.org'],
      [fields.url(), 'https://example.org/a b'],
      [fields.url(), 'http:x://y'],
      [fields.url(), 'example'],
      [fields.slug(), 'a b'],
      [fields.choice({ choices: ['a', 'b'] }), 'c'],
      [fields.integer({ choices: [1, 2] }), 3],
      [fields.integer(), 2 ** 31],
      [fields.smallInteger(), -32_769],
      [fields.auto(), 2 ** 53],
      [fields.bigInteger(), 2n ** 63n],
      [fields.decimal({ maxDigits: 4, decimalPlaces: 2 }), '100.00'],
      [fields.decimal({ maxDigits: 4, decimalPlaces: 2 }), '1.000'],
      [fields.decimal({ maxDigits: 2, decimalPlaces: 2 }), '1.0'],
    ]
    for (const [field, value] of cases) {
      expect(field.check(value)).to.equal(value)
      expect(field.schema.safeParse(value).success).to.equal(false)
    }
    expect(fields.char({ maxLength: 3 }).schema.parse('👍👍👍')).to.equal('👍👍👍')
    expect(fields.decimal({ maxDigits: 2, decimalPlaces: 2 }).schema.parse('0.25')).to.equal('0.25')
    expect(fields.decimal({ maxDigits: 5, decimalPlaces: 2 }).schema.parse('123')).to.equal('123')
    expect(fields.decimal({ maxDigits: 5, decimalPlaces: 2 }).schema.parse('-123')).to.equal('-123')
    expect(fields.decimal().schema.parse(`1.${'0'.repeat(1998)}`)).to.have.length(2000)
  })

  it('never when reading says out of range: filters answer with nothing', () => {
    expect(fields.smallInteger().inRange(40_000)).to.equal(false)
    expect(fields.integer().inRange(2 ** 63)).to.equal(false)
    expect(fields.integer().inRange(2 ** 31 - 1)).to.equal(true)
    expect(fields.bigInteger().inRange(2n ** 63n)).to.equal(false)
    expect(fields.bigInteger().inRange(-(2n ** 63n))).to.equal(true)
    expect(fields.auto().inRange(fields.auto().check(10n ** 30n))).to.equal(false)
    expect(fields.text().inRange('x')).to.equal(true)
  })

  it('are named when the database holds what the column cannot be', () => {
    expect(() => fields.integer().fromDb('abc', 'sqlite', 'Book.pages')).to.throw(
      InvalidValueError,
      'Book.pages holds text where an integer of a JavaScript number is due',
    )
    const bytes = Buffer.from('a')
    const due = (what: string) => (kind: string) => `holds ${kind} where ${what} is due`
    const instant = due('an instant of the years 1 to 9999')
    const day = due('a date of the years 1 to 9999')
    const cases: readonly (readonly [AnyColumn, unknown, DialectName, string])[] = [
      [fields.auto(), '9007199254740993', 'postgresql', 'holds an integer beyond 2**53'],
      [fields.bigInteger(), 2 ** 60, 'sqlite', 'holds an integer that the driver rounded'],
      [fields.bigInteger(), 1.5, 'sqlite', due('a bigint')('a number with a fraction')],
      [fields.float(), ' ', 'sqlite', due('a number')('text')],
      [fields.float(), bytes, 'sqlite', due('a number')('binary data')],
      [fields.decimal(), 'NaN', 'postgresql', due('a decimal')('NaN')],
      [fields.decimal(), '-Infinity', 'postgresql', due('a decimal')('-Infinity')],
      [fields.decimal(), SECRET, 'sqlite', due('a decimal')('text')],
      [fields.decimal(), '.', 'sqlite', due('a decimal')('text')],
      [fields.decimal(), '1e401', 'sqlite', due('a decimal')('text')],
      [fields.decimal(), '1e-401', 'sqlite', due('a decimal')('text')],
      [fields.decimal(), bytes, 'sqlite', due('a decimal')('binary data')],
      [fields.date(), 'infinity', 'postgresql', day('infinity')],
      [fields.date(), '-infinity', 'postgresql', day('-infinity')],
      [fields.date(), '0044-03-15 BC', 'postgresql', day('a year before Christ')],
      [fields.date(), '2021-03-14 00:00:00 BC', 'postgresql', day('a year before Christ')],
      [fields.date(), '2021-03-14x', 'sqlite', day('text')],
      [fields.date(), '2021-02-29', 'sqlite', day('text')],
      [fields.date(), 1, 'sqlite', day('a number')],
      [fields.dateTime(), 'infinity', 'postgresql', instant('infinity')],
      [fields.dateTime(), SECRET, 'sqlite', instant('text')],
      [fields.dateTime(), 8.64e15, 'sqlite', instant('a number')],
      [fields.dateTime(), -8.64e15, 'sqlite', instant('a number')],
      [fields.dateTime(), new Date(-8.64e15), 'mysql', instant('a Date')],
      [fields.dateTime(), 0, 'postgresql', instant('a number')],
      [fields.dateTime(), new Date(8.64e15), 'mysql', instant('a Date')],
      [fields.dateTime(), new Date(0), 'sqlite', instant('a Date')],
      [fields.time(), '25:00', 'sqlite', due('a time of day')('text')],
      [fields.time(), `09:00:00.${'0'.repeat(16)}`, 'sqlite', due('a time of day')('text')],
      [fields.time(), 9, 'sqlite', due('a time of day')('a number')],
      [fields.duration(), '', 'sqlite', due('a duration')('text')],
      [fields.duration(), `1 day${' '.repeat(64)}`, 'postgresql', due('a duration')('text')],
      [fields.duration(), '9007199254740993', 'sqlite', due('a duration')('text')],
      [fields.duration(), Infinity, 'sqlite', due('a duration')('Infinity')],
      [fields.boolean(), 2, 'sqlite', due('true or false')('a number')],
      [fields.uuid(), 1, 'sqlite', due('a UUID')('a number')],
      [fields.binary(), 'ff', 'postgresql', due('binary data')('text')],
      [fields.binary(), 1, 'sqlite', due('binary data')('a number')],
      [fields.json(), `{"a": ${SECRET}`, 'sqlite', 'holds text that is no JSON'],
      [fields.json(), bytes, 'sqlite', due('JSON text')('binary data')],
      [fields.text(), bytes, 'sqlite', due('text')('binary data')],
      [fields.array(fields.text()), 1, 'sqlite', due('an array')('a number')],
      [fields.array(fields.text()), `["${SECRET}`, 'sqlite', 'holds text that is no array'],
      [fields.array(fields.text()), '{"a":1}', 'sqlite', 'holds what is no array'],
      [fields.integerRange(), 1, 'postgresql', due('a range')('a number')],
      [fields.integerRange(), '[1,2', 'postgresql', due('a range')('text')],
      [listOf(fields.text()), 1, 'sqlite', due('an array')('a number')],
      [listOf(fields.text()), '{"a":1}', 'sqlite', due('an array')('text')],
      [listOf(fields.text()), `["${SECRET}`, 'sqlite', 'holds text that is no JSON'],
    ]
    for (const [field, raw, dialect, message] of cases) {
      const error = thrown(() => field.fromDb(raw, dialect, 'Item.x'))
      expect(error, message).to.be.instanceOf(InvalidValueError)
      expect(error.message.slice(0, 7 + message.length)).to.equal(`Item.x ${message}`)
      expect(error.message).not.to.contain(SECRET)
    }
  })

  it('are named when text of PostgreSQL is no array', () => {
    const field = fields.array(fields.text({ null: true }))
    const wrong = ['', 'a', '{', '{a', '}', '{a}}', '{a}{b}', '{a}b', '{"a}', '{"a"', '[0:1]', '\\']
    for (const text of wrong) {
      const error = thrown(() => field.fromDb(text, 'postgresql', 'Item.x'))
      expect([text, error.message]).to.deep.equal([text, 'Item.x holds text that is no array'])
    }
  })

  it('are named when a property was set past its column', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const ends = { upper: null, bounds: '[)' }
    const cases: readonly (readonly [AnyColumn, unknown, string])[] = [
      [fields.json(), 1n, 'a bigint'],
      [fields.json(), circle, 'an object'],
      [fields.json(), () => 1, 'a function'],
      [fields.integerRange(), { lower: SECRET, ...ends }, 'an object'],
      [fields.integerRange(), { lower: null, upper: SECRET, bounds: '[)' }, 'an object'],
      [fields.integerRange(), { lower: 1, upper: null, bounds: SECRET }, 'an object'],
      [fields.array(fields.text()), SECRET, 'text'],
    ]
    const late = thrown(() => fields.dateTime().toDb(new Date(8.64e15), 'sqlite', 'Item.x'))
    expect(late.message).to.equal('Item.x expects a valid Date of the years 1 to 9999, got another')
    for (const [field, value, kind] of cases) {
      const error = thrown(() => field.toDb(value, 'postgresql', 'Item.x'))
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.equal(`Item.x cannot be written: it holds ${kind}`)
    }
  })
})

interface Schema {
  safeParse(value: unknown): { success: boolean }
}

function describeCase(value: unknown): string {
  return String(typeof value === 'string' ? JSON.stringify(value) : value).slice(0, 30)
}
