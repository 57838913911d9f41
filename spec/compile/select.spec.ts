import { expect } from 'chai'
import { compileCount, compileExists, compileSelect } from '../../lib/compile/select.ts'
import { FieldError, NotSupportedError } from '../../lib/errors.ts'
import { F, Value } from '../../lib/query/expression.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { columnRef } from '../../lib/query/paths.ts'
import { withFlat, withValues, withValuesList } from '../../lib/query/projection.ts'
import { withDefer, withOnly, withSelectRelated } from '../../lib/query/related.ts'
import {
  initialState,
  withDistinct,
  withFilter,
  withNone,
  withOrdering,
  withReverse,
  withSlice,
} from '../../lib/query/state.ts'
import { alike, all, type Expected, expectNothing, expectSql, metas } from './support.ts'

async function expectSelect(state: QueryState, expected: Expected): Promise<void> {
  await expectSql((dialect) => compileSelect(state, dialect), expected)
}

const ids = withValues(all.Book, ['id'])
const IDS = 'select "books"."id" from "books"'
const AUTHOR =
  '"authors"."id", "authors"."name", "authors"."email", "authors"."mentor_id", "authors"."country_id"'

describe('compile: select', () => {
  it('reads the columns of a model', async () => {
    await expectSelect(all.Author, alike(`select ${AUTHOR} from "authors"`))
  })

  it('reads integers beyond 2**53 of SQLite as text', async () => {
    await expectSelect(withValues(all.Book, ['isbn']), {
      sqlite: ['select cast("books"."isbn" as text) as "c0" from "books"'],
      postgresql: ['select "books"."isbn" from "books"'],
      mysql: ['select `books`.`isbn` from `books`'],
    })
  })

  it('names what has no name of its own by its place', async () => {
    const state = withValues(all.Book, [
      'id',
      'author__id',
      'author__country__id',
      { twice: F('pages').mul(2) },
    ])
    await expectSelect(state, {
      sqlite: [
        'select "books"."id", "books"."author_id", "authors"."country_id", ("books"."pages" * ?) as "c3" from "books" inner join "authors" on "books"."author_id" = "authors"."id"',
        2,
      ],
      postgresql: [
        'select "books"."id", "books"."author_id", "authors"."country_id", ("books"."pages" * $1::integer) as "c3" from "books" inner join "authors" on "books"."author_id" = "authors"."id"',
        2,
      ],
      mysql: [
        'select `books`.`id`, `books`.`author_id`, `authors`.`country_id`, (`books`.`pages` * ?) as `c3` from `books` inner join `authors` on `books`.`author_id` = `authors`.`id`',
        2,
      ],
    })
    const shape = compileSelect(state, 'sqlite')?.shape
    expect(shape?.kind === 'values' && shape.names).to.deep.equal([
      'id',
      'author__id',
      'author__country__id',
      'twice',
    ])
  })

  it('gives each column of a joined row a name of its own', async () => {
    const state = withValuesList(all.Book, ['author__name', 'editor__name'])
    await expectSelect(
      state,
      alike(
        'select "authors"."name", "t3"."name" as "c1" from "books" inner join "authors" on "books"."author_id" = "authors"."id" left join "authors" as "t3" on "books"."editor_id" = "t3"."id"',
      ),
    )
  })

  it('gives single values', () => {
    expect(compileSelect(withFlat(all.Book, 'title'), 'sqlite')?.shape).to.deep.include({
      kind: 'flat',
      field: metas.Book.columnsByName.get('title')?.field,
    })
  })

  it('gives a row per related row', async () => {
    await expectSelect(
      withValues(all.Book, ['tags']),
      alike(
        'select "books_tags"."tag_id" from "books" left join "books_tags" on "books"."id" = "books_tags"."book_id"',
      ),
    )
  })

  it('shares the joins of the conditions before values(), not of those after', async () => {
    const before = withValues(withFilter(all.Author, [{ books__pages: 1 }]), ['books__title'])
    await expectSelect(
      before,
      alike(
        'select "books"."title" from "authors" inner join "books" on "authors"."id" = "books"."author_id" where "books"."pages" = ?',
        1,
      ),
    )
    const after = withFilter(withValues(all.Author, ['books__title']), [{ books__pages: 1 }])
    await expectSelect(
      after,
      alike(
        'select "books"."title" from "authors" left join "books" on "authors"."id" = "books"."author_id" inner join "books" as "t3" on "authors"."id" = "t3"."author_id" where "t3"."pages" = ?',
        1,
      ),
    )
  })

  it('sends nothing for none()', () => {
    expectNothing((dialect) => compileSelect(withNone(ids), dialect))
    expectNothing((dialect) => compileSelect(withSlice(ids, 5, 5), dialect))
    expectNothing((dialect) => compileCount(withNone(ids), dialect))
    expectNothing((dialect) => compileExists(withNone(ids), dialect))
  })
})

describe('compile: related rows and deferred columns', () => {
  it('selectRelated joins, LEFT where there may be none', async () => {
    const state = withSelectRelated(all.Profile, ['author__mentor'])
    await expectSelect(
      state,
      alike(
        `select "profiles"."id", "profiles"."author_id", "profiles"."text", "authors"."id" as "c3", "authors"."name", "authors"."email", "authors"."mentor_id", "authors"."country_id", "t3"."id" as "c8", "t3"."name" as "c9", "t3"."email" as "c10", "t3"."mentor_id" as "c11", "t3"."country_id" as "c12" from "profiles" inner join "authors" on "profiles"."author_id" = "authors"."id" left join "authors" as "t3" on "authors"."mentor_id" = "t3"."id"`,
      ),
    )
    const shape = compileSelect(state, 'postgresql')?.shape
    if (shape?.kind !== 'instances') throw new Error('instances are due')
    const [author] = shape.related
    expect([author?.relation.name, author?.offset, author?.keyOffset]).to.deep.equal([
      'author',
      3,
      3,
    ])
    const [mentor] = author?.related ?? []
    expect([mentor?.relation.name, mentor?.offset, mentor?.keyOffset]).to.deep.equal([
      'mentor',
      8,
      8,
    ])
  })

  it('selectRelated follows a one-to-one relation from its other side', async () => {
    await expectSelect(
      withSelectRelated(withOnly(all.Author, ['name']), ['profile']),
      alike(
        'select "authors"."id", "authors"."name", "profiles"."id" as "c2", "profiles"."author_id", "profiles"."text" from "authors" left join "profiles" on "authors"."id" = "profiles"."author_id"',
      ),
    )
  })

  it('only and defer keep the key', async () => {
    await expectSelect(
      withOnly(all.Author, ['name']),
      alike('select "authors"."id", "authors"."name" from "authors"'),
    )
    await expectSelect(
      withDefer(all.Author, ['name', 'mentor', 'country']),
      alike('select "authors"."id", "authors"."email" from "authors"'),
    )
    await expectSelect(
      withDefer(withOnly(all.Author, ['name', 'email']), ['email']),
      alike('select "authors"."id", "authors"."name" from "authors"'),
    )
  })

  it('only reaches into related rows', async () => {
    const state = withSelectRelated(withOnly(all.Profile, ['text', 'author__name']), ['author'])
    await expectSelect(
      state,
      alike(
        'select "profiles"."id", "profiles"."author_id", "profiles"."text", "authors"."id" as "c3", "authors"."name" from "profiles" inner join "authors" on "profiles"."author_id" = "authors"."id"',
      ),
    )
  })

  it('refuses to follow what is deferred', () => {
    const state = withSelectRelated(withOnly(all.Profile, ['text']), ['author'])
    expect(() => compileSelect(state, 'sqlite')).to.throw(
      FieldError,
      'Profile.author cannot be both deferred and loaded by selectRelated().',
    )
  })
})

describe('compile: order', () => {
  const cases: readonly [string, readonly unknown[], string][] = [
    ['a column', ['title'], '"books"."title" asc'],
    ['descending', ['-pages', 'pk'], '"books"."pages" desc, "books"."id" asc'],
    ['nulls', [F('pages').desc({ nulls: 'last' })], '"books"."pages" desc nulls last'],
    ['a key of a relation', ['authorId'], '"books"."author_id" asc'],
    ['a relation without an ordering', ['editor'], '"books"."editor_id" asc'],
    ['an expression', [F('pages').add(F('id')).asc()], '("books"."pages" + "books"."id") asc'],
  ]
  for (const [title, terms, sql] of cases) {
    it(`by ${title}`, async () => {
      const expected = alike(`${IDS} order by ${sql}`)
      const mysql = expected.mysql[0].replace(
        '`books`.`pages` desc nulls last',
        '`books`.`pages` is null asc, `books`.`pages` desc',
      )
      await expectSelect(withOrdering(ids, terms), { ...expected, mysql: [mysql] })
    })
  }

  it("by a relation's own ordering", async () => {
    await expectSelect(
      withValues(withOrdering(all.Author, ['-country']), ['id']),
      alike(
        'select "authors"."id" from "authors" inner join "countries" on "authors"."country_id" = "countries"."id" order by "countries"."name" desc',
      ),
    )
  })

  it('by chance', async () => {
    await expectSelect(withOrdering(ids, ['?']), {
      sqlite: [`${IDS} order by random()`],
      postgresql: [`${IDS} order by random()`],
      mysql: [`${IDS} order by rand()`.replaceAll('"', '`')],
    })
  })

  it("by the model's ordering unless another is given, turned round by reverse()", async () => {
    const own = withValues(initialState(metas.Book), ['id'])
    await expectSelect(own, alike(`${IDS} order by "books"."title" asc, "books"."id" desc`))
    await expectSelect(
      withReverse(own),
      alike(`${IDS} order by "books"."title" desc, "books"."id" asc`),
    )
    await expectSelect(withOrdering(withReverse(own), []), alike(IDS))
  })

  it('by decimals as numbers', async () => {
    await expectSelect(withOrdering(ids, ['price']), {
      sqlite: [`${IDS} order by cast("books"."price" as real) asc`],
      postgresql: [`${IDS} order by "books"."price" asc`],
      mysql: [`${IDS} order by "books"."price" asc`.replaceAll('"', '`')],
    })
  })
})

describe('compile: slices and distinct', () => {
  it('binds limit and offset', async () => {
    await expectSelect(withSlice(ids, 0, 5), alike(`${IDS} limit ?`, 5))
    await expectSelect(
      withSlice(withSlice(ids, 10, 20), 5, 50),
      alike(`${IDS} limit ? offset ?`, 5, 15),
    )
    await expectSelect(withSlice(ids, 3), {
      sqlite: [`${IDS} limit ? offset ?`, -1, 3],
      postgresql: [`${IDS} offset $1`, 3],
      mysql: [`${IDS} limit 18446744073709551615 offset ?`.replaceAll('"', '`'), 3],
    })
  })

  it('distinct adds the order terms that it does not select', async () => {
    await expectSelect(
      withOrdering(withDistinct(ids, null), ['title', 'id']),
      alike(
        'select distinct "books"."id", "books"."title" from "books" order by "books"."title" asc, "books"."id" asc',
      ),
    )
  })

  it('distinct on paths is PostgreSQL only', () => {
    const title = metas.Book.columnsByName.get('title')
    if (title === undefined) throw new Error('Book has a title')
    const state = withDistinct(withOrdering(ids, ['title']), [columnRef(title)])
    expect(compileSelect(state, 'postgresql')?.sql).to.equal(
      'select distinct on ("books"."title") "books"."id" from "books" order by "books"."title" asc',
    )
    expect(() => compileSelect(state, 'sqlite')).to.throw(NotSupportedError)
  })

  it('counts', async () => {
    const count = (state: QueryState, expected: Expected): Promise<void> =>
      expectSql((dialect) => compileCount(state, dialect), expected)
    await count(
      withFilter(withOrdering(all.Book, ['title']), [{ pages: 1 }]),
      alike('select count(*) as "c0" from "books" where "books"."pages" = ?', 1),
    )
    await count(
      withSlice(all.Book, 2, 5),
      alike('select count(*) as "c0" from (select 1 from "books" limit ? offset ?) as "q"', 3, 2),
    )
    await count(
      withDistinct(withValues(all.Book, ['title']), null),
      alike(
        'select count(*) as "c0" from (select distinct "books"."title" as "c0" from "books") as "q"',
      ),
    )
    await count(
      withSelectRelated(all.Profile, ['author']),
      alike('select count(*) as "c0" from "profiles"'),
    )
  })

  it('asks whether there is a row', async () => {
    const exists = (state: QueryState, expected: Expected): Promise<void> =>
      expectSql((dialect) => compileExists(state, dialect), expected)
    await exists(
      withFilter(withOrdering(all.Book, ['title']), [{ pages: 1 }]),
      alike('select 1 as "c0" from "books" where "books"."pages" = ? limit ?', 1, 1),
    )
    await exists(
      withSlice(all.Book, 2, 5),
      alike('select 1 as "c0" from "books" limit ? offset ?', 1, 2),
    )
    await exists(
      withSlice(withDistinct(withValues(all.Book, ['title']), null), 2, 5),
      alike(
        'select 1 as "c0" from (select distinct "books"."title" as "c0" from "books" limit ? offset ?) as "q" limit ?',
        3,
        2,
        1,
      ),
    )
  })

  it('types a literal that nothing else tells the type of', async () => {
    await expectSelect(withValues(all.Tag, [{ x: Value('x'), y: Value(1.5) }]), {
      sqlite: ['select ? as "c0", ? as "c1" from "tags"', 'x', 1.5],
      postgresql: ['select $1::text as "c0", $2::double precision as "c1" from "tags"', 'x', 1.5],
      mysql: ['select ? as `c0`, ? as `c1` from `tags`', 'x', 1.5],
    })
  })
})
