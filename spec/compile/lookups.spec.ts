import { expect } from 'chai'
import { operand } from '../../lib/compile/functions/record.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { NotSupportedError, QueryTooComplexError } from '../../lib/errors.ts'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { F, Value } from '../../lib/query/expression.ts'
import { withValues } from '../../lib/query/projection.ts'
import { withExclude, withFilter } from '../../lib/query/state.ts'
import { alike, all, type Expected, expectNothing, expectSql } from './support.ts'

const book = withValues(all.Book, ['id'])

function where(lookups: object): (dialect: DialectName) => ReturnType<typeof compileSelect> {
  const state = withFilter(book, [lookups])
  return (dialect) => compileSelect(state, dialect)
}

/** What is after `select id from books where`, for every dialect. */
function following(expected: Expected): Expected {
  const start = 'select "books"."id" from "books" where '
  const [sqlite, ...a] = expected.sqlite
  const [postgresql, ...b] = expected.postgresql
  const [mysql, ...c] = expected.mysql
  return {
    sqlite: [start + sqlite, ...a],
    postgresql: [start + postgresql, ...b],
    mysql: [start.replaceAll('"', '`') + mysql, ...c],
  }
}

describe('compile: lookups', () => {
  const same: readonly [string, object, string, ...unknown[]][] = [
    ['exact', { title: 'x' }, '"books"."title" = ?', 'x'],
    ['exact, in words', { title__exact: 'x' }, '"books"."title" = ?', 'x'],
    ['pk', { pk: 5 }, '"books"."id" = ?k', 5],
    ['a relation by its key', { author: 5 }, '"books"."author_id" = ?k', 5],
    ['a relation by its column', { authorId: 5 }, '"books"."author_id" = ?k', 5],
    ['the key at the end of a relation', { author__pk: 5 }, '"books"."author_id" = ?k', 5],
    ['null', { pages: null }, '"books"."pages" is null'],
    ['null, ignoring case', { title__iexact: null }, '"books"."title" is null'],
    ['null of a relation', { editor: null }, '"books"."editor_id" is null'],
    ['isnull', { pages__isnull: true }, '"books"."pages" is null'],
    ['isnull of false', { pages__isnull: false }, '"books"."pages" is not null'],
    ['gt', { pages__gt: 5 }, '"books"."pages" > ?', 5],
    ['gte', { pages__gte: 5 }, '"books"."pages" >= ?', 5],
    ['lt', { pages__lt: 5 }, '"books"."pages" < ?', 5],
    ['lte', { pages__lte: 5 }, '"books"."pages" <= ?', 5],
    ['range', { pages__range: [1, 9] }, '"books"."pages" between ? and ?', 1, 9],
    [
      'a clamped range',
      { pages__range: [1, 1e10] },
      '"books"."pages" between ? and ?',
      1,
      2147483647,
    ],
    [
      'several keys',
      { title: 'x', pages: 1 },
      '"books"."title" = ? and "books"."pages" = ?',
      'x',
      1,
    ],
    ['a column', { pages: F('id') }, '"books"."pages" = "books"."id"'],
    ['a date', { day: '2021-03-14' }, '"books"."day" = ?', '2021-03-14'],
    ['a time', { clock__gt: '09:00:00' }, '"books"."clock" > ?', '09:00:00'],
    [
      'a year of a date',
      { day__year: 2020 },
      '("books"."day" >= ? and "books"."day" < ?)',
      '2020-01-01',
      '2021-01-01',
    ],
    ['after a year', { day__year__gt: 2020 }, '"books"."day" >= ?', '2021-01-01'],
    ['up to a year', { day__year__lte: 2020 }, '"books"."day" < ?', '2021-01-01'],
    [
      'an ISO year',
      { day__isoYear: 2020 },
      '("books"."day" >= ? and "books"."day" < ?)',
      '2019-12-30',
      '2021-01-04',
    ],
    [
      'expressions in a list',
      { pages__in: [F('id'), 5] },
      '"books"."pages" in ("books"."id", ?)',
      5,
    ],
  ]
  for (const [title, lookups, sql, ...bindings] of same) {
    it(title, async () => {
      await expectSql(where(lookups), following(alike(sql, ...bindings)))
    })
  }

  const different: Readonly<Record<string, readonly [object, Expected]>> = {
    'in: one value, however many there are': [
      { id__in: [3, 1, 3, null] },
      {
        sqlite: ['"books"."id" in (select value from json_each(?))', '[3,1]'],
        postgresql: ['"books"."id" = any($1::bigint[])', [3, 1]],
        mysql: [
          "`books`.`id` in (select `value` from json_table(?, '$[*]' columns (`value` bigint path '$')) as `j`)",
          '[3,1]',
        ],
      },
    ],
    'in: integers beyond 2**53': [
      { isbn__in: [2n ** 60n] },
      {
        sqlite: [
          '"books"."isbn" in (select cast(value as integer) from json_each(?))',
          '["1152921504606846976"]',
        ],
        postgresql: ['"books"."isbn" = any($1)', ['1152921504606846976']],
        mysql: [
          "`books`.`isbn` in (select `value` from json_table(?, '$[*]' columns (`value` bigint path '$')) as `j`)",
          '["1152921504606846976"]',
        ],
      },
    ],
    'in: bytes, which JSON cannot carry': [
      { cover__in: [new Uint8Array([1]), new Uint8Array([1]), new Uint8Array([2])] },
      {
        sqlite: ['"books"."cover" in (?, ?)', Buffer.from([1]), Buffer.from([2])],
        postgresql: ['"books"."cover" = any($1)', [Buffer.from([1]), Buffer.from([2])]],
        mysql: ['`books`.`cover` in (?, ?)', Buffer.from([1]), Buffer.from([2])],
      },
    ],
    'a bigint': [
      { isbn: 2n ** 60n },
      {
        sqlite: ['"books"."isbn" = cast(? as integer)', '1152921504606846976'],
        postgresql: ['"books"."isbn" = $1', '1152921504606846976'],
        mysql: ['`books`.`isbn` = ?', '1152921504606846976'],
      },
    ],
    'a decimal, which SQLite compares as a float': [
      { price__gte: '9.5' },
      {
        sqlite: ['cast("books"."price" as real) >= cast(? as real)', '9.50'],
        postgresql: ['"books"."price" >= $1', '9.50'],
        mysql: ['`books`.`price` >= ?', '9.50'],
      },
    ],
    'a boolean': [
      { live: true },
      {
        sqlite: ['"books"."live" = ?', 1],
        postgresql: ['"books"."live" = $1', true],
        mysql: ['`books`.`live` = ?', 1],
      },
    ],
    'an instant': [
      { at: new Date(Date.UTC(2021, 2, 14, 1, 2, 3, 4)) },
      {
        sqlite: ['"books"."at" = ?', '2021-03-14 01:02:03.004'],
        postgresql: ['"books"."at" = $1', '2021-03-14 01:02:03.004+00'],
        mysql: ['`books`.`at` = ?', '2021-03-14 01:02:03.004'],
      },
    ],
    'an instant in milliseconds': [
      { seen: new Date(5) },
      {
        sqlite: ['"books"."seen" = ?', 5],
        postgresql: ['"books"."seen" = $1', '1970-01-01 00:00:00.005+00'],
        mysql: ['`books`.`seen` = ?', '1970-01-01 00:00:00.005'],
      },
    ],
    iexact: [
      { title__iexact: 'a_b' },
      {
        sqlite: ['"books"."title" like ? escape \'\\\'', 'a\\_b'],
        postgresql: ['upper("books"."title") = upper($1)', 'a_b'],
        mysql: ['`books`.`title` like ?', 'a\\_b'],
      },
    ],
    contains: [
      { title__contains: '50%_*?[\\' },
      {
        sqlite: ['"books"."title" glob ?', '*50%_[*][?][[]\\*'],
        postgresql: ['"books"."title" like $1', '%50\\%\\_*?[\\\\%'],
        mysql: ['`books`.`title` like binary ?', '%50\\%\\_*?[\\\\%'],
      },
    ],
    icontains: [
      { title__icontains: '50%' },
      {
        sqlite: ['"books"."title" like ? escape \'\\\'', '%50\\%%'],
        postgresql: ['upper("books"."title") like upper($1)', '%50\\%%'],
        mysql: ['`books`.`title` like ?', '%50\\%%'],
      },
    ],
    startswith: [
      { title__startswith: 'a' },
      {
        sqlite: ['"books"."title" glob ?', 'a*'],
        postgresql: ['"books"."title" like $1', 'a%'],
        mysql: ['`books`.`title` like binary ?', 'a%'],
      },
    ],
    istartswith: [
      { title__istartswith: 'a' },
      {
        sqlite: ['"books"."title" like ? escape \'\\\'', 'a%'],
        postgresql: ['upper("books"."title") like upper($1)', 'a%'],
        mysql: ['`books`.`title` like ?', 'a%'],
      },
    ],
    endswith: [
      { title__endswith: 'a' },
      {
        sqlite: ['"books"."title" glob ?', '*a'],
        postgresql: ['"books"."title" like $1', '%a'],
        mysql: ['`books`.`title` like binary ?', '%a'],
      },
    ],
    'contains a column': [
      { title__icontains: F('title') },
      {
        sqlite: ['instr(lower("books"."title"), lower("books"."title")) > 0'],
        postgresql: ['strpos(upper("books"."title"), upper("books"."title")) > 0'],
        mysql: ['locate(lower(`books`.`title`), lower(`books`.`title`)) > 0'],
      },
    ],
    'the day of an instant': [
      { at__date: '2021-03-14' },
      {
        sqlite: ['date("books"."at") = ?', '2021-03-14'],
        postgresql: [`("books"."at" at time zone 'UTC')::date = $1`, '2021-03-14'],
        mysql: ['date(`books`.`at`) = ?', '2021-03-14'],
      },
    ],
    'the time of an instant': [
      { at__time: '09:00:00' },
      {
        sqlite: [`replace(strftime('%H:%M:%f', "books"."at"), '.000', '') = ?`, '09:00:00'],
        postgresql: [`("books"."at" at time zone 'UTC')::time = $1`, '09:00:00'],
        mysql: ['time(`books`.`at`) = ?', '09:00:00'],
      },
    ],
    'the month of an instant in milliseconds': [
      { seen__month__in: [1, 2] },
      {
        sqlite: [
          `cast(strftime('%m', "books"."seen" / 1000.0, 'unixepoch') as integer) in (select value from json_each(?))`,
          '[1,2]',
        ],
        postgresql: [
          `extract(month from ("books"."seen" at time zone 'UTC'))::integer = any($1::integer[])`,
          [1, 2],
        ],
        mysql: [
          "month(`books`.`seen`) in (select `value` from json_table(?, '$[*]' columns (`value` bigint path '$')) as `j`)",
          '[1,2]',
        ],
      },
    ],
    'the week of a date': [
      { day__week: 53 },
      {
        sqlite: [
          `((cast(strftime('%j', "books"."day", '-3 days', 'weekday 4') as integer) - 1) / 7 + 1) = ?`,
          53,
        ],
        postgresql: ['extract(week from "books"."day")::integer = $1', 53],
        mysql: ['week(`books`.`day`, 3) = ?', 53],
      },
    ],
    'the weekday of a date, Sunday 1': [
      { day__weekDay: 1 },
      {
        sqlite: [`(cast(strftime('%w', "books"."day") as integer) + 1) = ?`, 1],
        postgresql: ['(extract(dow from "books"."day")::integer + 1) = $1', 1],
        mysql: ['dayofweek(`books`.`day`) = ?', 1],
      },
    ],
    arithmetic: [
      { pages__gt: F('id').add(1).mul(F('pages')) },
      {
        sqlite: ['"books"."pages" > (("books"."id" + ?) * "books"."pages")', 1],
        postgresql: ['"books"."pages" > (("books"."id" + $1::integer) * "books"."pages")', 1],
        mysql: ['`books`.`pages` > ((`books`.`id` + ?) * `books`.`pages`)', 1],
      },
    ],
    'arithmetic with decimals': [
      { price__gt: Value(100).sub(F('price')) },
      {
        sqlite: [
          'cast("books"."price" as real) > cast((cast(? as real) - cast("books"."price" as real)) as real)',
          '100',
        ],
        postgresql: ['"books"."price" > ($1::numeric - "books"."price")', '100'],
        mysql: ['`books`.`price` > (? - `books`.`price`)', '100'],
      },
    ],
  }
  for (const [title, [lookups, expected]] of Object.entries(different)) {
    it(title, async () => {
      await expectSql(where(lookups), following(expected))
    })
  }

  /** The text lookups with another column; `a` and `b` are the columns. */
  const texts: Readonly<Record<string, Readonly<Record<DialectName, string>>>> = {
    iexact: {
      sqlite: 'lower(a) = lower(b)',
      postgresql: 'upper(a) = upper(b)',
      mysql: 'lower(a) = lower(b)',
    },
    contains: {
      sqlite: 'instr(a, b) > 0',
      postgresql: 'strpos(a, b) > 0',
      mysql: 'locate(binary b, binary a) > 0',
    },
    icontains: {
      sqlite: 'instr(lower(a), lower(b)) > 0',
      postgresql: 'strpos(upper(a), upper(b)) > 0',
      mysql: 'locate(lower(b), lower(a)) > 0',
    },
    startswith: {
      sqlite: 'substr(a, 1, length(b)) = b',
      postgresql: 'starts_with(a, b)',
      mysql: 'left(binary a, char_length(b)) = binary b',
    },
    istartswith: {
      sqlite: 'substr(lower(a), 1, length(lower(b))) = lower(b)',
      postgresql: 'starts_with(upper(a), upper(b))',
      mysql: 'left(lower(a), char_length(b)) = lower(b)',
    },
    endswith: {
      sqlite: '(length(a) >= length(b) and substr(a, length(a) - length(b) + 1) = b)',
      postgresql: 'right(a, length(b)) = b',
      mysql: 'right(binary a, char_length(b)) = binary b',
    },
    iendswith: {
      sqlite:
        '(length(lower(a)) >= length(lower(b)) and substr(lower(a), length(lower(a)) - length(lower(b)) + 1) = lower(b))',
      postgresql: 'right(upper(a), length(upper(b))) = upper(b)',
      mysql: 'right(lower(a), char_length(b)) = lower(b)',
    },
  }
  for (const [lookup, sides] of Object.entries(texts)) {
    it(`${lookup} with a column`, async () => {
      const state = withFilter(withValues(all.Author, ['id']), [
        { [`name__${lookup}`]: F('email') },
      ])
      const columns = { a: '"authors"."name"', b: '"authors"."email"' }
      const written = (dialect: DialectName): readonly [string] => {
        const sql = sides[dialect].replace(/\b[ab]\b/g, (side) => columns[side as 'a' | 'b'])
        const whole = `select "authors"."id" from "authors" where ${sql}`
        return [dialect === 'mysql' ? whole.replaceAll('"', '`') : whole]
      }
      await expectSql((dialect) => compileSelect(state, dialect), {
        sqlite: written('sqlite'),
        postgresql: written('postgresql'),
        mysql: written('mysql'),
      })
    })
  }

  it('iendswith', async () => {
    await expectSql(
      where({ title__iendswith: 'a_' }),
      following({
        sqlite: ['"books"."title" like ? escape \'\\\'', '%a\\_'],
        postgresql: ['upper("books"."title") like upper($1)', '%a\\_'],
        mysql: ['`books`.`title` like ?', '%a\\_'],
      }),
    )
  })

  it('regex and iregex, with a value and with a column', () => {
    const start = 'select "books"."id" from "books" where "books"."title" '
    const title = '`books`.`title`'
    const mine = `select \`books\`.\`id\` from \`books\` where regexp_like(${title}, `
    const cases = [
      ['regex', '^a', `${start}~ $1`, `${mine}?, 'c')`],
      ['iregex', '^a', `${start}~* $1`, `${mine}?, 'i')`],
      ['regex', F('title'), `${start}~ "books"."title"`, `${mine}${title}, 'c')`],
      ['iregex', F('title'), `${start}~* "books"."title"`, `${mine}${title}, 'i')`],
    ] as const
    for (const [lookup, value, postgresql, mysql] of cases) {
      const compile = where({ [`title__${lookup}`]: value })
      expect(() => compile('sqlite')).to.throw(
        NotSupportedError,
        `The lookup '${lookup}' is not supported on SQLite.`,
      )
      expect(compile('postgresql')?.sql).to.equal(postgresql)
      expect(compile('mysql')?.sql).to.equal(mysql)
    }
  })

  it('has no SQL for what planning never makes', () => {
    expect(() => operand([], 0)).to.throw(TypeError, 'lacks one of its parts')
  })

  it('refuses patterns that are longer than SQLite takes', () => {
    const long = where({ title__contains: 'x'.repeat(60_000) })
    expect(() => long('sqlite')).to.throw(QueryTooComplexError)
    expect(long('postgresql')?.bindings).to.have.length(1)
  })

  it('sends nothing for what cannot be', () => {
    for (const lookups of [
      { id__in: [] },
      { id__in: [null] },
      { pages: 2 ** 40 },
      { pages__gt: 2 ** 40 },
      { pages__lt: -(2 ** 40) },
      { isbn: 2n ** 64n },
      { pages__in: [2 ** 40] },
      { pages__range: [2 ** 40, 2 ** 41] },
      { id__in: [], title: 'x' },
    ]) {
      expectNothing(where(lookups))
    }
  })

  it('asks for every row where the answer is known', async () => {
    for (const lookups of [{ pages__lt: 2 ** 40 }, { pages__gt: -(2 ** 40) }]) {
      await expectSql(where(lookups), following(alike('"books"."pages" is not null')))
    }
    const none = withExclude(book, [{ pk__in: [] }])
    await expectSql(
      (dialect) => compileSelect(none, dialect),
      alike('select "books"."id" from "books"'),
    )
  })
})
