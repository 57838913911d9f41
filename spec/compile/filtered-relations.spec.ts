import { expect } from 'chai'
import { compileAggregate } from '../../lib/compile/aggregates.ts'
import { compileCount, compileSelect } from '../../lib/compile/select.ts'
import { FieldError, InvalidValueError } from '../../lib/errors.ts'
import { resolveAggregates } from '../../lib/query/aggregate-spec.ts'
import { Count, Sum } from '../../lib/query/aggregates.ts'
import { withAlias, withAnnotate } from '../../lib/query/annotations.ts'
import { F } from '../../lib/query/expression.ts'
import { FilteredRelation } from '../../lib/query/filtered-relation.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withValues } from '../../lib/query/projection.ts'
import { Q } from '../../lib/query/q.ts'
import { withSelectRelated } from '../../lib/query/related.ts'
import { withExclude, withFilter, withOrdering } from '../../lib/query/state.ts'
import { Exists, OuterRef } from '../../lib/query/subqueries.ts'
import { AsyncQuerySet } from '../../lib/queryset/queryset.ts'
import { alike, all, type Expected, expectSql } from './support.ts'

async function expectSelect(state: QueryState, expected: Expected): Promise<void> {
  await expectSql((dialect) => compileSelect(state, dialect), expected)
}

const query = (state: QueryState): AsyncQuerySet<unknown> => new AsyncQuerySet(state)

const long = FilteredRelation('books', { condition: Q({ books__pages__gt: 300 }) })
const withLong = withAnnotate(withValues(all.Author, ['name']), { lb: long })

describe('compile: filtered relations', () => {
  it('are joined with their condition where they are named, and nowhere else', async () => {
    await expectSelect(withLong, alike('select "authors"."name" from "authors"'))
    await expectSelect(
      withOrdering(withValues(withLong, ['name', 'lb__title']), ['lb__title']),
      alike(
        'select "authors"."name", "books"."title" from "authors" left join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) order by "books"."title" asc',
        300,
      ),
    )
    await expectSelect(
      withFilter(withLong, [{ lb__title: 'x', lb__pages__lt: 900 }]),
      alike(
        'select "authors"."name" from "authors" inner join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) where "books"."title" = ? and "books"."pages" < ?',
        300,
        'x',
        900,
      ),
    )
    await expectSelect(
      withFilter(withLong, [{ lb__isnull: true }]),
      alike(
        'select "authors"."name" from "authors" left join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) where "books"."id" is null',
        300,
      ),
    )
  })

  it('stand beside the relation itself, and beside others of it', async () => {
    const short = FilteredRelation('books', { condition: Q({ books__pages__lt: 100 }) })
    await expectSelect(
      withValues(withAlias(withLong, { sb: short }), ['books__title', 'lb__title', 'sb__title']),
      alike(
        'select "books"."title", "t3"."title" as "c1", "t4"."title" as "c2" from "authors" left join "books" on "authors"."id" = "books"."author_id" left join "books" as "t3" on "authors"."id" = "t3"."author_id" and ("t3"."pages" > ?) left join "books" as "t4" on "authors"."id" = "t4"."author_id" and ("t4"."pages" < ?)',
        300,
        100,
      ),
    )
  })

  it('are counted; several do not multiply each other', async () => {
    await expectSelect(
      withAnnotate(withLong, { n: Count('lb') }),
      alike(
        'select "authors"."name", count("books"."id") as "c1" from "authors" left join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) group by "authors"."name"',
        300,
      ),
    )
    const author = withFilter(all.Author, [{ id: 1 }])
    const named = withAnnotate(author, { lb: long })
    const both = resolveAggregates(named, { n: Count('lb'), pages: Sum('books__pages') })
    await expectSql(
      (dialect) => compileAggregate(named, both, dialect),
      alike(
        'select (select count("u1"."id") as "c0" from "authors" as "u0" left join "books" as "u1" on "u0"."id" = "u1"."author_id" and ("u1"."pages" > ?) where "u0"."id" = ?k) as "c0", (select sum("u1"."pages") as "c0" from "authors" as "u0" left join "books" as "u1" on "u0"."id" = "u1"."author_id" where "u0"."id" = ?k) as "c1" from "authors" where "authors"."id" = ?k',
        300,
        1,
        1,
        1,
      ),
    )
  })

  it('of a path of relations; of a relation to one row; one after another', async () => {
    const starred = FilteredRelation('books__reviews', {
      condition: Q({ books__reviews__stars: 5, books__live__isnull: false, name__startswith: 'A' }),
    })
    await expectSelect(
      withValues(withAlias(all.Author, { five: starred }), ['name', 'five__stars']),
      {
        sqlite: [
          'select "authors"."name", "reviews"."stars" from "authors" left join "books" on "authors"."id" = "books"."author_id" left join "reviews" on "books"."id" = "reviews"."book_id" and ("reviews"."stars" = ? and "books"."live" is not null and "authors"."name" glob ?)',
          5,
          'A*',
        ],
        postgresql: [
          'select "authors"."name", "reviews"."stars" from "authors" left join "books" on "authors"."id" = "books"."author_id" left join "reviews" on "books"."id" = "reviews"."book_id" and ("reviews"."stars" = $1 and "books"."live" is not null and "authors"."name" like $2)',
          5,
          'A%',
        ],
        mysql: [
          'select `authors`.`name`, `reviews`.`stars` from `authors` left join `books` on `authors`.`id` = `books`.`author_id` left join `reviews` on `books`.`id` = `reviews`.`book_id` and (`reviews`.`stars` = ? and `books`.`live` is not null and `authors`.`name` like binary ?)',
          5,
          'A%',
        ],
      },
    )
    const ann = FilteredRelation('author', { condition: Q({ author__name: F('title') }) })
    await expectSelect(
      withValues(withAlias(all.Book, { ann }), ['title', 'ann', 'author']),
      alike(
        'select "books"."title", "authors"."id", "books"."author_id" from "books" left join "authors" on "books"."author_id" = "authors"."id" and ("authors"."name" = "books"."title")',
      ),
    )
    const chained = withAlias(all.Author, {
      lb: long,
      bad: FilteredRelation('lb__reviews', { condition: Q({ lb__reviews__stars: 1 }) }),
    })
    await expectSelect(
      withValues(chained, ['bad__stars']),
      alike(
        'select "reviews"."stars" from "authors" left join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) left join "reviews" on "books"."id" = "reviews"."book_id" and ("reviews"."stars" = ?)',
        300,
        1,
      ),
    )
  })

  it('of many to many: the condition is asked of the far table', async () => {
    const tagged = FilteredRelation('tags', { condition: Q({ tags__name: 'x' }) })
    await expectSelect(
      withAnnotate(withValues(all.Book, ['title']), { x: tagged, n: Count('x') }),
      alike(
        'select "books"."title", count("tags"."id") as "c1" from "books" left join "books_tags" on "books"."id" = "books_tags"."book_id" left join "tags" on "books_tags"."tag_id" = "tags"."id" and ("tags"."name" = ?) group by "books"."title"',
        'x',
      ),
    )
  })

  it('under NOT, in the condition and around it', async () => {
    const other = FilteredRelation('books', {
      condition: Q.or(Q.not({ books__pages: 3 }), { books__editor: 7 }),
    })
    await expectSelect(
      withValues(withAlias(all.Author, { other }), ['other__title']),
      alike(
        'select "books"."title" from "authors" left join "books" on "authors"."id" = "books"."author_id" and (not ("books"."pages" = ? and "books"."pages" is not null) or "books"."editor_id" = ?k)',
        3,
        7,
      ),
    )
    await expectSelect(
      withExclude(withLong, [{ lb__title: 'x' }]),
      alike(
        'select "authors"."name" from "authors" where not (exists (select 1 from "authors" as "u0" inner join "books" as "u1" on "u0"."id" = "u1"."author_id" and ("u1"."pages" > ?) where "u1"."title" = ? and "u0"."id" = "authors"."id" limit 1))',
        300,
        'x',
      ),
    )
  })

  it('are loaded with the row, and seen from inside a subquery', async () => {
    const ann = FilteredRelation('author', { condition: Q({ author__name: 'Ann' }) })
    await expectSelect(
      withValues(withAlias(all.Book, { ann }), ['ann__country__name']),
      alike(
        'select "countries"."name" from "books" left join "authors" on "books"."author_id" = "authors"."id" and ("authors"."name" = ?) left join "countries" on "authors"."country_id" = "countries"."id"',
        'Ann',
      ),
    )
    await expectSelect(
      withSelectRelated(withAnnotate(all.Tag, { b: FilteredRelation('books__reviews') }), ['b']),
      alike(
        'select "tags"."id", "tags"."name", "reviews"."id" as "c2", "reviews"."book_id", "reviews"."stars" from "tags" left join "books_tags" on "tags"."id" = "books_tags"."tag_id" left join "books" on "books_tags"."book_id" = "books"."id" left join "reviews" on "books"."id" = "reviews"."book_id"',
      ),
    )
    const same = withFilter(all.Tag, [{ name: OuterRef('lb__title') }])
    await expectSql(
      (dialect) => compileCount(withFilter(withLong, [Exists(query(same))]), dialect),
      alike(
        'select count(*) as "c0" from "authors" left join "books" on "authors"."id" = "books"."author_id" and ("books"."pages" > ?) where exists (select 1 from "tags" as "u0" where "u0"."name" = "books"."title" limit 1)',
        300,
      ),
    )
  })

  it('take conditions on the rows along their path only', () => {
    const refused = (
      relation: unknown,
      kind: new (...args: never[]) => Error,
      says: string,
    ): void => {
      expect(() => withAnnotate(all.Author, { lb: relation })).to.throw(kind, says)
    }
    const on = (lookups: object, path = 'books'): unknown =>
      FilteredRelation(path, { condition: Q(lookups) })
    refused(on({ books__author__name: 'x' }), FieldError, 'only columns of the rows along it')
    refused(on({ books__tags: 1 }), FieldError, 'only columns of the rows along it')
    refused(on({ edited__title: 'x' }), FieldError, 'only columns of the rows along it')
    refused(on({ books__title: F('edited__title') }), FieldError, 'only columns of the rows')
    refused(on({ books__nope: 1 }), FieldError, "Cannot resolve 'nope' on Book")
    refused(on({}, 'books__title'), FieldError, "a path of relations only, got 'books__title'")
    refused(on({}, 'books__isnull'), FieldError, "a path of relations only, got 'books__isnull'")
    refused(on({}, 'name'), FieldError, "a path of relations only, got 'name'")
    refused(on({}, 'nope'), FieldError, "Cannot resolve 'nope' on Author")
    refused(on({ books__pages: Sum('books__pages') }), FieldError, 'no aggregates')
    const inside = Exists(query(withFilter(all.Tag, [{ name: OuterRef('books__title') }])))
    refused(
      FilteredRelation('books', { condition: Q.and(inside, { books__pages: 1 }) }),
      FieldError,
      'no OuterRef',
    )
    expect(() => FilteredRelation('')).to.throw(FieldError, 'takes the name of a relation')
    expect(() => FilteredRelation('books', { condition: {} as never })).to.throw(
      InvalidValueError,
      'must be a Q',
    )
    expect(() => FilteredRelation('books', { conditions: Q({}) } as never)).to.throw(
      FieldError,
      "has no option 'conditions'",
    )
  })

  it('have names that no field, annotation or statement has', () => {
    for (const name of [
      'a"b',
      'a$b',
      'a.b',
      'a b',
      'a__b',
      'name',
      'edited',
      'books',
      'pk',
      'then',
    ]) {
      expect(() => withAnnotate(all.Author, { [name]: long }), name).to.throw(FieldError)
      expect(() => withAlias(all.Author, { [name]: long }), name).to.throw(FieldError)
    }
    expect(() => withAnnotate(withLong, { lb: long })).to.throw(FieldError, 'FilteredRelation()')
    expect(() => withAnnotate(withLong, { lb: F('name') })).to.throw(FieldError)
    expect(() => withAnnotate(withAnnotate(all.Author, { n: F('name') }), { n: long })).to.throw(
      FieldError,
      'it is in use',
    )
    expect(() => withFilter(withLong, [{ lbx: 1 }])).to.throw(FieldError, 'lb.')
  })
})
