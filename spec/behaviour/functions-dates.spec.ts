/** Dates and times taken apart and cut down, in UTC and in the time zones of the world. */
import { expect } from 'chai'
import {
  Cast,
  Count,
  type Expression,
  Extract,
  ExtractDay,
  ExtractHour,
  ExtractIsoWeekDay,
  ExtractIsoYear,
  ExtractMinute,
  ExtractMonth,
  ExtractQuarter,
  ExtractSecond,
  ExtractWeek,
  ExtractWeekDay,
  ExtractYear,
  F,
  FieldError,
  fields,
  InvalidValueError,
  Now,
  RawSQL,
  Trunc,
  TruncDate,
  TruncDay,
  TruncHour,
  TruncMinute,
  TruncMonth,
  TruncQuarter,
  TruncSecond,
  TruncTime,
  TruncWeek,
  TruncYear,
  Value,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { OptionalSample } from './support/samples.ts'
import { useStage } from './support/stage.ts'

type Any = Expression<unknown, never>
async function of(expression: Expression<unknown, string>): Promise<unknown> {
  const [row] = await OptionalSample.objects.values({ result: expression as Any })
  return row?.result
}

/** An instant as the shortest text that says it. */
const iso = (value: unknown): unknown =>
  value instanceof Date ? value.toISOString().replace('.000Z', 'Z') : value

const AT = new Date('2021-03-14T09:26:53.589Z')

const ALL: readonly [label: string, Expression<unknown, string>, unknown][] = [
  ['ExtractYear', ExtractYear('dateTime'), 2021],
  ['ExtractYear of a day', ExtractYear('date'), 2021],
  ['ExtractIsoYear', ExtractIsoYear(Value(new Date('2021-01-03T00:00:00Z'))), 2020],
  ['ExtractQuarter', ExtractQuarter('dateTime'), 1],
  ['ExtractMonth', ExtractMonth('epochMs'), 3],
  ['ExtractWeek', ExtractWeek('dateTime'), 10],
  ['ExtractDay', ExtractDay('dateTime'), 14],
  ['ExtractWeekDay', ExtractWeekDay('dateTime'), 1],
  ['ExtractIsoWeekDay', ExtractIsoWeekDay('dateTime'), 7],
  ['ExtractHour', ExtractHour('dateTime'), 9],
  ['ExtractHour of a time', ExtractHour('time'), 9],
  ['ExtractMinute', ExtractMinute('dateTime'), 26],
  ['ExtractSecond', ExtractSecond('dateTime'), 53],
  ['TruncYear', TruncYear('dateTime'), '2021-01-01T00:00:00Z'],
  ['TruncYear of epochMs', TruncYear('epochMs'), '2021-01-01T00:00:00Z'],
  ['TruncYear of a day', TruncYear('date'), '2021-01-01'],
  ['TruncQuarter', TruncQuarter(Value(new Date('2021-12-31T23:00:00Z'))), '2021-10-01T00:00:00Z'],
  ['TruncQuarter of a day', TruncQuarter('date'), '2021-01-01'],
  ['TruncMonth', TruncMonth('dateTime'), '2021-03-01T00:00:00Z'],
  ['TruncWeek on a Sunday', TruncWeek('dateTime'), '2021-03-08T00:00:00Z'],
  [
    'TruncWeek on a Monday',
    TruncWeek(Value(new Date('2021-03-08T01:00:00Z'))),
    '2021-03-08T00:00:00Z',
  ],
  ['TruncWeek of a day', TruncWeek('date'), '2021-03-08'],
  ['TruncDay', TruncDay('dateTime'), '2021-03-14T00:00:00Z'],
  ['TruncHour', TruncHour('dateTime'), '2021-03-14T09:00:00Z'],
  ['TruncHour of a time', TruncHour('time'), '09:00:00'],
  ['TruncMinute', TruncMinute('dateTime'), '2021-03-14T09:26:00Z'],
  ['TruncSecond', TruncSecond('dateTime'), '2021-03-14T09:26:53Z'],
  ['TruncSecond of epochMs', TruncSecond('epochMs'), '2021-03-14T09:26:53Z'],
  ['TruncDate', TruncDate('dateTime'), '2021-03-14'],
  ['TruncDate of a day', TruncDate('date'), '2021-03-14'],
  ['TruncTime', TruncTime('dateTime'), '09:26:53.589'],
  // In other zones.
  ['an hour in Tokyo', ExtractHour('dateTime', { tzinfo: 'Asia/Tokyo' }), 18],
  ['an hour of epochMs', ExtractHour('epochMs', { tzinfo: 'America/New_York' }), 5],
  ['a minute in Nepal', ExtractMinute('dateTime', { tzinfo: 'Asia/Kathmandu' }), 11],
  ['UTC by name', ExtractHour('dateTime', { tzinfo: 'UTC' }), 9],
  ['a day in Apia', TruncDate('dateTime', { tzinfo: 'Pacific/Apia' }), '2021-03-14'],
  ['a day in Honolulu', TruncDate('dateTime', { tzinfo: 'Pacific/Honolulu' }), '2021-03-13'],
  ['a time in Kolkata', TruncTime('dateTime', { tzinfo: 'Asia/Kolkata' }), '14:56:53.589'],
  [
    'a month in Honolulu',
    TruncMonth('dateTime', { tzinfo: 'Pacific/Honolulu' }),
    '2021-03-01T10:00:00Z',
  ],
  // The day on which clocks went forward in New York: it began at 5 in UTC, and ended at 4.
  [
    'a day that clocks changed',
    TruncDay('dateTime', { tzinfo: 'America/New_York' }),
    '2021-03-14T05:00:00Z',
  ],
  ['a week', TruncWeek('dateTime', { tzinfo: 'Europe/Berlin' }), '2021-03-07T23:00:00Z'],
  [
    'a year that began in winter',
    TruncYear(Value(new Date('2021-07-01T00:00:00Z')), { tzinfo: 'Europe/Berlin' }),
    '2020-12-31T23:00:00Z',
  ],
  [
    'an hour that was there twice',
    ExtractHour(Value(new Date('2021-10-31T01:30:00Z')), { tzinfo: 'Europe/Berlin' }),
    2,
  ],
  [
    'local mean time',
    ExtractMinute(Value(new Date('1900-06-01T00:00:00Z')), { tzinfo: 'Asia/Kolkata' }),
    21,
  ],
]

describeOnEach('functions of dates', (kind) => {
  useStage(kind)
  beforeEach(async () => {
    await OptionalSample.objects.create({
      dateTime: AT,
      epochMs: AT,
      date: '2021-03-14',
      time: '09:26:53.589',
    })
  })

  for (const [label, expression, expected] of ALL) {
    if (expected === undefined) continue
    it(label, async () => {
      expect(iso(await of(expression))).to.equal(expected)
    })
  }

  it('agrees with Intl on every hour around changes of the clocks', async () => {
    const zones = [
      'America/New_York',
      'Europe/London',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Tehran',
    ]
    const starts = ['2021-03-12', '2021-04-02', '2021-05-14', '2021-10-29', '1987-03-29']
    await OptionalSample.objects.delete()
    const instants = starts.flatMap((day) =>
      Array.from(
        { length: 96 },
        (_, at) => new Date(Date.parse(`${day}T00:15:00Z`) + at * 3_600_000),
      ),
    )
    await OptionalSample.objects.bulkCreate(instants.map((dateTime) => ({ dateTime })))
    for (const timeZone of zones) {
      const format = new Intl.DateTimeFormat('sv-SE', {
        timeZone,
        dateStyle: 'short',
        timeStyle: 'medium',
      })
      const found = await OptionalSample.objects.orderBy('id').values('dateTime', {
        day: TruncDate('dateTime', { tzinfo: timeZone }),
        clock: TruncTime('dateTime', { tzinfo: timeZone }),
        start: TruncDay('dateTime', { tzinfo: timeZone }),
      })
      for (const { dateTime, day, clock, start } of found) {
        expect(`${day} ${clock}`, timeZone).to.equal(format.format(dateTime as Date))
        expect(format.format(start as Date), timeZone).to.equal(`${day} 00:00:00`)
      }
    }
  })

  it('group and filter rows', async () => {
    await OptionalSample.objects.create({ dateTime: new Date('2021-03-31T22:00:00Z') })
    const tzinfo = 'Europe/Berlin'
    const months = OptionalSample.objects
      .annotate({ month: TruncMonth('dateTime', { tzinfo }) })
      .values('month')
      .annotate({ n: Count('*') })
      .orderBy('month')
    expect(await months).to.deep.equal([
      { month: new Date('2021-02-28T23:00:00Z'), n: 1 },
      { month: new Date('2021-03-31T22:00:00Z'), n: 1 },
    ])
    const april = OptionalSample.objects
      .annotate({ month: ExtractMonth('dateTime', { tzinfo }) })
      .filter({ month: 4 })
    expect(await april.count()).to.equal(1)
    const year = OptionalSample.objects.annotate({ year: ExtractYear('dateTime', { tzinfo }) })
    expect(await year.filter({ year: 2021 }).count()).to.equal(2)
    expect(await year.filter({ year__gt: 2021 }).count()).to.equal(0)
  })

  it('Now() is now', async () => {
    const before = Date.now()
    const now = (await of(Now())) as Date
    expect(now.getTime()).to.be.within(before - 5000, Date.now() + 5000)
    expect(await OptionalSample.objects.filter({ dateTime__lt: Now() }).count()).to.equal(1)
    expect(await OptionalSample.objects.filter({ epochMs__gt: Now() }).count()).to.equal(0)
    expect(await OptionalSample.objects.filter({ epochMs: F('dateTime') }).count()).to.equal(1)
    await OptionalSample.objects.update({ dateTime: Now() })
    expect(await OptionalSample.objects.filter({ dateTime__lte: Now() }).count()).to.equal(1)
    expect(await OptionalSample.objects.filter({ epochMs__lt: Now() }).count()).to.equal(1)
    await OptionalSample.objects.update({ epochMs: Now() })
    if (kind.dialect === 'sqlite') {
      const numbers = await of(Cast(RawSQL('typeof(epoch_ms)', [], fields.text()), fields.text()))
      expect(numbers).to.equal('integer')
    }
    const { epochMs } = await OptionalSample.objects.get()
    expect(epochMs?.getTime()).to.be.within(before - 5000, Date.now() + 5000)
  })

  it('refuses what is no zone, no part and no instant', () => {
    for (const tzinfo of ['Mars/Olympus', '+02:00', 'CET', "UTC'; --", 5, '']) {
      const options = { tzinfo: tzinfo as string }
      expect(() => ExtractYear('date', options), String(tzinfo)).to.throw(InvalidValueError)
    }
    expect(() => Extract('date', 'century' as 'year')).to.throw(FieldError, 'takes one of')
    expect(() => Trunc('date', 'century' as 'year')).to.throw(FieldError, 'takes one of')
    const values = (expression: Any): unknown => OptionalSample.objects.values({ x: expression })
    expect(() => values(ExtractHour('date') as Any)).to.throw(FieldError)
    expect(() => values(TruncHour('date') as Any)).to.throw(FieldError)
    expect(() => values(TruncYear('time') as Any)).to.throw(FieldError)
    expect(() => values(ExtractYear('json') as Any)).to.throw(FieldError)
    expect(() => values(ExtractYear('text') as Any)).to.throw(FieldError)
    expect(() => values(ExtractYear('date', { tzinfo: 'Asia/Tokyo' }) as Any)).to.throw(
      InvalidValueError,
    )
  })
})
