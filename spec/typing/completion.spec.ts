/** What an editor offers inside the arguments of each call: asked of TypeScript's own server. */
import { expect } from 'chai'
import { LanguageServer } from './language-server.ts'
import { MODELS, Project } from './support.ts'

interface Place {
  /** The call, with `|` where the cursor is. */
  readonly at: string
  /** Some of what is offered. */
  readonly offers: readonly string[]
  /** What everything that is offered begins with. */
  readonly only: RegExp
}

const BOOK_NAMES = 'id|pk|title|pages|status|publishedAt|author|authorId'
const AUTHOR_NAMES = 'id|pk|name|email|mentor|mentorId|books|students'
/** Names, alone or followed by a lookup or a step along a relation. */
const OF_BOOK = new RegExp(`^(${BOOK_NAMES})(__\\w+)?$`)
const OF_AUTHOR = new RegExp(`^(${AUTHOR_NAMES})(__\\w+)?$`)
const ORDER_OF_BOOK = new RegExp(`^(\\?|-?(${BOOK_NAMES})(__\\w+)?)$`)
const COLUMN_OF_BOOK = /^(id|title|pages|status|publishedAt|author|authorId)$/

const LOOKUPS = [
  'id',
  'pk',
  'title',
  'title__icontains',
  'title__in',
  'pages__gte',
  'publishedAt__year',
  'author',
  'authorId',
  'author__isnull',
  'author__name',
  'author__mentor',
]
const COLUMNS = ['title', 'pages', 'status', 'publishedAt', 'author', 'authorId']
const PATHS = ['title', 'pk', 'publishedAt__year', 'author', 'authorId', 'author__name']

const PLACES: readonly Place[] = [
  { at: 'Book.objects.filter({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: 'Book.objects.live().filter({ au| })', offers: LOOKUPS, only: OF_BOOK },
  { at: `Book.objects.filter({ title: 'x', | })`, offers: ['author__name'], only: OF_BOOK },
  { at: 'Book.objects.filter({ pages: 3 }, { | })', offers: LOOKUPS, only: OF_BOOK },
  { at: `Book.objects.filter({ 'author__|': 'x' })`, offers: ['author__name'], only: OF_BOOK },
  {
    at: 'Author.objects.filter({ | })',
    offers: ['name__startswith', 'mentor__name', 'books', 'books__title', 'students__isnull'],
    only: OF_AUTHOR,
  },
  { at: 'Book.objects.exclude({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: 'void Book.objects.get({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: 'Book.objects.startGet({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: 'void Book.objects.getOrCreate({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: 'new Author().books.filter({ | })', offers: LOOKUPS, only: OF_BOOK },
  { at: `Book.objects.values('title').filter({ | })`, offers: LOOKUPS, only: OF_BOOK },
  {
    at: `Book.objects.orderBy('|')`,
    offers: [...PATHS, '-title', '-author__name', '?'],
    only: ORDER_OF_BOOK,
  },
  {
    at: `Book.objects.orderBy('title', '|')`,
    offers: [...PATHS, '-author__name'],
    only: ORDER_OF_BOOK,
  },
  { at: `void Book.objects.latest('|')`, offers: PATHS, only: ORDER_OF_BOOK },
  { at: `Book.objects.values('|')`, offers: PATHS, only: OF_BOOK },
  { at: `Book.objects.values('title', '|')`, offers: PATHS, only: OF_BOOK },
  { at: `Book.objects.valuesList('|')`, offers: PATHS, only: OF_BOOK },
  { at: `Author.objects.values('|')`, offers: ['books', 'books__title'], only: OF_AUTHOR },
  {
    at: `Book.objects.selectRelated('|')`,
    offers: ['author', 'author__mentor'],
    only: /^author(__mentor)?$/,
  },
  {
    at: `Author.objects.prefetchRelated('|')`,
    offers: ['books', 'students', 'mentor'],
    only: OF_AUTHOR,
  },
  {
    at: `Book.objects.selectForUpdate({ of: ['|'] })`,
    offers: ['self', 'author', 'author__mentor'],
    only: /^(self|author(__mentor)?)$/,
  },
  {
    at: `void Book.objects.bulkCreate([], { updateConflicts: true, updateFields: ['|'] })`,
    offers: COLUMNS,
    only: OF_BOOK,
  },
  { at: `void new Book().save({ fields: ['|'] })`, offers: COLUMNS, only: OF_BOOK },
  { at: `Book.objects.only('|')`, offers: ['title', 'author__name'], only: OF_BOOK },
  { at: 'void Book.objects.create({ | })', offers: COLUMNS, only: COLUMN_OF_BOOK },
  { at: `void Book.objects.create({ title: 'x', | })`, offers: ['pages'], only: COLUMN_OF_BOOK },
  { at: 'void Book.objects.bulkCreate([{ | }])', offers: COLUMNS, only: COLUMN_OF_BOOK },
  {
    at: `void Book.objects.bulkCreate([{ title: 'x' }, { title: 'y', | }])`,
    offers: ['pages'],
    only: COLUMN_OF_BOOK,
  },
  {
    at: `void Book.objects.bulkCreate([{ status: '|' }])`,
    offers: ['draft', 'live'],
    only: /^(draft|live)$/,
  },
  { at: 'void Book.objects.update({ | })', offers: COLUMNS, only: COLUMN_OF_BOOK },
  { at: 'new Book({ | })', offers: COLUMNS, only: COLUMN_OF_BOOK },
  {
    at: 'void Book.objects.getOrCreate({}, { defaults: { | } })',
    offers: COLUMNS,
    only: COLUMN_OF_BOOK,
  },
  { at: `Book.objects.filter({ status: '|' })`, offers: ['draft', 'live'], only: /^(draft|live)$/ },
  {
    at: `void Book.objects.create({ status: '|' })`,
    offers: ['draft', 'live'],
    only: /^(draft|live)$/,
  },
  {
    at: `void Book.objects.update({ status: '|' })`,
    offers: ['draft', 'live'],
    only: /^(draft|live)$/,
  },
]

describe('what an editor offers', function () {
  this.timeout(60_000)
  let project: Project
  let server: LanguageServer

  before(async () => {
    project = new Project()
    project.write('models.ts', MODELS)
    project.configure(['models.ts', 'edited.ts'])
    server = await LanguageServer.start(project.folder)
  })

  after(() => {
    server.stop()
    project.remove()
  })

  for (const { at, offers, only } of PLACES) {
    it(at, async () => {
      const text = `import { Author, Book } from './models.js'\nvoid Author\n${at}`
      const offered = await server.completions('edited.ts', text)
      expect(offered).to.include.members([...offers])
      expect(offered.filter((name) => !only.test(name))).to.deep.equal([])
    })
  }
})
