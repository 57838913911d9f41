/** Types of columns of ranges: compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  type CreateInput,
  F,
  fields,
  Model,
  type Range,
  type RangeInput,
  safeFilter,
  type Where,
} from '../../lib/index.ts'

class Booking extends Model('bookings', {
  title: fields.char({ maxLength: 50 }),
  seats: fields.integerRange(),
  numbers: fields.bigIntegerRange({ null: true }),
  prices: fields.decimalRange({ default: { lower: '0', upper: null, bounds: '[)' } }),
  days: fields.dateRange({ default: () => ({ isEmpty: true }) as const }),
  period: fields.dateTimeRange({ null: true }),
}) {
  static objects = new AsyncManager(Booking)
}

class Note extends Model('notes', {
  booking: fields.foreignKey(Booking, { onDelete: 'cascade' }),
}) {
  static objects = new AsyncManager(Note)
}

const booking = await Booking.objects.get({ pk: 1 })
expectTypeOf(booking.seats).toEqualTypeOf<Range<number>>()
expectTypeOf(booking.period).toEqualTypeOf<Range<Date> | null>()
if (!booking.seats.isEmpty) expectTypeOf(booking.seats.lower).toEqualTypeOf<number | null>()
booking.seats = { lower: 1, upper: 2, bounds: '[)' }

expectTypeOf<RangeInput<number>>().toExtend<CreateInput<Booking>['seats']>()
await Booking.objects.create({ title: 'a', seats: [1, null], period: [new Date(), null] })
await Booking.objects.create({ title: 'a', seats: { lower: 1, upper: 5 }, numbers: [1n, 2n] })
await Booking.objects.create({ title: 'a', seats: booking.seats, days: { isEmpty: true } })
// @ts-expect-error seats has no default
await Booking.objects.create({ title: 'a' })
// @ts-expect-error ends are numbers
await Booking.objects.create({ title: 'a', seats: ['1', null] })
// @ts-expect-error an end is missing
await Booking.objects.create({ title: 'a', seats: { lower: 1 } })
// @ts-expect-error no such bounds
await Booking.objects.create({ title: 'a', seats: { lower: 1, upper: 2, bounds: '][' } })
await Booking.objects.update({ seats: F('seats') })
// @ts-expect-error no range
await Booking.objects.update({ seats: 1 })

Booking.objects.filter({ seats: [1, 5], numbers: null, seats__in: [[1, 2], booking.seats] })
Booking.objects.filter({ seats__contains: 1, numbers__contains: [1n, null], days__contains: 'x' })
Booking.objects.filter({ seats__overlap: [1, 2], period__containedBy: [new Date(), null] })
Booking.objects.filter({ seats__fullyLt: [1, 2], seats__fullyGt: [1, 2], seats__notLt: [1, 2] })
Booking.objects.filter({ seats__notGt: [1, 2], seats__adjacentTo: { isEmpty: true } })
Note.objects.filter({ booking__days__upperInf: false })
Booking.objects.filter({ days__lowerInf: true, prices__upperInc__in: [true] })
expectTypeOf(await Booking.objects.values('seats__upperInc', 'period__lowerInf')).toEqualTypeOf<
  { seats__upperInc: boolean; period__lowerInf: boolean | null }[]
>()
// @ts-expect-error true or false
Booking.objects.filter({ seats__lowerInc: 1 })
Booking.objects.filter({ seats__isEmpty: true, period__startswith__year: 2026, seats__endswith: 5 })
Booking.objects.filter({ days__endswith__gte: '2026-01-01', seats__contains: F('id') })
Note.objects.filter({ booking__seats__contains: 5, booking__period__isnull: true })
const where: Where<Booking> = { seats__contains: 1, seats__startswith: 2 }
Booking.objects.filter(where)
// @ts-expect-error of numbers
Booking.objects.filter({ seats__contains: 'a' })
// @ts-expect-error a range is due
Booking.objects.filter({ seats__overlap: 1 })
// @ts-expect-error ranges have no such lookup
Booking.objects.filter({ seats__gt: [1, 2] })
// @ts-expect-error ranges are no text
Booking.objects.filter({ seats__icontains: 'x' })
// @ts-expect-error numbers have no year
Booking.objects.filter({ seats__startswith__year: 1 })
// @ts-expect-error true or false
Booking.objects.filter({ seats__isEmpty: 1 })

const [row] = await Note.objects.values('booking__seats', 'booking__seats__startswith')
expectTypeOf(row).toEqualTypeOf<
  { booking__seats: Range<number>; booking__seats__startswith: number | null } | undefined
>()
Booking.objects.orderBy('seats__startswith', '-period__endswith')
// @ts-expect-error no such end
Booking.objects.orderBy('seats__middle')

expectTypeOf(Booking.createSchema.parse({}).seats).toEqualTypeOf<Range<number>>()
const input: Parameters<typeof Booking.createSchema.parse>[0] = {
  numbers: ['1', 2n],
  seats: [1, 2],
}
void input

// @ts-expect-error the default is a range
fields.integerRange({ default: 1 })
// @ts-expect-error a column of ranges is no key
fields.integerRange({ primaryKey: true })

// A text stands for a value that may be in a range, not for a range.
safeFilter(Note, '', { allow: ['booking__days__contains', 'booking__seats__startswith__gte'] })
safeFilter(Booking, '', { allow: ['period__isEmpty', 'period__isnull', 'numbers__contains'] })
// @ts-expect-error a range
safeFilter(Booking, '', { allow: ['seats'] })
// @ts-expect-error a range that is looked up
safeFilter(Booking, '', { allow: ['seats__overlap'] })
// @ts-expect-error a list of ranges
safeFilter(Booking, '', { allow: ['seats__in'] })
