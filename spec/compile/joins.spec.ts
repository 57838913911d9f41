import { compileSelect } from '../../lib/compile/select.ts'
import { F } from '../../lib/query/expression.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withValues } from '../../lib/query/projection.ts'
import { type Condition, Q } from '../../lib/query/q.ts'
import { withExclude, withFilter, withSticky } from '../../lib/query/state.ts'
import { alike, all, expectSql } from './support.ts'

const book = withValues(all.Book, ['id'])
const author = withValues(all.Author, ['id'])

type Where = object | Condition

function filter(state: QueryState, ...calls: readonly Where[]): QueryState {
  return calls.reduce<QueryState>((chain, where) => withFilter(chain, [where]), state)
}

async function expectJoins(state: QueryState, sql: string, ...bindings: unknown[]): Promise<void> {
  await expectSql((dialect) => compileSelect(state, dialect), alike(sql, ...bindings))
}

const BOOK = 'select "books"."id" from "books" '
const AUTHOR = 'select "authors"."id" from "authors" '
const TO_AUTHOR = 'join "authors" on "books"."author_id" = "authors"."id" '
const TO_EDITOR = 'join "authors" on "books"."editor_id" = "authors"."id" '
const TO_BOOKS = 'join "books" on "authors"."id" = "books"."author_id" '

// Source: django/db/models/sql/query.py; each was compared with what Django makes.
describe('compile: joins to one row', () => {
  it('are INNER where the key cannot be NULL', async () => {
    await expectJoins(
      filter(book, { author__name: 'a' }),
      `${BOOK}inner ${TO_AUTHOR}where "authors"."name" = ?`,
      'a',
    )
  })

  it('are INNER where the condition needs the row', async () => {
    await expectJoins(
      filter(book, { editor__name: 'a' }),
      `${BOOK}inner ${TO_EDITOR}where "authors"."name" = ?`,
      'a',
    )
  })

  it('are LEFT where another condition may hold without the row', async () => {
    await expectJoins(
      filter(book, Q.or({ editor__name: 'a' }, { title: 't' })),
      `${BOOK}left ${TO_EDITOR}where "authors"."name" = ? or "books"."title" = ?`,
      'a',
      't',
    )
  })

  it('are INNER where all of several conditions need the row', async () => {
    await expectJoins(
      filter(book, Q.or({ editor__name: 'a' }, { editor__email: 'e' })),
      `${BOOK}inner ${TO_EDITOR}where "authors"."name" = ? or "authors"."email" = ?`,
      'a',
      'e',
    )
  })

  it('are INNER again once a further call needs the row', async () => {
    await expectJoins(
      filter(book, Q.or({ editor__name: 'a' }, { title: 't' }), { editor__name__gt: 'b' }),
      `${BOOK}inner ${TO_EDITOR}where ("authors"."name" = ? or "books"."title" = ?) and "authors"."name" > ?`,
      'a',
      't',
      'b',
    )
  })

  it('stay INNER once they are', async () => {
    await expectJoins(
      filter(book, { editor__name: 'a' }, Q.or({ editor__name: 'a' }, { title: 't' })),
      `${BOOK}inner ${TO_EDITOR}where "authors"."name" = ? and ("authors"."name" = ? or "books"."title" = ?)`,
      'a',
      'a',
      't',
    )
  })

  it('are LEFT under NOT, and rows with NULL stay', async () => {
    await expectJoins(
      withExclude(book, [{ editor__name: 'a' }]),
      `${BOOK}left ${TO_EDITOR}where not ("authors"."name" = ? and "authors"."name" is not null)`,
      'a',
    )
    await expectJoins(
      withExclude(book, [{ pages: 1, title: 'a' }]),
      `${BOOK}where not ("books"."pages" = ? and "books"."pages" is not null and "books"."title" = ?)`,
      1,
      'a',
    )
  })

  it('are LEFT for isnull, INNER for its opposite', async () => {
    await expectJoins(
      filter(book, { editor__email__isnull: true }),
      `${BOOK}left ${TO_EDITOR}where "authors"."email" is null`,
    )
    await expectJoins(
      filter(book, { editor__email__isnull: false }),
      `${BOOK}inner ${TO_EDITOR}where "authors"."email" is not null`,
    )
    await expectJoins(
      withExclude(book, [{ editor__email__isnull: true }]),
      `${BOOK}inner ${TO_EDITOR}where not ("authors"."email" is null)`,
    )
  })

  it('are left out where the key is on the near side', async () => {
    await expectJoins(
      filter(book, { editor__isnull: true }),
      `${BOOK}where "books"."editor_id" is null`,
    )
    await expectJoins(
      filter(book, { author__mentor__id: 3 }),
      `${BOOK}inner ${TO_AUTHOR}where "authors"."mentor_id" = ?k`,
      3,
    )
  })

  it('name a table that is there twice', async () => {
    await expectJoins(
      filter(book, { author__name: 'a', editor__name: F('author__name') }),
      `${BOOK}inner ${TO_AUTHOR}inner join "authors" as "t3" on "books"."editor_id" = "t3"."id" ` +
        'where "authors"."name" = ? and "t3"."name" = "authors"."name"',
      'a',
    )
  })

  it('are found from the other side of a one-to-one relation', async () => {
    await expectJoins(
      filter(author, { profile__text: 'x' }),
      `${AUTHOR}inner join "profiles" on "authors"."id" = "profiles"."author_id" where "profiles"."text" = ?`,
      'x',
    )
    await expectJoins(
      filter(author, { profile__isnull: true }),
      `${AUTHOR}left join "profiles" on "authors"."id" = "profiles"."author_id" where "profiles"."id" is null`,
    )
  })
})

describe('compile: joins to many rows', () => {
  it('are shared within one call', async () => {
    await expectJoins(
      filter(author, { books__title: 'a', books__pages: 1 }),
      `${AUTHOR}inner ${TO_BOOKS}where "books"."title" = ? and "books"."pages" = ?`,
      'a',
      1,
    )
  })

  it('are new ones in the next call', async () => {
    await expectJoins(
      filter(author, { books__title: 'a' }, { books__pages: 1 }),
      `${AUTHOR}inner ${TO_BOOKS}inner join "books" as "t3" on "authors"."id" = "t3"."author_id" ` +
        'where "books"."title" = ? and "t3"."pages" = ?',
      'a',
      1,
    )
  })

  it('are shared with the next call where a manager says so', async () => {
    await expectJoins(
      filter(withSticky(filter(author, { books__title: 'a' })), { books__pages: 1 }),
      `${AUTHOR}inner ${TO_BOOKS}where "books"."title" = ? and "books"."pages" = ?`,
      'a',
      1,
    )
  })

  it('go through the join table, and no further than needed', async () => {
    const through = 'inner join "books_tags" on "books"."id" = "books_tags"."book_id" '
    await expectJoins(
      filter(book, { tags: 3 }),
      `${BOOK}${through}where "books_tags"."tag_id" = ?k`,
      3,
    )
    await expectJoins(
      filter(book, { tags__name: 'x' }),
      `${BOOK}${through}inner join "tags" on "books_tags"."tag_id" = "tags"."id" where "tags"."name" = ?`,
      'x',
    )
  })

  it('are LEFT for rows without related ones', async () => {
    await expectJoins(
      filter(author, { books__isnull: true }),
      `${AUTHOR}left ${TO_BOOKS}where "books"."id" is null`,
    )
  })
})

describe('compile: exclude over many rows', () => {
  const exists = (where: string): string =>
    `exists (select 1 from "books" as "u0" where ${where} and "u0"."author_id" = "authors"."id" limit 1)`

  it('is an EXISTS per condition', async () => {
    await expectJoins(
      withExclude(author, [{ books__title: 'a', books__pages: 1 }]),
      `${AUTHOR}where not (${exists('"u0"."title" = ?')} and ${exists('"u0"."pages" = ?')})`,
      'a',
      1,
    )
  })

  it('refers to the outer row for columns', async () => {
    await expectJoins(
      withExclude(author, [{ books__title: F('name') }]),
      `${AUTHOR}where not (${exists('"u0"."title" = "authors"."name"')})`,
    )
  })

  it('speaks of the same row within one call', async () => {
    await expectJoins(
      filter(author, Q.and({ books__title: 'a' }, Q.not({ books__pages: 1 }))),
      `${AUTHOR}inner ${TO_BOOKS}where "books"."title" = ? and not (exists (select 1 from "books" as "u0" ` +
        'where "u0"."pages" = ? and "u0"."id" = "books"."id" limit 1))',
      'a',
      1,
    )
  })

  it('speaks of the same row of a join table, which may have no key of its own', async () => {
    await expectJoins(
      filter(book, Q.and({ tags__name: 'x' }, Q.not({ tags__name: 'y' }))),
      `${BOOK}inner join "books_tags" on "books"."id" = "books_tags"."book_id" inner join "tags" ` +
        'on "books_tags"."tag_id" = "tags"."id" where "tags"."name" = ? and not (exists (select 1 ' +
        'from "books_tags" as "u0" inner join "tags" as "u1" on "u0"."tag_id" = "u1"."id" where ' +
        '"u1"."name" = ? and "u0"."book_id" = "books_tags"."book_id" and ' +
        '"u0"."tag_id" = "books_tags"."tag_id" limit 1))',
      'x',
      'y',
    )
  })

  it('makes the joins of conditions that cannot hold, since they make rows', async () => {
    await expectJoins(
      filter(author, Q.or({ books__id__in: [] }, { name: 'a' })),
      `${AUTHOR}left ${TO_BOOKS}where "authors"."name" = ?`,
      'a',
    )
  })

  it('looks for rows without related ones inside', async () => {
    await expectJoins(
      withExclude(author, [{ books__isnull: true }]),
      `${AUTHOR}where not (exists (select 1 from "authors" as "u0" left join "books" as "u1" ` +
        'on "u0"."id" = "u1"."author_id" where "u1"."id" is null and "u0"."id" = "authors"."id" limit 1))',
    )
  })

  it('joins what lies before the many outside', async () => {
    await expectJoins(
      withExclude(book, [{ editor__students__name: 'x' }]),
      `${BOOK}where not (exists (select 1 from "authors" as "u0" ` +
        'where "u0"."name" = ? and "u0"."mentor_id" = "books"."editor_id" limit 1))',
      'x',
    )
  })

  it('goes through the join table', async () => {
    await expectJoins(
      withExclude(book, [{ tags__name: 'x' }]),
      `${BOOK}where not (exists (select 1 from "books_tags" as "u0" inner join "tags" as "u1" ` +
        'on "u0"."tag_id" = "u1"."id" where "u1"."name" = ? and "u0"."book_id" = "books"."id" limit 1))',
      'x',
    )
  })

  it('is a subquery under two NOTs as well', async () => {
    await expectJoins(
      withExclude(author, [Q.not({ books__title: 'a' })]),
      `${AUTHOR}where not (not (${exists('"u0"."title" = ?')}))`,
      'a',
    )
  })
})
