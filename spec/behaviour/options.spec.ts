/** Options with a typo, or of another kind, are named; what is inherited is no option and no value. */
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import {
  AsyncManager,
  atomic,
  Count,
  captureQueries,
  connect,
  ExtractYear,
  expectQueries,
  F,
  FieldError,
  FilteredRelation,
  fields,
  ImproperlyConfigured,
  Lag,
  Model,
  onCommit,
  Prefetch,
  Q,
  safeFilter,
  safeOrder,
  sandbox,
  Window,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, useBookshop } from './support/bookshop.ts'
import { rejection } from './support/stage.ts'

class Day extends Model('days', { day: fields.date(), at: fields.dateTime() }) {
  static objects = new AsyncManager(Day)
}

const config = { client: 'pg', connection: 'postgres://localhost/none' }

describe('options of connect() and Model()', () => {
  it('of connect() are those that there are', () => {
    for (const [options, message] of [
      [{ modles: [] }, "no option 'modles'. Did you mean 'models'? Options are: name, models,"],
      [{ onUnconsumedErrors: () => {} }, "Did you mean 'onUnconsumedError'?"],
      [{ DEBUG: true }, "Did you mean 'debug'?"],
      [{ x: 1 }, "no option 'x'. Options are: name, models, fetchMode, onUnconsumedError, debug,"],
      [{ models: {} }, 'model classes in models: [Author, Book]'],
      [{ models: [{}] }, 'model classes in models: [Author, Book]'],
      [{ models: null }, 'model classes in models'],
      [null, 'options as one object'],
      ['replica', 'options as one object'],
    ] as const) {
      expect(() => connect(config, options as never)).to.throw(ImproperlyConfigured, message)
    }
  })

  it('of Model() are objects, and the sets in them columns', () => {
    const columns = {
      title: fields.text(),
      author: fields.foreignKey<never>('self', { onDelete: 'cascade' }),
      tags: fields.manyToMany<never>('self'),
    }
    for (const [make, message] of [
      [() => Model('t', null as never), "an object of fields second: Model('t', {"],
      [() => Model('t', [] as never), 'an object of fields second'],
      [() => Model('t', {}, null as never), 'an object of options third'],
      [
        () => Model('t', columns, { uniqueTogether: [['title', 'autor']] }),
        "Model('t'): uniqueTogether names 'autor', which is no column. Choices are: title, author, authorId, id.",
      ],
      [() => Model('t', columns, { uniqueTogether: [['tags']] }), "names 'tags'"],
      [() => Model('t', columns, { uniqueTogether: ['title'] as never }), 'a list of lists'],
      [() => Model('t', columns, { indexes: [['-titel']] }), "indexes names 'titel'"],
    ] as const) {
      expect(make).to.throw(ImproperlyConfigured, message)
    }
    Model('t', columns, {
      uniqueTogether: [['title', 'author'], ['id']],
      indexes: [['-title', 'authorId']],
    })
  })
})

describeOnEach('options with a typo', (kind) => {
  const shop = useBookshop(kind)

  it('are named before any SQL, with those that there are', async () => {
    const [tagged, author] = [new Book({ title: 'A', author: 1 }), new Author({ name: 'Ann' })]
    Object.assign(tagged, { id: 1 })
    Object.assign(author, { id: 1 })
    const key = 'typo' as never
    const typo = { [key]: 1 } as never
    const calls: Readonly<Record<string, () => unknown>> = {
      'atomic(): isolation, readOnly, deferrable, durable, retries, timeout, signal, verify, using':
        () => atomic(() => 1, typo),
      'atomic(): isolation, readOnly, deferrable, durable, retries, timeout, signal, verify': () =>
        shop.db.atomic(() => 1, typo),
      'onCommit(): using': () => onCommit(() => 1, typo),
      'sandbox(): unread': () => sandbox(shop.db, typo),
      'onCommit() of a sandbox: execute': () => sandbox(shop.db).onCommit(typo),
      'captureQueries(): using, transactions, bindings, repeats': () =>
        captureQueries(() => 1, typo),
      'expectQueries(): using, transactions': () => expectQueries(0, () => 1, typo),
      'close(): timeoutMs': () => shop.db.close(typo),
      'save(): fields, using': () => author.save(typo),
      'refreshFromDb(): fields': () => author.refreshFromDb(typo),
      'iterator(): chunkSize': () => Book.objects.iterator(typo),
      'explain(): analyze, format, verbose, costs, settings, buffers, wal, timing, summary': () =>
        Book.objects.explain(typo),
      'inBulk(): fieldName': () => Book.objects.inBulk([1], typo),
      'raw(): using, timeoutMs, signal': () => Book.objects.raw('select 1', [], typo),
      'valuesList(): flat': () =>
        Book.objects.valuesList('id', { flat: true, [key]: 1 } as { flat: true }),
      'dates(): order': () => Day.objects.dates('day', 'year', typo),
      'datetimes(): order, tzinfo': () => Day.objects.datetimes('at', 'year', typo),
      'descendants(): includeSelf, depth, maxDepth': () =>
        Author.objects.descendants('mentor', typo),
      'selectForUpdate(): noWait, skipLocked, of, noKey': () => Book.objects.selectForUpdate(typo),
      'Prefetch(): queryset, toAttr': () => Prefetch('books', typo),
      'FilteredRelation(): condition': () => FilteredRelation('books', typo),
      'Window(): partitionBy, orderBy, frame': () => Window(Lag('pages'), typo),
      'Lag(): offset, default': () => Lag('pages', typo),
      'count(): distinct, filter': () => Count('books', typo),
      'safeFilter(): allow, except, unknown, empty': () =>
        safeFilter(Book, '', { allow: [], [key]: 1 } as never),
      'safeOrder(): allow': () => safeOrder(Book, '', { allow: [], [key]: 1 } as never),
      'bulkCreate(): batchSize, ignoreConflicts, updateConflicts, updateFields, uniqueFields, onProgress':
        () => Author.objects.bulkCreate([{ name: 'A' }], typo),
      'bulkUpdate(): batchSize, onProgress': () =>
        Author.objects.bulkUpdate([author], ['name'], typo),
      'getOrCreate(): defaults': () => Author.objects.getOrCreate({ name: 'Ann' }, typo),
      'updateOrCreate(): defaults, createDefaults': () =>
        Author.objects.updateOrCreate({ name: 'Ann' }, typo),
      'add(): throughDefaults': () => tagged.tags.add(1, typo),
      'set(): clear, throughDefaults': () => tagged.tags.set([1], typo),
      'create(): throughDefaults': () => tagged.tags.create({ name: 'x' }, typo),
      'set(): clear': () => author.books.set([1], typo),
    }
    for (const [told, call] of Object.entries(calls)) {
      const [verb, names] = told.split(': ')
      const message = `${verb} has no option 'typo'. Options are: ${names}.`
      const error = await shop.sends(0, () => rejection((async () => await call())()))
      expect({ told: error.message, error: error.name }, told).to.deep.equal({
        told: message,
        error: 'FieldError',
      })
    }
    const error = await rejection(author.books.create({ title: 'B' }, typo))
    expect(error.message).to.equal("create() has no option 'typo'. It takes none.")
  })

  it('of other realms, without a prototype and of classes are taken as any', async () => {
    class Chunks {
      size = 2
      get chunkSize() {
        return this.size
      }
    }
    class Own {
      chunkSize = 2
    }
    const foreign = (code: string) => runInNewContext(`(${code})`) as never
    for (const options of [
      new Chunks(),
      new Own(),
      Object.assign(Object.create(null) as object, { chunkSize: 2 }),
      foreign('{ chunkSize: 2 }'),
    ]) {
      const seen: string[] = []
      const { queries } = await captureQueries(async () => {
        for await (const { title } of Book.objects.orderBy('id').iterator(options)) seen.push(title)
      })
      const all = Book.objects.orderBy('id').valuesList('title', { flat: true })
      expect(seen).to.deep.equal([...(await all)])
      const chunks = queries.filter(({ sql }) => /^(select.* asc limit|fetch 2 )/.test(sql))
      expect(chunks).to.have.lengthOf(Math.floor(seen.length / 2) + 1)
    }
    const found = await Book.objects.filter(foreign("{ title__in: ['A'] }")).count()
    expect(found).to.equal(await Book.objects.filter({ title: 'A' }).count())
    expect(() => Book.objects.iterator(foreign('{ chunkSiz: 2 }'))).to.throw(
      FieldError,
      "iterator() has no option 'chunkSiz'. Did you mean 'chunkSize'?",
    )
  })

  it('and what is no function, list, flag or time are named too', async () => {
    const [book, author] = [new Book({ title: 'A', author: 1 }), new Author({ name: 'Ann' })]
    Object.assign(book, { id: 1 })
    Object.assign(author, { id: 1 })
    const wrong = (value: unknown): never => value as never
    const rows = [{ name: 'A' }]
    const clashing = { updateConflicts: true, updateFields: ['name'], uniqueFields: ['mentor'] }
    const calls: readonly (readonly [string, () => unknown])[] = [
      ['TransactionError: atomic() takes a function', () => atomic(wrong('text'))],
      ['TransactionError: atomic() takes a function', () => atomic(wrong(Promise.resolve()))],
      ['TransactionError: onCommit() takes a function', () => onCommit(wrong(true))],
      ['TransactionError: run() takes a function', () => sandbox(shop.db).run(wrong({}))],
      [
        "TransactionError: sandbox() takes unread as 'warn'",
        () => sandbox(shop.db, wrong({ unread: 'thorw' })),
      ],
      ['InvalidValueError: captureQueries() takes a function', () => captureQueries(wrong(null))],
      ['InvalidValueError: expectQueries() takes a function', () => expectQueries(0, wrong(null))],
      ...['readOnly', 'deferrable', 'durable'].map(
        (name) =>
          [
            `FieldError: atomic() takes true or false as ${name}`,
            () => atomic(() => 1, wrong({ [name]: 'false' })),
          ] as const,
      ),
      [
        'ImproperlyConfigured: using takes the name',
        () => atomic(() => 1, wrong({ using: shop.db.knex })),
      ],
      [
        'ImproperlyConfigured: using takes the name',
        () => author.save(wrong({ using: shop.db.knex })),
      ],
      ['ImproperlyConfigured: using takes the name', () => sandbox(wrong(null)).run(() => 1)],
      ['ImproperlyConfigured: using takes', () => expectQueries(0, () => 1, wrong({ using: 1 }))],
      [
        'FieldError: bulkCreate() takes true or false as ignoreConflicts',
        () => Author.objects.bulkCreate(rows, wrong({ ignoreConflicts: 'no' })),
      ],
      [
        'FieldError: bulkCreate() takes an array',
        () => Author.objects.bulkCreate(rows, wrong({ ...clashing, uniqueFields: 'name' })),
      ],
      [
        'FieldError: bulkCreate() takes an array',
        () =>
          Author.objects.bulkCreate(rows, wrong({ ...clashing, updateFields: new Set(['name']) })),
      ],
      [
        'FieldError: Author has no field',
        () => Author.objects.bulkCreate(rows, wrong({ ...clashing, updateFields: [Symbol('x')] })),
      ],
      [
        'InvalidValueError: bulkUpdate() takes an array',
        () => Author.objects.bulkUpdate(wrong(new Set([author])), ['name']),
      ],
      ['FieldError: Author has no field', () => Author.objects.bulkUpdate([author], wrong([{}]))],
      [
        'InvalidValueError: defaults of getOrCreate()',
        () =>
          Author.objects.getOrCreate({ name: 'A' }, wrong({ defaults: new Map([['name', 'B']]) })),
      ],
      [
        'InvalidValueError: createDefaults of updateOrCreate()',
        () => Author.objects.updateOrCreate({ name: 'A' }, wrong({ createDefaults: null })),
      ],
      [
        'InvalidValueError: filter() takes a plain object',
        () => Author.objects.updateOrCreate(wrong(5)),
      ],
      [
        'InvalidValueError: a new Author: expected an object',
        () => Author.objects.create(wrong(new Map())),
      ],
      ['InvalidValueError: a new Author: expected an object', () => new Author(wrong([]))],
      ['FieldError: save() takes an array', () => author.save(wrong({ fields: 'name' }))],
      ['FieldError: Author has no field', () => author.save({ fields: ['nmae' as string] })],
      ['InvalidValueError: This Author is not saved yet', () => author.save({ fields: ['name'] })],
      [
        'FieldError: refreshFromDb() takes an array',
        () => author.refreshFromDb(wrong({ fields: 'name' })),
      ],
      ['InvalidValueError: set() takes an array', () => book.tags.set(wrong(new Set([1])))],
      ['InvalidValueError: set() takes an array', () => author.books.set(wrong(book))],
      [
        'FieldError: set() takes true or false as clear',
        () => book.tags.set([1], wrong({ clear: 1 })),
      ],
      [
        'FieldError: safeFilter() takes an array',
        () => safeFilter(Book, '', wrong({ allow: 'title' })),
      ],
      ['FieldError: safeOrder() takes an array', () => safeOrder(Book, '', wrong({ allow: 'id' }))],
      ...[Number.POSITIVE_INFINITY, Number.NaN, -1, 2 ** 31, '5', null].map(
        (timeoutMs) =>
          [
            'RangeError: close() takes timeoutMs in milliseconds, 0 or more and at most 2147483647.',
            () => shop.db.close(wrong({ timeoutMs })),
          ] as const,
      ),
    ]
    for (const [told, call] of calls) {
      const error = await shop.sends(0, () => rejection((async () => await call())()))
      expect(`${error.name}: ${error.message}`, String(call)).to.contain(told)
    }
    expect(() => connect(config, wrong({ onUnconsumedError: 1 }))).to.throw(ImproperlyConfigured)
    expect(() => connect(config, wrong({ debug: 'no' }))).to.throw(ImproperlyConfigured)
  })

  it('that are no object are told what one looks like', async () => {
    for (const given of [null, 'x', 1, [], new Date(), () => 1, new Book(), Q({ id: 1 })]) {
      expect(() => Book.objects.iterator(given as never)).to.throw(
        FieldError,
        'iterator() takes its options as one object: { chunkSize }.',
      )
    }
  })
})

/**
 * Whatever one of its keys means somewhere, nobody has given it. Not `distinct`, `order` and the like, by
 * which knex itself is misled.
 */
const POLLUTION: Readonly<Record<string, unknown>> = {
  title: 'polluted',
  pages: 1,
  pages__gt: 5,
  id: 77,
  all: true,
  flat: true,
  filter: { pages: 1 },
  default: 5,
  nulls: 'last',
  null: true,
  unique: true,
  primaryKey: true,
  column: 'polluted',
  ignoreConflicts: true,
  batchSize: 1,
  defaults: { title: 'polluted' },
  fields: ['title'],
  ordering: ['-id'],
  noWait: true,
  includeSelf: true,
  maxDepth: 1,
  tzinfo: 'Asia/Tokyo',
  condition: Q({ books__pages: 1 }),
  readOnly: true,
  retries: -1,
  chunkSize: 0,
}

// Source: RELIABILITY S24.
describeOnEach('own keys only', (kind) => {
  const shop = useBookshop(kind)
  const polluted = <T>(work: () => T): T => {
    for (const [key, value] of Object.entries(POLLUTION)) {
      Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
    }
    try {
      return work()
    } finally {
      for (const key of Object.keys(POLLUTION)) {
        delete (Object.prototype as unknown as Record<string, unknown>)[key]
      }
    }
  }

  it('decide what is asked', () => {
    const asks: readonly (() => unknown)[] = [
      () => Book.objects.filter({}).toSQL(),
      () => Book.objects.filter({ id: 1 }, Q({ pages: 2 })).toSQL(),
      () => Book.objects.exclude({ author__name: 'x' }).toSQL(),
      () => Book.objects.valuesList('title', {} as { flat: true }).toSQL(),
      () => Book.objects.values('title', { twice: F('pages').mul(2) }).toSQL(),
      () => Author.objects.annotate({ n: Count('books', {}) }).toSQL(),
      () => Book.objects.orderBy(F('pages').desc({})).toSQL(),
      () => Book.objects.union(Book.objects.filter({ id: 1 }), {}).toSQL(),
      () => Book.objects.selectForUpdate({}).toSQL(),
      () => Author.objects.descendants('mentor', {}).toSQL(),
      () => Day.objects.dates('day', 'year', {}).toSQL(),
      () => Day.objects.datetimes('at', 'year', {}).toSQL(),
      () => Day.objects.values({ year: ExtractYear('at', {}) }).toSQL(),
      () =>
        Author.objects
          .annotate({ b: FilteredRelation('books', {}) })
          .values('b__id')
          .toSQL(),
      () => Book.objects.values({ next: Window(Lag('pages', {}), {}) }).toSQL(),
      () => safeFilter(Book, '', { allow: [] }),
      () => {
        const field = fields.integer({})
        return [field.null, field.unique, field.primaryKey, field.column, field.hasDefault]
      },
      () => Model('t', { a: fields.text() }, {}).name,
    ]
    for (const ask of asks) expect(polluted(ask), String(ask)).to.deep.equal(ask())
  })

  it('decide what is written', async () => {
    const authors = await Author.objects.bulkCreate([{ name: 'A' }, { name: 'B' }])
    const made = await polluted(() => new Author({ name: 'C' }))
    expect({ ...made }).to.eql({ id: undefined, name: 'C', mentorId: null })
    const [sql] = await shop.sqlOf(() =>
      polluted(() => Author.objects.filter({ name: 'A' }).update({ name: 'X' })),
    )
    expect(sql).to.match(
      /^update "authors" set "name" = (\?|\$1) where "authors"."name" = (\?|\$2)$/,
    )
    await shop.sends(1, () =>
      polluted(() => Author.objects.bulkCreate([{ name: 'D' }, { name: 'E' }], {})),
    )
    expect(await Author.objects.filter({ name__in: ['D', 'E'] }).count()).to.equal(2)
    expect(authors).to.have.lengthOf(2)
    await polluted(() => atomic(() => Author.objects.create({ name: 'F' }), { using: shop.db }))
    await polluted(() => Author.objects.getOrCreate({ name: 'G' }, {}))
    const names = polluted(() => Author.objects.filter({ name__in: ['F', 'G'] }).iterator({}))
    const found: string[] = []
    for await (const { name } of names) found.push(name)
    expect(found.sort()).to.deep.equal(['F', 'G'])
  })
})
