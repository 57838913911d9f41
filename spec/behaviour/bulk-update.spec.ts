/** Many rows at once, each with values of its own. */
import { expect } from 'chai'
import {
  AsyncManager,
  Case,
  Cast,
  F,
  FieldError,
  fields,
  InvalidValueError,
  Model,
  NotLoadedError,
  type RelatedManager,
  UniqueViolation,
  ValidationError,
  Value,
  When,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { OptionalSample, VALUES } from './support/samples.ts'
import { rejection, useStage } from './support/stage.ts'

/** Called as a type of PostgreSQL, with names that our own statements use. */
class Path extends Model('path', {
  code: fields.uuid({ primaryKey: true, column: 'c1' }),
  shape: fields.text({ null: true, column: 'c0' }),
  seen: fields.dateTime({ null: true, autoNow: true }),
  marks: fields.array(fields.text(), { null: true }),
}) {
  static objects = new AsyncManager(Path)
}

const booksOf = (author: Author): RelatedManager<Book> =>
  (author as unknown as { books: RelatedManager<Book> }).books

const CODES = ['A', 'B'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`)

const withoutZeros = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value

describeOnEach('bulkUpdate()', (kind) => {
  const stage = useStage(kind)
  const isPg = kind.dialect === 'postgresql'

  before(async () => {
    const instant = isPg ? 'timestamptz' : 'text'
    await stage.db.knex.raw(
      `create table path (c1 ${isPg ? 'uuid' : 'text'} primary key, c0 text, seen ${instant}, marks ${isPg ? 'text[]' : 'text'})`,
    )
  })

  it('writes the columns that are named, each row its own values', async () => {
    const books = await Book.objects.orderBy('id')
    for (const book of books) {
      book.pages += 1
      book.title = `${book.title}!`
      book.status = null
    }
    const count = await stage.sends(1, () => Book.objects.bulkUpdate(books, ['pages', 'title']))
    expect(count).to.equal(4)
    expect(await Book.objects.orderBy('id').valuesList('title', 'pages', 'status')).to.deep.equal([
      ['Emma!', 475, 'live'],
      ['Persuasion!', 250, 'draft'],
      ['Middlemarch!', 881, 'live'],
      ['Silas Marner!', 241, null],
    ])
    const sql = await stage.sqlOf(() => books[0]?.save())
    expect(sql).to.have.lengthOf(1)
    expect(sql[0]).to.match(/^update "books" set "status" = (\?|\$1) where/)
    await stage.sends(0, () => books[3]?.save())
  })

  it('keeps every value of every kind of column, NULL too', async () => {
    for (const [name, values] of Object.entries(VALUES)) {
      const all = [...values, null]
      const made = await OptionalSample.objects.bulkCreate(all.map(() => ({})))
      const rows = made as unknown as Record<string, unknown>[]
      rows.forEach((row, at) => {
        row[name] = all[at]
      })
      const names = [name] as unknown as 'char'[]
      expect(
        await stage.sends(1, () => OptionalSample.objects.bulkUpdate(made, names)),
        name,
      ).to.equal(all.length)
      const found = await OptionalSample.objects.filter({ pk__in: made.map(({ pk }) => pk) })
      found.sort((a, b) => (a.id < b.id ? -1 : 1))
      const kept = found.map((one) => (one as unknown as Record<string, unknown>)[name])
      expect(name === 'decimal' ? kept.map(withoutZeros) : kept, name).to.deep.equal(all)
      await stage.sends(0, async () => {
        for (const one of made) await one.save()
      })
    }
  }).timeout(30_000)

  it('computes expressions, each row its own, and reads them back', async () => {
    const [emma, persuasion, middlemarch] = await Book.objects.orderBy('id')
    if (!emma || !persuasion || !middlemarch) throw new Error('Three books are due.')
    emma.pages = F('pages').add(1) as never
    persuasion.pages = Case(When({ status: 'draft' }, Value(7)), { default: F('id') }) as never
    middlemarch.pages = 5
    persuasion.authorId = 3
    const rows = [emma, persuasion, middlemarch]
    const count = await stage.sends(1, () => Book.objects.bulkUpdate(rows, ['pages', 'author']))
    expect(count).to.equal(3)
    expect(rows.map(({ pages }) => pages)).to.deep.equal([475, 7, 5])
    expect(await Book.objects.orderBy('id').valuesList('pages', 'authorId')).to.deep.equal([
      [475, 1],
      [7, 3],
      [5, 2],
      [240, 2],
    ])
    await stage.sends(0, () => persuasion.save())
  })

  it('takes instances that were assigned, and columns that only() loaded', async () => {
    const lotte = await Author.objects.create({ name: 'Lotte' })
    const books = await Book.objects.only('author').orderBy('id').slice(0, 2)
    for (const book of books) book.author = lotte
    expect(await stage.sends(1, () => Book.objects.bulkUpdate(books, ['author']))).to.equal(2)
    expect(await booksOf(lotte).count()).to.equal(2)
    const unloaded = books as unknown as Book[]
    expect(
      await stage.sends(0, () => rejection(Book.objects.bulkUpdate(unloaded, ['title']))),
    ).to.be.instanceOf(NotLoadedError)
  })

  it('writes only rows of its queryset, and tells the instances of those only', async () => {
    const books = await Book.objects.orderBy('id')
    for (const book of books) book.pages = 1
    const drafts = Book.objects.filter({ author__name: 'Jane', status: 'draft' })
    expect(await stage.sends(1, () => drafts.bulkUpdate(books, ['pages']))).to.equal(1)
    expect(await Book.objects.orderBy('id').valuesList('pages', { flat: true })).to.deep.equal([
      474, 1, 880, 240,
    ])
    await stage.sends(0, () => books[1]?.save())
    await stage.sends(1, () => books[0]?.save())
    const jane = await Author.objects.get({ pk: 1 })
    for (const book of books) book.pages = 2
    expect(await stage.sends(1, () => booksOf(jane).bulkUpdate(books, ['pages']))).to.equal(2)
    expect(await Book.objects.none().bulkUpdate(books, ['pages'])).to.equal(0)
  })

  it('passes over rows that are gone, and takes the first of several instances of one', async () => {
    const [first, gone] = await Book.objects.orderBy('id')
    const again = await Book.objects.get({ pk: 1 })
    if (!first || !gone) throw new Error('Two books are due.')
    await Book.objects.filter({ pk: gone.pk }).delete()
    first.pages = 1
    again.pages = 2
    gone.pages = 3
    expect(await Book.objects.bulkUpdate([first, again, gone], ['pages'])).to.equal(1)
    expect((await Book.objects.get({ pk: 1 })).pages).to.equal(1)
    expect(await rejection(gone.save())).to.be.instanceOf(Book.DoesNotExist)
  })

  it('sends as many statements as it takes, in one transaction', async () => {
    const tags = await Tag.objects.bulkCreate(
      Array.from({ length: 25_000 }, (_, at) => ({ name: `tag ${at}` })),
    )
    for (const tag of tags) tag.name = `${tag.name}!`
    const sql = await stage.sqlOf(() => Tag.objects.bulkUpdate(tags, ['name']))
    const updates = sql.filter((text) => !/^(begin|commit)/i.test(text))
    expect(updates).to.have.lengthOf(isPg ? 3 : 7)
    expect(sql).to.have.lengthOf(updates.length + 2)
    expect(new Set(updates).size).to.equal(isPg ? 1 : 2)
    expect(await Tag.objects.filter({ name__endswith: '!' }).count()).to.equal(25_000)
    const three = tags.slice(0, 3)
    await stage.sends(4, () => Tag.objects.bulkUpdate(three, ['name'], { batchSize: 2 }))
  }).timeout(30_000)

  it('is undone as a whole when a part fails, and instances are as changed as before', async () => {
    const tags = await Tag.objects.bulkCreate([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    for (const tag of tags) tag.name = 'same'
    const failed = rejection(Tag.objects.bulkUpdate(tags, ['name'], { batchSize: 1 }))
    expect(await failed).to.be.instanceOf(UniqueViolation)
    expect(await Tag.objects.orderBy('id').valuesList('name', { flat: true })).to.deep.equal([
      'a',
      'b',
      'c',
    ])
    await stage.sends(1, () => tags[0]?.save())
    if (tags[1]) tags[1].name = 'later'
    await rejection(
      stage.db.atomic(async () => {
        await Tag.objects.bulkUpdate(tags.slice(1, 2), ['name'])
        throw new Error('no')
      }),
    )
    await stage.sends(1, () => tags[1]?.save())
  })

  it('leaves autoNow columns alone that are not named, and knows odd names and tables', async () => {
    const rows = await Path.objects.bulkCreate(CODES.map((code) => ({ code })))
    const seen = rows.map((row) => row.seen)
    for (const row of rows) row.shape = row.code
    expect(await stage.sends(1, () => Path.objects.bulkUpdate(rows, ['shape']))).to.equal(2)
    expect(await Path.objects.orderBy('pk').valuesList('shape', 'seen')).to.deep.equal(
      CODES.map((code, at) => [code.toLowerCase(), seen[at]]),
    )
    for (const row of rows) row.seen = null
    await Path.objects.filter({ shape__isnull: false }).bulkUpdate(rows, ['seen', 'shape'])
    expect(await Path.objects.filter({ seen: null }).count()).to.equal(2)
  })

  it('writes arrays, beside other columns and expressions', async () => {
    await Path.objects.delete()
    const rows = await Path.objects.bulkCreate(CODES.map((code) => ({ code })))
    const [first, second] = rows
    if (!first || !second) throw new Error('Two rows are due.')
    first.marks = ['a', 'b,"c']
    first.shape = 'x'
    second.marks = []
    second.shape = Cast('code', fields.text()) as never
    expect(await stage.sends(1, () => Path.objects.bulkUpdate(rows, ['marks', 'shape']))).to.equal(
      2,
    )
    expect(await Path.objects.orderBy('pk').valuesList('marks', 'shape')).to.deep.equal([
      [['a', 'b,"c'], 'x'],
      [[], CODES[1]?.toLowerCase()],
    ])
    first.marks = null
    await Path.objects.bulkUpdate([first], ['marks'])
    expect(await Path.objects.filter({ marks: null }).count()).to.equal(1)
  })

  it('refuses what cannot be meant, before any SQL', async () => {
    const [book] = await Book.objects.orderBy('id')
    const [author] = await Author.objects.all()
    if (!book || !author) throw new Error('There are a book and an author.')
    const none = new Book({ title: 'New', authorId: 1, publishedAt: new Date() })
    const refused: readonly [unknown, unknown, unknown, object?][] = [
      [FieldError, [book], ['nope']],
      [FieldError, [book], []],
      [FieldError, [book], 'title'],
      [FieldError, [book], ['id']],
      [FieldError, [book], ['title', 'pk']],
      [InvalidValueError, [author], ['title']],
      [InvalidValueError, [{ ...book }], ['title']],
      [InvalidValueError, [none], ['title']],
      [RangeError, [book], ['title'], { batchSize: 0 }],
    ]
    await stage.sends(0, async () => {
      for (const [type, instances, names, options] of refused) {
        const failed = Book.objects.bulkUpdate(instances as never, names as never, options)
        expect(await rejection(failed)).to.be.instanceOf(type)
      }
      const sliced = Book.objects.all().slice(0, 2).bulkUpdate([book], ['title'])
      expect(await rejection(sliced)).to.be.instanceOf(FieldError)
      expect(await Book.objects.bulkUpdate([], ['title'])).to.equal(0)
      book.pages = 'many' as never
      const invalid = await rejection(Book.objects.bulkUpdate([book], ['pages', 'title']))
      expect(invalid).to.be.instanceOf(ValidationError)
    })
  })
})
