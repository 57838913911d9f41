/** Columns of arrays: the same answers on PostgreSQL, which has them, and on SQLite, in JSON text. */
import { expect } from 'chai'
import type { Knex } from 'knex'
import { z } from 'zod'
import {
  AsyncManager,
  Count,
  F,
  FieldError,
  fields,
  ImproperlyConfigured,
  InvalidValueError,
  Model,
  NotSupportedError,
  Q,
  safeFilter,
  ValidationError,
} from '../../lib/index.ts'
import type { Dialect } from '../support/databases.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

class Post extends Model('posts', {
  title: fields.char({ maxLength: 50, default: '' }),
  tags: fields.array(fields.char({ maxLength: 20 }), { default: [] }),
  others: fields.array(fields.char({ maxLength: 20 }), { null: true }),
  ratings: fields.array(fields.integer({ null: true }), { default: [], size: 4 }),
  grid: fields.array(fields.array(fields.smallInteger()), { null: true }),
}) {
  static objects = new AsyncManager(Post)
}

class Kinds extends Model('kinds', {
  texts: fields.array(fields.text({ null: true }), { null: true }),
  flags: fields.array(fields.boolean({ null: true }), { null: true }),
  bigs: fields.array(fields.bigInteger({ null: true }), { null: true }),
  floats: fields.array(fields.float(), { null: true }),
  prices: fields.array(fields.decimal({ maxDigits: 30, decimalPlaces: 2 }), { null: true }),
  days: fields.array(fields.date({ null: true }), { null: true }),
  instants: fields.array(fields.dateTime(), { null: true }),
  times: fields.array(fields.time(), { null: true }),
  spans: fields.array(fields.duration(), { null: true }),
  keys: fields.array(fields.uuid(), { null: true }),
  blobs: fields.array(fields.binary({ null: true }), { null: true }),
  states: fields.array(fields.choice({ choices: ['on', 'off'] }), { null: true }),
  deep: fields.array(fields.array(fields.array(fields.text())), { null: true }),
}) {
  static objects = new AsyncManager(Kinds)
}

const TYPES: Readonly<Record<string, string>> = {
  tags: 'varchar(20)[]',
  others: 'varchar(20)[]',
  ratings: 'integer[]',
  grid: 'smallint[][]',
  texts: 'text[]',
  flags: 'boolean[]',
  bigs: 'bigint[]',
  floats: 'double precision[]',
  prices: 'numeric(30, 2)[]',
  days: 'date[]',
  instants: 'timestamptz[]',
  times: 'time[]',
  spans: 'interval[]',
  keys: 'uuid[]',
  blobs: 'bytea[]',
  states: 'varchar(20)[]',
  deep: 'text[]',
}

async function createTables(knex: Knex, dialect: Dialect): Promise<void> {
  const column = (table: Knex.CreateTableBuilder, name: string): void => {
    if (dialect === 'sqlite') table.text(name)
    else table.specificType(name, TYPES[name] as string)
  }
  await knex.schema
    .createTable('posts', (table) => {
      table.increments()
      table.string('title', 50).notNullable()
      for (const name of ['tags', 'others', 'ratings', 'grid']) column(table, name)
    })
    .createTable('kinds', (table) => {
      table.increments()
      for (const name of Object.keys(TYPES).slice(4)) column(table, name)
    })
}

const VALUES: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  texts: [
    [],
    [null],
    [''],
    ['NULL', 'null', null],
    ['a,b', '{c}', '"d"', "e'f", 'g\\h', '\\', ' i ', '\n', '👩‍👩‍👧', '$1 ? :a', '[0:1]={x}'],
    ['x'.repeat(100_000)],
  ],
  flags: [[true, false, null]],
  bigs: [[2n ** 63n - 1n, -(2n ** 63n), 0n, null]],
  floats: [[0, 0.1, 1e21, 5e-324, -1.5, 1.7976931348623157e308]],
  prices: [['0.00', '-0.01', '9999999999999999999999999999.99']],
  days: [['0001-01-01', '2024-02-29', null]],
  instants: [[new Date('0001-01-01T00:00:00.000Z'), new Date('2021-03-14T07:30:00.001Z')]],
  times: [['00:00:00', '23:59:59.999']],
  spans: [[0, -1, 86_400_000]],
  keys: [['123e4567-e89b-42d3-a456-426614174000']],
  blobs: [[new Uint8Array([0, 255, 39, 92]), new Uint8Array(0), null]],
  states: [['on', 'off', 'on']],
  deep: [[], [[['a', '{']], [['c', 'NULL']]], [[['a'], ['b']]]],
}

/** Typed as no column at all, since which one it is is known at run time only. */
const row = (name: string, value: unknown): Record<never, unknown> => ({ [name]: value })
const plain = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(plain) : value instanceof Uint8Array ? [...value] : value

describeOnEach('arrays', (kind) => {
  const shop = useSchema(kind, [Post, Kinds], createTables)
  const isPostgres = kind.dialect === 'postgresql'
  const titles = async (where: object): Promise<string[]> =>
    await Post.objects
      .filter(where as never)
      .orderBy('id')
      .valuesList('title', { flat: true })

  for (const [name, values] of Object.entries(VALUES)) {
    it(`of every kind come back as they were given: ${name}`, async () => {
      const rows = [...values, null].map((value) => row(name, value))
      const nameOf = (row: object): unknown => plain((row as Record<string, unknown>)[name])
      for (const one of rows) {
        const made = await shop.sends(1, () => Kinds.objects.create(one))
        const found = await Kinds.objects.get({ id: made.id })
        expect(nameOf(found)).to.deep.equal(nameOf(one))
        await shop.sends(0, () => found.save())
        await shop.sends(0, () => made.save())
        expect(await Kinds.objects.filter({ ...one, id: made.id }).count()).to.equal(1)
        await shop.sends(1, () => Kinds.objects.filter({ id: made.id }).update(one))
        expect(nameOf((await Kinds.objects.values(name as 'texts').last()) ?? {})).to.deep.equal(
          nameOf(one),
        )
        const again = Kinds.createSchema.parse(JSON.parse(JSON.stringify(made.toJSON(), skipId)))
        expect(nameOf(again)).to.deep.equal(nameOf(one))
      }
      await Kinds.objects.all().delete()
      await shop.sends(1, () => Kinds.objects.bulkCreate(rows))
      expect((await Kinds.objects.orderBy('id')).map(nameOf)).to.deep.equal(rows.map(nameOf))
      const listed = values.length === 0 ? [] : values
      expect(await Kinds.objects.filter({ [`${name}__in`]: listed } as never).count()).to.equal(
        values.length,
      )
    })
  }

  describe('lookups', () => {
    beforeEach(async () => {
      await Post.objects.bulkCreate([
        {
          title: 'a',
          tags: ['sql', 'ts'],
          ratings: [1, 2, 3],
          grid: [
            [1, 2],
            [3, 4],
          ],
        },
        { title: 'b', tags: ['sql'], others: ['sql', 'js'], ratings: [3, null], grid: [] },
        { title: 'c', tags: [], others: [], ratings: [], grid: [[5, 6]] },
        { title: 'd', tags: ['ts', 'sql', 'sql'], others: ['x'], ratings: [10, 2], grid: null },
      ])
    })

    it('contains, containedBy, overlap', async () => {
      expect(await titles({ tags__contains: ['sql'] })).to.eql(['a', 'b', 'd'])
      expect(await titles({ tags__contains: ['ts', 'sql', 'ts'] })).to.eql(['a', 'd'])
      expect(await titles({ tags__contains: [] })).to.eql(['a', 'b', 'c', 'd'])
      expect(await titles({ tags__containedBy: ['sql', 'x'] })).to.eql(['b', 'c'])
      expect(await titles({ tags__containedBy: [] })).to.eql(['c'])
      expect(await titles({ tags__overlap: ['ts', 'x'] })).to.eql(['a', 'd'])
      expect(await titles({ tags__overlap: [] })).to.eql([])
      expect(await titles({ others__contains: F('tags') })).to.eql(['b', 'c'])
      expect(await titles({ others__overlap: F('tags') })).to.eql(['b'])
      expect(await titles({ tags__containedBy: F('others') })).to.eql(['b', 'c'])
      expect(await titles({ grid__contains: [[4, 1]] })).to.eql(['a'])
      expect(await titles({ grid__overlap: [[9], [6]] })).to.eql(['c'])
      expect(await titles({ grid__containedBy: [[5, 6, 7]] })).to.eql(['b', 'c'])
      const without = Post.objects.exclude({ others__overlap: ['sql'] }).orderBy('id')
      expect(await without.valuesList('title', { flat: true })).to.eql(['a', 'c', 'd'])
    })

    it('those that a request asks for', async () => {
      const allow = ['tags__contains', 'ratings__overlap', 'tags__0', 'tags__len'] as const
      for (const [query, rows] of [
        ['tags__contains=sql,web', { tags__contains: ['sql', 'web'] }],
        ['ratings__overlap=1,2', { ratings__overlap: [1, 2] }],
        ['tags__0=sql&tags__len=1', { tags__0: 'sql', tags__len: 1 }],
      ] as const) {
        expect(await titles(safeFilter(Post, query, { allow })), query).to.eql(await titles(rows))
      }
    })

    it('NULL is in no array', async () => {
      expect(await titles({ ratings__contains: [null] })).to.eql([])
      expect(await titles({ ratings__containedBy: [3, null] })).to.eql(['c'])
      expect(await titles({ ratings__overlap: [null] })).to.eql([])
      expect(await titles({ ratings__contains: [3] })).to.eql(['a', 'b'])
      expect(await titles({ ratings: [3, null] })).to.eql(['b'])
      expect(await titles({ ratings__1__isnull: true })).to.eql(['b', 'c'])
    })

    it('exact, in, len, indexes and slices', async () => {
      expect(await titles({ tags: ['sql'] })).to.eql(['b'])
      expect(await titles({ tags: [] })).to.eql(['c'])
      expect(await titles({ others: null })).to.eql(['a'])
      expect(await titles({ tags__in: [['sql'], ['ts', 'sql', 'sql'], ['x']] })).to.eql(['b', 'd'])
      expect(
        await titles({ others__in: Post.objects.filter({ title: 'c' }).values('tags') }),
      ).to.eql(['c'])
      expect(await titles({ tags__len: 2 })).to.eql(['a'])
      expect(await titles({ tags__len__lt: 2 })).to.eql(['b', 'c'])
      expect(await titles({ others__len: 0 })).to.eql(['c'])
      expect(await titles({ tags__0: 'sql' })).to.eql(['a', 'b'])
      expect(await titles({ tags__0__in: ['ts', 'x'] })).to.eql(['d'])
      expect(await titles({ tags__1__istartswith: 'S' })).to.eql(['d'])
      expect(await titles({ ratings__0__gte: 3 })).to.eql(['b', 'd'])
      expect(await titles({ tags__0_1: ['sql'] })).to.eql(['a', 'b'])
      expect(await titles({ tags__1_9__contains: ['sql'] })).to.eql(['d'])
      expect(await titles({ tags__1_9__len: 0 })).to.eql(['b', 'c'])
      expect(await titles({ tags__1_9__0: 'ts' })).to.eql(['a'])
      expect(await titles({ grid__0__1: 2 })).to.eql(['a'])
      expect(await titles({ grid__0: [5, 6] })).to.eql(['c'])
      expect(await titles({ grid__1__isnull: true })).to.eql(['b', 'c', 'd'])
      expect(await titles({ grid__1_2: [[3, 4]] })).to.eql(['a'])
      expect(await titles(Q.not({ tags__0: 'sql' }))).to.eql(['d'])
    })

    it('values, orders and groups by what is in them', async () => {
      const rows = await Post.objects
        .filter({ title__in: ['a', 'b'] })
        .orderBy('-ratings__0')
        .values('tags__0', 'tags__0_1', 'ratings__len', { second: F('ratings__1') })
      expect(rows).to.eql([
        { tags__0: 'sql', tags__0_1: ['sql'], ratings__len: 2, second: null },
        { tags__0: 'sql', tags__0_1: ['sql'], ratings__len: 3, second: 2 },
      ])
      const groups = Post.objects.values('tags__0').annotate({ n: Count('id') })
      expect(await groups.orderBy('-n').first()).to.eql({ tags__0: 'sql', n: 2 })
      expect(await Post.objects.values('grid__0').distinct().count()).to.equal(3)
    })

    it('order as a whole on PostgreSQL only', async () => {
      const byTags = Post.objects.orderBy('tags').valuesList('title', { flat: true })
      const after = { tags__gt: ['sql', 'ts'], ratings__range: [[2], [99]] } as const
      if (isPostgres) {
        expect(await byTags).to.eql(['c', 'b', 'a', 'd'])
        expect(await titles(after)).to.eql(['d'])
        return
      }
      for (const query of [byTags, Post.objects.filter(after)]) {
        const error = await shop.sends(0, () => rejection(query))
        expect(error).to.be.instanceOf(NotSupportedError)
        expect(String(error)).to.include('order of arrays')
      }
    })

    it('of what no item can be is an answer', async () => {
      const big = 2 ** 40
      expect(await shop.sends(0, () => titles({ ratings: [big] }))).to.eql([])
      expect(await shop.sends(0, () => titles({ ratings__contains: [1, big] }))).to.eql([])
      expect(await titles({ ratings__overlap: [1, big] })).to.eql(['a'])
      expect(await titles({ ratings__in: [[big], []] })).to.eql(['c'])
      expect(await titles({ ratings__0: big })).to.eql([])
    })

    it('are written with expressions, among rows of values', async () => {
      await Post.objects.filter({ title: 'a' }).update({ others: F('tags') })
      expect(await titles({ others: F('tags') })).to.eql(['a', 'c'])
    })
  })

  it('what is changed in them is noticed', async () => {
    const post = await Post.objects.create({ title: 'a', tags: ['x'], grid: [[1]] })
    post.tags.push('y')
    const [sql] = await shop.sqlOf(() => post.save())
    expect(sql).to.match(/^update "posts" set "tags" = (\?|\$1) where/)
    const found = await Post.objects.get({ pk: post.pk })
    expect(found.tags).to.eql(['x', 'y'])
    ;(found.grid as number[][])[0]?.splice(0, 1, 7)
    await shop.sends(1, () => found.save())
    await shop.sends(0, () => found.save())
    await post.refreshFromDb()
    expect(post.grid).to.eql([[7]])
    expect(post.toJSON()).to.deep.include({ tags: ['x', 'y'], grid: [[7]], others: null })
  })

  it('are written by bulkUpdate(), each row to its own', async () => {
    const posts = await Post.objects.bulkCreate([{ title: 'a' }, { title: 'b' }, { title: 'c' }])
    const tags = [['x', 'y,"z"'], [], ['{']]
    const others = [['o'], null, []]
    for (const [at, post] of posts.entries()) {
      post.tags = tags[at] as string[]
      post.others = others[at] as string[] | null
      post.grid = [[at]]
    }
    const written = posts.slice(0, 2)
    await shop.sends(1, () => Post.objects.bulkUpdate(written, ['tags', 'others', 'grid']))
    ;(posts[2] as Post).others = F('tags') as never
    await shop.sends(1, () => Post.objects.bulkUpdate(posts, ['tags', 'others', 'grid']))
    expect(await Post.objects.orderBy('id').valuesList('tags', 'others', 'grid')).to.eql([
      [tags[0], others[0], [[0]]],
      [tags[1], others[1], [[1]]],
      [tags[2], [], [[2]]],
    ])
  })

  it('refuse by name what they cannot hold', async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ tags: 'x' }, 'tags: expects an array, got text'],
      [{ tags: ['a', 1] }, 'tags: expects text, got a number in item 1'],
      [{ tags: [null] }, 'tags: expects text, got null in item 0'],
      [{ tags: ['x'.repeat(21)] }, 'tags.0: has at most 20 characters'],
      [{ ratings: [1, 2, 3, 4, 5] }, 'ratings: has at most 4 items, got more'],
      [{ ratings: [2 ** 31] }, 'ratings.0: expects an integer from'],
      [{ grid: [[1], [1, 2]] }, 'grid: expects arrays of one length, none'],
      [{ grid: [[]] }, 'none of them empty, got others'],
      [{ grid: [[1], null] }, 'grid: expects an array, got null in item 1'],
    ]
    for (const [row, message] of cases) {
      const error = await shop.sends(0, () => rejection(Post.objects.create(row as never)))
      expect(error).to.be.instanceOf(ValidationError)
      expect(String(error)).to.include(message)
    }
    for (const where of [{ tags: 'x' }, { tags__overlap: [1] }, { tags__contains: F('title') }]) {
      expect(() => Post.objects.filter(where as never)).to.throw(InvalidValueError)
    }
    for (const where of [{ tags__icontains: 'x' }, { tags__x: 1 }, { tags__0__len: 1 }]) {
      expect(() => Post.objects.filter(where as never)).to.throw(FieldError, 'Choices are')
    }
  })
})

function skipId(key: string, value: unknown): unknown {
  return key === 'id' ? undefined : value
}

describe('fields.array', () => {
  it('says what its items may be', () => {
    for (const make of [
      () => fields.array(undefined as never),
      () => fields.array({} as never),
      () => fields.array(fields.json()),
      () => fields.array(fields.auto()),
      () => fields.array(fields.integer({ unique: true })),
      () => fields.array(fields.integer({ default: 1 })),
      () => fields.array(fields.array(fields.integer(), { null: true })),
      () => fields.array(fields.integer(), { size: 0 }),
      () => fields.array(fields.integer(), { primaryKey: true } as never),
      () => fields.array(fields.integer(), { default: ['x'] as never }),
    ]) {
      expect(make).to.throw(ImproperlyConfigured)
    }
  })

  it('is known to zod, with the rules of its items', () => {
    const tag = fields.text({ validate: z.string().trim().min(1) })
    const tags = fields.array(tag, { validate: z.array(z.string()).max(2) })
    expect(tags.schema.parse([' a '])).to.eql(['a'])
    expect(tags.schema.safeParse(['a', 'b', 'c']).success).to.equal(false)
    expect(tags.schema.safeParse(['a', ' ']).error?.issues[0]?.path).to.eql([1])
    const numbers = fields.array(fields.bigInteger({ null: true }), { size: 3 })
    expect(numbers.schema.parse(['1', 2, 3n])).to.eql([1n, 2n, 3n])
    expect(z.toJSONSchema(fields.array(fields.boolean(), { size: 2 }).schema)).to.deep.include({
      type: 'array',
      items: { type: 'boolean' },
      maxItems: 2,
    })
    expect(numbers.toJson([1n, null])).to.eql(['1', null])
  })
})
