/** What TypeScript says where something is wrong: the wrong part by its name, and what is due. */
import { expect } from 'chai'
import { MODELS, Project } from './support.ts'

interface Wrong {
  readonly what: string
  readonly code: string
  /** What the message has to say, in this order. */
  readonly says: readonly string[]
}

const WRONG: readonly Wrong[] = [
  {
    what: 'an unknown field',
    code: `Book.objects.filter({ titel: 'x' })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field of a related model',
    code: `Book.objects.filter({ author__mentor__nmae: 'x' })`,
    says: ['Unknown<"nmae">'],
  },
  {
    what: 'an unknown lookup',
    code: `Book.objects.filter({ pages__gtt: 3 })`,
    says: ['Unknown<"gtt">'],
  },
  {
    what: 'a lookup that the column does not have',
    code: `Book.objects.filter({ pages__icontains: 'x' })`,
    says: ['Unknown<"icontains">'],
  },
  {
    what: 'a value of another type',
    code: `Book.objects.filter({ title: 'x', pages__gt: '3' })`,
    says: ["'string' is not assignable to type 'number'"],
  },
  {
    what: 'none of the choices',
    code: `Book.objects.filter({ status: 'gone' })`,
    says: [`'"gone"' is not assignable to type '"draft" | "live"'`],
  },
  {
    what: 'a value of another type in a list',
    code: `Book.objects.filter({ pages__in: [1, '2'] })`,
    says: ["'string' is not assignable to type 'number'"],
  },
  {
    what: 'undefined',
    code: `Book.objects.filter({ title: undefined })`,
    says: ["'undefined' is not assignable to type 'string'"],
  },
  {
    what: 'null where nothing is NULL',
    code: `Book.objects.exclude({ title: null })`,
    says: ["'null' is not assignable to type 'string'"],
  },
  {
    what: 'an instance of another model',
    code: `Book.objects.filter({ author: new Book() })`,
    says: ["'Book' is not assignable to type 'number | Author'"],
  },
  {
    what: 'a getter as a lookup',
    code: `Author.objects.filter({ displayName: 'x' })`,
    says: ['Unknown<"displayName">'],
  },
  {
    what: 'an unknown field in the second argument',
    code: `Book.objects.filter({ title: 'x' }, { titel: 'x' })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field in a Q',
    code: `Book.objects.filter(Q.or({ title: 'x' }, Q.not({ titel: 'x' })))`,
    says: ['titel: Unknown<"titel">'],
  },
  {
    what: 'a value of another type in a Q',
    code: `Book.objects.filter(Q({ pages: 'x' }))`,
    says: ['pages: number'],
  },
  {
    what: 'an unknown field in an expression',
    code: `Book.objects.filter({ pages__gt: F('pgaes').add(1) })`,
    says: ['Unknown<"pgaes">'],
  },
  {
    what: 'an expression of another type',
    code: `Book.objects.filter({ title: F('pages') })`,
    says: ['FExpr<"pages">', 'Mismatch<string>'],
  },
  {
    what: 'a queryset of another model',
    code: `Book.objects.filter({ author__in: Book.objects.all() })`,
    says: ['WrongSubquery<number | Author>'],
  },
  {
    what: 'text as a filter',
    code: `Book.objects.filter('title')`,
    says: ["'string'", 'WhereHint<Book>'],
  },
  {
    what: 'an unknown field in get()',
    code: `void Book.objects.get({ titel: 'x' })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field in startGet()',
    code: `Book.objects.startGet({ titel: 'x' })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field in an order',
    code: `Book.objects.orderBy('title', '-author__nmae')`,
    says: ['Unknown<"nmae">'],
  },
  {
    what: 'any text as an order',
    code: `Book.objects.orderBy(process.argv.join())`,
    says: ["'string' is not assignable to parameter of type 'Order<Book>'"],
  },
  {
    what: 'an unknown field in values()',
    code: `Book.objects.values('title', 'author__nmae')`,
    says: ['Unknown<"nmae">'],
  },
  {
    what: 'an expression without a name in values()',
    code: `Book.objects.values(F('title'))`,
    says: ['FExpr<"title">', 'NamedValues'],
  },
  {
    what: 'an unknown field in valuesList()',
    code: `Book.objects.valuesList('titel')`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field in valuesList() with flat',
    code: `Book.objects.valuesList('titel', { flat: true })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'a column in selectRelated()',
    code: `Book.objects.selectRelated('author__name')`,
    says: ['Unknown<"name">'],
  },
  {
    what: 'an unknown relation in prefetchRelated()',
    code: `Author.objects.prefetchRelated('books__tsag')`,
    says: ['Unknown<"tsag">'],
  },
  {
    what: 'a queryset of another model in a Prefetch',
    code: `Author.objects.prefetchRelated(Prefetch('books', { queryset: Author.objects.all() }))`,
    says: ['WrongPrefetch<Book>'],
  },
  {
    what: 'an unknown relation in selectForUpdate()',
    code: `Book.objects.selectForUpdate({ of: ['autor'] })`,
    says: [`'"autor"' is not assignable`, `Did you mean '"author"'?`],
  },
  {
    what: 'an unknown column in save()',
    code: `void new Author().save({ fields: ['emial'] })`,
    says: [`'"emial"' is not assignable`, `Did you mean '"email"'?`],
  },
  {
    what: 'an unknown column in only()',
    code: `Book.objects.only('titel')`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'an unknown field in an aggregate',
    code: `void Book.objects.aggregate({ n: Count('author__nmae') })`,
    says: ['Unknown<"nmae">'],
  },
  {
    what: 'an unknown field in the filter of an aggregate',
    code: `void Book.objects.aggregate({ n: Count('id', { filter: Q({ author__nmae: 'x' }) }) })`,
    says: ['author__nmae: Unknown<"nmae">'],
  },
  {
    what: 'an unknown field in a branch',
    code: `Book.objects.annotate({ x: Case(When({ pgaes__gt: 3 }, 1)) })`,
    says: ['pgaes__gt: Unknown<"pgaes">'],
  },
  {
    what: 'an unknown field of the row around a subquery',
    code: `Author.objects.filter(Exists(Book.objects.filter({ author: OuterRef('pkk') })))`,
    says: ['Unknown<"pkk">'],
  },
  {
    what: 'an unknown field compared with the row around',
    code: `Author.objects.filter(Exists(Book.objects.filter({ auhtor: OuterRef('pk') })))`,
    says: ['Unknown<"auhtor">'],
  },
  {
    what: 'a required column that is missing',
    code: `void Book.objects.create({ title: 'x', author: 3 })`,
    says: ["Property 'publishedAt' is missing"],
  },
  {
    what: 'a required relation that is missing',
    code: `void Book.objects.create({ title: 'x', publishedAt: new Date() })`,
    says: ["Property 'author' is missing", 'author: number | Author'],
  },
  {
    what: 'an unknown field in create()',
    code: `void Author.objects.create({ name: 'x', emial: 'x' })`,
    says: ['Unknown<"emial">'],
  },
  {
    what: 'a value of another type in create()',
    code: `void Author.objects.create({ name: 3 })`,
    says: ["'number' is not assignable to type 'string'"],
  },
  {
    what: 'an instance of another model in create()',
    code: `void Book.objects.create({ title: 'x', publishedAt: new Date(), author: new Book() })`,
    says: ["'Book' is not assignable to type 'number | Author'"],
  },
  {
    what: 'an unknown field in bulkCreate()',
    code: `void Author.objects.bulkCreate([{ name: 'x' }, { name: 'x', emial: 'x' }])`,
    says: ['Unknown<"emial">'],
  },
  {
    what: 'a required relation that is missing in one of the rows of bulkCreate()',
    code: `void Book.objects.bulkCreate([{ title: 'x', publishedAt: new Date(), author: 3 }, { title: 'y', publishedAt: new Date() }])`,
    says: ["Property 'author' is missing", 'author: number | Author'],
  },
  {
    what: 'a value of another type in one of the rows of bulkCreate()',
    code: `void Author.objects.bulkCreate([{ name: 'x' }, { name: 3 }, { name: 'x', email: null }])`,
    says: ["'number' is not assignable to type 'string'"],
  },
  {
    what: 'an unknown field in update()',
    code: `void Book.objects.update({ titel: 'x' })`,
    says: ['Unknown<"titel">'],
  },
  {
    what: 'a value of another type in update()',
    code: `void Book.objects.update({ pages: 'x' })`,
    says: ["'string' is not assignable to type 'number'"],
  },
  {
    what: 'an expression of another type in update()',
    code: `void Book.objects.update({ pages: F('title') })`,
    says: ['FExpr<"title">', 'Mismatch<number>'],
  },
  {
    what: 'an unknown field in getOrCreate()',
    code: `void Author.objects.getOrCreate({ nmae: 'x' })`,
    says: ['Unknown<"nmae">'],
  },
  {
    what: 'an unknown field in its defaults',
    code: `void Author.objects.getOrCreate({ name: 'x' }, { defaults: { emial: 'x' } })`,
    says: ["'emial' does not exist in type 'DefaultsOf<Author>'"],
  },
  {
    what: 'an unknown field in inBulk()',
    code: `void Author.objects.inBulk(undefined, { fieldName: 'emial' })`,
    says: [`'"emial"' is not assignable to type 'ColumnKeys<Author>'`],
  },
  {
    what: 'an unknown field in a Where',
    code: `export const where: Where<Book> = { author__nmae: 'x' }`,
    says: ["'author__nmae' does not exist in type 'Where<Book>'", "'author__name'"],
  },
  {
    what: 'an unknown field in an Order',
    code: `export const order: Order<Book> = '-titel'`,
    says: [`'"-titel"' is not assignable to type 'Order<Book>'`],
  },
  {
    what: 'an unknown field in new',
    code: `new Author({ nmae: 'x' })`,
    says: ["'nmae' does not exist"],
  },
  {
    what: 'a relation that is not loaded',
    code: `void new Book().author.name`,
    says: ["Property 'name' does not exist on type 'Awaitable<Author>'"],
  },
  {
    what: 'a start that a manager does not have',
    code: `Book.objects.startFecth()`,
    says: ["'startFecth'", "Did you mean 'startFetch'?"],
  },
  {
    what: 'querysets of another model',
    code: `new AsyncManager(Author, BookQuerySet)`,
    says: ["'Book'", "'Author'"],
  },
]

const HEAD = `${MODELS}
import { Case, Count, Exists, F, type Order, OuterRef, Prefetch, Q, type Where, When } from 'asynchrormous'
`

describe('what the compiler says', () => {
  /** By the line it is about, counted from 1. */
  const messages = new Map<number, string>()
  const firstLine = HEAD.split('\n').length

  before(async function () {
    this.timeout(60_000)
    const project = new Project()
    try {
      project.write('wrong.ts', HEAD + WRONG.map(({ code }) => code).join('\n'))
      project.configure(['wrong.ts'])
      const output = await project.compile()
      for (const message of output.split(/^(?=wrong\.ts\()/m)) {
        const line = Number(/^wrong\.ts\((\d+),/.exec(message)?.[1])
        messages.set(line, (messages.get(line) ?? '') + message)
      }
    } finally {
      project.remove()
    }
  })

  for (const [index, { what, says }] of WRONG.entries()) {
    it(what, () => {
      const message = messages.get(firstLine + index) ?? ''
      let from = 0
      for (const part of says) {
        const at = message.indexOf(part, from)
        expect(at, `'${part}' in: ${message || '(no error)'}`).to.be.at.least(0)
        from = at + part.length
      }
    })
  }

  it('says nothing of the models themselves, nor of what is not asked', () => {
    const lines = [...messages.keys()].sort((a, b) => a - b)
    expect(lines).to.deep.equal(WRONG.map((_, index) => firstLine + index))
  })

  it('says of a single mistake a single thing', () => {
    for (const [line, message] of messages) {
      expect(message.split(/error TS\d+/).length - 1, `errors in line ${line}`).to.equal(1)
    }
  })
})
