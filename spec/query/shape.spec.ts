import { expect } from 'chai'
import fc from 'fast-check'
import { compileAggregate } from '../../lib/compile/aggregates.ts'
import { compilationCount } from '../../lib/compile/cache.ts'
import { compileDelete } from '../../lib/compile/delete.ts'
import { compileInsert } from '../../lib/compile/insert.ts'
import { compileCount, compileExists, compileSelect } from '../../lib/compile/select.ts'
import type { CompiledStatement } from '../../lib/compile/statement.ts'
import { compileUpdate } from '../../lib/compile/update.ts'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { resolveAggregates } from '../../lib/query/aggregate-spec.ts'
import { Count, Sum } from '../../lib/query/aggregates.ts'
import { resolveAssignments } from '../../lib/query/assignments.ts'
import { F } from '../../lib/query/expression.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withFlat, withValues } from '../../lib/query/projection.ts'
import { Q } from '../../lib/query/q.ts'
import { withDefer, withOnly, withSelectRelated } from '../../lib/query/related.ts'
import { shapeOf } from '../../lib/query/shape.ts'
import {
  withDistinct,
  withExclude,
  withFilter,
  withNone,
  withOrdering,
  withReverse,
  withSlice,
} from '../../lib/query/state.ts'
import { QuerySet } from '../../lib/queryset/queryset.ts'
import { all, metas, withoutCache } from '../compile/support.ts'

const DIALECTS = ['sqlite', 'postgresql', 'mysql'] as const

/** A part of a query: what it is, and how it is made of values. */
interface Part {
  readonly values: number
  readonly add: (state: QueryState, values: readonly Value[]) => QueryState
}

interface Value {
  readonly number: number
  readonly text: string
  readonly json: unknown
}

const value: fc.Arbitrary<Value> = fc.record({
  number: fc.integer({ min: -1000, max: 1000 }),
  text: fc.string(),
  json: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.constant([1])),
})

const filters: readonly ((value: Value) => object)[] = [
  ({ number }) => ({ pages: number }),
  ({ number }) => ({ pages: number > 0 ? number : null }),
  ({ number }) => ({ pages__gt: number * 10_000_000 }),
  ({ number }) => ({ pages__in: Array.from({ length: Math.abs(number) % 5 }, (_, at) => at) }),
  ({ number }) => ({ isbn__range: [number, number + 1] }),
  ({ text }) => ({ title__icontains: text }),
  ({ text }) => ({ title__in: [text, `${text}!`] }),
  ({ text }) => ({ author__name__startswith: text }),
  ({ text }) => ({ author__country__name: text, pages__lt: text.length }),
  ({ text }) => ({ tags__name: text }),
  ({ text, number }) => ({ reviews__stars__gte: number, reviews__book__title: text }),
  ({ json }) => ({ data__owner: json }),
  ({ json }) => ({ data__owner__in: [json, 1] }),
  ({ json }) => ({ data__tags__0: json }),
  ({ number }) => ({ at__year: 1000 + Math.abs(number) }),
  ({ number }) => ({ pages__gt: F('rating').add(number) }),
  ({ number }) => ({ author__in: new QuerySet(withFilter(all.Author, [{ id__lt: number }])) }),
  ({ text }) => ({ cover__in: [Buffer.from(text)] }),
]

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.constantFrom(...filters).map((make) => ({
    values: 1,
    add: (state: QueryState, [one]: readonly Value[]) => withFilter(state, [asked(make, one)]),
  })),
  fc.constantFrom(...filters).map((make) => ({
    values: 1,
    add: (state: QueryState, [one]: readonly Value[]) => withExclude(state, [asked(make, one)]),
  })),
  fc
    .tuple(fc.constantFrom(...filters), fc.constantFrom(...filters), fc.constantFrom('or', 'xor'))
    .map(([first, second, connector]) => ({
      values: 2,
      add: (state: QueryState, [one, two]: readonly Value[]) =>
        withFilter(state, [
          Q[connector as 'or'](Q(asked(first, one) as never), Q.not(asked(second, two) as never)),
        ]),
    })),
)

type Ending = (state: QueryState, value: Value) => QueryState

const ending: fc.Arbitrary<Ending> = fc.constantFrom<Ending[]>(
  (state) => state,
  (state) => withOrdering(state, ['-author__name', 'id']),
  (state) => withReverse(withOrdering(state, [F('pages').asc({ nulls: 'last' })])),
  (state) => withValues(state, ['title', 'author__name', 'data__owner']),
  (state) => withDistinct(withFlat(state, 'pages'), null),
  (state) => withSelectRelated(state, ['author__country', 'editor']),
  (state) => withOnly(state, ['title']),
  (state) => withDefer(state, ['title', 'pages']),
  (state, { number }) => withSlice(state, Math.abs(number) % 3, 5),
  (state, { number }) => withSlice(state, 1, 1 + (Math.abs(number) % 3)),
  (state) => withNone(state),
)

function asked(make: (value: Value) => object, given: Value | undefined): object {
  return make(given as Value)
}

type Compile = (state: QueryState, dialect: DialectName) => CompiledStatement | null

const verbs: readonly Compile[] = [
  compileSelect,
  compileCount,
  compileExists,
  (state, dialect) =>
    compileAggregate(
      state,
      resolveAggregates(state, { n: Count('*'), sum: Sum('pages', { default: 3 }) }),
      dialect,
    ),
  (state, dialect) =>
    compileUpdate(state, resolveAssignments(state, { pages: 3, title: 'x' }), dialect),
  compileDelete,
]

/** A statement without what only says how it was made. */
function outcome(compile: () => CompiledStatement | null): unknown {
  try {
    const statement = compile()
    return statement && [statement.sql, ...statement.bindings]
  } catch (error) {
    return (error as Error).message
  }
}

describe('query: shapes', () => {
  it('of equal key have equal text, and each query gets its own values', () => {
    const twice = fc.array(fc.tuple(part, value, value, value, value), { maxLength: 4 })
    fc.assert(
      fc.property(twice, ending, value, value, (parts, end, last, otherLast) => {
        const build = (from: number): QueryState =>
          end(
            parts.reduce<QueryState>(
              (state, [{ add, values }, ...given]) => add(state, given.slice(from, from + values)),
              all.Book,
            ),
            from === 0 ? last : otherLast,
          )
        const [one, other] = [build(0), build(2)]
        for (const dialect of DIALECTS) {
          for (const compile of verbs) {
            const plain = [one, other].map((state) =>
              withoutCache(() => outcome(() => compile(state, dialect))),
            )
            // In this order, so that the second may get what was compiled for the first.
            const cached = [one, other].map((state) => outcome(() => compile(state, dialect)))
            expect(cached, dialect).to.deep.equal(plain)
          }
        }
        const texts = [one, other].map(
          (state) => withoutCache(() => compileSelect(state, 'postgresql'))?.sql,
        )
        if (texts[0] !== texts[1] && !texts.some(isOfItsList)) {
          expect(shapeOf(one).key).to.not.equal(shapeOf(other).key)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('do not depend on values, nor on how many there are in a list', () => {
    const keys = [[1], [1, 2, 3], Array.from({ length: 3000 }, (_, at) => at)].map(
      (list) => shapeOf(withFilter(all.Book, [{ pages__in: list, title: String(list) }])).key,
    )
    expect(new Set(keys)).to.have.property('size', 1)
    expect(keys[0]).to.not.contain('1,2,3')
  })

  it('are compiled once', () => {
    const before = compilationCount()
    for (let pages = 0; pages < 50; pages += 1) {
      compileSelect(withSlice(withFilter(all.Book, [{ rating__gt: pages }]), pages, 99), 'sqlite')
    }
    // The first slice starts at 0, which has no OFFSET.
    expect(compilationCount() - before).to.equal(2)
  })

  it('of an insert of one row are its columns', () => {
    const { Author } = metas
    const [, name, email] = Author.columns as readonly [never, ...(typeof Author.columns)[number][]]
    if (name === undefined || email === undefined) throw new TypeError('There are columns.')
    const insert = (columns: readonly (typeof name)[], row: readonly unknown[]) =>
      compileInsert(
        { model: Author, columns, rows: [row], returning: [Author.primaryKey] },
        'sqlite',
      )
    const before = compilationCount()
    expect(insert([name, email], ['a', null]).bindings).to.deep.equal(['a', null])
    expect(insert([name, email], ['b', 'c']).bindings).to.deep.equal(['b', 'c'])
    expect(insert([email], ['d']).bindings).to.deep.equal(['d'])
    expect(compilationCount() - before).to.equal(2)
    expect(() => insert([email], [undefined])).to.throw('has no value')
  })

  it('of an insert of rows into PostgreSQL and SQLite are its columns too, however many rows there are', () => {
    const { Author } = metas
    const [, name] = Author.columns as readonly (typeof Author.columns)[number][]
    if (name === undefined) throw new TypeError('There are columns.')
    const insert = (count: number, dialect: DialectName) =>
      compileInsert(
        {
          model: Author,
          columns: [name],
          rows: Array.from({ length: count }, (_, at) => [`n${at}`]),
          returning: [],
        },
        dialect,
      )
    const before = compilationCount()
    expect(insert(2, 'postgresql').bindings).to.deep.equal(['{"n0","n1"}'])
    expect(insert(3, 'postgresql').bindings).to.deep.equal(['{"n0","n1","n2"}'])
    expect(insert(70_000, 'postgresql').bindings).to.have.lengthOf(1)
    expect(compilationCount() - before).to.equal(1)
    expect(insert(2, 'sqlite').bindings).to.deep.equal(['[["n0"],["n1"]]'])
    expect(insert(3, 'sqlite').bindings).to.deep.equal(['[["n0"],["n1"],["n2"]]'])
    expect(compilationCount() - before).to.equal(2)
    // Elsewhere each number has its text, of which the one of long lists is kept.
    for (let time = 0; time < 2; time += 1) {
      expect(insert(65_000, 'mysql').bindings).to.have.lengthOf(65_000)
      expect(insert(3, 'mysql').bindings).to.deep.equal(['n0', 'n1', 'n2'])
    }
    expect(compilationCount() - before).to.equal(5)
  })

  it('with one part in two places are compiled each time, since others may have two', () => {
    const few = withFilter(all.Author, [{ id__lt: 5 }])
    const many = withFilter(all.Author, [{ id__lt: 50 }])
    const both = (one: QueryState, two: QueryState): QueryState =>
      withFilter(all.Book, [{ author__in: new QuerySet(one), editor__in: new QuerySet(two) }])
    const bindings = (state: QueryState): unknown => compileSelect(state, 'sqlite')?.bindings
    expect(bindings(both(few, few))).to.deep.equal([5, 5])
    expect(bindings(both(few, many))).to.deep.equal([5, 50])
    expect(bindings(both(many, many))).to.deep.equal([50, 50])
  })
})

/** Lists of JSON values are written out, so that such a text is its list's own, and not kept. */
function isOfItsList(text: string | undefined): boolean {
  return text?.includes('::jsonb or ') === true
}
