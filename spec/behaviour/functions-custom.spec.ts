/** Functions, lookups and transforms that a program adds, and SQL of its own. */
import { expect } from 'chai'
import {
  Concat,
  Count,
  defineFunction,
  type Expression,
  F,
  FieldError,
  fields,
  ImproperlyConfigured,
  InvalidValueError,
  Length,
  Lower,
  NotSupportedError,
  Q,
  RawSQL,
  registerLookup,
  registerTransform,
  Value,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, named, useBookshop } from './support/bookshop.ts'
import { rejection } from './support/stage.ts'

declare module '../../lib/index.ts' {
  interface CustomLookups {
    lowered: { on: 'text'; transform: string }
    size: { on: 'text'; transform: number }
    ne: { on: 'text' | 'number'; lookup: unknown }
    longerThan: { on: 'text'; lookup: number }
  }
}

const Twice = defineFunction('twice', { output: fields.text(), sql: "($1 || '-' || $1)" })
const Most = defineFunction('most', {
  output: fields.integer(),
  sql: { sqlite: 'max($*)', postgresql: 'greatest($*)', mysql: 'greatest($*)' },
})

registerTransform('lowered', { on: 'text', apply: Lower })
registerTransform('size', { on: ['text'], apply: (value) => Length(Lower(value)) })
registerLookup('ne', { on: ['text', 'number'], sql: '$1 <> $2' })
registerLookup('longerThan', { on: 'text', value: fields.integer(), sql: 'length($1) > $2' })

describeOnEach('functions of a program', (kind) => {
  const shop = useBookshop(kind)

  it('compute, bind their arguments and are typed', async () => {
    const rows = await shop.sends(1, () =>
      Book.objects
        .filter({ pages__lte: 20 })
        .orderBy(Twice('title').desc())
        .values({ twice: Twice('author__name'), most: Most('pages', 15, F('id')) }),
    )
    const typed: readonly { twice: string; most: number }[] = rows
    expect(typed).to.deep.equal([
      { twice: 'Ann-Ann', most: 20 },
      { twice: 'Ann-Ann', most: 15 },
    ])
    const evil = "'); drop table books; --"
    const [row] = await Book.objects.slice(0, 1).values({ x: Twice(Value(evil)) })
    expect(row?.x).to.equal(`${evil}-${evil}`)
    expect(
      await Book.objects
        .annotate({ x: Twice('title') })
        .filter({ x: 'A-A' })
        .count(),
    ).to.equal(1)
  })

  it('transforms stand in filters, orders, values and F()', async () => {
    const { objects } = Author
    expect(named(await objects.filter({ name__lowered: 'ann' }))).to.deep.equal(['Ann'])
    expect(named(await objects.filter({ name__lowered__startswith: 'a' }))).to.deep.equal(['Ann'])
    expect(await Book.objects.filter({ author__name__lowered: 'ann' }).count()).to.equal(3)
    expect(named(await objects.orderBy('-name__lowered'))).to.deep.equal(['Cyd', 'Bob', 'Ann'])
    expect(await objects.filter({ books__title__size__gt: 0 }).distinct().count()).to.equal(2)
    expect(await objects.exclude({ books__title__lowered: 'a' }).count()).to.equal(2)
    expect(await objects.filter({ id: 1 }).values('name__lowered', 'name__size')).to.deep.equal([
      { name__lowered: 'ann', name__size: 3 },
    ])
    const same = Book.objects.filter({ title: F('author__name__lowered') })
    expect(await same.count()).to.equal(0)
  })

  it('lookups stand in filter, exclude and Q, with values and expressions', async () => {
    const { objects } = Book
    expect(named(await objects.filter({ title__ne: 'A' }).orderBy('id'))).to.deep.equal([
      'B',
      'C',
      'D',
    ])
    expect(named(await objects.filter({ pages__ne: 10 }).orderBy('id'))).to.deep.equal([
      'B',
      'C',
      'D',
    ])
    expect(named(await objects.exclude({ title__ne: 'A' }))).to.deep.equal(['A'])
    expect(await objects.filter({ pages__ne: F('id') }).count()).to.equal(4)
    expect(await objects.filter({ author__name__lowered__ne: 'ann' }).count()).to.equal(1)
    expect(await objects.filter({ author__name__longerThan: 2 }).count()).to.equal(4)
    expect(await objects.filter(Q.or({ title__ne: 'A' }, { pages: 10 })).count()).to.equal(4)
    const counted = Author.objects.annotate({ n: Count('books') }).filter({ n__ne: 0 })
    expect(await counted.count()).to.equal(2)
    expect(await Author.objects.filter({ books__title__ne: 'A' }).count()).to.equal(3)
  })

  it('check their values', () => {
    const { objects } = Book
    expect(() => objects.filter({ pages__ne: 'x' })).to.throw(InvalidValueError)
    expect(() => objects.filter({ title__longerThan: 'x' as never })).to.throw(InvalidValueError)
    expect(() => objects.filter({ title__longerThan: null as never })).to.throw(InvalidValueError)
    expect(() => objects.filter({ pages__longerThan: 1 } as never)).to.throw(FieldError, 'ne')
    expect(() => Twice()).to.not.throw()
    expect(() => objects.values({ x: Twice() })).to.throw(FieldError, 'takes 1 arguments')
    expect(() => objects.values({ x: Twice('title', 'id') })).to.throw(FieldError)
    // @ts-expect-error no column of that name
    expect(() => objects.values({ x: Twice('titel') })).to.throw(FieldError)
    // @ts-expect-error a number is due
    expect(() => objects.filter({ title__longerThan: 'x' })).to.throw(InvalidValueError)
  })

  it('RawSQL() of different SQL has queries of its own', async () => {
    const sql = (expression: Expression<unknown, never>): string =>
      String(Book.objects.values({ x: expression }).toSQL().sql)
    const text = fields.text()
    expect(sql(RawSQL('? + 1', [1], text))).to.not.equal(sql(RawSQL('? + 2', [1], text)))
  })

  it('say which database has no SQL for them', async () => {
    const sql = kind.dialect === 'sqlite' ? { postgresql: 'f($1)' } : { sqlite: 'f($1)' }
    const Absent = defineFunction('absent', { output: fields.text(), sql })
    const error = await rejection(Book.objects.values({ x: Absent('title') }))
    expect(error).to.be.instanceOf(NotSupportedError)
    expect(String(error)).to.include('absent()')
  })
})

describe('defining functions, lookups and transforms', () => {
  const output = fields.text()

  it('refuses SQL that is more than an expression', () => {
    const bad = [
      ...[
        'f($1); drop table x',
        'f($1) -- x',
        'f(/* x */ $1)',
        'f(?)',
        "f('$1')",
        'f($0)',
        'f(\\$1)',
      ],
      ...['f($1\0)', 'fé($1)', 'f(\u202e$1)', 'f($1)\n', 'f($x)'],
    ]
    for (const sql of bad) {
      expect(() => defineFunction('f', { output, sql }), sql).to.throw(ImproperlyConfigured)
      expect(() => registerLookup('some', { on: 'text', sql }), sql).to.throw(ImproperlyConfigured)
    }
    expect(() => defineFunction('f', { output, sql: {} })).to.throw(ImproperlyConfigured)
    const sql = 'f($1)'
    for (const [define, message] of [
      [
        () => defineFunction('f', { output, sql, outptu: 1 } as never),
        "defineFunction() has no option 'outptu'. Did you mean 'output'?",
      ],
      [
        () => registerLookup('f', { on: 'text', sql, x: 1 } as never),
        'Options are: on, value, sql.',
      ],
      [() => registerTransform('f', { on: 'text', sql } as never), 'Options are: on, apply.'],
    ] as const) {
      expect(define).to.throw(ImproperlyConfigured, message)
    }
    expect(() => defineFunction('f', { output, sql: { oracle: 'f' } as object })).to.throw(
      ImproperlyConfigured,
    )
    expect(() => defineFunction('f', { output: {} as typeof output, sql: 'f()' })).to.throw(
      ImproperlyConfigured,
    )
    expect(() => defineFunction('f(', { output, sql: 'f()' })).to.throw(ImproperlyConfigured)
  })

  it('refuses names that are taken or no names, and kinds that are none', () => {
    for (const name of ['exact', 'icontains', 'range']) {
      expect(() => registerLookup(name, { on: 'text', sql: '$1' })).to.throw(/already/)
    }
    expect(() => registerTransform('year', { on: 'text', apply: Lower })).to.throw(/already/)
    for (const name of ['a__b', 'A', '', '__proto__', 'x y']) {
      expect(() => registerLookup(name, { on: 'text', sql: '$1' })).to.throw(ImproperlyConfigured)
    }
    for (const on of ['json', 'any', [], ['text', 'json']]) {
      expect(() => registerLookup('fine', { on: on as 'text', sql: '$1' })).to.throw(/on is one/)
    }
  })

  it('refuses transforms that hide their value', () => {
    registerTransform('hidden', { on: 'text', apply: (value) => Concat(Value('x'), value) })
    registerTransform('other', { on: 'text', apply: () => Lower('title') })
    for (const key of ['title__hidden', 'title__other']) {
      expect(() => Book.objects.filter({ [key]: 'x' } as never)).to.throw(FieldError)
    }
  })
})

describe('RawSQL()', () => {
  const text = fields.text()

  it('takes one expression only', () => {
    const bad = [
      ...['x; drop table y', 'x -- y', 'x /* y', 'x)', '(x', 'x) or (y', "'x", '"x', '$1', '?1'],
      ...["E'\\''", "'\\\\?'", '\\\\?', 'x\0'],
    ]
    for (const sql of bad) expect(() => RawSQL(sql, [], text), sql).to.throw(FieldError)
    for (const sql of ["';'", '"--"', "'it''s (fine'", '$$ ; -- ( $$', '$a$ $b$ ; $a$', "'\\?'"]) {
      expect(() => RawSQL(sql, [], text), sql).to.not.throw()
    }
  })

  it('counts its values', () => {
    expect(() => RawSQL('? + ?', [1], text)).to.throw(InvalidValueError, "2 '?'")
    expect(() => RawSQL("'?'", [1], text)).to.throw(InvalidValueError)
    expect(() => RawSQL('?', [{} as never], text)).to.throw(InvalidValueError)
    expect(() => RawSQL(5 as never, [], text)).to.throw(FieldError)
    expect(() => RawSQL('x', [], {} as typeof text)).to.throw(FieldError)
  })
})
