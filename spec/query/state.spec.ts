import { expect } from 'chai'
import { compileSelect } from '../../lib/compile/select.ts'
import { FieldError, InvalidValueError } from '../../lib/errors.ts'
import { registerInstanceReader, registerQueryReader } from '../../lib/query/hooks.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withValues } from '../../lib/query/projection.ts'
import {
  initialState,
  isOrdered,
  patchState,
  withDistinct,
  withExclude,
  withFilter,
  withNone,
  withOrdering,
  withReverse,
  withSlice,
} from '../../lib/query/state.ts'
import { all, metas } from '../compile/support.ts'

const ids = withValues(all.Book, ['id'])

describe('query: state', () => {
  it('is frozen, and a change is a copy', () => {
    const changed = withFilter(ids, [{ id: 1 }])
    expect(
      Object.isFrozen(ids) && Object.isFrozen(changed) && Object.isFrozen(changed.steps),
    ).to.equal(true)
    expect(ids.steps).to.equal(null)
    expect(patchState(changed, { database: 'other' }).steps).to.equal(changed.steps)
  })

  it('shares its steps with the state it was made of, however many there are', () => {
    let state: QueryState = ids
    for (let i = 0; i < 10_000; i += 1) {
      const next = withFilter(state, [{ pages__gt: i }])
      expect(next.steps?.previous === state.steps && next.steps?.length === i + 1).to.equal(true)
      state = next
    }
  })

  // Source: DJANGO-SEMANTICS 2.
  it('takes slices of slices inside the window', () => {
    const window = ({ offset, limit, isNone }: QueryState): unknown[] => [offset, limit, isNone]
    expect(window(withSlice(ids, 2, 8))).to.deep.equal([2, 6, false])
    expect(window(withSlice(withSlice(ids, 2, 8), 1, 3))).to.deep.equal([3, 2, false])
    expect(window(withSlice(withSlice(ids, 2, 8), 1, 30))).to.deep.equal([3, 5, false])
    expect(window(withSlice(withSlice(ids, 2, 8), 4))).to.deep.equal([6, 2, false])
    expect(window(withSlice(withSlice(ids, 2), 1))).to.deep.equal([3, null, false])
    expect(window(withSlice(withSlice(ids, 2, 8), 7, 9))[2]).to.equal(true)
    expect(window(withSlice(ids, 5, 5))[2]).to.equal(true)
    expect(window(withSlice(ids, 5, 3))[2]).to.equal(true)
  })

  // Source: RELIABILITY S34.
  it('takes whole numbers of zero or more as bounds', () => {
    const bounds = [
      '1; drop',
      'abc',
      '0x10',
      Number.NaN,
      -1,
      1.5,
      Number.POSITIVE_INFINITY,
      {},
      [1],
      null,
      true,
      2 ** 53,
      10n ** 30n,
    ]
    for (const bound of bounds) {
      expect(() => withSlice(ids, 0, bound as number), String(bound)).to.throw(RangeError)
      expect(() => withSlice(ids, bound as number), String(bound)).to.throw(RangeError)
    }
    expect(() => withSlice(ids, -1)).to.throw(RangeError, 'Negative indexing is not supported')
  })

  it('cannot be filtered, ordered or made distinct after a slice', () => {
    const sliced = withSlice(ids, 0, 5)
    expect(() => withFilter(sliced, [{ id: 1 }])).to.throw(
      FieldError,
      'Cannot filter a query once a slice has been taken.',
    )
    expect(() => withExclude(sliced, [{ id: 1 }])).to.throw(FieldError)
    expect(() => withOrdering(sliced, ['id'])).to.throw(FieldError, 'Cannot reorder')
    expect(() => withReverse(sliced)).to.throw(FieldError)
    expect(() => withDistinct(sliced, null)).to.throw(FieldError)
    expect(withFilter(sliced, [])).to.equal(sliced)
  })

  it('knows whether it is ordered', () => {
    expect(isOrdered(initialState(metas.Book))).to.equal(true)
    expect(isOrdered(all.Book)).to.equal(false)
    expect(isOrdered(withOrdering(all.Book, ['id']))).to.equal(true)
    expect(isOrdered(withNone(all.Book))).to.equal(true)
    expect(isOrdered(initialState(metas.Author))).to.equal(false)
  })
})

describe('query: instances and querysets as values', () => {
  class Row {
    readonly #values: object
    readonly model: typeof metas.Book

    constructor(model: typeof metas.Book, values: object) {
      this.model = model
      this.#values = values
    }

    static view(value: object): ReturnType<Parameters<typeof registerInstanceReader>[0]> {
      if (!(#values in value)) return null
      const values = value.#values as Record<string, unknown>
      return { model: value.model, valueOf: (column) => values[column.name] ?? null }
    }
  }

  class Query {
    readonly #state: QueryState

    constructor(state: QueryState) {
      this.#state = state
    }

    static state(value: object): QueryState | null {
      return #state in value ? value.#state : null
    }
  }

  // Others in this process read real instances and querysets.
  let restore: () => void
  beforeEach(() => {
    const readInstance = registerInstanceReader(Row.view)
    const readQuery = registerQueryReader(Query.state)
    restore = () => {
      registerInstanceReader(readInstance)
      registerQueryReader(readQuery)
    }
  })
  afterEach(() => restore())

  function compiled(where: object): readonly unknown[] {
    const select = compileSelect(withFilter(ids, [where]), 'sqlite')
    const text = select?.sql.split(' where ').slice(1).join(' where ')
    return [text, ...(select?.bindings ?? [])]
  }

  it('take instances by their key', () => {
    const ann = new Row(metas.Author, { id: 7 })
    expect(compiled({ author: ann })).to.deep.equal(['"books"."author_id" = ?', 7])
    expect(compiled({ authorId: ann })).to.deep.equal(['"books"."author_id" = ?', 7])
    expect(compiled({ author__in: [ann, 5] })).to.deep.equal([
      '"books"."author_id" in (select value from json_each(?))',
      '[7,5]',
    ])
    expect(compiled({ author__mentor: ann })).to.deep.equal(['"authors"."mentor_id" = ?', 7])
  })

  it('refuse instances of other models and unsaved ones', () => {
    expect(() => compiled({ author: new Row(metas.Book, { id: 7 }) })).to.throw(
      InvalidValueError,
      'Book.author takes an instance of Author, got one of Book.',
    )
    expect(() => compiled({ author: new Row(metas.Author, {}) })).to.throw(
      InvalidValueError,
      'must be saved',
    )
    expect(() => compiled({ title: new Row(metas.Author, { id: 7 }) })).to.throw(InvalidValueError)
  })

  it('take querysets as subqueries', () => {
    const authors = new Query(withFilter(initialState(metas.Author), [{ name: 'a' }]))
    expect(compiled({ author__in: authors })).to.deep.equal([
      '"books"."author_id" in (select "u0"."id" as "c0" from "authors" as "u0" where "u0"."name" = ?)',
      'a',
    ])
    const one = new Query(withSlice(withOrdering(withValues(all.Book, ['pages']), ['title']), 0, 1))
    expect(compiled({ pages: one })).to.deep.equal([
      '"books"."pages" = (select "u0"."pages" as "c0" from "books" as "u0" order by "u0"."title" asc limit ?)',
      1,
    ])
    expect(
      compiled({ pages__in: new Query(withNone(withValues(all.Book, ['pages']))) }),
    ).to.deep.equal([undefined])
    const outer = withExclude(ids, [
      { pages__in: new Query(withNone(withValues(all.Book, ['pages']))) },
    ])
    expect(compileSelect(outer, 'sqlite')?.sql).to.equal('select "books"."id" from "books"')
  })

  it('refuse querysets of several rows, several columns, other models', () => {
    const authors = new Query(initialState(metas.Author))
    const refused: readonly [object, string][] = [
      [{ author: authors }, 'must be limited to one row'],
      [{ pages__in: new Query(withValues(all.Book, ['id', 'pages'])) }, 'exactly one column'],
      [{ author__in: new Query(initialState(metas.Book)) }, 'takes a queryset of Author'],
      [{ pages__gt: authors }, 'Book.pages'],
    ]
    for (const [where, message] of refused) {
      expect(() => compiled(where), message).to.throw(InvalidValueError, message)
    }
  })
})
