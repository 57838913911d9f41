import { expect } from 'chai'
import { compileCount, compileExists, compileSelect } from '../../lib/compile/select.ts'
import { compileUpdate } from '../../lib/compile/update.ts'
import { NotSupportedError } from '../../lib/errors.ts'
import { Count, Max, Sum } from '../../lib/query/aggregates.ts'
import { withAlias, withAnnotate } from '../../lib/query/annotations.ts'
import { resolveAssignments } from '../../lib/query/assignments.ts'
import { withCombined } from '../../lib/query/combine.ts'
import { Case, When } from '../../lib/query/conditional.ts'
import { F, Value } from '../../lib/query/expression.ts'
import { Upper } from '../../lib/query/functions/text.ts'
import { withLock } from '../../lib/query/lock.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withFlat, withValues } from '../../lib/query/projection.ts'
import { Q } from '../../lib/query/q.ts'
import { withSelectRelated } from '../../lib/query/related.ts'
import {
  withDistinctOn,
  withExclude,
  withFilter,
  withOrdering,
  withSlice,
} from '../../lib/query/state.ts'
import { Exists, OuterRef, Subquery } from '../../lib/query/subqueries.ts'
import { Lag, Rank, RowRange, Window } from '../../lib/query/window-functions.ts'
import { AsyncQuerySet } from '../../lib/queryset/queryset.ts'
import { alike, all, type Expected, expectSql } from './support.ts'

async function expectSelect(state: QueryState, expected: Expected): Promise<void> {
  await expectSql((dialect) => compileSelect(state, dialect), expected)
}

/** A state where a queryset is due. */
const query = (state: QueryState): AsyncQuerySet<unknown> => new AsyncQuerySet(state)

const named = withValues(all.Author, ['name'])

describe('compile: groups', () => {
  it('of the model by its key; conditions before and after', async () => {
    const counted = withAnnotate(all.Tag, { n: Count('books') })
    await expectSelect(
      withFilter(counted, [{ n__gt: 1, name: 'x' }]),
      alike(
        'select "tags"."id", "tags"."name", count("books_tags"."book_id") as "c2" from "tags" left join "books_tags" on "tags"."id" = "books_tags"."tag_id" where "tags"."name" = ? group by "tags"."id" having count("books_tags"."book_id") > ?',
        'x',
        1,
      ),
    )
    await expectSelect(
      withExclude(withOrdering(counted, ['-n']), [{ n: 0 }]),
      alike(
        'select "tags"."id", "tags"."name", count("books_tags"."book_id") as "c2" from "tags" left join "books_tags" on "tags"."id" = "books_tags"."tag_id" group by "tags"."id" having not (count("books_tags"."book_id") = ?) order by count("books_tags"."book_id") desc',
        0,
      ),
    )
    await expectSelect(
      withFilter(counted, [Q.or({ n: 1 }, { name: 'x' })]),
      alike(
        'select "tags"."id", "tags"."name", count("books_tags"."book_id") as "c2" from "tags" left join "books_tags" on "tags"."id" = "books_tags"."tag_id" group by "tags"."id" having count("books_tags"."book_id") = ? or "tags"."name" = ?',
        1,
        'x',
      ),
    )
  })

  it('of values, before and after', async () => {
    const groups = withAnnotate(withValues(all.Book, ['author__name']), { n: Count('*') })
    await expectSelect(
      groups,
      alike(
        'select "authors"."name", count(*) as "c1" from "books" inner join "authors" on "books"."author_id" = "authors"."id" group by "authors"."name"',
      ),
    )
    await expectSelect(
      withFlat(withAnnotate(all.Book, { n: Count('reviews') }), 'n'),
      alike(
        'select count("reviews"."id") as "c0" from "books" left join "reviews" on "books"."id" = "reviews"."book_id" group by "books"."id"',
      ),
    )
  })

  it('of related rows by their keys', async () => {
    const reviews = withValues(
      withAnnotate(withSelectRelated(all.Profile, ['author']), { n: Count('author__books') }),
      ['author__name', 'n'],
    )
    await expectSelect(
      reviews,
      alike(
        'select "authors"."name", count("books"."id") as "c1" from "profiles" inner join "authors" on "profiles"."author_id" = "authors"."id" left join "books" on "authors"."id" = "books"."author_id" group by "profiles"."id", "authors"."name"',
      ),
    )
  })

  it('by an expression that binds values, by its place', async () => {
    const size = Case(When({ pages__gt: 300 }, Value('long')), { default: Value('short') })
    const groups = withAnnotate(withValues(withAnnotate(all.Book, { size }), ['size']), {
      n: Count('id'),
    })
    await expectSelect(withOrdering(groups, ['size']), {
      sqlite: [
        'select case when "books"."pages" > ? then ? else ? end as "c0", count("books"."id") as "c1" from "books" group by case when "books"."pages" > ? then ? else ? end order by case when "books"."pages" > ? then ? else ? end asc',
        ...[300, 'long', 'short', 300, 'long', 'short', 300, 'long', 'short'],
      ],
      postgresql: [
        'select case when "books"."pages" > $1 then $2::text else $3::text end as "c0", count("books"."id") as "c1" from "books" group by 1 order by 1 asc',
        ...[300, 'long', 'short'],
      ],
      mysql: [
        'select case when `books`.`pages` > ? then ? else ? end as `c0`, count(`books`.`id`) as `c1` from `books` group by 1 order by case when `books`.`pages` > ? then ? else ? end asc',
        ...[300, 'long', 'short', 300, 'long', 'short'],
      ],
    })
  })

  it('are counted and asked for as rows', async () => {
    const some = withFilter(withAnnotate(all.Tag, { n: Count('books') }), [{ n__gt: 1 }])
    const groups =
      'from "tags" left join "books_tags" on "tags"."id" = "books_tags"."tag_id" group by "tags"."id" having count("books_tags"."book_id") > ?'
    await expectSql(
      (dialect) => compileCount(some, dialect),
      alike(`select count(*) as "c0" from (select 1 ${groups}) as "q"`, 1),
    )
    await expectSql(
      (dialect) => compileExists(some, dialect),
      alike(`select 1 as "c0" ${groups} limit ?`, 1, 1),
    )
  })

  it('that are left are updated', async () => {
    const some = withFilter(withAlias(all.Tag, { n: Count('books') }), [{ n: 0 }])
    const assignments = resolveAssignments(some, { name: 'x' })
    const inner =
      'select "u0"."id" as "c0" from "tags" as "u0" left join "books_tags" as "u1" on "u0"."id" = "u1"."tag_id" group by "u0"."id" having count("u1"."book_id") = ?'
    await expectSql((dialect) => compileUpdate(some, assignments, dialect), {
      ...alike(`update "tags" set "name" = ? where "tags"."id" in (${inner})`, 'x', 0),
      mysql: [
        `update \`tags\` set \`name\` = ? where \`tags\`.\`id\` in (select * from (${inner.replaceAll('"', '`')}) as \`s\`)`,
        'x',
        0,
      ],
    })
  })
})

describe('compile: aggregates over several relations to many', () => {
  it('are subqueries, but for the one whose rows the others do not multiply', async () => {
    const counted = withAnnotate(all.Country, {
      authors: Count('authors'),
      books: Count('authors__books'),
    })
    await expectSelect(
      withValues(counted, ['authors', 'books']),
      alike(
        'select (select count("u1"."id") as "c0" from "countries" as "u0" left join "authors" as "u1" on "u0"."id" = "u1"."country_id" where "u0"."id" = "countries"."id") as "c0", count("books"."id") as "c1" from "countries" left join "authors" on "countries"."id" = "authors"."country_id" left join "books" on "authors"."id" = "books"."author_id" group by "countries"."id"',
      ),
    )
  })

  it('need no groups where all are subqueries', async () => {
    const counted = withAnnotate(all.Book, { r: Count('reviews'), t: Count('tags') })
    await expectSelect(
      withValues(withFilter(counted, [{ r__gt: 1 }]), ['t']),
      alike(
        'select (select count("u1"."tag_id") as "c0" from "books" as "u0" left join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" where "u0"."id" = "books"."id") as "c0" from "books" where (select count("u1"."id") as "c0" from "books" as "u0" left join "reviews" as "u1" on "u0"."id" = "u1"."book_id" where "u0"."id" = "books"."id") > ?',
        1,
      ),
    )
  })

  it('compare the keys of groups, NULL too', async () => {
    const groups = withAnnotate(withValues(all.Book, ['editor']), {
      r: Sum('reviews__stars'),
      t: Count('tags'),
    })
    const text = (same: string): string =>
      `select "books"."editor_id", (select sum("u1"."stars") as "c0" from "books" as "u0" left join "reviews" as "u1" on "u0"."id" = "u1"."book_id" where "u0"."editor_id" ${same} "books"."editor_id") as "c1", (select count("u1"."tag_id") as "c0" from "books" as "u0" left join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" where "u0"."editor_id" ${same} "books"."editor_id") as "c2" from "books" group by "books"."editor_id"`
    await expectSelect(groups, {
      sqlite: [text('is')],
      postgresql: [text('is not distinct from')],
      mysql: [text('<=>').replaceAll('"', '`')],
    })
  })

  it('compare what groups have in common, where that is no column', async () => {
    const groups = withAnnotate(withValues(all.Book, [{ loud: Upper('title') }]), {
      r: Sum('reviews__stars'),
      t: Count('tags'),
    })
    const text = (same: string, of: string): string =>
      `select upper("books"."title") as "c0", (select sum("u1"."stars") as "c0" from "books" as "u0" left join "reviews" as "u1" on "u0"."id" = "u1"."book_id" where upper("u0"."title") ${same} ${of}) as "c1", (select count("u1"."tag_id") as "c0" from "books" as "u0" left join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" where upper("u0"."title") ${same} ${of}) as "c2" from "books" group by upper("books"."title") having (select count("u1"."tag_id") as "c0" from "books" as "u0" left join "books_tags" as "u1" on "u0"."id" = "u1"."book_id" where upper("u0"."title") ${same} ${of}) > `
    const own = 'upper("books"."title")'
    await expectSelect(withFilter(groups, [{ t__gt: 1 }]), {
      sqlite: [`${text('is', own)}?`, 1],
      postgresql: [`${text('is not distinct from', `(array_agg(${own}))[1]`)}$1`, 1],
      mysql: [`${text('<=>', own).replaceAll('"', '`')}?`, 1],
    })
  })

  it('stay in one query where repeated rows do not matter', async () => {
    const counted = withAnnotate(all.Book, {
      r: Max('reviews__stars'),
      t: Count('tags', { distinct: true }),
    })
    await expectSelect(
      withValues(counted, ['r', 't']),
      alike(
        'select max("reviews"."stars") as "c0", count(distinct "books_tags"."tag_id") as "c1" from "books" left join "reviews" on "books"."id" = "reviews"."book_id" left join "books_tags" on "books"."id" = "books_tags"."book_id" group by "books"."id"',
      ),
    )
  })
})

describe('compile: subqueries', () => {
  const own = withFilter(all.Book, [{ author: OuterRef('pk') }])

  it('refer to the row around them', async () => {
    await expectSelect(
      withFilter(named, [Exists(query(own))]),
      alike(
        'select "authors"."name" from "authors" where exists (select 1 from "books" as "u0" where "u0"."author_id" = "authors"."id" limit 1)',
      ),
    )
    await expectSelect(
      withFilter(named, [Q.not(Exists(query(withFilter(own, [{ pages: 3 }]))))]),
      alike(
        'select "authors"."name" from "authors" where not (exists (select 1 from "books" as "u0" where "u0"."author_id" = "authors"."id" and "u0"."pages" = ? limit 1))',
        3,
      ),
    )
    const longest = withSlice(withOrdering(withValues(own, ['title']), ['-pages']), 0, 1)
    await expectSelect(
      withValues(withAnnotate(all.Author, { x: Subquery(query(longest)) }), ['x']),
      alike(
        'select (select "u0"."title" as "c0" from "books" as "u0" where "u0"."author_id" = "authors"."id" order by "u0"."pages" desc limit ?) as "c0" from "authors"',
        1,
      ),
    )
  })

  it('refer to rows further out', async () => {
    const reviews = withFilter(all.Review, [
      { book: OuterRef('pk'), stars: OuterRef(OuterRef('id')) },
    ])
    await expectSelect(
      withFilter(named, [Exists(query(withFilter(own, [Exists(query(reviews))])))]),
      alike(
        'select "authors"."name" from "authors" where exists (select 1 from "books" as "u0" where "u0"."author_id" = "authors"."id" and exists (select 1 from "reviews" as "v0" where "v0"."book_id" = "u0"."id" and "v0"."stars" = "authors"."id" limit 1) limit 1)',
      ),
    )
  })

  it('of which nothing can match are known', async () => {
    const nothing = withFilter(own, [{ id__in: [] }])
    await expectSelect(
      withValues(withAnnotate(all.Author, { x: Exists(query(nothing)) }), ['x']),
      alike('select (1 = 0) as "c0" from "authors"'),
    )
  })
})

describe('compile: windows', () => {
  const rank = Window(Rank(), { partitionBy: ['author'], orderBy: ['-pages', F('id').asc()] })

  it('have partitions, order and frames', async () => {
    const books = withAnnotate(all.Book, {
      rank,
      near: Window(Sum('pages'), { orderBy: ['id'], frame: RowRange(-1, 1) }),
      before: Window(Lag('title', { offset: 2, default: Value('none') }), { orderBy: ['id'] }),
    })
    const text =
      'select rank() over (partition by "books"."author_id" order by "books"."pages" desc, "books"."id" asc) as "c0", sum("books"."pages") over (order by "books"."id" asc rows between 1 preceding and 1 following) as "c1", lag("books"."title", ?, ?) over (order by "books"."id" asc) as "c2" from "books"'
    await expectSelect(withValues(books, ['rank', 'near', 'before']), {
      sqlite: [text, 2, 'none'],
      postgresql: [text.replace('?, ?', '$1::integer, $2::text'), 2, 'none'],
      mysql: [text.replaceAll('"', '`'), 2, 'none'],
    })
  })

  it('are asked for around the query', async () => {
    const best = withFilter(withAnnotate(all.Book, { rank }), [{ rank: 1, pages__gt: 5 }])
    const inner =
      'select "books"."title" as "c0", rank() over (partition by "books"."author_id" order by "books"."pages" desc, "books"."id" asc) as "c1", "books"."id" as "c2" from "books" where "books"."pages" > ?'
    await expectSelect(
      withSlice(withOrdering(withValues(best, ['title']), ['id']), 0, 9),
      alike(
        `select "q"."c0" as "c0" from (${inner}) as "q" where "q"."c1" = ? order by "q"."c2" asc limit ?`,
        ...[5, 1, 9],
      ),
    )
  })
})

describe('compile: combined queries, locks and distinct rows', () => {
  const tags = withValues(all.Tag, ['name'])

  it('combine rows inside a query that orders and cuts them', async () => {
    const both = withCombined(named, 'union', [query(tags)])
    await expectSelect(
      withSlice(withOrdering(both, ['-name']), 0, 3),
      alike(
        'select "q"."c0" as "c0" from (select "authors"."name" as "c0" from "authors" union select "tags"."name" as "c0" from "tags") as "q" order by "q"."c0" desc limit ?',
        3,
      ),
    )
    const first = withSlice(withOrdering(tags, ['id']), 0, 1)
    await expectSelect(
      withCombined(named, 'difference', [query(first)]),
      alike(
        'select "q"."c0" as "c0" from (select "authors"."name" as "c0" from "authors" except select * from (select "tags"."name" as "c0" from "tags" order by "tags"."id" asc limit ?) as "s1") as "q"',
        1,
      ),
    )
    await expectSql(
      (dialect) =>
        compileCount(withCombined(named, 'union', [query(tags), { all: true }]), dialect),
      alike(
        'select count(*) as "c0" from (select 1 from (select "authors"."name" as "c0" from "authors" union all select "tags"."name" as "c0" from "tags") as "q") as "q"',
      ),
    )
  })

  it('lock rows', async () => {
    const locked = withLock(named, { noWait: true, of: ['self'] })
    await expectSelect(locked, {
      sqlite: ['select "authors"."name" from "authors"'],
      postgresql: ['select "authors"."name" from "authors" for update of "authors" nowait'],
      // knex does not name tables there: more is locked than was asked for.
      mysql: ['select `authors`.`name` from `authors` for update nowait'],
    })
    const noKey = withLock(named, { noKey: true })
    expect(() => compileSelect(noKey, 'mysql')).to.throw(NotSupportedError)
  })

  it('take the first of equal rows on PostgreSQL only', () => {
    const newest = withDistinctOn(withOrdering(withValues(all.Book, ['title']), ['author']), [
      'author',
    ])
    expect(compileSelect(newest, 'postgresql')?.sql).to.equal(
      'select distinct on ("books"."author_id") "books"."title" from "books" order by "books"."author_id" asc',
    )
    expect(() => compileSelect(newest, 'sqlite')).to.throw(NotSupportedError)
    expect(() => compileSelect(newest, 'mysql')).to.throw(NotSupportedError)
  })
})
