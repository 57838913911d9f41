import { expect } from 'chai'
import { compileInsert } from '../../lib/compile/insert.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { compileUpdate } from '../../lib/compile/update.ts'
import { resolveAssignments } from '../../lib/query/assignments.ts'
import { F } from '../../lib/query/expression.ts'
import { withValues } from '../../lib/query/projection.ts'
import { withFilter, withOrdering } from '../../lib/query/state.ts'
import { all, metas, runSqlite } from './support.ts'

const book = withValues(all.Book, ['id'])

async function store(data: unknown): Promise<void> {
  const columns = ['title', 'authorId', 'data'].map((name) => {
    const column = metas.Book.columnsByName.get(name)
    if (column === undefined) throw new Error(`Book has no ${name}`)
    return column
  })
  const rows = [['x', 1, data]]
  await runSqlite(compileInsert({ model: metas.Book, columns, rows, returning: [] }, 'sqlite'))
}

async function found(lookups: object): Promise<number> {
  const select = compileSelect(withFilter(book, [lookups]), 'sqlite')
  return select === null ? 0 : (await runSqlite(select)).length
}

describe('compile: JSON', () => {
  beforeEach(() =>
    runSqlite({ sql: 'delete from books', bindings: [], wants: 'count', writes: true }),
  )
  after(() => runSqlite({ sql: 'delete from books', bindings: [], wants: 'count', writes: true }))

  // Source: RELIABILITY S13 to S15.
  const keys = [
    'a.b',
    'a[0]',
    '*',
    '**',
    '#-1',
    '$',
    '@',
    'a"."b',
    "a' = 'b' OR 1=1 -",
    '\\',
    "\\'",
    '?',
    '$1',
    '0',
    '-1',
    'é',
    'a b',
    'constructor',
    "x') -",
  ]
  for (const key of keys) {
    it(`finds the key ${JSON.stringify(key)} and no other`, async () => {
      await store({ [key]: 1 })
      await store({ other: { [key]: 1 }, a: { b: 1 }, b: 1 })
      expect(await found({ [`data__${key}`]: 1 })).to.equal(1)
      expect(await found({ [`data__${key}`]: 2 })).to.equal(0)
      expect(await found({ data__hasKey: key })).to.equal(1)
      const sql = compileSelect(withFilter(book, [{ [`data__${key}`]: 1 }]), 'postgresql')
      expect(sql?.sql).to.equal(
        'select "books"."id" from "books" where ("books"."data"::jsonb #> $1::text[])::jsonb = $2::jsonb',
      )
      expect(sql?.bindings).to.deep.equal([[key], '1'])
    })
  }

  it('follows keys and indexes', async () => {
    await store({ owner: [{ name: 'Ann' }, { name: 'Bob' }] })
    await store({ owner: { 1: { name: 'Bob' } } })
    expect(await found({ data__owner__0__name: 'Ann' })).to.equal(1)
    expect(await found({ data__owner__1__name: 'Bob' })).to.equal(2)
    expect(await found({ data__owner__0__name__icontains: 'AN' })).to.equal(1)
    expect(await found({ data__owner__1__name__startswith: 'B' })).to.equal(2)
    expect(await found({ data__owner__0__name__in: ['Ann', 'x'] })).to.equal(1)
  })

  it('follows five indexes, of which the first four may be keys as well', async () => {
    await store({ a: [[[[['x']]]]] })
    await store({ a: { 0: { 0: { 0: { 0: ['x'] } } } } })
    await store({ a: ['x'] })
    expect(await found({ data__a__0__0__0__0__0: 'x' })).to.equal(2)
    const paths = (lookup: string): readonly unknown[] => {
      const select = compileSelect(withFilter(book, [{ [lookup]: 'x' }]), 'sqlite')
      return [...new Set(select?.bindings)].filter((each) => String(each).startsWith('$'))
    }
    expect(paths('data__a__10')).to.deep.equal(['$."a"[10]', '$."a"."10"'])
    expect(paths('data__a__0__0__0__0__0')).to.have.length(16)
    const mysql = compileSelect(withFilter(book, [{ data__a__10__b: 'x' }]), 'mysql')
    expect(mysql?.bindings).to.deep.equal(['$."a"[10]."b"', '"x"'])
  })

  it('tells kinds of values apart', async () => {
    for (const k of [1, '1', true, null, [1], { a: 1 }]) await store({ k })
    await store({})
    await store(null)
    for (const k of [1, '1', true, null, [1], { a: 1 }]) {
      expect(await found({ data__k: k }), JSON.stringify(k)).to.equal(1)
    }
    expect(await found({ data__k__gte: 1 })).to.equal(1)
    expect(await found({ data__k__range: [0, 2] })).to.equal(1)
    expect(await found({ data__k__isnull: true })).to.equal(2)
    expect(await found({ data__k__isnull: false })).to.equal(6)
    expect(await found({ data__isnull: true })).to.equal(1)
    expect(await found({ data: {} })).to.equal(1)
    expect(await found({ data: { k: [1] } })).to.equal(1)
    expect(await found({ data__hasKeys: ['k'] })).to.equal(6)
    expect(await found({ data__hasAnyKeys: ['k', 'x'] })).to.equal(6)
    expect(await found({ data__hasKeys: ['k', 'x'] })).to.equal(0)
  })

  it('orders and compares numbers inside as numbers', async () => {
    for (const n of [10, 9, 1]) await store({ n })
    const ordered = withOrdering(withValues(all.Book, ['data__n']), ['data__n'])
    const select = compileSelect(ordered, 'sqlite')
    if (select === null) throw new Error('a statement is due')
    expect(await runSqlite(select)).to.deep.equal([['1'], ['9'], ['10']])
    expect(await found({ data__n__gt: F('author') })).to.equal(2)
    const sql = compileSelect(withFilter(book, [{ data__n__gt: F('author') }]), 'postgresql')?.sql
    expect(sql).to.equal(
      'select "books"."id" from "books" where ("books"."data"::jsonb #> $1::text[]) > to_jsonb("books"."author_id")',
    )
  })

  it('gives values inside as JSON', async () => {
    await store({ a: { b: [1, 'x'] } })
    const select = compileSelect(withValues(all.Book, ['data__a__b']), 'sqlite')
    if (select === null) throw new Error('a statement is due')
    expect(await runSqlite(select)).to.deep.equal([['[1,"x"]']])
    expect(select.shape.kind === 'values' && select.shape.fields[0]?.family).to.equal('json')
  })

  it('writes NULL, and JSON', () => {
    const update = (value: unknown): unknown[] | undefined => {
      const assignments = resolveAssignments(all.Book, { data: value })
      return compileUpdate(all.Book, assignments, 'sqlite')?.bindings.slice()
    }
    expect(update(null)).to.deep.equal([null])
    expect(update('x')).to.deep.equal(['"x"'])
  })
})
