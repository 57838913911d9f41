/** What an editor offers inside the first argument of each call. */
import { expect } from 'chai'
import { LanguageServer } from './language-server.ts'

const MODELS = `
import { AsyncManager, fields, Model, type RelatedManager } from '../../lib/index.ts'
class Author extends Model('authors', {
  name: fields.char({ maxLength: 100 }),
  bornOn: fields.date({ null: true }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book>
  get displayName() { return this.name }
}
class Book extends Model('books', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer({ default: 0 }),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
}) {
  static objects = new AsyncManager(Book)
}
`

describe('completion', function () {
  this.timeout(60_000)
  let server: LanguageServer

  before(async () => {
    server = await LanguageServer.start()
  })
  after(() => server.stop())

  const offered = (call: string): Promise<string[]> =>
    server.completions('spec/typing/edited.ts', `${MODELS}\n${call}`)

  const lookups = ['title', 'title__icontains', 'pages__gt', 'author', 'authorId', 'author__name']
  const cases: [call: string, offers: string[]][] = [
    ['Book.objects.filter({ | })', lookups],
    ['Book.objects.filter({ pages: 3, | })', ['title', 'title__startswith', 'author__isnull']],
    ['Book.objects.all().exclude({ | })', lookups],
    ['Book.objects.get({ | })', lookups],
    ['Author.objects.filter({ | })', ['name', 'bornOn__year', 'books', 'books__title', 'pk']],
    ["Book.objects.orderBy('|')", ['title', '-title', 'author__name', '-author__name', '?']],
    ["Book.objects.values('|')", ['title', 'pages', 'author', 'author__name']],
    ["Book.objects.selectRelated('|')", ['author']],
    ['Book.objects.create({ | })', ['title', 'pages', 'author', 'authorId']],
    ['Book.objects.update({ | })', ['title', 'pages', 'author', 'authorId']],
  ]
  for (const [call, offers] of cases) {
    it(`in ${call} offers what can stand there, and nothing else`, async () => {
      const labels = await offered(call)
      expect(labels).to.include.members(offers)
      const foreign = labels.filter(
        (label) => !/^-?(id|pk|title|pages|author|name|bornOn|books|\?)/.test(label),
      )
      expect(foreign).to.deep.equal([])
      expect(labels.filter((label) => label.includes('displayName'))).to.deep.equal([])
    })
  }
})
