/** Functions of `OuterRef`, whose types the query around knows. */
import { expect } from 'chai'
import {
  Cast,
  Exists,
  Extract,
  ExtractHour,
  ExtractMonth,
  ExtractYear,
  FieldError,
  fields,
  InvalidValueError,
  OuterRef,
  Subquery,
  TruncDate,
  TruncHour,
  TruncMonth,
  TruncTime,
  TruncYear,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { OptionalSample } from './support/samples.ts'
import { thrown, useStage } from './support/stage.ts'

describeOnEach('Functions of OuterRef()', (kind) => {
  const stage = useStage(kind)
  const samples = OptionalSample.objects
  type Samples = ReturnType<typeof samples.all>
  /** The rows for which there is one in `inner`, in one statement. */
  const where = (inner: object): Promise<string[]> =>
    stage.sends(1, () =>
      samples
        .filter(Exists(inner as Samples))
        .orderBy('id')
        .valuesList('char', { flat: true }),
    ) as Promise<string[]>

  beforeEach(async () => {
    await samples.create({
      char: '2021-05-06',
      date: '2021-05-06',
      dateTime: new Date('2022-05-01T00:00:00Z'),
      epochMs: new Date('2022-12-31T23:30:00Z'),
      time: '09:26:00',
      integer: 2023,
    })
    await samples.create({
      char: 'late',
      date: '2022-05-01',
      dateTime: new Date('2023-03-14T09:26:53.589Z'),
      epochMs: new Date('2023-03-01T00:00:00Z'),
      time: '09:00:00',
      integer: 9,
    })
  })

  it('take numbers out of what is there, in any time zone', async () => {
    expect(
      await where(samples.filter({ date__year: ExtractYear(OuterRef('dateTime')) })),
    ).to.deep.equal(['2021-05-06'])
    expect(
      await where(samples.filter({ integer: ExtractYear(OuterRef('epochMs')) })),
    ).to.deep.equal(['late'])
    const tzinfo = 'Asia/Tokyo'
    expect(
      await where(samples.filter({ integer: ExtractYear(OuterRef('epochMs'), { tzinfo }) })),
    ).to.deep.equal(['2021-05-06', 'late'])
    expect(await where(samples.filter({ integer: ExtractHour(OuterRef('time')) }))).to.deep.equal([
      '2021-05-06',
      'late',
    ])
    expect(
      await where(samples.filter({ date: TruncDate(OuterRef('dateTime')), integer: 9 })),
    ).to.deep.equal(['2021-05-06'])
    expect(
      await where(samples.filter({ time__gt: TruncTime(OuterRef('dateTime'), { tzinfo }) })),
    ).to.deep.equal(['2021-05-06'])
  })

  it('cut down what is there, in the form of the column that it is compared with', async () => {
    expect(
      await where(samples.filter({ epochMs: TruncMonth(OuterRef('dateTime')) })),
    ).to.deep.equal(['late'])
    expect(
      await where(samples.filter({ dateTime: TruncMonth(OuterRef('epochMs')) })),
    ).to.deep.equal([])
    expect(await where(samples.filter({ epochMs__lt: OuterRef('dateTime') }))).to.deep.equal([
      'late',
    ])
    expect(await where(samples.filter({ date: TruncMonth(OuterRef('date')) }))).to.deep.equal([
      'late',
    ])
    expect(await where(samples.filter({ time: TruncHour(OuterRef('time')) }))).to.deep.equal([
      '2021-05-06',
      'late',
    ])
  })

  it('are made of each other, and speak of queries further out', async () => {
    const inMay = samples.filter({ date: TruncDate(TruncMonth(OuterRef('dateTime'))) })
    expect(await where(inMay)).to.deep.equal(['2021-05-06'])
    const inner = samples.filter({
      integer: ExtractYear(OuterRef(OuterRef('dateTime'))),
      date__month: ExtractMonth(OuterRef('dateTime')),
    })
    expect(await where(samples.filter(Exists(inner)))).to.deep.equal(['late'])
    const years = samples
      .filter({ pk: OuterRef('pk') })
      .values({ year: ExtractYear(OuterRef('dateTime')) })
      .slice(0, 1)
    expect(
      await samples
        .annotate({ year: Subquery(years) })
        .orderBy('id')
        .valuesList('year', { flat: true }),
    ).to.deep.equal([2022, 2023])
  })

  it('are cast', async () => {
    expect(
      await where(samples.filter({ char: Cast(OuterRef('date'), fields.text()) })),
    ).to.deep.equal(['2021-05-06'])
    expect(
      await where(samples.filter({ date: Cast(OuterRef('dateTime'), fields.date()) })),
    ).to.deep.equal(['2021-05-06'])
  })

  it('are refused where the query around has something else there', () => {
    const year = samples.filter({ integer: ExtractYear(OuterRef('char')) })
    const refused = thrown(() => samples.filter(Exists(year)))
    expect(refused).to.be.instanceOf(FieldError)
    expect(refused.message).to.equal(
      "Extract() of 'year' does not take values of the family 'text'.",
    )
    const hour = samples.filter({ date: TruncHour(OuterRef('date')) })
    expect(thrown(() => samples.filter({ pk__in: hour.values('pk') })).message).to.equal(
      "Trunc() to 'hour' does not take values of the family 'date'.",
    )
    const zoned = samples.filter({ date: TruncYear(OuterRef('date'), { tzinfo: 'Asia/Tokyo' }) })
    expect(thrown(() => samples.filter(Exists(zoned)))).to.be.instanceOf(InvalidValueError)
    const unknown = samples.filter({ integer: Extract(OuterRef('nothing'), 'year') })
    // @ts-expect-error there is no such name
    expect(thrown(() => samples.filter(Exists(unknown))).message).to.contain(
      "Cannot resolve 'nothing' on OptionalSample.",
    )
  })
})
