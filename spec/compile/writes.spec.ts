import { expect } from 'chai'
import { type BulkUpdateSpec, compileBulkUpdate } from '../../lib/compile/bulk-update.ts'
import { compileDelete } from '../../lib/compile/delete.ts'
import { compileInsert, type InsertSpec } from '../../lib/compile/insert.ts'
import { compileUpdate } from '../../lib/compile/update.ts'
import { FieldError, InvalidValueError, NotSupportedError } from '../../lib/errors.ts'
import type { ColumnMeta } from '../../lib/meta/model-meta.ts'
import { Count } from '../../lib/query/aggregates.ts'
import { withAnnotate } from '../../lib/query/annotations.ts'
import { resolveAssignments } from '../../lib/query/assignments.ts'
import { F, Value } from '../../lib/query/expression.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withFilter, withNone } from '../../lib/query/state.ts'
import { alike, all, type Expected, expectNothing, expectSql, metas } from './support.ts'

function column(name: string): ColumnMeta {
  const found = metas.Book.columnsByName.get(name)
  if (found === undefined) throw new Error(`Book has no ${name}`)
  return found
}

async function expectUpdate(state: QueryState, values: object, expected: Expected): Promise<void> {
  const assignments = resolveAssignments(state, values)
  await expectSql((dialect) => compileUpdate(state, assignments, dialect), expected)
}

async function expectInsert(spec: Omit<InsertSpec, 'model'>, expected: Expected): Promise<void> {
  await expectSql((dialect) => {
    const returning = dialect === 'mysql' ? [] : spec.returning
    return compileInsert({ ...spec, returning, model: metas.Book }, dialect)
  }, expected)
}

describe('compile: update', () => {
  it('sets values', async () => {
    await expectUpdate(
      withFilter(all.Book, [{ title: 'a' }]),
      { title: 'b', pages: null, author: 5 },
      alike(
        'update "books" set "title" = ?, "pages" = ?, "author_id" = ? where "books"."title" = ?',
        'b',
        null,
        5,
        'a',
      ),
    )
  })

  it('sets expressions of the row', async () => {
    await expectUpdate(
      all.Book,
      { pages: F('pages').add(1), isbn: 5n, price: Value('1.5') },
      {
        sqlite: [
          'update "books" set "pages" = ("books"."pages" + ?), "isbn" = cast(? as integer), "price" = ?',
          1,
          '5',
          '1.50',
        ],
        postgresql: [
          'update "books" set "pages" = ("books"."pages" + $1::integer), "isbn" = $2, "price" = $3',
          1,
          '5',
          '1.50',
        ],
        mysql: [
          'update `books` set `pages` = (`books`.`pages` + ?), `isbn` = ?, `price` = ?',
          1,
          '5',
          '1.50',
        ],
      },
    )
  })

  it('finds its rows by a subquery where conditions need joins', async () => {
    const sql =
      'select "u0"."id" as "c0" from "books" as "u0" inner join "authors" as "u1" on "u0"."author_id" = "u1"."id" where "u1"."name" = ?'
    const expected = alike(`update "books" set "pages" = ? where "books"."id" in (${sql})`, 1, 'a')
    await expectUpdate(
      withFilter(all.Book, [{ author__name: 'a' }]),
      { pages: 1 },
      {
        ...expected,
        mysql: [
          `update \`books\` set \`pages\` = ? where \`books\`.\`id\` in (select * from (${sql.replaceAll('"', '`')}) as \`s\`)`,
          1,
          'a',
        ],
      },
    )
  })

  it('sends nothing for no rows, and for nothing to set', () => {
    const assignments = resolveAssignments(all.Book, { pages: 1 })
    expectNothing((dialect) => compileUpdate(withNone(all.Book), assignments, dialect))
    expectNothing((dialect) => compileUpdate(all.Book, [], dialect))
  })

  it('refuses what cannot be set', () => {
    const refused: readonly [object, string][] = [
      [{ nope: 1 }, "Cannot resolve 'nope' on Book"],
      [{ tags: 1 }, "Cannot resolve 'tags' on Book"],
      [{ author: 1, authorId: 1 }, 'is set twice'],
      [{ title: { toSQL: () => 'x' } }, 'Book.title expects text'],
      [{ title: undefined }, 'cannot be undefined'],
    ]
    for (const [values, message] of refused) {
      expect(() => resolveAssignments(all.Book, values), message).to.throw(message)
    }
    const compile = (values: object): unknown =>
      compileUpdate(all.Book, resolveAssignments(all.Book, values), 'sqlite')
    expect(() => compile({ title: F('author__name') })).to.throw(FieldError, 'of its own model')
    expect(() => compile({ pages: Count('id') })).to.throw(FieldError, 'aggregate')
    expect(() => resolveAssignments(all.Book, { pages: 'x' })).to.throw(InvalidValueError)
  })
})

async function expectBulkUpdate(spec: BulkUpdateSpec, expected: Expected): Promise<void> {
  await expectSql((dialect) => {
    const returning = dialect === 'mysql' ? [] : spec.returning
    return compileBulkUpdate({ ...spec, returning }, dialect)
  }, expected)
}

describe('compile: update of many rows', () => {
  const [id, title, isbn] = [column('id'), column('title'), column('isbn')]

  it('takes the values from a table of them', async () => {
    await expectBulkUpdate(
      {
        state: all.Book,
        columns: [title, isbn],
        rows: [
          [1, 'a"', 5n],
          [2, 'b', null],
        ],
        returning: [id],
      },
      {
        sqlite: [
          'with "v"("c0", "c1", "c2") as (values (?, ?, cast(? as integer)), (?, ?, cast(? as integer))) update "books" set "title" = "v"."c1", "isbn" = "v"."c2" from "v" where "books"."id" = "v"."c0" returning "books"."id"',
          ...[1, 'a"', '5', 2, 'b', null],
        ],
        postgresql: [
          'update "books" set "title" = "v"."c1", "isbn" = "v"."c2" from unnest(coalesce($1, array(select "id" from "books" limit 0)), coalesce($2, array(select "title" from "books" limit 0)), coalesce($3, array(select "isbn" from "books" limit 0))) as "v"("c0", "c1", "c2") where "books"."id" = "v"."c0" returning "books"."id"',
          ...['{1,2}', '{"a\\"","b"}', '{"5",NULL}'],
        ],
        mysql: [
          'update `books` inner join (values row(?, ?, ?), row(?, ?, ?)) as `v`(`c0`, `c1`, `c2`) on `books`.`id` = `v`.`c0` set `books`.`title` = `v`.`c1`, `books`.`isbn` = `v`.`c2`',
          ...[1, 'a"', '5', 2, 'b', null],
        ],
      },
    )
  })

  it('computes expressions by the key, of the rows of the queryset only', async () => {
    await expectBulkUpdate(
      {
        state: withFilter(all.Book, [{ author__name: 'x' }]),
        columns: [column('pages')],
        rows: [
          [1, 7],
          [2, F('pages').add(1)],
        ],
        returning: [id, column('pages')],
      },
      {
        sqlite: [
          'with "v"("c0", "c1") as (values (?, ?), (?, ?)) update "books" set "pages" = case "books"."id" when ? then ("books"."pages" + ?) else "v"."c1" end from "v" where "books"."id" = "v"."c0" and ("books"."id" in (select "u0"."id" as "c0" from "books" as "u0" inner join "authors" as "u1" on "u0"."author_id" = "u1"."id" where "u1"."name" = ?)) returning "books"."id", "books"."pages"',
          ...[1, 7, 2, null, 2, 1, 'x'],
        ],
        postgresql: [
          'update "books" set "pages" = case "books"."id" when $1 then ("books"."pages" + $2::integer) else "v"."c1" end from unnest(coalesce($3, array(select "id" from "books" limit 0)), coalesce($4, array(select "pages" from "books" limit 0))) as "v"("c0", "c1") where "books"."id" = "v"."c0" and ("books"."id" in (select "u0"."id" as "c0" from "books" as "u0" inner join "authors" as "u1" on "u0"."author_id" = "u1"."id" where "u1"."name" = $5)) returning "books"."id", "books"."pages"',
          ...[2, 1, '{1,2}', '{7,NULL}', 'x'],
        ],
        mysql: [
          'update `books` inner join (values row(?, ?), row(?, ?)) as `v`(`c0`, `c1`) on `books`.`id` = `v`.`c0` set `books`.`pages` = case `books`.`id` when ? then (`books`.`pages` + ?) else `v`.`c1` end where `books`.`id` in (select * from (select `u0`.`id` as `c0` from `books` as `u0` inner join `authors` as `u1` on `u0`.`author_id` = `u1`.`id` where `u1`.`name` = ?) as `s`)',
          ...[1, 7, 2, null, 2, 1, 'x'],
        ],
      },
    )
  })

  it('sends nothing where there can be no rows', () => {
    const spec = { columns: [title], rows: [[1, 'a']], returning: [] }
    expectNothing((dialect) => compileBulkUpdate({ ...spec, state: withNone(all.Book) }, dialect))
  })

  it('gives nothing back on MySQL', () => {
    const spec = { state: all.Book, columns: [title], rows: [[1, 'a']], returning: [id] }
    expect(() => compileBulkUpdate(spec, 'mysql')).to.throw(NotSupportedError, 'UPDATE')
  })
})

describe('compile: delete', () => {
  it('deletes the rows', async () => {
    await expectSql(
      (dialect) => compileDelete(withFilter(all.Book, [{ title: 'a' }]), dialect),
      alike('delete from "books" where "books"."title" = ?', 'a'),
    )
  })

  it('finds its rows by a subquery where conditions need joins', async () => {
    const sql =
      'select "u0"."id" as "c0" from "books" as "u0" inner join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" where "u1"."tag_id" = ?k'
    const expected = alike(`delete from "books" where "books"."id" in (${sql})`, 3)
    const inner = sql.replaceAll('"', '`').replace('?k', '?')
    await expectSql((dialect) => compileDelete(withFilter(all.Book, [{ tags: 3 }]), dialect), {
      ...expected,
      mysql: [
        `delete from \`books\` where \`books\`.\`id\` in (select * from (${inner}) as \`s\`)`,
        3,
      ],
    })
  })

  it('binds once what its groups are by and are asked', async () => {
    const joins = 'left join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" '
    const more = 'left join "books_tags" as "u2" on "u0"."id" = "u2"."book_id" '
    const sum = '("u2"."tag_id" + ?)'
    const inner = `select "u0"."id" as "c0" from "books" as "u0" ${joins}${more}group by "u0"."id", ${sum} having count("u1"."tag_id") > ${sum}`
    const counted = withAnnotate(all.Book, { n: Count('tags') })
    const state = withFilter(counted, [{ n__gt: F('tags__id').add(1) }])
    await expectSql((dialect) => compileDelete(state, dialect), {
      sqlite: [`delete from "books" where "books"."id" in (${inner})`, 1, 1],
      postgresql: [
        `delete from "books" where "books"."id" in (${inner.replaceAll('?', '$1::integer')})`,
        1,
      ],
      mysql: [
        `delete from \`books\` where \`books\`.\`id\` in (select * from (${inner.replaceAll('"', '`')}) as \`s\`)`,
        1,
        1,
      ],
    })
  })
})

describe('compile: insert', () => {
  it('inserts rows and gives back keys', async () => {
    const values = '("title", "author_id") values (?, ?), (?, ?)'
    await expectInsert(
      {
        columns: [column('title'), column('authorId')],
        rows: [
          ['a', 1],
          ['b', 2],
        ],
        returning: [column('id')],
      },
      {
        sqlite: [
          'insert into "books" ("title", "author_id") select value ->> 0, value ->> 1 from json_each(?) where true returning "id"',
          '[["a",1],["b",2]]',
        ],
        postgresql: [
          'insert into "books" ("title", "author_id") select c0, c1 from unnest(coalesce($1, array[(null::"books")."title"]), coalesce($2, array[(null::"books")."author_id"])) with ordinality as r(c0, c1, n) order by n returning "id"',
          '{"a","b"}',
          '{1,2}',
        ],
        mysql: [`insert into "books" ${values}`.replaceAll('"', '`'), 'a', 1, 'b', 2],
      },
    )
  })

  it('inserts rows into PostgreSQL by one array for each column', async () => {
    const names = ['title', 'isbn', 'rating', 'live', 'data', 'day', 'authorId']
    const values = '(?, cast(? as integer), ?, ?, ?, ?, ?)'
    const rows = [
      ['a "b" \\ {c}, ', 2n ** 60n, 0.5, true, { a: 'x"\\y' }, null, 1],
      ['', null, -0, false, null, '2020-02-29', 2],
      ['NULL', 0n, 1e21, true, 'NULL', null, 3],
    ]
    const bound = (live: (value: boolean) => unknown): unknown[] => [
      ...['a "b" \\ {c}, ', '1152921504606846976', 0.5, live(true)],
      ...['{"a":"x\\"\\\\y"}', null, 1, '', null, -0, live(false), null, '2020-02-29', 2],
      ...['NULL', '0', 1e21, live(true), '"NULL"', null, 3],
    ]
    const names_ = '("title", "isbn", "rating", "live", "data", "day", "author_id")'
    const update = { action: 'update', target: [column('id')], update: [column('title')] } as const
    const clash = 'on conflict ("id") do update set "title" = excluded."title"'
    const array = (name: string, at: number) =>
      `coalesce($${at + 1}, array[(null::"books")."${name}"])`
    const arrays = ['title', 'isbn', 'rating', 'live', 'data', 'day', 'author_id'].map(array)
    await expectInsert(
      { columns: names.map(column), rows, returning: [], conflict: update },
      {
        sqlite: [
          `insert into "books" ${names_} values ${values}, ${values}, ${values} ${clash}`,
          ...bound(Number),
        ],
        postgresql: [
          `insert into "books" ${names_} select c0, c1, c2, c3, c4, c5, c6 from unnest(${arrays.join(', ')}) with ordinality as r(c0, c1, c2, c3, c4, c5, c6, n) order by n ${clash}`,
          '{"a \\"b\\" \\\\ {c}, ","","NULL"}',
          '{"1152921504606846976",NULL,"0"}',
          '{0.5,0,1e+21}',
          '{true,false,true}',
          '{"{\\"a\\":\\"x\\\\\\"\\\\\\\\y\\"}",NULL,"\\"NULL\\""}',
          '{NULL,"2020-02-29",NULL}',
          '{1,2,3}',
        ],
        mysql: [
          `insert into "books" ${names_} values ${Array(3).fill('(?, ?, ?, ?, ?, ?, ?)').join(', ')} on duplicate key update "title" = values("title")`.replaceAll(
            '"',
            '`',
          ),
          ...bound(Number),
        ],
      },
    )
  })

  it('inserts bytes, expressions, and rows of a table called as a type, by VALUES', () => {
    const insert = (names: readonly string[], rows: readonly (readonly unknown[])[], table = '') =>
      compileInsert(
        {
          model: table === '' ? metas.Book : { ...metas.Book, table },
          columns: names.map(column),
          rows,
          returning: [],
        },
        'postgresql',
      ).sql
    expect(
      insert(
        ['cover', 'pages'],
        [
          [Buffer.of(1), 1],
          [null, 2],
        ],
      ),
    ).to.equal('insert into "books" ("cover", "pages") values ($1, $2), ($3, $4)')
    expect(insert(['pages'], [[1], [Value(5)]])).to.equal(
      'insert into "books" ("pages") values ($1), ($2::integer)',
    )
    expect(insert(['pages'], [[1], [2]], 'path')).to.equal(
      'insert into "path" ("pages") values ($1), ($2)',
    )
  })

  it('writes large integers, booleans and null, and reads them back', async () => {
    await expectInsert(
      {
        columns: ['isbn', 'live', 'title', 'authorId', 'data'].map(column),
        rows: [[2n ** 60n, true, 'x', 1, { a: 1 }]],
        returning: [column('isbn')],
      },
      {
        sqlite: [
          'insert into "books" ("isbn", "live", "title", "author_id", "data") values (cast(? as integer), ?, ?, ?, ?) returning cast("isbn" as text) as "c0"',
          '1152921504606846976',
          1,
          'x',
          1,
          '{"a":1}',
        ],
        postgresql: [
          'insert into "books" ("isbn", "live", "title", "author_id", "data") values ($1, $2, $3, $4, $5) returning "isbn"',
          '1152921504606846976',
          true,
          'x',
          1,
          '{"a":1}',
        ],
        mysql: [
          'insert into `books` (`isbn`, `live`, `title`, `author_id`, `data`) values (?, ?, ?, ?, ?)',
          '1152921504606846976',
          1,
          'x',
          1,
          '{"a":1}',
        ],
      },
    )
  })

  it('inserts what the database makes', () => {
    const spec = { model: metas.Book, columns: [], returning: [] }
    const one = compileInsert({ ...spec, rows: [[]] }, 'postgresql')
    expect(one).to.deep.include({
      sql: 'insert into "books" default values',
      bindings: [],
      wants: 'count',
      writes: true,
      table: 'books',
    })
    expect(compileInsert({ ...spec, rows: [[], []] }, 'sqlite').sql).to.equal(
      'insert into "books" ("id") values (null), (null)',
    )
    expect(compileInsert({ ...spec, rows: [[], []] }, 'postgresql').sql).to.equal(
      'insert into "books" ("id") values (default), (default)',
    )
  })

  it('ignores or updates rows that are there', async () => {
    const spec = {
      columns: [column('id'), column('title'), column('authorId')],
      rows: [[1, 'a', 1]],
      returning: [],
    }
    const start = 'insert into "books" ("id", "title", "author_id") values (?, ?, ?)'
    const ignored = alike(`${start} on conflict do nothing`, 1, 'a', 1)
    await expectInsert(
      { ...spec, conflict: { action: 'ignore' } },
      {
        ...ignored,
        mysql: [start.replace('insert', 'insert ignore').replaceAll('"', '`'), 1, 'a', 1],
      },
    )
    const update = { action: 'update', target: [column('id')], update: [column('title')] } as const
    const updated = alike(
      `${start} on conflict ("id") do update set "title" = excluded."title"`,
      1,
      'a',
      1,
    )
    await expectInsert(
      { ...spec, conflict: update },
      {
        ...updated,
        mysql: [
          `${start} on duplicate key update "title" = values("title")`.replaceAll('"', '`'),
          1,
          'a',
          1,
        ],
      },
    )
  })

  it('computes values, but not of columns', () => {
    const spec = { model: metas.Book, columns: [column('pages')], returning: [] }
    expect(compileInsert({ ...spec, rows: [[Value(5).add(1)]] }, 'postgresql')).to.deep.include({
      sql: 'insert into "books" ("pages") values (($1::integer + $2::integer))',
      bindings: [5, 1],
    })
    expect(() => compileInsert({ ...spec, rows: [[F('id')]] }, 'sqlite')).to.throw(FieldError)
    expect(() => compileInsert({ ...spec, rows: [[undefined]] }, 'sqlite')).to.throw(FieldError)
    expect(() => compileInsert({ ...spec, rows: [] }, 'sqlite')).to.throw(FieldError)
  })
})
