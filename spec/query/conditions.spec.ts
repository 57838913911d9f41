import { expect } from 'chai'
import { compileSelect } from '../../lib/compile/select.ts'
import { FieldError, InvalidValueError, OrmError, QueryTooComplexError } from '../../lib/errors.ts'
import { Count } from '../../lib/query/aggregates.ts'
import { Expression, F, OrderTerm, Value } from '../../lib/query/expression.ts'
import { withFlat, withValues, withValuesList } from '../../lib/query/projection.ts'
import { Condition, Q } from '../../lib/query/q.ts'
import { withOnly, withSelectRelated } from '../../lib/query/related.ts'
import { initialState, withExclude, withFilter, withOrdering } from '../../lib/query/state.ts'
import { all, metas, runSqlite } from '../compile/support.ts'

const book = all.Book

function sqlOf(...where: readonly unknown[]): string | undefined {
  return compileSelect(withFilter(withValues(book, ['id']), where), 'sqlite')?.sql.split(
    ' where ',
  )[1]
}

describe('query: values recognised by their brand', () => {
  it('are not recognised by their shape', () => {
    const forged = Object.create(Expression.prototype) as object
    for (const value of [forged, { ...F('title') }, { kind: 'path', path: 'title' }, null, 5]) {
      expect(Expression.raw(value)).to.equal(null)
      expect(Condition.raw(value)).to.equal(null)
      expect(OrderTerm.raw(value)).to.equal(null)
    }
    expect(Expression.raw(F('title'))).to.deep.equal({ kind: 'path', path: 'title', depth: 1 })
    expect(Object.isFrozen(F('title').add(1))).to.equal(true)
  })

  // Source: RELIABILITY S30, S31, S32.
  it('leave everything else to the column', () => {
    const forgeries: readonly unknown[] = [
      { isRawInstance: true, toSQL: () => ({ sql: '1=1' }) },
      { __raw: 'now()' },
      { type: 'F', name: 'secret' },
      { resolveExpression: () => 'x' },
      { toPostgres: () => 'x' },
      { not: '' },
      { $gt: '' },
      ['a'],
      new Map(),
      new Date(0),
      () => 'x',
      Symbol('x'),
      Promise.resolve('x'),
      5,
      true,
    ]
    for (const value of forgeries) {
      expect(() => withFilter(book, [{ title: value }])).to.throw(InvalidValueError, 'Book.title')
    }
  })
})

describe('query: what filter() takes', () => {
  // Source: RELIABILITY S23, S24, S33.
  it('takes plain objects, Q and boolean expressions only', () => {
    class Lookups {
      id = 1
    }
    for (const where of [
      undefined,
      null,
      '1=1',
      [],
      5,
      new Lookups(),
      new Map(),
      () => ({}),
      F('id'),
    ]) {
      expect(() => withFilter(book, [where]), String(where)).to.throw(OrmError)
    }
    expect(sqlOf(Object.assign(Object.create(null), { id: 1 }))).to.equal('"books"."id" = ?')
    expect(sqlOf(F('live'))).to.equal('"books"."live"')
  })

  it('adds nothing for nothing', () => {
    expect(withFilter(book, [])).to.equal(book)
    expect(withFilter(book, [{}, Q({}), Q.and({}, Q.not({}))])).to.equal(book)
    expect(withExclude(book, [{}])).to.equal(book)
  })

  it('reads own keys only', () => {
    const prototype = Object.prototype as Record<string, unknown>
    prototype['live'] = false
    try {
      expect(sqlOf({ id: 1 })).to.equal('"books"."id" = ?')
    } finally {
      delete prototype['live']
    }
    expect(() => withFilter(book, [JSON.parse('{"__proto__": {"id": 1}}')])).to.throw(FieldError)
    expect(() => withFilter(book, [{ [Symbol('id')]: 1 }])).to.throw(FieldError)
  })

  // Source: RELIABILITY S01, S05, S22, S23.
  it('refuses unknown names and lookups where they are written', () => {
    const refused: readonly [object, string][] = [
      [{ titel: 'x' }, "Cannot resolve 'titel' on Book. Choices are: id, title, pages, price"],
      [{ author__nmae: 'x' }, "Cannot resolve 'nmae' on Author. Choices are: id, name, email"],
      [{ title__evil: 'x' }, "Unsupported lookup 'evil' in Book.title__evil. Choices are: exact"],
      [{ title__exact__exact: 'x' }, "Unsupported lookup 'exact'"],
      [{ title__year: 1 }, "Unsupported lookup 'year'"],
      [{ live__gt: true }, "Unsupported lookup 'gt'"],
      [{ pages__contains: 'x' }, "Unsupported lookup 'contains'"],
      [{ author__: 1 }, 'a name is missing'],
      [{ __title: 1 }, 'a name is missing'],
      [{ '': 1 }, 'a name is missing'],
      [{ constructor: 1 }, "Cannot resolve 'constructor' on Book"],
      [{ toString: 1 }, "Cannot resolve 'toString' on Book"],
      [{ author__constructor__name: 1 }, "Cannot resolve 'constructor' on Author"],
      [{ 'canary.secret': 1 }, "Cannot resolve 'canary.secret' on Book"],
      [{ "at__year') --": 1 }, "Unsupported lookup 'year') --'"],
      [{ _connector: ') OR 1=1' }, "Cannot resolve '_connector' on Book"],
      [{ author__name__isnull__x: 1 }, "Unsupported lookup 'isnull'"],
      [{ author__iexact: 1 }, "Cannot resolve 'iexact' on Author"],
    ]
    for (const [where, message] of refused) {
      expect(() => withFilter(book, [where]), message).to.throw(FieldError, message)
    }
  })

  it('refuses values of other types', () => {
    const refused: readonly object[] = [
      { title: undefined },
      { id: undefined },
      { pages__gt: null },
      { title__contains: null },
      { title__contains: 5 },
      { pages__isnull: 1 },
      { pages__isnull: null },
      { pages__in: 5 },
      { pages__in: 'abc' },
      { pages__in: [undefined] },
      { pages__range: [1] },
      { pages__range: [1, null] },
      { pages: '5' },
      { pages: 1.5 },
      { pages: Number.NaN },
      { at: new Date(Number.NaN) },
      { title: 'a\0b' },
      { title: 'a\uD800' },
      { isbn: 'x' },
      { data__hasKeys: 'x' },
    ]
    for (const where of refused) {
      expect(() => withFilter(book, [where]), JSON.stringify(where)).to.throw(InvalidValueError)
    }
  })

  it('says nothing of the values in messages', () => {
    try {
      withFilter(book, [{ pages: 'hunter2' }])
    } catch (error) {
      expect(String(error)).to.equal('InvalidValueError: Book.pages expects an integer, got text')
    }
  })
})

describe('query: Q', () => {
  it('combines', () => {
    const cases: readonly [unknown, string][] = [
      [Q.or({ id: 1 }, { id: 2 }), '"books"."id" = ? or "books"."id" = ?'],
      [
        Q({ id: 1 }).or({ id: 2 }).and({ id: 3 }),
        '("books"."id" = ? or "books"."id" = ?) and "books"."id" = ?',
      ],
      [
        Q.or(Q.or({ id: 1 }, { id: 2 }), { id: 3 }),
        '"books"."id" = ? or "books"."id" = ? or "books"."id" = ?',
      ],
      [
        Q.or({ id: 1, live: true }, { id: 3 }),
        '("books"."id" = ? and "books"."live" = ?) or "books"."id" = ?',
      ],
      [Q({ id: 1 }).not(), 'not ("books"."id" = ?)'],
      [Q.not(Q.not({ id: 1 })), '"books"."id" = ?'],
      [
        Q.not(Q.and(Q.not({ id: 1 }), { live: true })),
        'not (not ("books"."id" = ?) and "books"."live" = ?)',
      ],
      [Q.not({ pages: 1 }), 'not ("books"."pages" = ? and "books"."pages" is not null)'],
      [Q.or({}, { id: 1 }), '"books"."id" = ?'],
      [
        Q.xor({ id: 1 }, { id: 2 }, { id: 3 }),
        '(case when "books"."id" = ? then 1 else 0 end + case when "books"."id" = ? then 1 else 0 end + case when "books"."id" = ? then 1 else 0 end) % 2 = 1',
      ],
    ]
    for (const [q, sql] of cases) expect(sqlOf(q)).to.equal(sql)
  })

  // Source: DJANGO-SEMANTICS 4.
  it('knows what cannot be and what always is', () => {
    const never = { id__in: [] }
    const all = [
      [Q.and(never, { id: 1 }), undefined],
      [Q.or(never, { id: 1 }), '"books"."id" = ?'],
      [Q.not(never), 'every'],
      [Q.or(Q.not(never), { id: 1 }), 'every'],
      [Q.and(Q.not(never), { id: 1 }), '"books"."id" = ?'],
      [Q.not(Q.or(never, never)), 'every'],
      [Q.xor(never, { id: 1 }), '(case when "books"."id" = ? then 1 else 0 end) % 2 = 1'],
    ] as const
    for (const [q, sql] of all) {
      if (sql === 'every')
        expect(compileSelect(withFilter(book, [q]), 'sqlite')?.sql).to.not.contain('where')
      else expect(sqlOf(q)).to.equal(sql)
    }
  })

  it('is no constructor, and has no connector from outside', () => {
    expect(() => Reflect.construct(Q as never, [{ id: 1 }, { connector: 'OR 1=1' }])).to.throw(
      TypeError,
    )
    expect(() => Q('1=1' as never)).to.throw(InvalidValueError)
    expect(() => Q.and()).to.throw(FieldError)
  })

  it('does not see later changes of what it was made of', () => {
    const lookups = { id: 1 }
    const q = Q(lookups)
    lookups.id = 2
    expect(compileSelect(withFilter(book, [q]), 'sqlite')?.bindings).to.deep.equal([1])
  })
})

describe('query: limits', () => {
  it('refuses what is too large, at once (S49, S50, F52)', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`id${i}`, 1]))
    const cases: readonly (() => unknown)[] = [
      () => withFilter(book, [wide]),
      () => withFilter(book, [{ ['x'.repeat(10_000_000)]: 1 }]),
      () => withFilter(book, [{ [`${'author__mentor__'.repeat(100)}id`]: 1 }]),
      () => withFilter(book, [{ [`author__${'mentor__'.repeat(1000)}id`]: 1 }]),
      () =>
        withOrdering(
          book,
          Array.from({ length: 1_000_000 }, () => 'id'),
        ),
      () => {
        let q: Condition = Q({ id: 1 })
        for (let i = 0; i < 100_000; i += 1) q = Q.not(q.or({ id: i }))
      },
      () => {
        let q: Condition = Q({ id: 1 })
        for (let i = 0; i < 100_000; i += 1) q = i % 2 === 0 ? q.and({ id: i }) : q.or({ id: i })
      },
      () => {
        let f: Expression<unknown, string> = F('id')
        for (let i = 0; i < 100_000; i += 1) f = f.add(1)
      },
    ]
    for (const run of cases) expect(run).to.throw(QueryTooComplexError)
  })

  it('refuses more joins than SQLite has', () => {
    let state = withValues(all.Author, ['id'])
    for (let i = 0; i < 70; i += 1) state = withFilter(state, [{ books__title: 'x' }])
    expect(() => compileSelect(state, 'sqlite')).to.throw(QueryTooComplexError)
  })

  it('runs 10,000 chained calls and large Q on SQLite', async () => {
    let state = withValues(book, ['id'])
    for (let i = 0; i < 10_000; i += 1) state = withFilter(state, [{ pages__gt: i }])
    const select = compileSelect(state, 'sqlite')
    if (select === null) throw new Error('a statement is due')
    expect(await runSqlite(select)).to.deep.equal([])

    let q: Condition = Q({ pages: 0 })
    for (let i = 1; i < 2_000; i += 1) q = q.or({ pages: i })
    let deep: Condition = Q({ pages: 0 })
    for (let i = 1; i < 120; i += 1)
      deep = i % 2 === 0 ? deep.and({ pages: i }) : Q.not(deep.or({ id: i }))
    for (const where of [q, deep.not()]) {
      const one = compileSelect(withFilter(book, [where]), 'sqlite')
      if (one !== null) expect(await runSqlite(one)).to.deep.equal([])
    }
  }).timeout(60_000)
})

describe('query: other names', () => {
  // Source: RELIABILITY S02, S04, S07, S08, S17, S26.
  it('are looked up, never sent', () => {
    const evil = [
      'id" desc --',
      '-id; drop',
      '(select 1)',
      '?; x',
      'count(*)',
      '*',
      'id as x',
      '',
      'books.id',
    ]
    for (const name of evil) {
      for (const call of [
        () => withOrdering(book, [name]),
        () => withValues(book, [name]),
        () => withValuesList(book, [name]),
        () => withFlat(book, name),
        () => withOnly(book, [name]),
        () => withSelectRelated(book, [name]),
        () => withFilter(book, [{ title: F(name) }]),
        () => withFilter(book, [{ [name]: 1 }]),
      ]) {
        expect(call, name).to.throw(FieldError)
      }
    }
    for (const term of [
      { field: 'id', direction: 'desc; drop' },
      5,
      null,
      undefined,
      ['id'],
      () => 'id',
    ]) {
      expect(() => withOrdering(book, [term])).to.throw(FieldError)
    }
    expect(() => F('id').desc({ nulls: 'first; create table pwned(x int)' } as never)).to.throw(
      FieldError,
    )
    expect(() => F('id').desc({ nullsFirst: 'x' } as never)).to.throw(FieldError)
  })

  it('of expressions have letters, digits and _ only', () => {
    const codes = [...Array.from({ length: 0x20 }, (_, i) => i), 0x7f, 0x85, 0x2028, 0x2029, 0xfeff]
    const names = [
      'x" FROM canary --',
      'a`b',
      'a#b',
      'a--b',
      'a/*b',
      'a;b',
      'a%b',
      'a[b',
      'a b',
      'a.b',
      'a?b',
      'a__b',
      '1a',
      '',
      'pk',
      'then',
      'constructor',
      '__proto__',
      'toString',
      'title',
      'author',
      'a'.repeat(64),
      'é',
      ...codes.map((code) => `a${String.fromCodePoint(code)}b`),
    ]
    for (const name of names) {
      const term = Object.fromEntries([[name, F('id')]])
      expect(() => withValues(book, [term]), JSON.stringify(name)).to.throw(FieldError)
    }
  })

  it('of relations to many cannot be selected as related rows', () => {
    expect(() => withSelectRelated(book, ['tags'])).to.throw(
      FieldError,
      "selectRelated() cannot follow 'tags' on Book: it is no relation to one row. Choices are: author, editor.",
    )
    expect(() => withSelectRelated(book, ['author__name'])).to.throw(FieldError)
    expect(() => withSelectRelated(withValues(book, ['id']), ['author'])).to.throw(FieldError)
  })

  it('must be known in expressions', () => {
    expect(() => withFilter(book, [{ id: F('author__nope') }])).to.throw(
      FieldError,
      "'nope' on Author",
    )
    expect(() => withFilter(book, [{ id: F('title__year') }])).to.throw(FieldError)
    expect(() => withFilter(book, [{ id: F('title').add(1) }])).to.throw(
      FieldError,
      'needs numbers',
    )
    expect(() => withFilter(book, [{ id: Value({} as never) }])).to.throw(InvalidValueError)
    expect(() => Count(undefined as never)).to.throw(FieldError)
    expect(() => withOrdering(initialState(metas.Book), ['data__a'])).to.not.throw()
  })
})
