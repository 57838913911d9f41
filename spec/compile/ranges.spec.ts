import { expect } from 'chai'
import { compileInsert } from '../../lib/compile/insert.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { NotSupportedError } from '../../lib/errors.ts'
import { AsyncManager, F, fields, Model } from '../../lib/index.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import { withValues } from '../../lib/query/projection.ts'
import { initialState, withFilter } from '../../lib/query/state.ts'

class Booking extends Model('bookings', {
  seats: fields.integerRange(),
  numbers: fields.bigIntegerRange(),
  prices: fields.decimalRange(),
  days: fields.dateRange(),
  period: fields.dateTimeRange(),
  seat: fields.smallInteger(),
}) {
  static objects = new AsyncManager(Booking)
}

const meta = metaOf(Booking)
const all = initialState(meta)
const noon = new Date('2026-02-28T12:00:00.001Z')

/** A condition, what it is on PostgreSQL, and the value that is bound, if there is one. */
const CASES: readonly (readonly [where: object, sql: string, ...bound: unknown[]])[] = [
  [{ seats: [1, 5] }, '"bookings"."seats" = $1', '[1,5)'],
  [{ seats__contains: 3 }, '"bookings"."seats" @> $1::integer', 3],
  [{ seats__contains: [1, null] }, '"bookings"."seats" @> $1::int4range', '[1,)'],
  [{ seats__contains: F('seat') }, '"bookings"."seats" @> "bookings"."seat"::integer'],
  [{ numbers__contains: 3n }, '"bookings"."numbers" @> $1::bigint', '3'],
  [{ prices__contains: '1.50' }, '"bookings"."prices" @> $1::numeric', '1.50'],
  [{ days__contains: '2026-02-28' }, '"bookings"."days" @> $1::date', '2026-02-28'],
  [
    { period__contains: noon },
    '"bookings"."period" @> $1::timestamptz',
    '2026-02-28 12:00:00.001+00',
  ],
  [
    { period__overlap: [noon, null] },
    '"bookings"."period" && $1::tstzrange',
    '["2026-02-28 12:00:00.001+00",)',
  ],
  [{ seats__containedBy: { isEmpty: true } }, '"bookings"."seats" <@ $1::int4range', 'empty'],
  [{ numbers__fullyLt: [1n, 2n] }, '"bookings"."numbers" << $1::int8range', '[1,2)'],
  [
    { prices__fullyGt: { lower: '1', upper: '2.0', bounds: '(]' } },
    '"bookings"."prices" >> $1::numrange',
    '(1,2.0]',
  ],
  [
    { days__notLt: { lower: '2024-02-28', upper: '2024-02-28', bounds: '[]' } },
    '"bookings"."days" &> $1::daterange',
    '[2024-02-28,2024-02-29)',
  ],
  [{ seats__notGt: [null, 5] }, '"bookings"."seats" &< $1::int4range', '(,5)'],
  [{ seats__adjacentTo: [1, 5] }, '"bookings"."seats" -|- $1::int4range', '[1,5)'],
  [{ seats__isEmpty: true }, 'isempty("bookings"."seats") = $1', true],
  [{ seats__lowerInc: true }, 'lower_inc("bookings"."seats") = $1', true],
  [{ seats__upperInc: false }, 'upper_inc("bookings"."seats") = $1', false],
  [{ seats__lowerInf: true }, 'lower_inf("bookings"."seats") = $1', true],
  [{ seats__upperInf: true }, 'upper_inf("bookings"."seats") = $1', true],
  [{ seats__startswith__gte: 5 }, 'lower("bookings"."seats") >= $1', 5],
  [{ days__endswith: '2026-02-28' }, 'upper("bookings"."days") = $1', '2026-02-28'],
  [
    { seats__in: [[1, 5], { isEmpty: true }] },
    '"bookings"."seats" = any($1::int4range[])',
    ['[1,5)', 'empty'],
  ],
]

describe('compile: ranges', () => {
  for (const [where, sql, ...bound] of CASES) {
    it(Object.keys(where).join(), () => {
      const state = withFilter(withValues(all, ['id']), [where])
      for (const found of [
        compileSelect(state, 'postgresql'),
        compileSelect(state, 'postgresql'),
      ]) {
        expect([found?.sql, ...(found?.bindings ?? [])]).to.deep.equal([
          `select "bookings"."id" from "bookings" where ${sql}`,
          ...bound,
        ])
      }
      for (const dialect of ['sqlite', 'mysql'] as const) {
        expect(() => compileSelect(state, dialect)).to.throw(
          NotSupportedError,
          `A column of ranges (keep its two ends in two columns) is not supported on ${dialect}.`,
        )
      }
    })
  }

  it('inserts one array for each column', () => {
    const columns = meta.columns.filter(({ name }) => name === 'period' || name === 'seats')
    const range = { lower: noon, upper: null, bounds: '[)' }
    const rows = [
      [{ lower: 1, upper: 5, bounds: '[)' }, range],
      [{ isEmpty: true }, { isEmpty: true }],
    ]
    const spec = { model: meta, columns, rows, returning: [] }
    const found = compileInsert(spec, 'postgresql')
    expect([found.sql, ...found.bindings]).to.deep.equal([
      'insert into "bookings" ("seats", "period") select c0, c1 from unnest(coalesce($1, array[(null::"bookings")."seats"]), coalesce($2, array[(null::"bookings")."period"])) with ordinality as r(c0, c1, n) order by n',
      '{"[1,5)","empty"}',
      '{"[\\"2026-02-28 12:00:00.001+00\\",)","empty"}',
    ])
    for (const dialect of ['sqlite', 'mysql'] as const) {
      expect(() => compileInsert(spec, dialect)).to.throw(NotSupportedError, 'of ranges')
    }
  })
})
