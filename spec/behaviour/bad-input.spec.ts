/** Mistakes and attacks: each a named error where it is made, and nothing is sent. */
import { expect } from 'chai'
import { type Condition, Count, F, OrmError, Q, Sum, Value } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { Sample, VALUES } from './support/samples.ts'
import { rejection, thrown, useStage } from './support/stage.ts'

/** Past the compiler, as JavaScript and JSON from outside come. */
const books = Book.objects as unknown as Record<string, (...args: unknown[]) => unknown>
const samples = Sample.objects as unknown as Record<string, (...args: unknown[]) => unknown>
const call = (on: typeof books, verb: string, ...args: unknown[]): unknown => on[verb]?.(...args)

type Mistake = [name: string, make: () => unknown, error: string, message?: RegExp]

const EVIL = [
  'id" desc --',
  '-id; drop table tags',
  '(select 1)',
  'count(*)',
  '*',
  'id as x',
  'id?',
  'tags.name',
  "id') or 1=1 --",
  'constructor',
  '__proto__',
  'toString',
  '',
  'pk__pk',
  'title__exact__exact',
  'author__',
  '__title',
  'author__constructor__name',
  'x'.repeat(5000),
  'a__'.repeat(1000),
  'title\0',
  'title ',
]

describeOnEach('bad input', (kind) => {
  const stage = useStage(kind)

  function refusesAtOnce(mistakes: readonly Mistake[]): void {
    for (const [name, make, error, message] of mistakes) {
      it(name, async () => {
        await stage.sends(0, () => {
          const refused = thrown(make)
          expect(refused.name).to.be.oneOf(error.split(' or '))
          if (message !== undefined) expect(refused.message).to.match(message)
        })
      })
    }
  }

  function rejects(mistakes: readonly Mistake[]): void {
    for (const [name, make, error, message] of mistakes) {
      it(name, async () => {
        await stage.sends(0, async () => {
          const refused = await rejection((async () => await make())())
          expect(refused.name).to.be.oneOf(error.split(' or '))
          if (message !== undefined) expect(refused.message).to.match(message)
        })
      })
    }
  }

  describe('thrown at the call that makes the mistake', () => {
    refusesAtOnce([
      [
        'an unknown field: with the choices',
        () => call(books, 'filter', { titel: 'x' }),
        'FieldError',
        /^Cannot resolve 'titel' on Book\. Choices are: id, title, .*author/,
      ],
      [
        'an unknown field of a relation',
        () => call(books, 'filter', { author__nmae: 'x' }),
        'FieldError',
        /'nmae' on Author\. Choices are: .*name/,
      ],
      [
        'an unknown lookup',
        () => call(books, 'filter', { title__like: 'x' }),
        'FieldError',
        /like/,
      ],
      [
        'a lookup that the type does not have',
        () => call(books, 'filter', { pages__icontains: '4' }),
        'FieldError',
        /icontains/,
      ],
      [
        'a transform of another type',
        () => call(books, 'filter', { title__year: 1 }),
        'FieldError',
      ],
      [
        'undefined',
        () => call(books, 'filter', { title: undefined }),
        'InvalidValueError or FieldError',
        /title.*undefined|undefined.*title/,
      ],
      [
        'undefined in a list',
        () => call(books, 'filter', { id__in: [1, undefined] }),
        'InvalidValueError',
      ],
      [
        'undefined in exclude()',
        () => call(books, 'exclude', { id: undefined }),
        'InvalidValueError or FieldError',
      ],
      [
        'undefined in a Q',
        () => call(books, 'filter', Q({ id: undefined } as never)),
        'InvalidValueError or FieldError',
      ],
      [
        'undefined for a condition',
        () => call(books, 'filter', undefined),
        'InvalidValueError or FieldError',
      ],
      [
        'null for a condition',
        () => call(books, 'filter', null),
        'InvalidValueError or FieldError',
      ],
      [
        'text for a condition',
        () => call(books, 'filter', '1=1'),
        'InvalidValueError or FieldError',
      ],
      [
        'a list for a condition',
        () => call(books, 'filter', []),
        'InvalidValueError or FieldError',
      ],
      [
        'a class instance for a condition',
        () => call(books, 'filter', new Map([['id', 1]])),
        'InvalidValueError or FieldError',
      ],
      [
        'null with a lookup that compares',
        () => call(books, 'filter', { pages__gt: null }),
        'InvalidValueError or FieldError',
      ],
      [
        'isnull with a number',
        () => call(books, 'filter', { status__isnull: 1 }),
        'InvalidValueError or FieldError',
      ],
      [
        'range of one',
        () => call(books, 'filter', { pages__range: [1] }),
        'InvalidValueError or FieldError',
      ],
      [
        'in of no list',
        () => call(books, 'filter', { pages__in: 5 }),
        'InvalidValueError or FieldError',
      ],
      [
        'text where a number is due',
        () => call(books, 'filter', { pages: 'many' }),
        'InvalidValueError',
        /Book\.pages|pages/,
      ],
      [
        'digits where a number is due',
        () => call(books, 'filter', { pages: '5' }),
        'InvalidValueError',
      ],
      [
        'a fraction where a whole number is due',
        () => call(books, 'filter', { pages: 1.5 }),
        'InvalidValueError',
      ],
      [
        'true where a number is due',
        () => call(books, 'filter', { pages: true }),
        'InvalidValueError',
      ],
      ['NaN', () => call(books, 'filter', { pages: Number.NaN }), 'InvalidValueError'],
      [
        'a number where text is due',
        () => call(books, 'filter', { title: 5 }),
        'InvalidValueError',
      ],
      [
        'a Date that is none',
        () => call(books, 'filter', { publishedAt: new Date(Number.NaN) }),
        'InvalidValueError',
      ],
      ['NUL in text', () => call(books, 'filter', { title: 'a\0b' }), 'InvalidValueError'],
      ['a lone surrogate', () => call(books, 'filter', { title: 'a\uD800' }), 'InvalidValueError'],
      [
        'an instance of another model',
        () => call(books, 'filter', { author: new Tag({ id: 1, name: 'x' }) }),
        'InvalidValueError or FieldError',
        /Author/,
      ],
      [
        'an unsaved instance',
        () => call(books, 'filter', { author: new Author({ name: 'x' }) }),
        'InvalidValueError or FieldError',
        /saved/,
      ],
      [
        'a promise',
        () => call(books, 'filter', { author: Promise.resolve(1) }),
        'InvalidValueError or FieldError',
      ],
      [
        'an unknown field in orderBy()',
        () => call(books, 'orderBy', '-titel'),
        'FieldError',
        /titel/,
      ],
      ['an unknown field in values()', () => call(books, 'values', 'titel'), 'FieldError', /titel/],
      [
        'an unknown field in valuesList()',
        () => call(books, 'valuesList', 'titel', { flat: true }),
        'FieldError',
      ],
      [
        'flat of two',
        () => call(books, 'valuesList', 'title', 'pages', { flat: true }),
        'FieldError',
        /flat/,
      ],
      ['an unknown relation', () => call(books, 'selectRelated', 'autor'), 'FieldError', /author/],
      ['a column as a relation', () => call(books, 'selectRelated', 'title'), 'FieldError'],
      [
        'an unknown field in F',
        () => call(books, 'filter', { pages: F('pgaes') }),
        'FieldError',
        /pgaes/,
      ],
      ['a negative slice', () => call(books, 'slice', -1), 'RangeError', /negative/i],
      ['a negative end', () => call(books, 'slice', 0, -1), 'RangeError'],
      ['a slice by text', () => call(books, 'slice', '1; drop'), 'RangeError or TypeError'],
      [
        'a filter after a slice',
        () => Book.objects.slice(0, 1).filter({ id: 1 }),
        'FieldError or TypeError',
        /slice/,
      ],
      [
        'using() of no connection',
        () => call(books, 'using', 5),
        'ImproperlyConfigured',
        /connect/,
      ],
      ['an unknown field in startGet()', () => call(books, 'startGet', { titel: 1 }), 'FieldError'],
      [
        'an unknown field in startAggregate()',
        () => call(books, 'startAggregate', { n: Sum('pgaes') }),
        'FieldError',
      ],
    ])
  })

  describe('thrown by what answers', () => {
    rejects([
      ['an unknown field in get()', () => call(books, 'get', { titel: 1 }), 'FieldError', /titel/],
      [
        'undefined in get()',
        () => call(books, 'get', { id: undefined }),
        'InvalidValueError or FieldError',
      ],
      ['an object for a key', () => call(books, 'get', { id: { gt: 0 } }), 'InvalidValueError'],
      [
        'an unknown field in aggregate()',
        () => call(books, 'aggregate', { n: Sum('pgaes') }),
        'FieldError',
      ],
      ['no aggregate', () => call(books, 'aggregate', { n: F('pages') }), 'FieldError'],
      [
        'an alias that is SQL',
        () => call(books, 'aggregate', { 'n" from tags --': Count('*') }),
        'FieldError',
      ],
      [
        'an alias of JavaScript',
        () => call(books, 'aggregate', JSON.parse('{"__proto__": 1}')),
        'FieldError',
      ],
      ['latest() by an unknown field', () => call(books, 'latest', 'titel'), 'FieldError'],
      ['a negative position', () => call(books, 'at', -1), 'RangeError'],
      ['a position by text', () => call(books, 'at', '1'), 'RangeError or TypeError'],
      [
        'contains() of an unsaved instance',
        () => call(books, 'contains', new Book({ title: 'x' })),
        'InvalidValueError',
        /saved/,
      ],
      [
        'contains() of another model',
        () => call(books, 'contains', new Tag({ name: 'x' })),
        'InvalidValueError',
        /Book/,
      ],
      [
        'contains() after values()',
        () => Book.objects.values('id').contains({} as never),
        'FieldError',
        /values/,
      ],
      [
        'inBulk() by what is not unique',
        () => call(books, 'inBulk', ['x'], { fieldName: 'title' }),
        'FieldError',
        /unique/,
      ],
      [
        'inBulk() by an unknown field',
        () => call(books, 'inBulk', [1], { fieldName: 'id" --' }),
        'FieldError',
      ],
      [
        'a connection that is not open',
        () => Book.objects.using('replica').count(),
        'ImproperlyConfigured',
        /'replica'.*Connected are: 'default'/,
      ],
      [
        'update() of nothing named',
        () => call(books, 'update', undefined),
        'InvalidValueError or FieldError',
      ],
      ['update() of a list', () => call(books, 'update', []), 'InvalidValueError or FieldError'],
      [
        'update() of a relation that is not there',
        () => call(books, 'update', { autor: 1 }),
        'FieldError or ValidationError',
        /autor/,
      ],
      [
        'update() of a path',
        () => call(books, 'update', { author__name: 'x' }),
        'FieldError or ValidationError',
      ],
      [
        'update() with an aggregate',
        () => call(books, 'update', { pages: Sum('pages') }),
        'FieldError',
      ],
      [
        'create() of nothing',
        () => call(books, 'create', undefined),
        'ValidationError or InvalidValueError or FieldError',
      ],
      [
        'create() of text',
        () => call(books, 'create', 'x'),
        'ValidationError or InvalidValueError or FieldError',
      ],
      [
        'bulkCreate() of no list',
        () => call(books, 'bulkCreate', { title: 'x' }),
        'ValidationError or InvalidValueError or FieldError or TypeError',
      ],
      [
        'getOrCreate() with an unknown field',
        () => call(books, 'getOrCreate', { titel: 'x' }),
        'FieldError',
      ],
    ])
  })

  describe('names from outside never become SQL', () => {
    const verbs: Record<string, (name: string) => unknown> = {
      filter: (name) => call(books, 'filter', { [name]: 1 }),
      exclude: (name) => call(books, 'exclude', { [name]: 1 }),
      orderBy: (name) => call(books, 'orderBy', name),
      values: (name) => call(books, 'values', name),
      valuesList: (name) => call(books, 'valuesList', name),
      selectRelated: (name) => call(books, 'selectRelated', name),
      F: (name) => call(books, 'filter', { pages: F(name) }),
      latest: (name) => call(books, 'latest', name),
      inBulk: (name) => call(books, 'inBulk', [1], { fieldName: name }),
      aggregate: (name) => call(books, 'aggregate', { [name]: Count('*') }),
      'Count()': (name) => call(books, 'aggregate', { n: Count(name) }),
      update: (name) => call(books, 'update', { [name]: 1 }),
      create: (name) =>
        call(books, 'create', { title: 'x', publishedAt: new Date(), authorId: 1, [name]: 1 }),
      getOrCreate: (name) => call(books, 'getOrCreate', { [name]: 1 }),
      startGet: (name) => call(books, 'startGet', { [name]: 1 }),
    }
    for (const [verb, attack] of Object.entries(verbs)) {
      it(verb, async () => {
        await stage.sends(0, async () => {
          for (const name of EVIL) {
            if (verb === 'Count()' && name === '*') continue
            if (verb === 'aggregate' && name === 'x'.repeat(5000)) continue
            const error = await rejection(
              (async () => {
                const started = attack(name)
                return started instanceof Promise ? await started : started
              })(),
            ).catch(() => expect.fail(`${verb} took the name ${JSON.stringify(name.slice(0, 40))}`))
            expect(error, `${name.slice(0, 40)}: ${error.stack}`).to.be.instanceOf(OrmError)
            expect(error.message.length).to.be.lessThan(2000)
          }
        })
      })
    }

    it('keys of JSON from outside: __proto__ is no field, and changes nothing', async () => {
      const outside = JSON.parse('{"__proto__": {"id": 1}}') as object
      await stage.sends(0, async () => {
        expect(thrown(() => call(books, 'filter', outside)).name).to.equal('FieldError')
        for (const verb of ['update', 'create', 'get', 'getOrCreate']) {
          expect(await rejection(call(books, verb, outside) as Promise<void>)).to.be.instanceOf(
            OrmError,
          )
        }
      })
      expect(({} as { id?: number }).id).to.equal(undefined)
    })

    it('a prototype that somebody polluted adds no condition', async () => {
      const before = Book.objects.filter({ id: 1 }).toSQL()
      Object.defineProperty(Object.prototype, 'pages', {
        value: 1,
        enumerable: true,
        configurable: true,
      })
      let after: unknown
      let count: unknown
      try {
        after = Book.objects.filter({ id: 1 }).toSQL()
        count = await Book.objects.filter({ id: 1 }).count()
      } finally {
        Reflect.deleteProperty(Object.prototype, 'pages')
      }
      expect([after, count]).to.deep.equal([before, 1])
    })
  })

  describe('values from outside', () => {
    const impostors: Record<string, unknown> = {
      'knex raw': { isRawInstance: true, toSQL: () => ({ sql: '1=1', bindings: [] }), sql: '1=1' },
      'a raw marker': { __raw: 'now()' },
      'an F by shape': { type: 'F', name: 'secret', kind: 'column' },
      resolveExpression: { resolveExpression: () => 'x' },
      toPostgres: { toPostgres: () => '1' },
      toJSON: { toJSON: () => 'x' },
      'an operator': { not: '' },
      'a Mongo operator': { $gt: '' },
      'a function': () => 1,
      'a symbol': Symbol('x'),
      'a Map': new Map(),
      'a Set': new Set([1]),
      'a promise': Promise.resolve(1),
      'a thenable': Author.objects.all(),
      'a boxed text': new String('x'),
      'an object without prototype': Object.create(null),
    }
    for (const [what, value] of Object.entries(impostors)) {
      it(`${what} is refused for every kind of column, read or written`, async () => {
        await stage.sends(0, async () => {
          for (const name of Object.keys(VALUES)) {
            const isJson = name === 'json'
            if (isJson && /marker|shape|operator|without/.test(what)) continue
            if (!isJson || what !== 'a thenable') {
              const filtered = thrown(() => call(samples, 'filter', { [name]: value }))
              expect(filtered, `filter ${name}`).to.be.instanceOf(OrmError)
              const listed = thrown(() => call(samples, 'filter', { [`${name}__in`]: [value] }))
              expect(listed, `in ${name}`).to.be.instanceOf(OrmError)
            }
            for (const verb of ['create', 'update']) {
              const error = await rejection(call(samples, verb, { [name]: value }) as Promise<void>)
              expect(error, `${verb} ${name}`).to.be.instanceOf(OrmError)
            }
          }
        })
      })
    }

    it('SQL in a value is text: one statement, the same whatever the value', async () => {
      const values = [
        "'; drop table tags; --",
        '" or 1=1 --',
        '? $1 :a',
        '%',
        '\\',
        "x' union select 1 --",
      ]
      const statements = new Set<string>()
      for (const name of values) {
        for (const sql of await stage.sqlOf(() => Tag.objects.create({ name }))) statements.add(sql)
        const found = await Tag.objects.filter({ name, name__contains: name }).get()
        expect(found.name).to.equal(name)
      }
      expect(statements).to.have.property('size', 1)
      expect(await Tag.objects.count()).to.equal(values.length)
    })

    it('whole numbers beyond the column match nothing, and are not written', async () => {
      await stage.sends(0, async () => {
        expect(await Sample.objects.filter({ smallInteger: 40_000 })).to.deep.equal([])
        expect(await Sample.objects.filter({ bigInteger: 2n ** 63n })).to.deep.equal([])
        expect(await Sample.objects.filter({ integer__in: [2 ** 31, -(2 ** 40)] })).to.deep.equal(
          [],
        )
        expect(await Sample.objects.filter({ integer__gt: 2 ** 31 })).to.deep.equal([])
        expect(
          thrown(() => Sample.objects.filter({ id: '9'.repeat(100_000) as never })),
        ).to.be.instanceOf(OrmError)
        for (const written of [
          { smallInteger: 40_000 },
          { integer: 2 ** 31 },
          { bigInteger: 2n ** 63n },
        ]) {
          expect((await rejection(Sample.objects.create(written))).name).to.equal('ValidationError')
          expect((await rejection(Sample.objects.update(written))).name).to.equal('ValidationError')
        }
      })
      await Sample.objects.create({})
      expect(await Sample.objects.filter({ integer__lt: 2 ** 31 }).count()).to.equal(1)
      expect(await Sample.objects.filter({ bigInteger__gte: -(2n ** 70n) }).count()).to.equal(1)
    })

    it('slices by anything but whole numbers of 0 or more are refused', async () => {
      await stage.sends(0, () => {
        const bounds = [
          '1; drop',
          'abc',
          '0x10',
          Number.NaN,
          -1,
          1.5,
          Infinity,
          {},
          [1],
          null,
          true,
          2 ** 53,
          10n ** 30n,
        ]
        for (const bound of bounds) {
          expect(thrown(() => call(books, 'slice', 0, bound)).name).to.be.oneOf([
            'RangeError',
            'TypeError',
          ])
          expect(thrown(() => call(books, 'slice', bound)).name).to.be.oneOf([
            'RangeError',
            'TypeError',
          ])
        }
      })
    })

    it('negative numbers in arithmetic are no comment', async () => {
      await stage.sends(2, async () => {
        await Book.objects.filter({ id: 1 }).update({ pages: F('pages').sub(-1) })
        const longer = Book.objects.filter({ pages: Value(0).sub(-475) })
        expect(await longer.count()).to.equal(1)
      })
    })

    it('messages never contain what was given', async () => {
      const secret = 'secret-marker'
      const errors = [
        thrown(() => call(books, 'filter', { pages: secret })),
        thrown(() => call(books, 'filter', { pages__in: [secret] })),
        await rejection(call(books, 'create', { title: 5, pages: secret }) as Promise<void>),
        await rejection(call(books, 'update', { status: secret }) as Promise<void>),
      ]
      for (const { message } of errors) expect(message).not.to.contain(secret)
    })
  })

  it('queries that are too large are refused, quickly and by name', async () => {
    await stage.sends(0, () => {
      const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, 1]))
      expect(thrown(() => call(books, 'filter', many))).to.be.instanceOf(OrmError)
      expect(
        thrown(() => {
          let deep: Condition = Q({ id: 1 })
          for (let level = 0; level < 100_000; level += 1) deep = Q.not(deep.and({ pages: level }))
          Book.objects.filter(deep)
        }),
      ).to.be.instanceOf(OrmError)
    })
  })

  it('after all of this the tables are as they were', async () => {
    expect(await Tag.objects.count()).to.equal(0)
    expect(await Book.objects.count()).to.equal(4)
  })
})
