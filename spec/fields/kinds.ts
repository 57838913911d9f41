/** Every kind of column with the values it can hold, for the specs that ask all of them. */
import fc from 'fast-check'
import type { AnyColumn } from '../../lib/fields/column-field.ts'
import { fields } from '../../lib/fields/fields.ts'

export interface KindCase {
  readonly name: string
  readonly field: AnyColumn
  readonly values: fc.Arbitrary<unknown>
  /** Values that a generator seldom finds. */
  readonly edges: readonly unknown[]
  /** The column's type in each database. */
  readonly postgresql: string
  readonly sqlite: string
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'))
const jsonText = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((key) => !key.includes('\0'))
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    jsonText,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(jsonText, tie('json'), { maxKeys: 4 }),
  ),
}))

export const instants = fc.date({
  min: new Date('0001-01-01T00:00:00.000Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})

const instantEdges = [
  '0001-01-01T00:00:00.000Z',
  '0099-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2021-03-14T07:00:00.000Z',
  '2011-12-30T10:00:00.000Z',
  '2024-02-29T12:00:00.001Z',
  '9999-12-31T23:59:59.999Z',
].map((iso) => new Date(iso))

const sized = { maxLength: 60 }
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 28n) + 1n, max: 10n ** 28n - 1n }), fc.nat({ max: 9999999999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(10, '0')}`)

function kind(
  field: AnyColumn,
  values: fc.Arbitrary<unknown>,
  edges: readonly unknown[],
  [postgresql, sqlite]: readonly [string, string],
): KindCase {
  return { name: field.name, field, values, edges, postgresql, sqlite }
}

const textColumn = ['text', 'text'] as const
const times = fc.nat({ max: 86_399_999 }).map((ms) => {
  const iso = new Date(ms).toISOString()
  return ms % 1000 === 0 ? iso.slice(11, 19) : iso.slice(11, 23)
})
const int8s = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

/** Of every bounds that its ends can have; those that the field refuses are left out. */
function rangeKind(
  field: AnyColumn,
  end: fc.Arbitrary<unknown>,
  edges: readonly unknown[],
  type: string,
): KindCase {
  const bounds = fc.constantFrom('[)', '[]', '(]', '()')
  const ranges = fc
    .record({ lower: fc.option(end), upper: fc.option(end), bounds })
    .map((range) => field.schema.safeParse(range).data ?? { isEmpty: true })
  const canonical = [...edges, { isEmpty: true }].map((edge) => field.schema.parse(edge))
  return kind(field, ranges, canonical, [type, 'text'])
}

export const kinds: readonly KindCase[] = [
  kind(fields.char(sized), text, ['', '%_\\', '𝔘𝔫𝔦', 'e\u0301', 'İß'], textColumn),
  kind(fields.text(), text, ['', '\n\r\t', '\ufeff', '\u{10ffff}', "'; --"], textColumn),
  kind(fields.email(), fc.constant('ann@example.org'), [], textColumn),
  kind(fields.url(), fc.constant('https://example.org/a?b=c#d'), [], textColumn),
  kind(fields.slug(), fc.stringMatching(/^[-a-zA-Z0-9_]{1,50}$/), ['a-b_C-9'], textColumn),
  kind(fields.choice({ choices: ['a', 'b'] }), fc.constantFrom('a', 'b'), [], textColumn),
  kind(fields.uuid(), fc.uuid(), ['ffffffff-ffff-ffff-ffff-ffffffffffff'], ['uuid', 'text']),
  kind(fields.boolean(), fc.boolean(), [true, false], ['boolean', 'boolean']),
  kind(fields.auto(), fc.maxSafeInteger(), [2 ** 53 - 1], ['bigint', 'integer']),
  kind(fields.integer(), fc.integer(), [-(2 ** 31), 2 ** 31 - 1], ['integer', 'integer']),
  kind(
    fields.smallInteger(),
    fc.integer({ min: -32_768, max: 32_767 }),
    [-32_768, 32_767],
    ['smallint', 'smallint'],
  ),
  kind(fields.bigAuto(), int8s, [2n ** 63n - 1n], ['bigint', 'bigint']),
  kind(fields.bigInteger(), int8s, [-(2n ** 63n), 2n ** 63n - 1n, 0n], ['bigint', 'bigint']),
  kind(
    fields.float(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    [5e-324, 1.7976931348623157e308, 0.1, -0],
    ['double precision', 'double'],
  ),
  kind(
    fields.decimal({ maxDigits: 38, decimalPlaces: 10 }),
    decimals,
    ['0', '-0.00', '1.5', '1234567890123456789012345678.0123456789', '-0.0000000001'],
    ['numeric(38, 10)', 'text'],
  ),
  kind(fields.decimal(), decimals, ['0.10', '7'], ['numeric', 'text']),
  kind(
    fields.date(),
    instants.map((instant) => instant.toISOString().slice(0, 10)),
    ['0001-01-01', '2000-02-29', '9999-12-31', '2011-12-30'],
    ['date', 'date'],
  ),
  kind(fields.dateTime(), instants, instantEdges, ['timestamptz', 'datetime']),
  kind(fields.dateTime({ storage: 'epochMs' }), instants, instantEdges, ['timestamp', 'datetime']),
  kind(fields.time(), times, ['00:00:00', '23:59:59.999'], ['time', 'time']),
  kind(
    fields.duration(),
    fc.maxSafeInteger(),
    [0, -1, 86_400_000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -3_599_999],
    ['interval', 'bigint'],
  ),
  kind(
    fields.json(),
    json,
    [[], [1, [2]], 'text', '', 0, true, {}, JSON.parse('{"__proto__":{"a":1}}'), { a: null }],
    ['jsonb', 'json'],
  ),
  kind(
    fields.binary(),
    fc.uint8Array({ maxLength: 50 }),
    [new Uint8Array(0), new Uint8Array([0, 255])],
    ['bytea', 'blob'],
  ),
  kind(
    fields.array(fields.text({ null: true })),
    fc.array(fc.option(text), { maxLength: 5 }),
    [[], [null], ['NULL', '', '{a,"b"}', '\\']],
    ['text[]', 'text'],
  ),
  rangeKind(
    fields.integerRange(),
    fc.integer({ max: 2 ** 31 - 2 }),
    [
      [1, 5],
      [null, null],
    ],
    'int4range',
  ),
  rangeKind(fields.bigIntegerRange(), int8s, [[-(2n ** 63n), 2n ** 63n - 1n]], 'int8range'),
  rangeKind(
    fields.decimalRange(),
    decimals,
    [
      ['0.10', '7.00'],
      ['-1', null],
    ],
    'numrange',
  ),
  rangeKind(
    fields.dateRange(),
    instants.map((instant) => instant.toISOString().slice(0, 10)),
    [
      ['0001-01-01', '9999-12-31'],
      [null, '2000-02-29'],
    ],
    'daterange',
  ),
  rangeKind(fields.dateTimeRange(), instants, [[instantEdges[0], null]], 'tstzrange'),
]
