/** Defining models: what a definition gives, and what a mistaken one says. */
import { expect } from 'chai'
import { z } from 'zod'
import {
  AsyncManager,
  AsyncQuerySet,
  connect,
  fields,
  ImproperlyConfigured,
  Manager,
  Model,
  QuerySet,
} from '../../lib/index.ts'
import { Author, Book } from './support/library.ts'
import { OptionalSample, Sample } from './support/samples.ts'
import { rejection, thrown } from './support/stage.ts'

const name = () => fields.char({ maxLength: 10 })

/** A definition gives its first use the chance to say what is wrong. */
function problemOf(define: () => object): Error {
  const error = thrown(define)
  expect(error, error.stack).to.be.instanceOf(ImproperlyConfigured)
  return error
}

describe('a mistaken definition is ImproperlyConfigured', () => {
  const reserved = [
    ...['save', 'delete', 'pk', 'then', 'toJSON', 'constructor', 'equals', 'refreshFromDb'],
    ...['__proto__', 'hasOwnProperty', 'a__b', 'a_', 'two words', '1st', 'toString', 'valueOf', ''],
  ]
  for (const field of reserved) {
    it(`a field called '${field}'`, () => {
      const map = Object.defineProperty({}, field, { value: name(), enumerable: true })
      expect(problemOf(() => Model('things', map)).message).to.contain(field)
    })
  }

  it('no table', () => {
    problemOf(() => Model('', { name: name() }))
    problemOf(() => Model(5 as unknown as string, { name: name() }))
  })

  it('two primary keys', () => {
    class Two extends Model('things', {
      a: fields.char({ maxLength: 5, primaryKey: true }),
      b: fields.char({ maxLength: 5, primaryKey: true }),
    }) {}
    expect(problemOf(() => new Manager(Two)).message).to.match(/a, b/)
  })

  it('two properties of one column', () => {
    class Same extends Model('things', { a: fields.text({ column: 'x' }), x: fields.text() }) {}
    expect(problemOf(() => new Manager(Same)).message).to.match(/'x'/)
  })

  it('what is no field', () => {
    class Wrong extends Model('things', { a: 'text' as never }) {}
    expect(problemOf(() => new Manager(Wrong)).message).to.match(/Wrong\.a.*fields\.char/)
    class Schema extends Model('things', { a: z.string() as never }) {}
    problemOf(() => new Manager(Schema))
  })

  it('options that contradict each other, at the field', () => {
    problemOf(() => fields.char({ maxLength: 5, null: true, primaryKey: true } as never))
    problemOf(() => fields.foreignKey(Author, { onDelete: 'setNull' } as never))
    problemOf(() => fields.foreignKey(Author, {} as never))
    problemOf(() => fields.char({ maxLenght: 5 } as never))
    problemOf(() => fields.integer({ default: 'x' as never }))
  })

  it('a foreign key to a class that is declared later: undefined says to name it', () => {
    const Later = undefined as never
    expect(problemOf(() => fields.foreignKey(Later, { onDelete: 'cascade' })).message).to.match(
      /declared later/,
    )
  })

  it('a foreign key to a name nobody has: on first use, with the names there are', async () => {
    class Orphan extends Model('orphans', {
      parent: fields.foreignKey('Prent', { onDelete: 'cascade' }),
    }) {
      static objects = new AsyncManager(Orphan)
    }
    const error = thrown(() => Orphan.objects.filter({ parent: 1 } as never))
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect(error.message).to.match(/'Prent'.*Registered are: .*Author/)
  })

  it('connect({ models }) lists everything that is wrong with all of them', () => {
    class First extends Model('firsts', {
      a: fields.foreignKey('NoSuchModel', { onDelete: 'cascade' }),
      b: fields.foreignKey(Author, { onDelete: 'cascade', toField: 'nmae' } as never),
    }) {}
    class Second extends Model('seconds', {
      c: fields.foreignKey('NeitherThis', { onDelete: 'cascade' }),
    }) {}
    const config = { client: 'sqlite3', connection: ':memory:' }
    const error = problemOf(() => connect(config, { name: 'mistaken', models: [First, Second] }))
    expect(error.message).to.contain('First.a').and.to.contain('First.b').and.to.contain('Second.c')
    problemOf(() => connect(config, { name: 'mistaken', models: [class {} as never] }))
  })

  it('connect({ models }) looks at what models say of their order', () => {
    class Ordered extends Model('ordered', { name: name() }, { ordering: ['-nmae'] }) {}
    class Latest extends Model(
      'latest',
      { by: fields.foreignKey(Author, { onDelete: 'cascade' }) },
      { ordering: ['-by__name', 'id', '?'], getLatestBy: ['id', 'by__nmae'] },
    ) {}
    class Circle extends Model(
      'circle',
      { next: fields.foreignKey('Circle', { onDelete: 'cascade' }) },
      { ordering: ['next'] },
    ) {}
    const config = { client: 'sqlite3', connection: ':memory:' }
    const models = [Ordered, Latest, Circle]
    const error = problemOf(() => connect(config, { name: 'mistaken', models }))
    const lines = error.message.split('\n').map((line) => line.replace(/ Choices are: .*/, ''))
    expect(lines).to.deep.equal([
      "The option ordering of Ordered: Cannot resolve 'nmae' on Ordered.",
      "The option getLatestBy of Latest: Cannot resolve 'nmae' on Author.",
      'The option ordering of Circle: Infinite loop caused by the ordering of Circle.',
    ])
  })

  it('a manager of what is no model, or with another queryset class', () => {
    problemOf(() => new AsyncManager(class {} as never))
    problemOf(() => new AsyncManager(Author, class {} as never))
    problemOf(() => new AsyncManager(Author, QuerySet as never))
  })

  it('a query before connect() says to connect', async () => {
    const error = await rejection(Author.objects.count())
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect(error.message).to.match(/No database is connected\. Call connect/)
  })
})

describe('a definition', () => {
  it('a subclass gets its fields, and its own members work', () => {
    class Thing extends Model('things', { name: name() }) {
      readonly tags: string[] = ['own']
      get loud(): string {
        return this.name.toUpperCase()
      }
    }
    const thing = new Thing({ name: 'a' })
    expect([thing.loud, thing.tags]).to.deep.equal(['A', ['own']])
    expect(Object.keys(thing)).to.have.members(['id', 'name', 'tags'])
  })

  it('shared columns are spread in; columns are snake_case or as said', () => {
    const timestamps = { createdAt: fields.dateTime({ autoNowAdd: true }) }
    class Stamped extends Model('stamped', {
      homeCity: name(),
      isoA2: name(),
      other: fields.text({ column: 'Something Else' }),
      ...timestamps,
    }) {
      static objects = new AsyncManager(Stamped)
    }
    const db = connect({ client: 'sqlite3', connection: ':memory:' }, { name: 'columns' })
    const { sql } = Stamped.objects.using('columns').toSQL()
    for (const column of ['home_city', 'iso_a2', 'Something Else', 'created_at']) {
      expect(sql).to.contain(`"${column}"`)
    }
    return db.close()
  })

  it("a model's errors are its own classes", () => {
    expect(new Author.DoesNotExist('x')).not.to.be.instanceOf(Book.DoesNotExist)
    expect(Author.DoesNotExist).to.equal(Author.DoesNotExist)
    expect(new Author.DoesNotExist('x').name).to.contain('DoesNotExist')
    expect(Author.MultipleObjectsReturned.name).to.contain('Author')
  })

  it('a second definition of a name, as tests make them, stands for itself', () => {
    const define = () => {
      class Again extends Model('again', { name: name() }) {
        static objects = new AsyncManager(Again)
      }
      return Again
    }
    const [one, two] = [define(), define()]
    expect(new one({ name: 'a' }).equals(new two({ name: 'a' }))).to.equal(false)
  })
})

describe('schemas', () => {
  const row = {
    title: 'x',
    pages: 1,
    publishedAt: '2020-01-01T00:00:00.000Z',
    status: null,
    price: null,
    data: null,
    authorId: 1,
  }

  it('are zod objects; JSON Schema can be made of them', () => {
    for (const model of [Author, Book, Sample, OptionalSample]) {
      for (const schema of [model.schema, model.createSchema, model.updateSchema]) {
        expect(schema).to.be.instanceOf(z.ZodObject)
        const json = z.toJSONSchema(schema, { io: 'input' })
        expect(json).to.include({ type: 'object', additionalProperties: false })
      }
    }
    const json = z.toJSONSchema(Book.createSchema, { io: 'input' })
    expect(json.required).to.have.members(['title', 'publishedAt', 'authorId'])
    expect(Object.keys(json.properties ?? {})).to.have.members(['id', ...Object.keys(row)])
    expect(json.properties?.['title']).to.include({ type: 'string', maxLength: 200 })
  })

  it('take what JSON can carry, and give what is written', () => {
    const parsed = Book.createSchema.parse(row) as { publishedAt: Date }
    expect(parsed.publishedAt).to.deep.equal(new Date(row.publishedAt))
    expect(Sample.updateSchema.parse({ bigInteger: '9223372036854775807' })).to.deep.equal({
      bigInteger: 2n ** 63n - 1n,
    })
  })

  it('refuse unknown keys, missing ones and wrong values, each by name', () => {
    expect(Book.createSchema.safeParse({ ...row, extra: 1 }).success).to.equal(false)
    expect(Book.updateSchema.safeParse({ extra: 1 }).success).to.equal(false)
    const { title: _, ...untitled } = row
    const missing = Book.createSchema.safeParse(untitled)
    expect(missing.error?.issues.map(({ path }) => path)).to.deep.equal([['title']])
    const wrong = Book.createSchema.safeParse({ ...row, pages: 1.5, status: 'lost' })
    expect(wrong.error?.issues.map(({ path }) => path[0])).to.deep.equal(['pages', 'status'])
    expect(Book.updateSchema.parse({})).to.deep.equal({})
    const key = Book.updateSchema.safeParse({ id: 3, title: 'x' })
    expect(key.error?.issues.map(({ message }) => message)).to.deep.equal([
      'Unrecognized key: "id"',
    ])
    const nothing = Book.updateSchema.safeParse({ title: undefined })
    expect(nothing.error?.issues.map(({ path }) => path)).to.deep.equal([['title']])
    expect(Book.schema.safeParse(row).success).to.equal(false)
    expect(Book.schema.safeParse({ ...row, id: 1 }).success).to.equal(true)
  })
})

describe('querysets and managers', () => {
  class Quiet extends Model('quiet', { name: name() }) {
    static objects = new Manager(Quiet)
    static other = new AsyncManager(Quiet)
  }

  it('a Manager cannot start, an AsyncManager can', () => {
    expect(Quiet.objects).not.to.have.property('startFetch')
    expect(Quiet.other).to.have.property('startFetch')
    expect(Quiet.objects.all()).not.to.be.instanceOf(AsyncQuerySet)
    expect(Quiet.other.all()).to.be.instanceOf(AsyncQuerySet)
  })

  it('a manager has every method of its querysets, and is no promise', async () => {
    for (const verb of Object.getOwnPropertyNames(QuerySet.prototype)) {
      if (verb === 'constructor' || verb === 'then') continue
      expect(Book.objects, verb).to.have.property(verb).that.is.a('function')
    }
    for (const own of ['live', 'longerThan']) expect(Book.objects).to.have.property(own)
    expect(Book.objects).not.to.have.property('then')
    expect(await Book.objects).to.equal(Book.objects)
  })

  it('every chained call keeps the class', () => {
    const books = Book.objects.live()
    const chained = [
      books.filter({ id: 1 }).exclude({ id: 2 }),
      books.orderBy('id').reverse().distinct(),
      books.slice(0, 1),
      books.none(),
      books.all(),
      books.timeout(5),
      books.using('x'),
      books.values('title'),
      books.valuesList('title'),
      books.selectRelated('author'),
    ]
    for (const each of chained) {
      expect(each.constructor).to.equal(books.constructor)
      expect(each.longerThan).to.equal(books.longerThan)
    }
  })
})
