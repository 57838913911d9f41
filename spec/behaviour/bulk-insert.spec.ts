/** Many rows at once, into columns of the types that people have. */
import { expect } from 'chai'
import { isUnnested } from '../../lib/compile/insert-rows.ts'
import {
  AsyncManager,
  atomic,
  DatabaseError,
  F,
  fields,
  Length,
  Model,
  UniqueViolation,
  Value,
} from '../../lib/index.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import type { ModelMeta } from '../../lib/meta/model-meta.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { Tag } from './support/library.ts'
import { VALUES } from './support/samples.ts'
import { rejection, useStage } from './support/stage.ts'

const exact = {
  char: fields.char({ maxLength: 100, null: true }),
  text: fields.text({ null: true }),
  uuid: fields.uuid({ null: true }),
  boolean: fields.boolean({ null: true }),
  integer: fields.integer({ null: true }),
  smallInteger: fields.smallInteger({ null: true }),
  bigInteger: fields.bigInteger({ null: true }),
  decimal: fields.decimal({ maxDigits: 38, decimalPlaces: 10, null: true }),
  date: fields.date({ null: true }),
  dateTime: fields.dateTime({ null: true }),
  epochMs: fields.dateTime({ storage: 'epochMs', null: true }),
  time: fields.time({ null: true }),
  duration: fields.duration({ null: true }),
  json: fields.json({ null: true }),
}

/** As `Sample`, without bytes, for which there are no arrays, and floats, which JSON would change. */
class Exact extends Model('plain_samples', exact) {
  static objects = new AsyncManager(Exact)
}

class Plain extends Model('plain_samples', { ...exact, float: fields.float({ null: true }) }) {
  static objects = new AsyncManager(Plain)
}

class Odd extends Model('odd "table"?', {
  mood: fields.text({ null: true }),
  short: fields.char({ maxLength: 3, null: true, column: 'sho"rt' }),
  padded: fields.text({ null: true }),
  positive: fields.integer({ null: true }),
  wide: fields.integer({ null: true }),
  precise: fields.float({ null: true }),
  old: fields.json({ null: true }),
  local: fields.dateTime({ null: true }),
  address: fields.text({ null: true }),
  bits: fields.text({ null: true }),
  mark: fields.text({ null: true }),
}) {
  static objects = new AsyncManager(Odd)
}

class Range extends Model('daterange', { name: fields.text() }) {
  static objects = new AsyncManager(Range)
}

class Path extends Model('path', { name: fields.text() }) {
  static objects = new AsyncManager(Path)
}

const COLUMNS = `
  char varchar(100), text text, uuid uuid, boolean boolean, integer integer,
  small_integer smallint, big_integer bigint, float double precision, decimal numeric(38, 10),
  date date, date_time timestamptz, epoch_ms timestamp, time time, duration interval, json jsonb`

const withoutZeros = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value

describeOnEach('bulkCreate() of many rows', (kind) => {
  const stage = useStage(kind)
  const isPg = kind.dialect === 'postgresql'

  before(async () => {
    const { knex } = stage.db
    const id = isPg ? 'id serial primary key' : 'id integer primary key autoincrement'
    const columns = isPg
      ? COLUMNS
      : COLUMNS.replace('numeric(38, 10)', 'text').replace('jsonb', 'text')
    await knex.raw(`create table plain_samples (${id}, ${columns})`)
    await knex.raw(`create table path (${id}, name text)`)
  })

  for (const [given, names] of [
    [Plain, ['float']],
    [Exact, Object.keys(exact)],
  ] as const) {
    const model = given as typeof Plain
    it(`keeps every value of every kind of column: ${model.name}`, async () => {
      for (const name of names) {
        await model.objects.delete()
        const all = [...(VALUES[name] ?? []), null]
        const rows = all.map((value): Record<never, unknown> => ({ [name]: value }))
        const sql = await stage.sqlOf(async () => {
          const made = await model.objects.bulkCreate(rows)
          const found = await model.objects.orderBy('id')
          expect(found.map(({ id }) => id)).to.deep.equal(made.map(({ id }) => id))
          const kept = found.map((one) => (one as unknown as Record<string, unknown>)[name])
          const isDecimal = name === 'decimal'
          expect(isDecimal ? kept.map(withoutZeros) : kept, name).to.deep.equal(all)
        })
        expect(sql).to.have.lengthOf(2)
        const isText = isPg || given === Exact
        expect(/unnest|json_each/.test(sql[0] ?? '')).to.equal(isText)
      }
    })
  }

  it('is cut into statements that are not too large', async () => {
    const name = 'x'.repeat(2 ** 24)
    const sql = await stage.sqlOf(() =>
      Plain.objects.bulkCreate([{ text: name }, { text: name }, { text: name }, { text: 'y' }]),
    )
    expect(sql.filter((text) => text.startsWith('insert'))).to.have.lengthOf(2)
    const lengths = Plain.objects.filter({ text__isnull: false }).annotate({ n: Length('text') })
    expect(await lengths.orderBy('-id').values('n').slice(0, 4)).to.deep.equal(
      [1, 2 ** 24, 2 ** 24, 2 ** 24].map((n) => ({ n })),
    )
    await Plain.objects.delete()
  }).timeout(30_000)

  it('gives keys in the order of the rows, over several statements (F54)', async () => {
    const inputs = Array.from({ length: 25_000 }, (_, at) => ({ name: `tag ${at}` }))
    const sql = await stage.sqlOf(async () => {
      const made = await Tag.objects.bulkCreate(inputs)
      const stored = await Tag.objects.orderBy('id').valuesList('id', 'name')
      const names = new Map(stored)
      expect(made.every(({ id, name }) => names.get(id) === name)).to.equal(true)
      expect(made.every(({ id }, at) => at === 0 || id > (made[at - 1] as Tag).id)).to.equal(true)
    })
    const inserts = sql.filter((text) => text.startsWith('insert'))
    expect(inserts).to.have.lengthOf(3)
  }).timeout(30_000)

  it('of which none is there when one clashes (F54)', async () => {
    const clash = Array.from({ length: 20_000 }, (_, at) => ({
      id: at === 19_999 ? 9 : at + 9,
      name: 'x',
    }))
    expect(await rejection(Tag.objects.bulkCreate(clash))).to.be.instanceOf(UniqueViolation)
    expect(await Tag.objects.filter({ name: 'x' }).count()).to.equal(0)
  }).timeout(30_000)

  it('of which a trigger keeps some out gives nobody the key of another', async () => {
    const { knex } = stage.db
    const body =
      kind.dialect === 'sqlite'
        ? [
            "create trigger keep_out before insert on tags when new.name = 'out' begin select raise(ignore); end",
          ]
        : [
            "create function keep_out() returns trigger language plpgsql as $$ begin if new.name = 'out' then return null; end if; return new; end $$",
            'create trigger keep_out before insert on tags for each row execute function keep_out()',
          ]
    for (const sql of body) await knex.raw(sql)
    const tags = ['a', 'out', 'b'].map((name) => new Tag({ name }))
    const alone = new Tag({ name: 'out' })
    const errors = [
      await rejection(atomic(() => Tag.objects.bulkCreate(tags))),
      await rejection(alone.save()),
    ]
    await knex.raw(`drop trigger keep_out${kind.dialect === 'sqlite' ? '' : ' on tags'}`)
    expect(errors.map(({ name }) => name)).to.deep.equal(['DatabaseError', 'DatabaseError'])
    expect(errors[0]?.message).to.contain('took 2 of 3 new rows of Tag')
    expect([...tags, alone].map(({ id }) => id ?? null)).to.deep.equal([null, null, null, null])
    expect(await Tag.objects.count()).to.equal(0)
  })

  it('updates rows that are there, some by computed values', async () => {
    const before = await Plain.objects.bulkCreate([{ integer: 1 }, { integer: 2 }])
    const rows = before.map(({ id }, at) => ({ id, integer: 10 + at, char: 'new' }))
    const options = {
      updateConflicts: true,
      uniqueFields: ['id'],
      updateFields: ['integer'],
    } as const
    const made = await stage.sends(1, () => Plain.objects.bulkCreate(rows, options))
    expect(made.map(({ integer, char }) => [integer, char])).to.deep.equal([
      [10, null],
      [11, null],
    ])
    const computed = await stage.sends(1, () =>
      Plain.objects.bulkCreate([{ integer: 5 }, { integer: Value(5).add(1) as never }]),
    )
    expect(computed.map(({ integer }) => integer)).to.deep.equal([5, 6])
    expect(await Plain.objects.filter({ integer: F('integer') }).count()).to.be.greaterThan(3)
  })

  it('into a table that is called as a type of the database', async () => {
    await Path.objects.bulkCreate([{ name: 'a' }, { name: 'b' }])
    expect(await Path.objects.orderBy('id').valuesList('name', { flat: true })).to.deep.equal([
      'a',
      'b',
    ])
  })
})

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

describeOnEach(
  'bulkCreate() into adopted columns',
  (kind) => {
    const stage = useStage(kind)

    before(async () => {
      await stage.db.knex.raw(`
        create type mood as enum ('good, really', 'bad');
        create domain positive as integer check (value > 0);
        create table "odd ""table""\\?" (
          id bigint generated by default as identity primary key,
          mood mood, "sho""rt" varchar(3), padded char(5), positive positive, wide numeric,
          precise real, old json, local timestamp, address inet, bits varbit, mark "char"
        )`)
    })

    it('reads each value as the column does', async () => {
      const rows = [
        {
          mood: 'good, really',
          short: 'a"\\',
          padded: 'ab',
          positive: 1,
          wide: 2 ** 31 - 1,
          precise: 0.5,
          old: { a: ['"', '\\', 1.5] },
          local: new Date('2021-11-07T05:30:00.120Z'),
          address: '10.0.0.1',
          bits: '101',
          mark: 'x',
        },
        { mood: 'bad', positive: null, old: 'NULL' },
        {},
      ]
      const made = await stage.sends(1, () => Odd.objects.bulkCreate(rows))
      const found = await Odd.objects.orderBy('id')
      expect({ ...found[0], padded: found[0]?.padded?.trim() }).to.deep.equal({ ...made[0] })
      expect(found.slice(1).map((one) => ({ ...one }))).to.deep.equal(
        made.slice(1).map((one) => ({ ...one })),
      )
      expect([found[1]?.old, found[2]?.old]).to.deep.equal(['NULL', null])
    })

    it('knows every name that a table shares with a type of PostgreSQL', async () => {
      const { rows } = (await stage.db.knex.raw(`
        select typname from pg_type where typnamespace = 'pg_catalog'::regnamespace`)) as {
        rows: readonly { typname: string }[]
      }
      expect(rows.length).to.be.greaterThan(100)
      const { columns } = metaOf(Path)
      const missing = rows.filter(({ typname: table }) =>
        isUnnested({ model: { table } as ModelMeta, columns }, 'postgresql'),
      )
      expect(missing.map(({ typname }) => typname)).to.deep.equal([])
      await stage.db.knex.raw('create table daterange (id serial primary key, name text)')
      const made = await stage.sends(1, () =>
        Range.objects.bulkCreate([{ name: 'a' }, { name: 'b' }]),
      )
      expect(made.map(({ id, name }) => [id, name])).to.deep.equal([
        [1, 'a'],
        [2, 'b'],
      ])
      await stage.db.knex.raw('drop table daterange')
    })

    it('refuses what the column does not take, without a value in the message', async () => {
      const wrong = [{ mood: 'secret' }, { mood: 'bad' }]
      const error = await rejection(Odd.objects.bulkCreate(wrong))
      expect(error).to.be.instanceOf(DatabaseError)
      expect(String(error)).to.not.contain('secret')
      expect(
        await rejection(Odd.objects.bulkCreate([{ positive: 1 }, { positive: -1 }])),
      ).to.have.property('code', 'CHECK_VIOLATION')
    })

    it('takes values out of the messages of triggers too', async () => {
      await stage.db.knex.raw(`
        create function refuse() returns trigger language plpgsql as
          $$ begin raise exception 'no % here', new.name; end $$;
        create trigger refuse before insert on tags for each row execute function refuse()`)
      const error = await rejection(Tag.objects.bulkCreate([{ name: 'sec"ret' }, { name: 'b' }]))
      await stage.db.knex.raw('drop trigger refuse on tags')
      expect(String(error)).to.contain('no … here')
    })
  },
  onPostgres,
)
