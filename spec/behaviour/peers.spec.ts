/**
 * Instances of one result are loaded for together: plain loops send as many statements as a
 * hand-written eager load, whatever the number of rows, and never see what is out of date.
 */
import { expect } from 'chai'
import {
  atomic,
  connect,
  type Database,
  type FetchMode,
  InvalidValueError,
  NotLoadedError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  Author,
  Book,
  Chapter,
  named,
  Profile,
  Publisher,
  Tag,
  useBookshop,
} from './support/bookshop.ts'
import { runProgram } from './support/program.ts'
import type { Schema } from './support/schema.ts'
import { rejection, thrown } from './support/stage.ts'

const books = () => Book.objects.orderBy('id')
const authors = () => Author.objects.orderBy('id')

/** What an async function gives for each, one after the other, as in a plain loop. */
async function inTurn<T, R>(
  items: readonly T[],
  ask: (item: T) => PromiseLike<R> | R,
): Promise<R[]> {
  const answers: R[] = []
  for (const item of items) answers.push(await ask(item))
  return answers
}

/** Authors Eve, Fay … after those of the shop, with a book, a chapter and a tag each. */
async function addAuthors(shop: Schema, ...names: string[]): Promise<void> {
  const ids = names.map((_, at) => 11 + at)
  await shop.insert('authors', ...names.map((name, at) => ({ id: 11 + at, name, mentor_id: 2 })))
  await shop.insert(
    'books',
    ...ids.map((id) => ({ id, title: `T${id}`, pages: id, author_id: id, publisher_id: 'two' })),
  )
  await shop.insert('books_tags', ...ids.map((id) => ({ book_id: id, tag_id: 3 })))
  await shop.insert('chapters', ...ids.map((id) => ({ id, title: `T${id}.1`, book_id: id })))
}

describeOnEach('relations to one row of a result', (kind) => {
  const shop = useBookshop(kind)

  it('are loaded for all rows by one query', async () => {
    const found = await shop.sends(2, async () =>
      inTurn(await books(), async (book) => [book.title, (await book.author).name]),
    )
    expect(found).to.deep.equal([
      ['A', 'Ann'],
      ['B', 'Ann'],
      ['C', 'Ann'],
      ['D', 'Bob'],
    ])
  })

  it('may be null, and may refer to another column than the key', async () => {
    const found = await shop.sends(3, async () =>
      inTurn(await books(), async (book) => [
        (await book.editor)?.name ?? null,
        (await book.publisher)?.name ?? null,
      ]),
    )
    expect(found).to.deep.equal([
      ['Bob', 'One'],
      [null, 'One'],
      ['Ann', null],
      [null, 'Two'],
    ])
  })

  it('step by step: what is loaded shares a batch of its own', async () => {
    await addAuthors(shop, 'Eve', 'Fay')
    const found = await shop.sends(3, async () =>
      inTurn(await books(), async (book) => (await (await book.author).mentor)?.name ?? null),
    )
    expect(found).to.deep.equal([null, null, null, 'Ann', 'Bob', 'Bob'])
  })

  it('one to one, from both sides; both then know each other', async () => {
    await shop.insert('profiles', { id: 2, bio: 'of Bob', author_id: 2 })
    const profiles = await shop.sends(2, async () =>
      inTurn(await authors(), async (author) => {
        const profile = await author.profile
        if (profile !== null) expect(profile.author).to.equal(author)
        return profile?.bio ?? null
      }),
    )
    expect(profiles).to.deep.equal(['of Ann', 'of Bob', null])
    const back = await shop.sends(2, async () =>
      inTurn(await Profile.objects.orderBy('id'), async (profile) => {
        const author = await profile.author
        expect(author.profile).to.equal(profile)
        return author.name
      }),
    )
    expect(back).to.deep.equal(['Ann', 'Bob'])
  })

  it('are shared by branches that run at once', async () => {
    const found = await shop.sends(2, async () => {
      const all = await books()
      return await Promise.all(all.map(async (book) => (await book.author).name))
    })
    expect(found).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob'])
  })

  it('rows with the same key get the same instance', async () => {
    const [a, b] = await books()
    expect(await a?.author).to.equal(await b?.author)
    expect(a?.author).to.equal(await a?.author)
  })

  it('alone: one row of a result, a changed key, a row that was read again', async () => {
    const [sql = ''] = await shop.sqlOf(async () => (await Book.objects.get({ id: 4 })).author)
    expect(sql).not.to.be.equal('')
    const only = await Book.objects.get({ id: 4 })
    expect((await shop.sends(1, () => only.author)).name).to.equal('Bob')

    const [a, b, c, d] = await books()
    if (!a || !b || !c || !d) throw new Error('No books.')
    c.authorId = 3
    expect((await shop.sends(1, () => a.author)).name).to.equal('Ann')
    expect((await shop.sends(1, () => c.author)).name).to.equal('Cyd')
    await d.refreshFromDb()
    expect((await shop.sends(1, () => d.author)).name).to.equal('Bob')
    expect((await shop.sends(0, () => b.author)).name).to.equal('Ann')
  })

  it('leave alone what is loaded or assigned already', async () => {
    const [a, b] = await books()
    const cyd = await Author.objects.get({ name: 'Cyd' })
    if (!a || !b) throw new Error('No books.')
    b.author = cyd
    await a.author
    expect(b.author).to.equal(cyd)
    expect((await shop.sends(0, () => b.author)).name).to.equal('Cyd')
  })

  it('of rows that selectRelated(), prefetchRelated() and iterator() made', async () => {
    const mentors = await shop.sends(2, async () =>
      inTurn(
        await books().selectRelated('author'),
        async (book) => (await book.author.mentor)?.name,
      ),
    )
    expect(mentors).to.deep.equal([undefined, undefined, undefined, 'Ann'])
    const publishers = await shop.sends(3, async () => {
      const found = await authors().prefetchRelated('books')
      const all = found.flatMap((author) => [...author.books])
      return await inTurn(all, async (book) => (await book.publisher)?.name)
    })
    expect(publishers).to.have.members(['One', 'One', undefined, 'Two'])
    // Three pages, the last of them empty, and two relations. PostgreSQL declares a cursor first, and
    // a connection that the loop shares is asked where the rows end.
    const queries = kind.name === 'SQLite file' ? 5 : 6
    const names = await shop.sends(queries, async () => {
      const found: string[] = []
      for await (const book of books().iterator({ chunkSize: 2 })) {
        found.push((await book.author).name)
      }
      return found
    })
    expect(names).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob'])
  })

  it('a failure reaches who asked, and the next asks again', async () => {
    const [a, b] = await books()
    if (!a || !b) throw new Error('No books.')
    await shop.db.knex.schema.renameTable('authors', 'away')
    try {
      const both = await Promise.all([a, b].map((book) => rejection(Promise.resolve(book.author))))
      expect(both.map(({ code }) => code)).to.deep.equal(['DATABASE', 'DATABASE'])
    } finally {
      await shop.db.knex.schema.renameTable('away', 'authors')
    }
    expect((await shop.sends(1, () => a.author)).name).to.equal('Ann')
    expect((await shop.sends(0, () => b.author)).name).to.equal('Ann')
  })
})

type Question = readonly [name: string, ask: (author: Author) => PromiseLike<unknown>]

const titles = (found: readonly object[]): string[] => named(found)
const questions: readonly Question[] = [
  ['all()', async (a) => titles(await a.books.all())],
  ['filter()', async (a) => titles(await a.books.filter({ pages__gt: 12 }))],
  [
    'filter() by another relation',
    async (a) => titles(await a.books.filter({ tags__name: 'new' })),
  ],
  [
    'exclude() by another relation',
    async (a) => titles(await a.books.exclude({ tags__name: 'new' })),
  ],
  ['a method of the queryset', async (a) => titles(await a.books.longerThan(12).orderBy('id'))],
  ['orderBy()', async (a) => titles(await a.books.orderBy('-pages'))],
  ['values()', (a) => a.books.orderBy('id').values('title', 'publisher__name')],
  ['values() of all columns', (a) => a.books.orderBy('id').values()],
  ['valuesList()', (a) => a.books.orderBy('id').valuesList('title', 'pages')],
  ['flat valuesList()', (a) => a.books.orderBy('id').valuesList('title', { flat: true })],
  ['distinct()', (a) => a.books.orderBy('publisherId').values('publisherId').distinct()],
  [
    'filter() after values()',
    (a) => a.books.values('title').filter({ tags__name: 'old' }).orderBy('id'),
  ],
  [
    'selectRelated()',
    async (a) =>
      (await a.books.orderBy('id').selectRelated('publisher')).map((b) => b.publisher?.name),
  ],
  ['only()', async (a) => titles(await a.books.orderBy('id').only('title'))],
  ['slice()', async (a) => titles(await a.books.orderBy('-pages').slice(1, 3))],
  [
    'slice() of what is filtered',
    async (a) => titles(await a.books.filter({ tags__name: 'old' }).orderBy('id').slice(0, 1)),
  ],
  [
    'slice() of many to many',
    async (a) => titles(await a.contributedBooks.orderBy('id').slice(0, 1)),
  ],
  ['first()', async (a) => (await a.books.orderBy('-pages').first())?.title],
  ['first() without an order', async (a) => (await a.books.first())?.title],
  ['count()', (a) => a.books.count()],
  ['count() of a filter', (a) => a.books.filter({ tags__name: 'old' }).count()],
  ['exists()', (a) => a.books.exists()],
  ['exists() of a filter', (a) => a.books.filter({ pages__gt: 12 }).exists()],
  ['many to many', async (a) => titles(await a.contributedBooks.orderBy('id'))],
  [
    'many to many, by the join table',
    async (a) => titles(await a.contributedBooks.filter({ contributors__name: 'Cyd' })),
  ],
  ['count() of many to many', (a) => a.contributedBooks.count()],
  ['exists() of many to many', (a) => a.contributedBooks.filter({ pages__gt: 20 }).exists()],
  ['to itself', async (a) => titles(await a.students.orderBy('id'))],
]

describeOnEach('relations to many rows of a result', (kind) => {
  const shop = useBookshop(kind)
  beforeEach(() => addAuthors(shop, 'Eve', 'Fay', 'Gus', 'Hal'))

  for (const [name, ask] of questions) {
    it(`${name}: the first asks alone, the second for all the others`, async () => {
      const one = await shop.sends(8, async () => inTurn(await authors().fetchMode('one'), ask))
      const together = await shop.sends(3, async () => inTurn(await authors(), ask))
      expect(together).to.deep.equal(one)
      expect(one).to.have.lengthOf(7)
    })
  }

  it('are shared by branches that run at once', async () => {
    const counts = await shop.sends(3, async () => {
      const all = await authors()
      return await Promise.all(all.map((author) => author.books.count()))
    })
    expect(counts).to.deep.equal([3, 1, 0, 1, 1, 1, 1])
  })

  it('nested loops send a constant number of statements', async () => {
    const visit = async (): Promise<string[]> => {
      const found: string[] = []
      for (const author of await authors()) {
        for (const book of await author.books.orderBy('id')) {
          for (const tag of await book.tags.orderBy('id')) found.push(`${book.title} ${tag.name}`)
        }
      }
      return found
    }
    const few = [
      ...['A old', 'B old', 'B new', 'D new'],
      ...['T11 unused', 'T12 unused', 'T13 unused', 'T14 unused'],
    ]
    // Authors; books of the first and of the others; for each of these, tags of the first book and
    // of the others.
    expect(await shop.sends(1 + 2 + 2 * 2, visit)).to.deep.equal(few)
    await addMore(shop)
    expect(await shop.sends(1 + 2 + 2 * 2, visit)).to.have.lengthOf(few.length + 20)
  })

  it('what is found knows whose it is, and shares a batch of its own', async () => {
    await shop.sends(5, async () => {
      for (const author of await authors()) {
        for (const book of await author.books.all()) {
          expect(book.author).to.equal(author)
          await book.publisher
        }
      }
    })
  })

  it('with what they prefetch', async () => {
    const ask = async (author: Author) =>
      (await author.books.orderBy('id').prefetchRelated('chapters')).map((book) =>
        named(book.chapters),
      )
    const found = await shop.sends(5, async () => inTurn(await authors(), ask))
    expect(found.slice(0, 4)).to.deep.equal([[['A.1', 'A.2'], [], []], [['D.1']], [], [['T11.1']]])
  })

  it('alone: different questions, locks, signals, starts, one row of a result', async () => {
    const different = (author: Author) => author.books.filter({ pages__lt: author.id * 10 }).count()
    const found = await shop.sends(8, async () => inTurn(await authors(), different))
    expect(found).to.deep.equal([0, 0, 0, 1, 1, 1, 1])
    const { signal } = new AbortController()
    await shop.sends(8, async () => inTurn(await authors(), (a) => a.books.all().signal(signal)))
    await shop.sends(8, async () => inTurn(await authors(), (a) => a.books.all().startFetch()))
    await shop.sends(8, async () =>
      inTurn(await authors(), (a) => a.books.all().startCount().count()),
    )
    const [ann] = await authors().slice(0, 1)
    await shop.sends(2, () => inTurn([1, 2], () => ann?.books.count()))
  })

  it('the same instance is no peer of itself; each gets its answer once', async () => {
    const [ann, bob, cyd] = await authors()
    if (!ann || !bob || !cyd) throw new Error('No authors.')
    await shop.sends(3, () => inTurn([1, 2, 3], () => ann.books.count()))
    await shop.sends(1, () => bob.books.count())
    await shop.sends(0, () => cyd.books.count())
    await shop.sends(2, () => inTurn([1, 2], () => bob.books.count()))
  })

  it('a second loop over the same result costs as much as the first', async () => {
    const all = await authors()
    for (const _ of [1, 2, 3]) {
      const counts = await shop.sends(2, () => inTurn(all, (author) => author.books.count()))
      expect(counts).to.deep.equal([3, 1, 0, 1, 1, 1, 1])
    }
  })

  it('two loops that are mixed do not disturb each other', async () => {
    await shop.sends(5, async () =>
      inTurn(await authors(), async (author) => {
        expect((await author.books.all()).length).to.equal(await author.books.count())
      }),
    )
  })
})

/** Ten more books of the last author, with two tags each. */
async function addMore(shop: Schema): Promise<void> {
  const ids = Array.from({ length: 10 }, (_, at) => 30 + at)
  await shop.insert('books', ...ids.map((id) => ({ id, title: `M${id}`, author_id: 14 })))
  await shop.insert(
    'books_tags',
    ...ids.flatMap((id) => [1, 2].map((tag) => ({ book_id: id, tag_id: tag }))),
  )
}

type Write = readonly [name: string, write: () => PromiseLike<unknown>, titles: readonly string[]]

const writes: readonly Write[] = [
  ['create()', () => Book.objects.create({ title: 'E', authorId: 2 }), ['D', 'E']],
  ['bulkCreate()', () => Book.objects.bulkCreate([{ title: 'E', authorId: 2 }]), ['D', 'E']],
  ['update()', () => Book.objects.filter({ id: 4 }).update({ title: 'Z' }), ['Z']],
  ['save()', async () => saved(), ['Z']],
  [
    'delete()',
    () =>
      Chapter.objects
        .filter({ book: 4 })
        .delete()
        .then(() => untagged()),
    [],
  ],
  ['add() of a related manager', async () => (await bob()).books.add(1), ['A', 'D']],
]

async function saved(): Promise<void> {
  const book = await Book.objects.get({ id: 4 })
  book.title = 'Z'
  await book.save()
}

async function untagged(): Promise<void> {
  await (await Book.objects.get({ id: 4 })).delete()
}

const bob = () => Author.objects.get({ id: 2 })

describeOnEach('what was loaded for peers', (kind) => {
  const shop = useBookshop(kind)
  beforeEach(() => addAuthors(shop, 'Eve', 'Fay'))

  const booksOf = async (author: Author | undefined) =>
    titles(await (author?.books.orderBy('title') ?? []))

  for (const [name, write, expected] of writes) {
    it(`is discarded by ${name}`, async () => {
      // Ann asks alone, Cyd for all the others: Bob's books wait.
      const [ann, bob, cyd] = await authors()
      await inTurn([ann, cyd], booksOf)
      await write()
      expect(await booksOf(bob)).to.deep.equal(expected)
    })
  }

  it('is discarded by writes to join tables, and to tables of conditions', async () => {
    const tagged = async (book: Book | undefined) => named(await (book?.tags.orderBy('id') ?? []))
    const [a, b, c, d] = await books()
    await inTurn([a, c], tagged)
    await b?.tags.remove(1)
    expect(await tagged(b)).to.deep.equal(['new'])
    await inTurn([a, c], tagged)
    await d?.tags.set([1, 3])
    expect(await tagged(d)).to.deep.equal(['old', 'unused'])

    const old = (author: Author | undefined) => author?.books.filter({ tags__name: 'old' }).count()
    const [ann, bob, cyd] = await authors()
    await inTurn([ann, cyd], old)
    await Tag.objects.filter({ name: 'old' }).update({ name: 'older' })
    expect(await old(bob)).to.equal(0)

    const ones = Publisher.objects.filter({ name: 'One' })
    const byOne = (author: Author | undefined) =>
      author?.books.filter({ publisher__in: ones }).exists()
    await inTurn([ann, cyd], byOne)
    await Publisher.objects.filter({ code: 'two' }).update({ name: 'One' })
    expect(await byOne(bob)).to.equal(true)
  })

  it('is discarded for relations to one row and for prefetched rows too', async () => {
    const [a, , , d] = await books()
    await a?.author
    await Author.objects.filter({ id: 2 }).update({ name: 'Rob' })
    expect((await d?.author)?.name).to.equal('Rob')

    const parts = async (author: Author | undefined) =>
      (await (author?.books.orderBy('id').prefetchRelated('chapters') ?? [])).map((book) =>
        named(book.chapters),
      )
    const [ann, bob, cyd] = await authors()
    await inTurn([ann, cyd], parts)
    await Chapter.objects.filter({ id: 3 }).update({ title: 'D.0' })
    expect(await parts(bob)).to.deep.equal([['D.0']])
  })

  it('survives writes to other tables', async () => {
    const found = await shop.sends(2 + 6, async () =>
      inTurn(await books(), async (book) => {
        book.pages += 1
        await book.save()
        return (await book.author).name
      }),
    )
    expect(found).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob', 'Eve', 'Fay'])
  })

  it('a loop that writes in every turn hardly loads in vain', async () => {
    const ids = Array.from({ length: 60 }, (_, at) => 100 + at)
    await shop.insert('authors', ...ids.map((id) => ({ id, name: `N${id}` })))
    await shop.insert('books', ...ids.map((id) => ({ id, title: `T${id}`, author_id: id })))
    const loads = await shop.sqlOf(async () => {
      for (const book of await Book.objects.filter({ id__gte: 100 }).orderBy('id')) {
        const author = await book.author
        author.name += '!'
        await author.save()
      }
    })
    const forMany = loads.filter((sql) => / in \(|any\(|json_each/.test(sql))
    // For 60, 59 … then only after 1, 2, 4, 8, 16, 32 of them had asked alone.
    expect(forMany.length).to.be.within(1, 7)
    const names = await Author.objects.filter({ id__gte: 100 }).valuesList('name', { flat: true })
    expect(names.every((name) => name.endsWith('!'))).to.equal(true)
  })

  it('is discarded when a transaction is entered and when it is left', async () => {
    const [ann, bob, cyd, eve, fay] = await authors()
    await inTurn([ann, bob], booksOf)
    await shop.sends(2, () =>
      atomic(async () => {
        // Cyd asks alone, Eve for those that are left.
        await inTurn([cyd, eve], booksOf)
      }),
    )
    expect(await shop.sends(1, () => booksOf(fay))).to.deep.equal(['T12'])
  })

  it('is discarded when a transaction or a savepoint rolls back', async () => {
    const [a, b, c, d, e] = await books()
    const name = async (book: Book | undefined) => (await book?.author)?.name
    await atomic(async () => {
      const rolledBack = atomic(async () => {
        await Author.objects.update({ name: 'X' })
        expect(await inTurn([a, b], name)).to.deep.equal(['X', 'X'])
        throw new Error('back')
      })
      expect((await rejection(rolledBack)).message).to.equal('back')
      expect(await inTurn([c, d], name)).to.deep.equal(['Ann', 'Bob'])
    })
    expect(await name(e)).to.equal('Eve')
  })

  if (kind.name !== 'SQLite memory') {
    it('is discarded when what another branch wrote is committed', async () => {
      const [ann, bob, cyd] = await authors()
      let written: () => void = () => {}
      let commit: () => void = () => {}
      const isWritten = new Promise<void>((resolve) => {
        written = resolve
      })
      const mayCommit = new Promise<void>((resolve) => {
        commit = resolve
      })
      const other = atomic(async () => {
        await Book.objects.filter({ id: 4 }).update({ title: 'Z' })
        written()
        await mayCommit
      })
      await isWritten
      expect(await inTurn([ann, cyd], booksOf)).to.deep.equal([['A', 'B', 'C'], []])
      commit()
      await other
      expect(await booksOf(bob)).to.deep.equal(['Z'])
    })
  }
})

describeOnEach('the fetch mode', (kind) => {
  const shop = useBookshop(kind)
  const opened: Database[] = []

  /** The same database under another name. */
  function connected(name: string, fetchMode: FetchMode): string {
    opened.push(connect(shop.db.knex, { name, fetchMode }))
    return name
  }
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close()
  })

  it("'one' loads for each row alone, and rows pass it on", async () => {
    await shop.sends(1 + 4 + 4 * 1, async () =>
      inTurn(await books().fetchMode('one'), async (book) => {
        for (const tag of await (await book.author).books.filter({ id: book.id })) void tag
      }),
    )
    await shop.sends(5, async () =>
      inTurn(await books().fetchMode('one'), (book) => book.tags.count()),
    )
  })

  it("'raise' refuses, and names the cure; what is loaded is there", async () => {
    const [a] = await books().fetchMode('raise')
    const error = await rejection(shop.sends(0, () => Promise.resolve(a?.author)))
    expect(error).to.be.instanceOf(NotLoadedError)
    expect(error.message).to.equal(
      "Fetching of Book.author is blocked by fetchMode('raise'): load it with the rows, by " +
        "selectRelated('author') or prefetchRelated('author') on the queryset.",
    )
    const [b] = await books().fetchMode('raise').selectRelated('author').prefetchRelated('tags')
    expect([b?.author.name, named(b?.tags ?? [])]).to.deep.equal(['Ann', ['old']])
    expect(await rejection(Promise.resolve(b?.author.mentor ?? b?.editor))).to.be.instanceOf(
      NotLoadedError,
    )
    // A related manager is asked by name, it is no slip.
    expect(named((await b?.chapters.all()) ?? [])).to.deep.equal(['A.1', 'A.2'])
  })

  it('is passed on to rows that are loaded through others', async () => {
    const ann = await Author.objects.fetchMode('raise').get({ id: 1 })
    for (const book of await ann.books.all()) {
      expect(await rejection(Promise.resolve(book.publisher ?? book.editor))).to.be.instanceOf(
        NotLoadedError,
      )
    }
    const [tagged] = await Author.objects.fetchMode('raise').prefetchRelated('books').orderBy('id')
    for (const book of tagged?.books ?? []) {
      expect(await rejection(Promise.resolve(book.editor ?? book.publisher))).to.be.instanceOf(
        NotLoadedError,
      )
    }
  })

  it('has a default for each connection, that a queryset may overrule', async () => {
    const strict = connected('strict', 'raise')
    const [a, b] = await books().using(strict)
    expect(await rejection(Promise.resolve(a?.author))).to.be.instanceOf(NotLoadedError)
    expect(await rejection(Promise.resolve(b?.author))).to.be.instanceOf(NotLoadedError)
    const [c, d] = await books().using(strict).fetchMode('peers')
    expect((await c?.author)?.name).to.equal('Ann')
    expect((await shop.sends(0, () => d?.author))?.name).to.equal('Ann')
    const single = connected('single', 'one')
    await shop.sends(5, async () => inTurn(await books().using(single), (book) => book.author))
  })

  it('is one of three', () => {
    const mode = 'many' as FetchMode
    for (const error of [
      thrown(() => Book.objects.fetchMode(mode)),
      thrown(() => connect(shop.db.knex, { name: 'odd', fetchMode: mode })),
    ]) {
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.equal("A fetch mode is 'one', 'peers' or 'raise'.")
    }
  })
})

describeOnEach('the memory that peers cost', (kind) => {
  it('one row does not keep the others; a pointer an instance, and its keys once', async function () {
    this.timeout(60_000)
    const fresh = await kind.create()
    try {
      const { stdout } = await runProgram('kept-row.ts', fresh.config, '--expose-gc')
      const { alive, bytesPerRow, name } = JSON.parse(stdout) as Record<string, number>
      expect({ alive, name }).to.deep.equal({ alive: 0, name: 'author 52' })
      // Two keys of four or eight bytes each, in arrays with room to grow.
      expect(bytesPerRow).to.be.below(50)
    } finally {
      await fresh.drop()
    }
  })
})
