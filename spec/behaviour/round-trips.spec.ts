/** Every kind of column gives back what it was given, on every database, in every time zone. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { describeOnEach } from '../support/databases.ts'
import { OptionalSample, Sample, VALUES } from './support/samples.ts'
import { rejection, useStage } from './support/stage.ts'

const run = promisify(execFile)

/** The columns that a time zone could touch. */
const TEMPORAL = new Set(['date', 'dateTime', 'epochMs', 'time', 'duration', 'json'])

/** The row of the fault table that a kind of value is about. */
const FAULTS: Readonly<Record<string, string>> = {
  bigInteger: ' (F47)',
  decimal: ' (F48)',
  date: ' (F49)',
  dateTime: ' (F49)',
  epochMs: ' (F49)',
  time: ' (F49)',
  json: ' (F50)',
  char: ' (F51)',
  text: ' (F51)',
}

type AnyRow = Record<string, unknown>
/** Typed as no column at all, since which one it is is known at run time only. */
const row = (name: string, value: unknown): Record<never, unknown> => ({ [name]: value })
const valuesOf = (rows: readonly unknown[], name: string): unknown[] =>
  rows.map((one) => (one as AnyRow)[name])
/** Bytes are the same whether a driver calls them a Buffer or not; decimals whatever their scale. */
function comparable(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  if (name === 'decimal' && typeof value === 'string' && value.includes('.')) {
    return value.replace(/\.?0+$/, '')
  }
  return value
}
/** The same for equal JSON: PostgreSQL has an order of keys of its own, and no -0. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inside: unknown) => {
    if (typeof inside !== 'object' || inside === null || Array.isArray(inside)) return inside
    return Object.entries(inside).sort(([a], [b]) => (a < b ? -1 : 1))
  })
}
const allComparable = (name: string, values: readonly unknown[]): unknown[] =>
  values.map((value) => comparable(name, value))

describeOnEach('round trips', (kind) => {
  const stage = useStage(kind)

  const zone = process.env['SPEC_TIME_ZONE']
  for (const [name, values] of Object.entries(VALUES)) {
    if (zone !== undefined && !TEMPORAL.has(name)) continue
    describe(`${name}${FAULTS[name] ?? ''}`, () => {
      it('create(), get(), values() and valuesList() give what was given', async () => {
        for (const value of values) {
          const made = await stage.sends(1, () => Sample.objects.create(row(name, value)))
          expect(comparable(name, (made as unknown as AnyRow)[name])).to.deep.equal(
            comparable(name, value),
          )
          const found = await stage.sends(1, () => Sample.objects.get({ id: made.id }))
          expect(comparable(name, (found as unknown as AnyRow)[name])).to.deep.equal(
            comparable(name, value),
          )
          await stage.sends(0, () => found.save())
          await stage.sends(0, () => made.save())
        }
        const rows = await stage.sends(1, () => Sample.objects.orderBy('id').values(name as 'char'))
        expect(allComparable(name, valuesOf(rows, name))).to.deep.equal(allComparable(name, values))
        const list = Sample.objects.orderBy('id').valuesList(name as 'char', { flat: true })
        expect(allComparable(name, await list)).to.deep.equal(allComparable(name, values))
      })

      it('bulkCreate(), update(), save() and refreshFromDb() too', async () => {
        const made = await stage.sends(1, () =>
          Sample.objects.bulkCreate(values.map((value) => row(name, value))),
        )
        const rows = await Sample.objects.orderBy('id')
        expect(rows.map(({ id }) => id)).to.deep.equal(made.map(({ id }) => id))
        expect(allComparable(name, valuesOf(rows, name))).to.deep.equal(allComparable(name, values))

        const one = await Sample.objects.create({})
        for (const value of values) {
          await stage.sends(1, () => Sample.objects.filter({ id: one.id }).update(row(name, value)))
          await one.refreshFromDb()
          expect(comparable(name, (one as unknown as AnyRow)[name])).to.deep.equal(
            comparable(name, value),
          )
        }
        for (const value of values) {
          Object.assign(one, row(name, value))
          await one.save()
          const again = await Sample.objects.get({ pk: one.pk })
          expect(comparable(name, (again as unknown as AnyRow)[name])).to.deep.equal(
            comparable(name, value),
          )
        }
      })

      it('is found by its value, and by a list of values', async () => {
        await Sample.objects.bulkCreate(values.map((value) => row(name, value)))
        for (const [at, value] of values.entries()) {
          const rows = await stage.sends(1, () => Sample.objects.filter(row(name, value)))
          const found = allComparable(name, valuesOf(rows, name))
          expect(found, `value ${at}`).to.deep.equal([comparable(name, value)])
        }
        if (name === 'json') return
        const all = Sample.objects.filter(row(`${name}__in`, values))
        expect(await stage.sends(1, () => all.count())).to.equal(values.length)
        const none = Sample.objects.exclude(row(`${name}__in`, values))
        expect(await stage.sends(1, () => none.exists())).to.equal(false)
      })

      it('NULL is null, and is changed to a value and back', async () => {
        const empty = await stage.sends(1, () => OptionalSample.objects.create({}))
        expect(typeof empty.id).to.equal('bigint')
        const found = await OptionalSample.objects.get({ id: empty.id })
        expect((found as unknown as AnyRow)[name]).to.equal(null)
        for (const value of values) {
          Object.assign(found, row(name, value))
          await stage.sends(1, () => found.save())
          const isNull = OptionalSample.objects.filter(row(`${name}__isnull`, true))
          expect(await isNull.count()).to.equal(0)
          const again = await OptionalSample.objects.get({ id: empty.id })
          expect(comparable(name, (again as unknown as AnyRow)[name])).to.deep.equal(
            comparable(name, value),
          )
          Object.assign(found, row(name, null))
          await stage.sends(1, () => found.save())
          expect(await isNull.count()).to.equal(1)
        }
      })
    })
  }

  it('the JSON value null is null where NULL is not possible (F50)', async () => {
    const made = await Sample.objects.create({ json: null })
    expect((await Sample.objects.get({ id: made.id })).json).to.equal(null)
    await stage.sends(0, () => made.save())
  })

  it('any JSON comes back, whatever is at its top (F50)', async () => {
    const texts = fc.string({ unit: 'binary' }).filter((text) => /^[^\0]*$/.test(text))
    const isKept = (text: string): boolean => !/\0|\\u0000|\p{Surrogate}/u.test(text)
    const anything = fc
      .oneof(
        fc.jsonValue(),
        fc.jsonValue().map((inside) => ({ ['__proto__']: inside })),
        texts,
      )
      .filter((value) => isKept(JSON.stringify(value)))
    const values = ['', 'null', '"', '[]', 'true', '0', [], {}, [null], ...fc.sample(anything, 200)]
    const kept = values.filter((value) => value !== null)
    for (const objects of [
      Sample.objects,
      OptionalSample.objects as never as typeof Sample.objects,
    ]) {
      await objects.bulkCreate(kept.map((json) => ({ json }) as never))
      const rows = await objects.orderBy('id').valuesList('json', { flat: true })
      expect(rows.map(canonical)).to.deep.equal(kept.map(canonical))
    }
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
  })

  it('NULL and the JSON value null of others are both read as null, and asked for apart (F50)', async () => {
    const { id } = await OptionalSample.objects.create({ json: null })
    await stage.db.knex('optional_samples').insert({ json: 'null' })
    expect(await OptionalSample.objects.valuesList('json', { flat: true })).to.eql([null, null])
    const [isNull] = await OptionalSample.objects.filter({ json__isnull: true })
    expect(isNull?.id).to.equal(id)
    const valueNull = await OptionalSample.objects.filter({ json: null }).get()
    expect(valueNull.id).not.to.equal(id)
    await stage.sends(0, () => valueNull.save())
  })

  it('numbers in JSON are those of JavaScript: more digits are read as the nearest (F50)', async () => {
    await stage.db.knex('optional_samples').insert({ json: '[12345678901234567890, 0.1, -2e-7]' })
    const sample = await OptionalSample.objects.get()
    expect(sample.json).to.eql([Number('12345678901234567890'), 0.1, -2e-7])
    await stage.sends(0, () => sample.save())
  })

  it('floats that are no numbers: on PostgreSQL only, refused before any SQL elsewhere', async () => {
    for (const float of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      if (kind.dialect === 'postgresql') {
        const made = await Sample.objects.create({ float })
        const found = await Sample.objects.get({ id: made.id })
        expect(found.float).to.deep.equal(float)
        await stage.sends(0, () => found.save())
        expect(await Sample.objects.filter({ float }).count()).to.equal(1)
      } else {
        const error = await stage.sends(0, () => rejection(Sample.objects.create({ float })))
        expect(error.name).to.be.oneOf(['ValidationError', 'InvalidValueError'])
      }
    }
  })

  it('what other programs see is what they would write (F47, F48, F49)', async () => {
    const at = new Date('2021-03-14T07:30:00.001Z')
    await Sample.objects.create({
      boolean: true,
      dateTime: at,
      epochMs: at,
      date: '2021-03-14',
      time: '07:30:00',
      bigInteger: 2n ** 63n - 1n,
      decimal: '0.10',
      json: { a: [1] },
    })
    if (kind.dialect === 'sqlite') {
      const [raw] = await stage.db.knex.raw(
        `select boolean, date_time, epoch_ms, date, time, cast(big_integer as text) as big,
           typeof(big_integer) as big_type, decimal, json from samples`,
      )
      expect(raw).to.deep.equal({
        boolean: 1,
        date_time: '2021-03-14 07:30:00.001',
        epoch_ms: at.getTime(),
        date: '2021-03-14',
        time: '07:30:00',
        big: '9223372036854775807',
        big_type: 'integer',
        decimal: raw.decimal,
        json: '{"a":[1]}',
      })
      expect(Number(raw.decimal)).to.equal(0.1)
    } else {
      const { rows } = await stage.db.knex.raw(
        `select boolean::text, (date_time at time zone 'UTC')::text as date_time, epoch_ms::text,
           date::text, time::text, big_integer::text, decimal::text, json::text from samples`,
      )
      expect(rows).to.deep.equal([
        {
          boolean: 'true',
          date_time: '2021-03-14 07:30:00.001',
          epoch_ms: '2021-03-14 07:30:00.001',
          date: '2021-03-14',
          time: '07:30:00',
          big_integer: '9223372036854775807',
          decimal: '0.1000000000',
          json: '{"a": [1]}',
        },
      ])
    }
  })

  it('instants that others wrote are read, in each form that SQLite has', async () => {
    if (kind.dialect !== 'sqlite') return
    const { id } = await Sample.objects.create({})
    const forms: [unknown, string][] = [
      ['2021-03-14 07:30:00', '2021-03-14T07:30:00.000Z'],
      ['2021-03-14T07:30:00.5Z', '2021-03-14T07:30:00.500Z'],
      [1_615_707_000_001, '2021-03-14T07:30:00.001Z'],
    ]
    for (const [raw, iso] of forms) {
      for (const name of ['date_time', 'epoch_ms']) {
        await stage.db.knex('samples').update({ [name]: raw })
        const sample = await Sample.objects.get({ id })
        const read = name === 'date_time' ? sample.dateTime : sample.epochMs
        expect(read.toISOString(), `${name} ${raw}`).to.equal(iso)
        await stage.sends(0, () => sample.save())
      }
    }
  })

  it('aggregates and comparisons of instants and bigints keep every digit (F47, F49)', async () => {
    await Sample.objects.bulkCreate([
      { bigInteger: 2n ** 63n - 1n, dateTime: new Date('2021-03-14T07:30:00.001Z') },
      { bigInteger: 2n ** 63n - 2n, dateTime: new Date('2021-03-14T07:30:00.002Z') },
    ])
    const later = Sample.objects.filter({ dateTime__gt: new Date('2021-03-14T07:30:00.001Z') })
    expect(await later.count()).to.equal(1)
    const larger = Sample.objects.filter({ bigInteger__gt: 2n ** 63n - 2n })
    expect((await larger.get()).bigInteger).to.equal(2n ** 63n - 1n)
  })
})

describe('round trips in other time zones (F49)', function () {
  if (process.env['SPEC_TIME_ZONE']) return
  this.timeout(60_000)
  for (const zone of ['America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'UTC']) {
    it(zone, async () => {
      const { SPEC_SUMMARY_FILE: _, ...env } = process.env
      const mocha = fileURLToPath(new URL('../../node_modules/mocha/bin/mocha.js', import.meta.url))
      const { stdout } = await run(
        process.execPath,
        [
          ...['--import=tsx', '--unhandled-rejections=strict', mocha, '--no-config'],
          ...['--reporter=dot', '--timeout=10000', fileURLToPath(import.meta.url)],
        ],
        { env: { ...env, TZ: zone, SPEC_TIME_ZONE: zone } },
      ).catch(({ stdout }: { stdout: string }) => ({ stdout }))
      expect(stdout).to.match(/\d+ passing/)
      expect(stdout).not.to.match(/failing/)
    })
  }
})
