import { expect } from 'chai'
import { InvalidValueError } from '../../lib/errors.ts'
import { fields } from '../../lib/fields/fields.ts'
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
    expect(() => fields.auto().fromDb('9007199254740993', 'postgresql')).to.throw('beyond 2**53')
    expect(() => fields.bigInteger().fromDb(2 ** 60, 'sqlite')).to.throw('the driver rounded')
    expect(() => fields.decimal().fromDb('NaN', 'postgresql')).to.throw('holds NaN')
    expect(() => fields.decimal().fromDb(SECRET, 'sqlite')).to.throw('holds text')
    expect(() => fields.date().fromDb('infinity', 'postgresql')).to.throw('holds infinity')
    expect(() => fields.date().fromDb('0044-03-15 BC', 'postgresql')).to.throw('before Christ')
    expect(() => fields.boolean().fromDb(2, 'sqlite')).to.throw('where true or false is due')
    expect(() => fields.json().fromDb(`{"a": ${SECRET}`, 'sqlite')).to.throw('text that is no JSON')
    expect(() => fields.text().fromDb(Buffer.from('a'), 'sqlite')).to.throw('holds binary data')
  })
})

interface Schema {
  safeParse(value: unknown): { success: boolean }
}

function describeCase(value: unknown): string {
  return String(typeof value === 'string' ? JSON.stringify(value) : value).slice(0, 30)
}
