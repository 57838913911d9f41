import { expect } from 'chai'
import { compileInsert } from '../../lib/compile/insert.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { NotSupportedError } from '../../lib/errors.ts'
import { AsyncManager, F, fields, Model } from '../../lib/index.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import { withValues } from '../../lib/query/projection.ts'
import { initialState, withFilter } from '../../lib/query/state.ts'

class Post extends Model('posts', {
  tags: fields.array(fields.char({ maxLength: 20 })),
  others: fields.array(fields.char({ maxLength: 20 }), { null: true }),
  prices: fields.array(fields.decimal()),
  grid: fields.array(fields.array(fields.integer())),
  cube: fields.array(fields.array(fields.array(fields.integer()))),
}) {
  static objects = new AsyncManager(Post)
}

const meta = metaOf(Post)
const all = initialState(meta)

/** A condition, what it is on SQLite and on PostgreSQL, and the values that both bind, if so. */
type Case = readonly [where: object, sqlite: string, postgresql: string, bound?: readonly unknown[]]

const CASES: readonly Case[] = [
  [{ tags: ['a'] }, '"posts"."tags" = ?', '"posts"."tags" = $1'],
  [
    { tags__contains: ['a'] },
    `case when "posts"."tags" is not null then not exists (select 1 from json_each(?) where (type = 'null' or value not in (select value from json_each("posts"."tags") where type <> 'null'))) end`,
    '"posts"."tags" @> $1',
  ],
  [
    { tags__containedBy: ['a'] },
    `case when "posts"."tags" is not null then not exists (select 1 from json_each("posts"."tags") where (type = 'null' or value not in (select value from json_each(?) where type <> 'null'))) end`,
    '"posts"."tags" <@ $1',
  ],
  [
    { tags__overlap: ['a'] },
    `case when "posts"."tags" is not null then exists (select 1 from json_each("posts"."tags") where type <> 'null' and value in (select value from json_each(?) where type <> 'null')) end`,
    '"posts"."tags" && $1',
  ],
  [
    { prices__overlap: ['1.5'] },
    `case when "posts"."prices" is not null then exists (select 1 from json_each("posts"."prices") where type <> 'null' and cast(value as real) in (select cast(value as real) from json_each(?) where type <> 'null')) end`,
    '"posts"."prices" && $1',
    ['["1.5"]', '{"1.5"}'],
  ],
  [
    { grid__contains: [[1]] },
    `case when "posts"."grid" is not null then not exists (select 1 from json_tree(?) where type <> 'array' and (type = 'null' or value not in (select value from json_tree("posts"."grid") where type not in ('array', 'null')))) end`,
    '"posts"."grid" @> $1',
    ['[[1]]', '{{1}}'],
  ],
  [
    { tags__len: 2 },
    'json_array_length("posts"."tags") = ?',
    'case when "posts"."tags" is not null then coalesce(array_length("posts"."tags", 1), 0) end = $1',
    [2, 2],
  ],
  [{ tags__0: 'a' }, `("posts"."tags" ->> '$[0]') = ?`, '("posts"."tags")[1] = $1', ['a', 'a']],
  [
    { grid__2__3: 5 },
    `(("posts"."grid" -> '$[2]') ->> '$[3]') = ?`,
    '("posts"."grid")[3][4] = $1',
    [5, 5],
  ],
  [
    { tags__1_3: ['a'] },
    `case when "posts"."tags" is not null then (select json_group_array(value) from (select value from json_each("posts"."tags") where key >= 1 and key < 3 order by key)) end = ?`,
    '(("posts"."tags")[2:3]) = $1',
  ],
  [
    { tags__in: [['a'], ['b']] },
    '"posts"."tags" in (select value from json_each(?))',
    '"posts"."tags"::text[] in (select v::text[] from unnest($1::text[]) as v)',
    ['["[\\"a\\"]","[\\"b\\"]"]', ['{"a"}', '{"b"}']],
  ],
]

describe('compile: arrays', () => {
  for (const [where, sqlite, postgresql, bound = ['["a"]', '{"a"}']] of CASES) {
    it(Object.keys(where).join(), () => {
      const state = withFilter(withValues(all, ['id']), [where])
      const select = 'select "posts"."id" from "posts" where '
      for (const [dialect, text, value] of [
        ['sqlite', sqlite, bound[0]],
        ['postgresql', postgresql, bound[1]],
      ] as const) {
        for (const found of [compileSelect(state, dialect), compileSelect(state, dialect)]) {
          expect([found?.sql, ...(found?.bindings ?? [])]).to.deep.equal([select + text, value])
        }
      }
      if ('tags' in where) return
      expect(() => compileSelect(state, 'mysql')).to.throw(NotSupportedError)
    })
  }

  it('compares with another column, which may be NULL', () => {
    const state = withFilter(withValues(all, ['id']), [{ tags__overlap: F('others') }])
    expect(compileSelect(state, 'postgresql')?.sql).to.equal(
      'select "posts"."id" from "posts" where "posts"."tags" && "posts"."others"',
    )
    expect(compileSelect(state, 'sqlite')?.sql).to.include(
      'case when "posts"."tags" is not null and "posts"."others" is not null then exists (',
    )
  })

  it('takes an item that is an array of PostgreSQL by slices', () => {
    const state = withValues(all, ['grid__1'])
    expect(compileSelect(state, 'postgresql')?.sql).to.equal(
      `select nullif(array(select unnest(("posts"."grid")[2:2])), '{}') as "c0" from "posts"`,
    )
    const cube = withValues(all, ['cube__1'])
    expect(() => compileSelect(cube, 'postgresql')).to.throw(NotSupportedError, 'more than one')
    expect(compileSelect(withValues(all, ['cube__1__0__2']), 'postgresql')?.sql).to.equal(
      'select ("posts"."cube")[2][1][3] as "c0" from "posts"',
    )
  })

  it('inserts rows by a tuple each, by one text on SQLite', () => {
    const columns = meta.columns.filter(({ name }) => name === 'tags')
    const rows = [[['a', 'b"']], [[]]]
    const spec = { model: meta, columns, rows, returning: [] }
    const found = compileInsert(spec, 'postgresql')
    expect([found.sql, ...found.bindings]).to.deep.equal([
      'insert into "posts" ("tags") values ($1), ($2)',
      '{"a","b\\""}',
      '{}',
    ])
    const json = compileInsert(spec, 'sqlite')
    expect([json.sql, ...json.bindings]).to.deep.equal([
      'insert into "posts" ("tags") select value ->> 0 from json_each(?) where true',
      JSON.stringify([['["a","b\\""]'], ['[]']]),
    ])
    const text = compileInsert(spec, 'mysql')
    expect([text.sql, ...text.bindings]).to.deep.equal([
      'insert into `posts` (`tags`) values (?), (?)',
      '["a","b\\""]',
      '[]',
    ])
  })
})
