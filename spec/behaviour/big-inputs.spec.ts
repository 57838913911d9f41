/** What is large is answered, or refused by name before any SQL; the stack is never the limit. */
import { expect } from 'chai'
import { Count, F, Q, QueryTooComplexError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, useBookshop } from './support/bookshop.ts'
import { thrown } from './support/stage.ts'

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const named = (count: number): Record<string, ReturnType<typeof F>> =>
  Object.fromEntries(many(count, (at) => [`x${at}`, F('pages')]))

type AnyCondition = ReturnType<typeof Q.not>
type Books = ReturnType<typeof Book.objects.all>

function nested(depth: number, next: (q: AnyCondition, at: number) => AnyCondition): AnyCondition {
  let q: AnyCondition = Q({ pages: 0 })
  for (let at = 1; at < depth; at += 1) q = next(q, at)
  return q
}

describeOnEach('large inputs', (kind) => {
  const shop = useBookshop(kind)
  // Source: RELIABILITY S48.
  it('in takes a million values, as one bound value', async () => {
    const pages = many(1_000_000, (at) => at + 1)
    const books = Book.objects.filter({ pages__in: pages })
    expect(books.toSQL().bindings).to.have.lengthOf(1)
    const found = await Book.objects.filter({ pages__lte: 1_000_000, pages__gt: 0 }).count()
    expect(await shop.sends(1, () => books.count())).to.equal(found)
    const titles = pages.map(String)
    expect(await shop.sends(1, () => Book.objects.exclude({ title__in: titles }).count())).to.equal(
      await Book.objects.count(),
    )
  }).timeout(120_000)

  it('10,000 chained calls make a text in proportion, which runs (F53)', async () => {
    const chain = (length: number): Books => {
      let books = Book.objects.all()
      for (let at = 0; at < length; at += 1) books = books.filter({ pages__gte: -1 })
      return books
    }
    const [one, half, whole] = [1, 5000, 10_000].map((length) => chain(length).toSQL().sql.length)
    const each = ((half ?? 0) - (one ?? 0)) / 4999
    expect(whole).to.be.closeTo((one ?? 0) + each * 9999, (whole ?? 0) / 100)
    expect(await shop.sends(1, () => chain(10_000).count())).to.equal(await Book.objects.count())
  }).timeout(120_000)

  it('Q of any depth is answered or refused (F52)', async () => {
    const shapes: Readonly<Record<string, (q: AnyCondition, at: number) => AnyCondition>> = {
      'not or': (q, at) => Q.not(q.or({ pages: -at })),
      'and or': (q, at) => (at % 2 === 0 ? q.and({ pages: -at }) : q.or({ pages: -at })),
      xor: (q, at) => Q.xor(q, { pages: -at }),
      or: (q, at) => q.or({ pages: -at }),
      not: (q) => q.not(),
    }
    for (const [name, next] of Object.entries(shapes)) {
      await shop.sends(1, () => Book.objects.filter(nested(90, next)).count())
      for (const depth of [1000, 100_000]) {
        const made = (): unknown => Book.objects.filter(nested(depth, next)).toSQL()
        if (name === 'not' || (name === 'or' && depth === 1000)) made()
        else expect(thrown(made), `${name} ${depth}`).to.be.instanceOf(QueryTooComplexError)
      }
    }
    const wide = Q.or(...many(2000, (at) => ({ pages: -at })))
    expect(await shop.sends(1, () => Book.objects.filter(wide).count())).to.equal(
      await Book.objects.filter({ pages: 0 }).count(),
    )
  }).timeout(60_000)

  // Source: RELIABILITY S49, S50.
  it('what no database takes is refused before any SQL', async () => {
    const cases: Readonly<Record<string, () => unknown>> = {
      'wide Q': () => Q.or(...many(100_000, (at) => ({ pages: at }))),
      'union of 501': () => Book.objects.union(...many(500, () => Book.objects.all())).toSQL(),
      'union in union': () => {
        let books = Book.objects.all()
        for (let at = 0; at < 5000; at += 1) books = books.union(Book.objects.filter({ id: at }))
      },
      'annotate × 2001': () => Book.objects.annotate(named(2001)),
      'annotate × 2001, chained': () => {
        let books: { annotate(spec: object): never } = Book.objects.all() as never
        for (let at = 0; at < 2001; at += 1) books = books.annotate({ [`x${at}`]: F('pages') })
      },
      'values × 2001': () => Book.objects.values(named(2001)),
      'annotations of annotations': () => {
        let books = Book.objects.alias({ x0: F('pages') }) as never as Aliasable
        for (let at = 1; at < 2000; at += 1) {
          books = books.alias({ [`x${at}`]: F(`x${at - 1}`).add(1) })
        }
      },
      'annotations that double': () => {
        let books = Book.objects.alias({ x0: F('pages') }) as never as Aliasable
        for (let at = 1; at < 60; at += 1) {
          books = books.alias({ [`x${at}`]: F(`x${at - 1}`).add(F(`x${at - 1}`)) })
        }
      },
      '65 relations': () =>
        Author.objects.filter({ [`${'mentor__'.repeat(65)}name`]: 'x' } as object).toSQL(),
      '63 joins': () => {
        let authors = Author.objects.all()
        for (let at = 0; at < 63; at += 1) authors = authors.filter({ books__pages: at })
        authors.toSQL()
      },
      'a path of 1,000 parts': () =>
        Book.objects.filter({ [`${'a__'.repeat(1000)}b`]: 1 } as object),
      '100,000 keys': () =>
        Book.objects.filter(
          Object.fromEntries(many(100_000, (at) => [`pages__${at}`, 1])) as object,
        ),
      'a key of 10 MB': () => Book.objects.filter({ ['x'.repeat(10_000_000)]: 1 } as object),
      'a path of 10 MB': () => Book.objects.orderBy('x'.repeat(10_000_000) as 'id'),
      'subqueries in each other': () => {
        let books = Book.objects.filter({ pages: 1 })
        for (let at = 0; at < 5000; at += 1) {
          books = Book.objects.filter({ id__in: books.values('id') })
        }
      },
    }
    await shop.sends(0, () => {
      for (const [name, run] of Object.entries(cases)) {
        expect(thrown(run), name).to.be.instanceOf(QueryTooComplexError)
      }
    })
    const wide = Object.fromEntries(many(2001, (at) => [`x${at}`, Count('id')]))
    const row = Object.fromEntries(many(100_000, (at) => [`x${at}`, 1]))
    for (const asked of [
      () => Book.objects.aggregate(wide),
      () => Book.objects.create(row as never),
    ]) {
      const refused = await shop.sends(0, () => rejected(asked))
      expect(refused).to.be.instanceOf(QueryTooComplexError)
    }
  }).timeout(60_000)

  it('what is just within the limits runs', async () => {
    const all = await Book.objects.count()
    const union = Book.objects.union(...many(499, (at) => Book.objects.filter({ pages: -at })))
    expect(await union.count()).to.equal(all)
    let books = Book.objects.filter({ id__gt: 0 })
    for (let at = 0; at < 20; at += 1) books = Book.objects.filter({ id__in: books.values('id') })
    expect(await books.count()).to.equal(all)
    let chained = Book.objects.all()
    for (let at = 0; at < 199; at += 1) chained = chained.union(Book.objects.filter({ id: at }))
    expect(await chained.count()).to.equal(all)
    expect(await Author.objects.filter({ [`${'mentor__'.repeat(61)}name`]: 'x' } as object)).to.eql(
      [],
    )
    expect(await Book.objects.values(named(1500)).count()).to.equal(all)
  }).timeout(60_000)
})

interface Aliasable {
  alias(spec: object): Aliasable
}

async function rejected(ask: () => unknown): Promise<unknown> {
  try {
    await ask()
    return undefined
  } catch (error) {
    return error
  }
}
