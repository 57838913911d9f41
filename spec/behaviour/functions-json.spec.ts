/** JSON looked into: the same answers on every database. */
import { expect } from 'chai'
import fc from 'fast-check'
import { AsyncManager, F, fields, KT, Model, Q, QueryTooComplexError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

class Note extends Model('notes', {
  data: fields.json({ null: true }),
  size: fields.integer({ default: 0 }),
}) {
  static objects = new AsyncManager(Note)
}

/** A lookup whose key is known at run time only. */
const where = (key: string, value: unknown): never => ({ [key]: value }) as never

/** PostgreSQL's containment, spelled out. */
function contains(a: unknown, b: unknown, isOutermost = true): boolean {
  if (Array.isArray(a)) {
    if (!Array.isArray(b)) return isOutermost && !isObject(b) && a.some((item) => item === b)
    return b.every((item) => a.some((other) => contains(other, item, false)))
  }
  if (isObject(a)) {
    if (!isObject(b)) return false
    return Object.entries(b).every(
      ([key, item]) => Object.hasOwn(a, key) && contains(a[key], item, false),
    )
  }
  return a === b
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const VALUES = [
  ...[1, 2.5, 'a', '1', true, false, null, [], {}],
  ...[[1, 2], [2, 1], [1, [2]], ['a', null], [{ a: 1 }], [[]], [{}]],
  ...[
    { a: 1 },
    { a: '1' },
    { a: null },
    { a: [1, 2] },
    { b: 1, a: 1 },
    { a: { b: [1, { c: 2 }] } },
  ],
  ...[{ a: {} }, { a: [] }, { 'a.b"[0]': 1 }, { a: { b: [{ c: 2, d: 3 }, 1, 5] }, x: true }],
]

describeOnEach('JSON', (kind) => {
  const schema = useSchema(kind, [Note], (knex) =>
    knex.schema.createTable('notes', (table) => {
      table.increments()
      table.jsonb('data')
      table.integer('size').notNullable()
    }),
  )
  const { objects } = Note
  const fill = async (values: readonly unknown[]): Promise<void> => {
    // Past the ORM, since null in a column that can hold NULL is NULL.
    await schema.insert('notes', ...values.map((data) => ({ data: JSON.stringify(data), size: 0 })))
  }
  const found = async (query: PromiseLike<readonly { data: unknown }[]>): Promise<unknown[]> =>
    (await query).map(({ data }) => data)

  it('contains, containedBy and exact are as PostgreSQL has them', async () => {
    await fill(VALUES)
    const ordered = objects.orderBy('id')
    for (const value of VALUES) {
      const label = JSON.stringify(value)
      if (value !== null) {
        const inside = VALUES.filter((data) => contains(data, value))
        expect(await found(ordered.filter({ data__contains: value })), label).to.deep.equal(inside)
        const others = VALUES.filter((data) => !contains(data, value))
        expect(await found(ordered.exclude({ data__contains: value })), label).to.deep.equal(others)
        const around = VALUES.filter((data) => contains(value, data))
        expect(await found(ordered.filter({ data__containedBy: value })), label).to.deep.equal(
          around,
        )
      }
      const same = VALUES.filter((data) => JSON.stringify(data) === label)
      expect(await found(ordered.filter({ data: value as never })), label).to.deep.equal(same)
    }
    expect(await found(ordered.filter({ data: { a: 1, b: 1 } }))).to.deep.equal([{ b: 1, a: 1 }])
    expect(await found(ordered.filter({ data__a__contains: { b: [1] } }))).to.have.lengthOf(2)
    expect(await found(ordered.filter({ data__a__b__contains: 1 }))).to.have.lengthOf(2)
  })

  it('hasKey looks at keys of objects and at texts in lists', async () => {
    await fill([{ a: 1, b: null }, ['a', 1], 'a', { b: { a: 1 } }, 1, [['a']], {}])
    const ordered = objects.orderBy('id')
    const first = [{ a: 1, b: null }, ['a', 1], 'a']
    expect(await found(ordered.filter({ data__hasKey: 'a' }))).to.deep.equal(first)
    expect(await found(ordered.filter({ data__hasKeys: ['a', 'b'] }))).to.deep.equal([first[0]])
    expect(await objects.filter({ data__hasAnyKeys: ['b', 'a'] }).count()).to.equal(4)
    expect(await objects.exclude({ data__hasKey: 'a' }).count()).to.equal(4)
    expect(await objects.filter({ data__hasKeys: [] }).count()).to.equal(7)
    expect(await objects.filter({ data__hasAnyKeys: [] }).count()).to.equal(0)
    expect(await found(objects.filter({ data__b__hasKey: 'a' }))).to.deep.equal([{ b: { a: 1 } }])
  })

  it('tells NULL, null and what is not there apart', async () => {
    await fill([null, { a: null }, { a: 1 }, {}])
    await objects.create({ data: null, size: 1 })
    const count = (lookups: object): Promise<number> => objects.filter(lookups as never).count()
    expect(await count({ data__isnull: true })).to.equal(1)
    expect(await count({ data: null })).to.equal(1)
    expect(await count({ data__a: null })).to.equal(1)
    expect(await count({ data__a__isnull: true })).to.equal(3)
    expect(await count({ data__a__isnull: false })).to.equal(2)
    expect(await count({ data__contains: { a: null } })).to.equal(1)
    expect(await objects.exclude({ data__contains: { a: 1 } }).count()).to.equal(4)
    const rows = objects.orderBy('id').values('data', 'data__a', { text: KT('data__a') })
    expect(await rows).to.deep.equal([
      { data: null, data__a: null, text: null },
      { data: { a: null }, data__a: null, text: null },
      { data: { a: 1 }, data__a: 1, text: '1' },
      { data: {}, data__a: null, text: null },
      { data: null, data__a: null, text: null },
    ])
  })

  it('has values beside null where it is excluded, as in Django', async () => {
    await fill([{ a: null }, { a: 1 }, {}])
    await objects.create({ data: null, size: 1 })
    const nullItself = await objects.create({ data: 1 })
    await objects.create({ data: { a: 'x' } })
    await schema.db.knex('notes').where({ id: nullItself.id }).update({ data: 'null' })
    const datas = async (query: ReturnType<typeof objects.all>): Promise<unknown> =>
      await schema.sends(1, () => query.orderBy('id').valuesList('data', { flat: true }))
    expect(await datas(objects.exclude({ data__a: null }))).to.deep.equal([{ a: 1 }, { a: 'x' }])
    expect(await datas(objects.exclude({ data__a: null, size: 1 }))).to.deep.equal([
      ...[{ a: null }, { a: 1 }, {}, null, { a: 'x' }],
    ])
    expect(await datas(objects.exclude({ data: null }))).to.deep.equal([
      ...[{ a: null }, { a: 1 }, {}, { a: 'x' }],
    ])
    // Any other value keeps the rows without one.
    expect(await datas(objects.exclude({ data__a: 1 }))).to.deep.equal([
      { a: null },
      null,
      { a: 'x' },
    ])
    expect(await datas(objects.filter({ data__a__iexact: null }))).to.deep.equal([{}, null, null])
  })

  it('orders by what is inside', async () => {
    const values = [true, 10, 'b', 9, null, 'a', [1], false, { x: 1 }, -1.5]
    await fill(values.map((k) => ({ k })))
    const sorted = [null, 'a', 'b', -1.5, 9, 10, false, true, [1], { x: 1 }]
    const list = objects.valuesList('data__k', { flat: true })
    expect(await list.orderBy('data__k')).to.deep.equal(sorted)
    expect(await list.orderBy('-data__k')).to.deep.equal(sorted.toReversed())
    await fill([{}])
    const last = objects.orderBy(F('data__k').desc({ nulls: 'last' }))
    expect((await found(last)).at(-1)).to.deep.equal({})
    const first = objects.orderBy(F('data__k').asc({ nulls: 'first' }))
    expect((await found(first)).at(0)).to.deep.equal({})
  })

  it('compares at any depth', async () => {
    const note = { owner: [{ name: 'Ann', tags: { x: [1, 2] } }, { name: 'Bob' }], n: 12 }
    await fill([note, { owner: [], n: '12' }, { owner: { 0: { name: 'Ann' } } }])
    const count = (lookups: object): Promise<number> => objects.filter(lookups as never).count()
    expect(await count({ data__owner__0__name: 'Ann' })).to.equal(2)
    expect(await count({ data__owner__0__name__icontains: 'AN' })).to.equal(2)
    expect(await count({ data__owner__0__tags__x__1: 2 })).to.equal(1)
    expect(await count({ data__owner__0__tags: { x: [1, 2] } })).to.equal(1)
    expect(await count({ data__owner__1__name__in: ['Bob', 'x'] })).to.equal(1)
    expect(await count({ data__n__gt: 5 })).to.equal(1)
    expect(await count({ data__n__range: [1, 20] })).to.equal(1)
    expect(await count({ data__n__startswith: '1' })).to.equal(2)
    expect(await count({ data__owner__0__name: F('data__owner__0__name') })).to.equal(2)
    expect(await count(Q.or({ data__n: 12 }, { data__n: '12' }))).to.equal(2)
  })

  it('finds a key by exactly its text, and nothing else', async () => {
    const nasty = [
      ...[
        'a.b',
        'a[0]',
        '*',
        '**',
        '#-1',
        '$',
        '$.a',
        '@',
        'a"b',
        'a"."b',
        "a'b",
        "a' = 'b' OR 1=1 --",
      ],
      ...[
        '\\',
        "\\'",
        '\\"',
        '?',
        '??',
        '$1',
        ':a',
        '0',
        '-1',
        '1e3',
        'é',
        '𝔘',
        'a b',
        '{}',
        'null',
      ],
      ...['constructor', '__proto__'.slice(2), 'toString', ' ', '\n', '\u007f', '%', '_', "x') --"],
    ]
    // Other rows have these.
    const isTaken = (text: string): boolean => ['a', 'b', 'other'].includes(text)
    const key = fc
      .oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }))
      .filter((text) => !/__|^_|_$|\0/.test(text) && isWellFormed(text) && !LOOKUPS.has(text))
      .filter((text) => !isTaken(text))
    await fc.assert(
      fc.asyncProperty(key, key, async (one, other) => {
        await objects.delete()
        const nested = { other: { [one]: 1 }, [`${one}x`]: 1, [`x${one}`]: 1 }
        await fill([{ [one]: 1 }, nested, { a: { b: 1 }, b: 1 }])
        if (one !== other) await fill([{ [other]: 1 }])
        const wanted = [{ [one]: 1 }]
        expect(await found(objects.filter(where(`data__${one}`, 1)))).to.deep.equal(wanted)
        expect(await found(objects.filter({ data__hasKey: one }))).to.deep.equal(wanted)
        expect(await found(objects.filter({ data__contains: { [one]: 1 } }))).to.deep.equal(wanted)
        const [row] = await objects.filter({ data__hasKey: one }).values(`data__${one}` as 'data')
        expect(row).to.deep.equal({ [`data__${one}`]: 1 })
        expect(await found(objects.filter(where(`data__other__${one}`, 1)))).to.deep.equal([nested])
      }),
      { numRuns: 60 },
    )
  })

  it('has limits', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`k${at}`, at]))
    await fill([many])
    expect(await objects.filter({ data__contains: many }).count()).to.equal(1)
    expect(await objects.filter({ data: many }).count()).to.equal(1)
    const more = Array.from({ length: 300 }, (_, at) => at)
    const asked = objects.filter({ data__contains: more }).count()
    if (kind.dialect === 'postgresql') expect(await asked).to.equal(0)
    else expect(await rejection(asked)).to.be.instanceOf(QueryTooComplexError)
    expect(await objects.filter({ data: more }).count()).to.equal(0)
  })
})

/** Node 20 has it, the ES2023 library of TypeScript has not. */
const isWellFormed = (text: string): boolean =>
  (text as string & { isWellFormed(): boolean }).isWellFormed()

/** Keys that are lookups at the end of a path. */
const LOOKUPS: ReadonlySet<string> = new Set([
  ...['exact', 'iexact', 'contains', 'icontains', 'in', 'gt', 'gte', 'lt', 'lte', 'range'],
  ...['startswith', 'istartswith', 'endswith', 'iendswith', 'regex', 'iregex', 'isnull'],
  ...['containedBy', 'hasKey', 'hasKeys', 'hasAnyKeys'],
])
