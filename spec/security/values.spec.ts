import { expect } from 'chai'
import {
  AsyncManager,
  F,
  fields,
  InvalidValueError,
  Model,
  NotSupportedError,
  OrmError,
  QueryTooComplexError,
  Value,
} from '../../lib/index.ts'
import { Author, Book, Tag } from '../behaviour/support/library.ts'
import { Sample } from '../behaviour/support/samples.ts'
import { rejection, thrown, useStage } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'

type Loose = Record<string, (...args: unknown[]) => unknown>
const samples = Sample.objects as unknown as Loose

describeOnEach('values that databases take for others', (kind) => {
  const stage = useStage(kind)

  /** Every call that takes values refuses these, and sends nothing. */
  async function refuses(name: string, values: readonly unknown[]): Promise<void> {
    await stage.sends(0, async () => {
      for (const value of values) {
        const calls: Record<string, () => unknown> = {
          create: () => samples['create']?.({ [name]: value }),
          bulkCreate: () => samples['bulkCreate']?.([{ [name]: value }]),
          update: () => samples['update']?.({ [name]: value }),
          filter: () => samples['filter']?.({ [name]: value }),
          exclude: () => samples['exclude']?.({ [name]: value }),
          get: () => samples['get']?.({ [name]: value }),
        }
        for (const [verb, call] of Object.entries(calls)) {
          const error = await rejection((async () => await call())()).catch(() =>
            expect.fail(`${verb}() took ${String(value)} for ${name}`),
          )
          expect(error, `${verb} ${name} ${String(value)}: ${error.stack}`).to.be.instanceOf(
            OrmError,
          )
        }
      }
    })
  }

  /** They are written and found as they are. */
  async function keeps(name: string, values: readonly unknown[]): Promise<void> {
    for (const value of values) {
      const { id } = await Sample.objects.create({ [name]: value } as never)
      const found = await (Sample.objects
        .filter({ id, [name]: value } as never)
        .get() as Promise<Sample>)
      expect((found as unknown as Record<string, unknown>)[name]).to.deep.equal(value)
    }
  }

  it('S35 NaN and infinities are no integers and no decimals', async () => {
    for (const name of ['integer', 'smallInteger', 'bigInteger', 'decimal', 'duration']) {
      await refuses(name, [Number.NaN, Infinity, -Infinity, 'NaN', 'Infinity'])
    }
    const odd = [Number.NaN, Infinity, -Infinity]
    if (kind.dialect === 'postgresql') await keeps('float', odd)
    else await refuses('float', odd)
  })

  it('S36 bigints are exact, in columns and in lists', async () => {
    const edges = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n, -1n]
    await keeps('bigInteger', edges)
    const all = Sample.objects.filter({ bigInteger__in: edges })
    expect(await stage.sends(1, () => all.count())).to.equal(edges.length)
    const above = Sample.objects.filter({ bigInteger__gt: 2n ** 63n - 2n })
    expect(await above.valuesList('bigInteger', { flat: true })).to.eql([2n ** 63n - 1n])
    await refuses('json', [1n, { a: 1n }, [[1n]]])
    expect(await stage.sends(0, () => Sample.objects.filter({ bigInteger: 2n ** 63n }))).to.eql([])
  })

  it('S37 whole numbers beyond a column match nothing, whatever the lookup', async () => {
    await Sample.objects.create({ smallInteger: 5 })
    const beyond = { smallInteger: 40_000, integer: 2 ** 31, bigInteger: 2n ** 63n } as const
    for (const [name, value] of Object.entries(beyond)) {
      const filter = (where: object) => Sample.objects.filter(where as never)
      for (const lookup of ['', '__gt', '__gte']) {
        expect(await stage.sends(0, () => filter({ [name + lookup]: value }))).to.eql([])
      }
      expect(await stage.sends(0, () => filter({ [`${name}__in`]: [value] }))).to.eql([])
      expect(await filter({ [`${name}__lt`]: value }).count()).to.equal(1)
      expect(await filter({ [`${name}__range`]: [0, value] }).count()).to.equal(1)
    }
    await refuses('integer', ['9'.repeat(100_000), '1', '0x10'])
  })

  it('S38 instants and days are those of the years 1 to 9999', async () => {
    const outside = [
      '0000-12-31T23:59:59.999Z',
      '+010000-01-01T00:00:00Z',
      '-000001-01-01T00:00:00Z',
    ]
    const instants = [
      ...outside.map((iso) => new Date(iso)),
      new Date(Number.NaN),
      new Date(8.64e15),
    ]
    for (const name of ['dateTime', 'epochMs']) await refuses(name, [...instants, 'infinity', ''])
    await refuses('date', ['0000-01-01', '10000-01-01', '2021-02-29', 'infinity', 'today', 'now'])
    await refuses('time', ['24:00:01', '23:60', 'allballs', 'now'])
    await keeps('dateTime', [
      new Date('0001-01-01T00:00:00Z'),
      new Date('9999-12-31T23:59:59.999Z'),
    ])
    if (kind.dialect === 'sqlite') return
    const { id } = await Sample.objects.create({})
    await stage.db.knex('samples').where({ id }).update({ date_time: 'infinity' })
    const odd = Sample.objects.filter({ id })
    // The second time by a function that was made for these rows.
    for (const _ of [1, 2]) {
      const error = await rejection(odd.get())
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.match(/^Sample\.dateTime holds infinity/)
      const { message } = await rejection(odd.values('text', 'dateTime'))
      expect(message).to.match(/^dateTime holds infinity/)
      const listed = await rejection(odd.valuesList('text', 'dateTime'))
      expect(listed.message).to.match(/^The dateTime column holds infinity/)
    }
  })

  it('S39 NUL is in no text and no JSON', async () => {
    for (const name of ['char', 'text', 'slug', 'email']) await refuses(name, ['\0', 'a\0b', 'a\0'])
    await refuses('json', ['\0', { a: ['b\0'] }, { 'a\0': 1 }])
  })

  it('S40 halves of characters are in no text and no JSON', async () => {
    for (const half of ['\ud800', 'a\udfff', '\udc00\ud800']) {
      await refuses('text', [half])
      await refuses('json', [half, { a: half }, { [half]: 1 }, [half]])
    }
    await keeps('text', ['\u{1f600}', '\ud83d\ude00', '\u{10ffff}'])
  })

  it('S41 functions, symbols, promises and started queries are no values', async () => {
    const started = Author.objects.filter({ id: 1 }).startFetch()
    await started
    for (const name of ['text', 'integer', 'json', 'dateTime']) {
      await refuses(name, [() => 1, Symbol('x'), Promise.resolve('x'), new WeakMap(), class {}])
    }
    await refuses('integer', [Tag.objects.all(), Tag.objects])
    const author = Book.objects as unknown as Loose
    await stage.sends(0, async () => {
      for (const value of [Promise.resolve(1), () => 1, Symbol('x'), {}, Tag.objects.all()]) {
        const error = await rejection((async () => await author['filter']?.({ author: value }))())
        expect(error).to.be.instanceOf(OrmError)
      }
    })
    const books = Book.objects.filter({ author__in: Author.objects.filter({ name: 'Jane' }) })
    expect(await stage.sends(1, () => books.count())).to.equal(2)
  })

  it('S42 the column decides what a value is, the same on every database', async () => {
    await refuses('integer', [true, false, '1', 'abc', '', 1.5, Buffer.from('1'), new Date(0), [1]])
    await refuses('text', [1, 1n, true, Buffer.from('a'), new Date(0), ['a']])
    await refuses('boolean', [0, 1, 'true', 't', ''])
    await refuses('float', ['1', '', true, 1n])
    await refuses('uuid', ['', 'x', 1, '123e4567-e89b-42d3-a456-42661417400'])
    await refuses('binary', ['not base64!', [1], new Uint16Array(1)])
  })

  it('S44 a regular expression is bound, and a wrong one is a named error', async () => {
    const sql = (pattern: string) => () =>
      Book.objects.filter({ title__regex: pattern }).toSQL().sql
    if (kind.dialect === 'sqlite') {
      const error = await rejection(
        stage.sends(0, () => Book.objects.filter({ title__regex: '(' })),
      )
      expect(error).to.be.instanceOf(NotSupportedError)
      return
    }
    for (const pattern of ['(', "'; drop table canary; --", '^((a|a)*)*$', 'x'.repeat(10_000)]) {
      expect(sql(pattern)()).to.equal(sql('a')())
    }
    for (const pattern of ['(secret', '[secret', 'secret{9999}', '*secret', 'secret\\']) {
      for (const lookup of ['title__regex', 'title__iregex']) {
        const books = Book.objects.filter({ [lookup]: pattern } as never)
        const error = await stage.sends(1, () => rejection(books))
        expect(error, pattern).to.be.instanceOf(InvalidValueError)
        expect(error.cause).to.have.property('code', '2201B')
        expect(error.message).to.match(/^invalid regular expression: /)
        expect(error.message).not.to.contain('secret')
      }
    }
    await stage.sends(0, () => {
      for (const pattern of ['x'.repeat(10_001), Value('x'.repeat(1_000_000))]) {
        const error = thrown(() => Book.objects.filter({ title__iregex: pattern } as never))
        expect(error).to.be.instanceOf(QueryTooComplexError)
        expect(error.message).to.match(/^The length of a regular expression: \d+, and the limit is/)
      }
    })
    const slow = Book.objects.filter({ title__regex: '^((a|a)*)*$' }).timeout(2000)
    expect(await slow.count()).to.equal(0)
  })

  it('S45 a negative number after a minus is no comment', async () => {
    for (const number of [-1, -0.5, -(2 ** 31)]) {
      const { sql } = Book.objects.annotate({ n: F('pages').sub(Value(number)) }).toSQL()
      expect(sql).not.to.contain('--')
    }
    const pages = Book.objects.filter({ id: 1 })
    const found = await pages.annotate({ n: F('pages').sub(Value(-1)).sub(-1) }).values('n')
    expect(found).to.eql([{ n: 476 }])
    await pages.update({ pages: F('pages').sub(-26) })
    expect(await pages.valuesList('pages', { flat: true })).to.eql([500])
  })

  it('S47 texts in the checks and defaults of a table come back as they are', async () => {
    const texts = [
      "x'y",
      "a\\' --",
      "x'); drop table canary; --",
      '? $1 :a',
      '"',
      '$' + '{process.exit()}',
    ]
    class Odd extends Model('checked', { kind: fields.choice({ choices: texts }) }) {
      static objects = new AsyncManager(Odd)
    }
    const { knex } = stage.db
    const list = texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ')
    const asRaw = kind.dialect === 'sqlite' ? list : list.replaceAll('?', '\\?')
    const id =
      kind.dialect === 'sqlite' ? 'integer primary key autoincrement' : 'serial primary key'
    await knex.raw(`create table checked (id ${id}, kind text check (kind in (${asRaw})))`)
    try {
      for (const text of texts) await Odd.objects.create({ kind: text })
      expect(await Odd.objects.orderBy('id').valuesList('kind', { flat: true })).to.eql(texts)
      const refused = await rejection(stage.sends(0, () => Odd.objects.create({ kind: 'x' })))
      expect(refused.name).to.equal('ValidationError')
    } finally {
      await knex.raw('drop table checked')
    }
  })

  it('S52 SQLite is newer than its last known overflow, and loads no extensions', async () => {
    if (kind.dialect !== 'sqlite') return
    const [row] = (await stage.db.knex.raw('select sqlite_version() as version')) as {
      version: string
    }[]
    const [major = 0, minor = 0, patch = 0] = row?.version.split('.').map(Number) ?? []
    expect(major * 10_000 + minor * 100 + patch).to.be.at.least(35_002)
    const error = await rejection(stage.db.knex.raw("select load_extension('x')"))
    expect(error.message).to.match(/not authorized/)
  })
})
