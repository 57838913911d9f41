/** Full-text search and likeness of texts, which PostgreSQL has and SQLite refuses. */
import { expect } from 'chai'
import {
  F,
  FieldError,
  fields,
  Lower,
  NotSupportedError,
  RawSQL,
  SearchQuery,
  SearchRank,
  SearchVector,
  TrigramDistance,
  TrigramSimilarity,
  TrigramWordSimilarity,
  Value,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, useBookshop } from './support/bookshop.ts'
import { rejection } from './support/stage.ts'

const english = { config: 'english' } as const

describeOnEach('search', (kind) => {
  const shop = useBookshop(kind)
  const isPostgres = kind.dialect === 'postgresql'
  beforeEach(async () => {
    await Book.objects.filter({ id: 1 }).update({ title: 'The cheeses of old France' })
    await Book.objects.filter({ id: 2 }).update({ title: 'Blue cheese' })
    await Book.objects.filter({ id: 3 }).update({ title: 'Wine' })
  })

  if (!isPostgres) {
    it('is refused where there is none', async () => {
      const vector = SearchVector('title')
      for (const query of [
        Book.objects.filter({ title__search: 'cheese' }),
        Book.objects.filter({ title__trigramSimilar: 'cheese' }),
        Book.objects.values({ x: SearchRank(vector, 'cheese') }),
        Book.objects.values({ x: TrigramSimilarity('title', 'cheese') }),
      ]) {
        const error = await shop.sends(0, () => rejection(query))
        expect(error).to.be.instanceOf(NotSupportedError)
        expect(String(error)).to.match(/icontains.*FTS5/)
      }
    })

    it('is there by a table of words', async () => {
      const { knex } = shop.db
      await knex.raw(
        "create virtual table words using fts5(title, content='books', content_rowid='id')",
      )
      await knex.raw("insert into words(words) values ('rebuild')")
      const sql = 'books.id in (select rowid from words where words match ?)'
      const isFound = RawSQL(sql, ['cheese* NOT blue'], fields.boolean())
      expect(named(await Book.objects.filter(isFound))).to.eql(['The cheeses of old France'])
    })
    return
  }

  it('finds words in any of their forms', async () => {
    const found = Book.objects.annotate({ words: SearchVector('title', 'author__name', english) })
    const titles = async (query: PromiseLike<Iterable<object>>): Promise<string[]> =>
      named(await query)
    const ordered = found.orderBy('id')
    expect(await titles(ordered.filter({ words__search: SearchQuery('cheeses', english) }))).to.eql(
      ['The cheeses of old France', 'Blue cheese'],
    )
    expect(
      await titles(ordered.filter({ words__search: SearchQuery('ann wine', english) })),
    ).to.eql(['Wine'])
    expect(await titles(ordered.filter({ words__search: 'cheeses' }))).to.eql([
      'The cheeses of old France',
      'Blue cheese',
    ])
    expect(await titles(ordered.filter({ words: 'ann wines' }))).to.eql(['Wine'])
    expect(await found.exclude({ words: 'cheese' }).count()).to.equal(2)
    expect(await titles(Book.objects.filter({ title__search: 'blue' }))).to.eql(['Blue cheese'])
    const inEnglish = SearchQuery('wines', english)
    expect(await titles(Book.objects.filter({ title__search: inEnglish }))).to.eql(['Wine'])
    expect(await titles(Book.objects.filter({ author__name__search: 'bob' }))).to.eql(['D'])
    expect(await Book.objects.exclude({ title__search: 'blue' }).count()).to.equal(3)
    const evil = "'); drop table books; --"
    expect(await titles(Book.objects.filter({ title__search: evil }))).to.eql([])
    for (const [text, searchType, expected] of [
      ['old france', 'phrase', 1],
      ['france old', 'phrase', 0],
      ['chees:* & !blue', 'raw', 1],
      ['cheese -blue or wine', 'websearch', 2],
    ] as const) {
      const query = SearchQuery(text, { ...english, searchType })
      expect(await found.filter({ words__search: query }).count(), text).to.equal(expected)
    }
  })

  it('ranks', async () => {
    const query = SearchQuery('cheese', english)
    const rank = SearchRank(SearchVector('title', { ...english, weight: 'A' }), query, {
      weights: [0, 0, 0, 1],
      normalization: 1,
    })
    const rows = await Book.objects.annotate({ rank }).filter({ rank__gt: 0 }).orderBy('-rank')
    expect(named(rows)).to.deep.equal(['Blue cheese', 'The cheeses of old France'])
    const cover = SearchRank('title', 'cheese', { coverDensity: true })
    const [first] = await Book.objects.orderBy(cover.desc()).values({ cover })
    expect(first?.cover).to.be.a('number')
  })

  it('knows texts that are alike', async () => {
    const alike = Author.objects.orderBy(TrigramDistance('name', 'Anna'))
    const error = await rejection(alike)
    expect(String(error)).to.include('create extension pg_trgm')
    expect(
      String(await rejection(Author.objects.values({ x: TrigramSimilarity('name', 'Ana') }))),
    ).to.include('create extension pg_trgm')
    await shop.db.knex.raw('create extension pg_trgm')
    expect(named(await alike)).to.have.ordered.members(['Ann', 'Bob', 'Cyd'])
    const near = TrigramSimilarity('name', 'Anne')
    const rows = await Author.objects.annotate({ near }).filter({ near__gt: 0.2 })
    expect(named(rows)).to.deep.equal(['Ann'])
    expect(named(await Author.objects.filter({ name__trigramSimilar: 'Anne' }))).to.eql(['Ann'])
    expect(await Book.objects.filter({ title__trigramWordSimilar: 'france' }).count()).to.equal(1)
    const [row] = await Book.objects.filter({ id: 1 }).values({
      x: TrigramWordSimilarity('France', 'title'),
      y: TrigramSimilarity('title', F('title') as never),
    })
    expect(row).to.deep.equal({ x: 1, y: 1 })
  })
})

describe('searches', () => {
  it('check their options', () => {
    for (const make of [
      () => SearchVector(),
      () => SearchVector('title', { weight: 'E' as 'A' }),
      () => SearchVector('title', { config: "english'; --" }),
      () => SearchVector('title', { language: 'x' } as object),
      () => SearchQuery('x', { searchType: 'toString' as 'raw' }),
      () => SearchQuery('x', { config: '' }),
      () => SearchRank('title', 'x', { weights: [1, 2] as never }),
      () => SearchRank('title', 'x', { normalization: -1 }),
    ]) {
      expect(make).to.throw(FieldError)
    }
    expect(() => Book.objects.values({ x: SearchVector('pages') })).to.throw(FieldError)
    expect(() => Book.objects.values({ x: SearchRank('title', Value('x') as never) })).to.throw(
      FieldError,
    )
    const words = Book.objects.annotate({ words: SearchVector('title') })
    // @ts-expect-error a document is no text
    expect(() => words.filter({ words__icontains: 'x' })).to.throw(FieldError, 'words__icontains')
    // @ts-expect-error nor is it ordered
    expect(() => words.filter({ words__gt: 'x' })).to.throw(FieldError)
    expect(() => words.values({ x: Lower('words') })).to.throw(FieldError)
    // @ts-expect-error numbers have no words
    expect(() => Book.objects.filter({ pages__search: 'x' })).to.throw(FieldError)
    // @ts-expect-error no column of that name
    expect(() => Book.objects.values({ x: SearchVector('titel') })).to.throw(FieldError)
  })
})
