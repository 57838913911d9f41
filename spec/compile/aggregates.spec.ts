import { expect } from 'chai'
import { compileAggregate } from '../../lib/compile/aggregates.ts'
import { FieldError, NotSupportedError } from '../../lib/errors.ts'
import { emptyAggregates, resolveAggregates } from '../../lib/query/aggregate-spec.ts'
import { Avg, Count, Max, Min, StdDev, Sum, Variance } from '../../lib/query/aggregates.ts'
import { F } from '../../lib/query/expression.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { Q } from '../../lib/query/q.ts'
import { withDistinct, withFilter, withOrdering, withSlice } from '../../lib/query/state.ts'
import { alike, all, type Expected, expectNothing, expectSql } from './support.ts'

async function expectAggregate(state: QueryState, spec: object, expected: Expected): Promise<void> {
  const named = resolveAggregates(state, spec)
  await expectSql((dialect) => compileAggregate(state, named, dialect), expected)
}

describe('compile: aggregates', () => {
  it('counts rows, values and different values', async () => {
    await expectAggregate(
      all.Book,
      { n: Count('*'), pages: Count('pages'), authors: Count('author', { distinct: true }) },
      alike(
        'select count(*) as "c0", count("books"."pages") as "c1", count(distinct "books"."author_id") as "c2" from "books"',
      ),
    )
  })

  it('computes with results', async () => {
    await expectAggregate(
      all.Book,
      { s: Sum('pages').mul(2), a: Avg(F('pages').add(1)) },
      {
        sqlite: [
          'select (sum("books"."pages") * ?) as "c0", avg(("books"."pages" + ?)) as "c1" from "books"',
          2,
          1,
        ],
        postgresql: [
          'select (sum("books"."pages") * $1::integer) as "c0", avg(("books"."pages" + $2::integer)) as "c1" from "books"',
          2,
          1,
        ],
        mysql: [
          'select (sum(`books`.`pages`) * ?) as `c0`, avg((`books`.`pages` + ?)) as `c1` from `books`',
          2,
          1,
        ],
      },
    )
  })

  it('sums decimals and large integers so that they can be read', async () => {
    await expectAggregate(
      all.Book,
      { p: Sum('price'), m: Max('price'), i: Sum('isbn') },
      {
        sqlite: [
          'select round(sum(cast("books"."price" as real)), 12) as "c0", round(max(cast("books"."price" as real)), 2) as "c1", cast(sum("books"."isbn") as text) as "c2" from "books"',
        ],
        postgresql: [
          'select sum("books"."price") as "c0", max("books"."price") as "c1", sum("books"."isbn") as "c2" from "books"',
        ],
        mysql: [
          'select sum(`books`.`price`) as `c0`, max(`books`.`price`) as `c1`, sum(`books`.`isbn`) as `c2` from `books`',
        ],
      },
    )
  })

  it('takes a filter, a default, and paths to many', async () => {
    await expectAggregate(
      all.Author,
      {
        n: Count('books', { filter: Q({ books__pages__gt: 5 }) }),
        m: Min('books__pages', { default: 0 }),
      },
      {
        sqlite: [
          'select count("books"."id") filter (where "books"."pages" > ?) as "c0", coalesce(min("books"."pages"), ?) as "c1" from "authors" left join "books" on "authors"."id" = "books"."author_id"',
          5,
          0,
        ],
        postgresql: [
          'select count("books"."id") filter (where "books"."pages" > $1) as "c0", coalesce(min("books"."pages"), $2::integer) as "c1" from "authors" left join "books" on "authors"."id" = "books"."author_id"',
          5,
          0,
        ],
        mysql: [
          'select count(case when `books`.`pages` > ? then `books`.`id` end) as `c0`, coalesce(min(`books`.`pages`), ?) as `c1` from `authors` left join `books` on `authors`.`id` = `books`.`author_id`',
          5,
          0,
        ],
      },
    )
  })

  it('computes deviations', async () => {
    const x = 'cast("books"."pages" as real)'
    const squares = `max(0, sum(${x} * ${x}) - sum(${x}) * sum(${x}) / count(${x}))`
    await expectAggregate(
      all.Book,
      { s: StdDev('pages'), v: Variance('pages', { sample: true }) },
      {
        sqlite: [
          `select sqrt((${squares} / count(${x}))) as "c0", (${squares} / nullif(count(${x}) - 1, 0)) as "c1" from "books"`,
        ],
        postgresql: [
          'select stddev_pop("books"."pages") as "c0", var_samp("books"."pages") as "c1" from "books"',
        ],
        mysql: [
          'select stddev_pop(`books`.`pages`) as `c0`, var_samp(`books`.`pages`) as `c1` from `books`',
        ],
      },
    )
    const distinct = resolveAggregates(all.Book, { s: StdDev('pages', { distinct: true }) })
    expect(() => compileAggregate(all.Book, distinct, 'sqlite')).to.throw(NotSupportedError)
  })

  it('is over the rows of a slice, or over different rows', async () => {
    await expectAggregate(
      withSlice(withOrdering(all.Book, ['title']), 0, 5),
      { s: Sum('pages'), m: Max('author__name') },
      alike(
        'select sum("q"."c0") as "c0", max("q"."c1") as "c1" from (select "books"."pages" as "c0", "authors"."name" as "c1" from "books" inner join "authors" on "books"."author_id" = "authors"."id" order by "books"."title" asc limit ?) as "q"',
        5,
      ),
    )
    await expectAggregate(
      withDistinct(all.Tag, null),
      { n: Count('name') },
      alike(
        'select count("q"."c1") as "c0" from (select distinct "tags"."id" as "c0", "tags"."name" as "c1" from "tags") as "q"',
      ),
    )
  })

  it('is known without asking where there are no rows', () => {
    const none = withFilter(all.Book, [{ id__in: [] }])
    const named = resolveAggregates(none, {
      n: Count('*'),
      s: Sum('pages'),
      d: Sum('pages', { default: 7 }),
    })
    expectNothing((dialect) => compileAggregate(none, named, dialect))
    expect(emptyAggregates(named)).to.deep.equal({ n: 0, s: null, d: 7 })
  })

  it('refuses what is no aggregate, and aggregates of aggregates', () => {
    const refused: readonly [object, string][] = [
      [{ x: F('pages') }, "'x' must be an aggregate"],
      [{ x: 5 }, "'x' must be an aggregate"],
      [{ x: Sum(Count('id')) }, 'cannot be computed of an aggregate'],
      [{ x: Sum('title') }, 'sum() needs numbers'],
      [{ x: Count('nope') }, "Cannot resolve 'nope' on Book"],
      [{ 'x" y': Count('id') }, 'cannot be used'],
      [{}, 'at least one aggregate'],
    ]
    for (const [spec, message] of refused) {
      expect(() => resolveAggregates(all.Book, spec), message).to.throw(FieldError, message)
    }
    expect(() => Count('id', { distinct: 'yes' } as never)).to.throw(FieldError)
    expect(() => Count('id', { evil: 1 } as never)).to.throw(FieldError)
    expect(() => Sum(5 as never)).to.throw(FieldError)
  })
})
