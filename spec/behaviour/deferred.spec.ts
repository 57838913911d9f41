/** `only()` and `defer()`: rows without some of their columns, and how these are loaded. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import {
  AsyncManager,
  atomic,
  FieldError,
  fields,
  Model,
  NotLoadedError,
  type ObjectDoesNotExist,
  Prefetch,
  type QuerySet,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, useBookshop } from './support/bookshop.ts'
import { rejection, thrown } from './support/stage.ts'

const titles = () => Book.objects.orderBy('id').only('title')

/** Tags, with a class field and a getter of their own. */
class Label extends Model('tags', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Label)
  seen = 1
  get loud(): string {
    return this.name.toUpperCase()
  }
}

/** A row as the compiler would not let it be read. */
function whole(row: object | undefined): Book {
  if (row === undefined) throw new Error('No row.')
  return row as Book
}

async function all<R>(querySet: QuerySet<Book, R>): Promise<Book[]> {
  return (await querySet).map((row) => whole(row as object))
}

describeOnEach('rows without some of their columns', (kind) => {
  const shop = useBookshop(kind)

  it('only(): these and the key are read', async () => {
    const [sql] = await shop.sqlOf(() => titles())
    expect(sql).to.equal(
      'select "books"."id", "books"."title" from "books" order by "books"."id" asc',
    )
    const [book] = await all(titles())
    expect({ ...book }).to.deep.equal({ id: 1, title: 'A' })
    expect(await all(titles().only('pages').filter({ id: 1 }))).to.deep.equal(
      [book].map(() => ({ id: 1, pages: 10 })),
    )
  })

  it('defer(): all but these, more with each call; defer(null) reads all again', async () => {
    const some = Book.objects.filter({ id: 1 }).defer('pages').defer('editor', 'publisherId')
    expect({ ...(await some.get()) }).to.deep.equal({ id: 1, title: 'A', authorId: 1 })
    expect(Object.keys(await some.defer(null).get())).to.deep.equal(
      Object.keys(await Book.objects.get({ id: 1 })),
    )
    expect({ ...(await some.only('title', 'pages').defer('pages').get()) }).to.deep.equal({
      id: 1,
      title: 'A',
    })
    expect(thrown(() => Book.objects.values('title').only('title'))).to.be.instanceOf(FieldError)
  })

  it('reading one says how to load it; showing the row does not read it', async () => {
    const [book] = await all(titles())
    const error = thrown(() => book?.pages)
    expect(error).to.be.instanceOf(NotLoadedError)
    expect(error.message).to.equal(
      "Book.pages was left out by only(), defer() or raw(): load it with await instance.load('pages').",
    )
    expect(inspect(book)).to.equal("Book { id: 1, title: 'A' }")
    expect(JSON.stringify(book)).to.equal('{"id":1,"title":"A"}')
    expect(Object.keys(book ?? {})).to.deep.equal(['id', 'title'])
    expect(book).to.be.instanceOf(Book)
    expect(book?.constructor).to.equal(Book)
    expect(book?.equals(await Book.objects.get({ id: 1 }))).to.equal(true)
    expect([book?.pk, 'pages' in (book ?? {})]).to.deep.equal([1, true])
  })

  it('load() reads it for all rows of the result, and gives the value', async () => {
    const pages = await shop.sends(2, async () => {
      const found: number[] = []
      for (const book of await titles()) found.push(await book.load('pages'))
      return found
    })
    expect(pages).to.deep.equal([10, 20, 30, 40])
    const [book] = await all(titles())
    expect(await shop.sends(1, () => book?.load('pages', 'title', 'publisherId'))).to.deep.equal([
      10,
      'A',
      'one',
    ])
    expect({ ...book }).to.deep.equal({ id: 1, title: 'A', pages: 10, publisherId: 'one' })
    expect(await shop.sends(0, () => book?.load('pages'))).to.equal(10)
    expect(await shop.sends(1, () => book?.load('pages', 'authorId'))).to.deep.equal([10, 1])
    expect((await rejection(whole(book).load('bogus' as 'pages'))).message).to.match(/'bogus'/)
  })

  it('load() of one row, and by one row only where the fetch mode says so', async () => {
    const one = await titles().get({ id: 4 })
    expect(await shop.sends(1, () => one.load('pages'))).to.equal(40)
    await shop.sends(5, async () => {
      for (const book of await titles().fetchMode('one')) await book.load('pages')
    })
    const [book] = await titles().fetchMode('raise')
    expect(await book?.load('pages'), 'asked by name, it is no slip').to.equal(10)
  })

  it('what load() read for others is not handed out once the table is written', async () => {
    const [a, b, c] = await titles()
    await a?.load('pages')
    await Book.objects.filter({ id: 2 }).update({ pages: 21 })
    expect(await b?.load('pages')).to.equal(21)
    await Book.objects.filter({ id: 3 }).delete()
    const error = await rejection(Promise.resolve(c?.load('pages')))
    expect(error).to.be.instanceOf(Book.DoesNotExist as typeof ObjectDoesNotExist)
  })

  it('writing one makes it like any other; save() leaves the rest alone', async () => {
    const [a, b] = await all(titles())
    if (!a || !b) throw new Error('No books.')
    await shop.sends(0, () => a.save())
    a.pages = 11
    expect({ ...a }).to.deep.equal({ id: 1, title: 'A', pages: 11 })
    const [update] = await shop.sqlOf(() => a.save())
    expect(update).to.match(/^update "books" set "pages" = \S+ where "books"."id" = \S+$/)
    await shop.sends(0, () => a.save())
    expect((await Book.objects.get({ id: 1 })).pages).to.equal(11)
    b.author = await Author.objects.get({ id: 3 })
    await shop.sends(1, () => b.save())
    expect((await Book.objects.get({ id: 2 })).authorId).to.equal(3)
    expect(await rejection(shop.sends(0, () => b.save({ fields: ['pages'] })))).to.be.instanceOf(
      NotLoadedError,
    )
    await b.load('pages')
    await shop.sends(0, () => b.save())
  })

  it('refreshFromDb() reads what was loaded, and what it is told', async () => {
    const [book] = await all(titles())
    await Book.objects.filter({ id: 1 }).update({ title: 'AA', pages: 99 })
    await shop.sends(1, () => book?.refreshFromDb())
    expect({ ...book }).to.deep.equal({ id: 1, title: 'AA' })
    await shop.sends(1, () => book?.refreshFromDb({ fields: ['pages'] }))
    expect({ ...book }).to.deep.equal({ id: 1, title: 'AA', pages: 99 })
  })

  it('what was loaded in a transaction that rolls back was never there', async () => {
    const [a, b] = await all(titles())
    if (!a || !b) throw new Error('No books.')
    await rejection(
      atomic(async () => {
        await Book.objects.update({ pages: 0 })
        expect([await a.load('pages'), await b.load('pages')]).to.deep.equal([0, 0])
        throw new Error('back')
      }),
    )
    expect(thrown(() => a.pages)).to.be.instanceOf(NotLoadedError)
    await shop.sends(0, () => a.save())
    expect([await a.load('pages'), await b.load('pages')]).to.deep.equal([10, 20])
  })

  it('what was loaded and then set stays set when that transaction rolls back', async () => {
    const [a] = await all(titles())
    if (!a) throw new Error('No books.')
    await rejection(
      atomic(async () => {
        a.pages = (await a.load('pages')) + 1
        throw new Error('back')
      }),
    )
    expect(a.pages).to.equal(11)
    await shop.sends(1, () => a.save())
    expect((await Book.objects.get({ pk: a.pk })).pages).to.equal(11)
  })

  it('a relation whose key was left out loads that first, for all rows too', async () => {
    const names = await shop.sends(3, async () => {
      const found: (string | undefined)[] = []
      for (const book of await titles()) found.push((await book.author).name)
      return found
    })
    expect(names).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob'])
    const editors = await shop.sends(3, async () => {
      const found: (string | null)[] = []
      for (const book of await titles()) found.push((await book.editor)?.name ?? null)
      return found
    })
    expect(editors).to.deep.equal(['Bob', null, 'Ann', null])
    const [book] = await all(titles())
    expect(
      (await shop.sends(1, () => book?.chapters.all()))?.map(({ title }) => title),
    ).to.have.lengthOf(2)
  })

  it('a relation that is known needs no key', async () => {
    const ann = await Author.objects.get({ id: 1 })
    await shop.sends(1, async () => {
      for (const book of await ann.books.only('title')) expect(book.author).to.equal(ann)
    })
    const [bob] = await shop.sends(2, () =>
      Author.objects
        .filter({ id: 2 })
        .prefetchRelated(Prefetch('books', { queryset: Book.objects.only('title') })),
    )
    for (const book of bob?.books ?? []) expect(book.author).to.equal(bob)
    const error = await rejection(titles().prefetchRelated('author').fetch())
    expect(error).to.be.instanceOf(NotLoadedError)
    expect(error.message).to.match(/^Book\.authorId was left out/)
  })

  it('across relations that selectRelated() follows', async () => {
    const some = Book.objects.orderBy('id').selectRelated('author', 'editor')
    const rows = await some.only('title', 'author__name', 'editor__name')
    expect({ ...rows[0] }).to.deep.equal({ id: 1, title: 'A', authorId: 1, editorId: 2 })
    expect({ ...rows[0]?.author }).to.deep.equal({ id: 1, name: 'Ann' })
    expect([rows[1]?.editor, rows[0]?.editor?.name]).to.deep.equal([null, 'Bob'])
    const [{ author: far } = { author: null }] = rows
    const error = thrown(() => (far as unknown as Author).mentorId)
    expect(error.message).to.match(/^Author\.mentorId was left out/)
    const mentors = await shop.sends(1, async () => {
      const found: (number | null)[] = []
      for (const { author } of rows) found.push(await author.load('mentorId'))
      return found
    })
    expect(mentors).to.deep.equal([null, null, null, 1])
    const [other] = await some.defer('pages', 'author__mentor')
    expect(Object.keys(other?.author ?? {})).to.deep.equal(['id', 'name'])
    expect(other?.title).to.equal('A')
  })

  it("a subclass's own fields and getters are there; what they read of deferred columns throws", async () => {
    const [label] = await Label.objects.orderBy('id').only('pk')
    expect({ ...label }).to.deep.equal({ id: 1, seen: 1 })
    expect(thrown(() => label?.loud)).to.be.instanceOf(NotLoadedError)
    await label?.load('name')
    expect(label?.loud).to.equal('OLD')
  })
})
