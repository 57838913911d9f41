/** Options with a typo, or of another kind, are named; what is inherited is no option and no value. */
import { expect } from 'chai'
import { Count, connect, F, fields, ImproperlyConfigured, Model, Q } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, useBookshop } from './support/bookshop.ts'

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

/**
 * Whatever one of its keys means somewhere, nobody has given it. Not `distinct`, by which knex itself
 * is misled.
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
  })
})
