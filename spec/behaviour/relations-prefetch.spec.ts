/** selectRelated and prefetchRelated: related rows with the rows, in a known number of statements. */
import { expect } from 'chai'
import {
  FieldError,
  InvalidValueError,
  NotLoadedError,
  NotSupportedError,
  Prefetch,
  prefetchRelatedObjects,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  Author,
  Book,
  Chapter,
  named,
  Person,
  Profile,
  Publisher,
  Tag,
  useBookshop,
} from './support/bookshop.ts'
import { rejection, thrown } from './support/stage.ts'

describeOnEach('selectRelated', (kind) => {
  const shop = useBookshop(kind)

  it('loads relations to one row in the same statement; they read as instances', async () => {
    const books = await shop.sends(1, () =>
      Book.objects.selectRelated('author', 'editor', 'publisher').orderBy('id'),
    )
    await shop.sends(0, async () => {
      expect(books.map(({ author }) => author.name)).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob'])
      expect(books.map(({ editor }) => editor?.name)).to.deep.equal([
        'Bob',
        undefined,
        'Ann',
        undefined,
      ])
      expect(books.map(({ editor }) => editor === null)).to.deep.equal([false, true, false, true])
      expect(books.map(({ publisher }) => publisher?.name)).to.deep.equal([
        'One',
        'One',
        undefined,
        'Two',
      ])
      for (const { author, authorId } of books) expect(author.id).to.equal(authorId)
    })
  })

  it('along paths, where any step may be null', async () => {
    const books = await shop.sends(1, () =>
      Book.objects.selectRelated('author__mentor__profile', 'editor__mentor').orderBy('id'),
    )
    expect(books.map(({ author }) => author.mentor?.profile?.bio)).to.deep.equal([
      undefined,
      undefined,
      undefined,
      'of Ann',
    ])
    expect(books.map(({ editor }) => editor?.mentor?.name)).to.deep.equal([
      'Ann',
      undefined,
      undefined,
      undefined,
    ])
  })

  it('a one-to-one from the far side, which then know each other', async () => {
    const authors = await shop.sends(1, () => Author.objects.selectRelated('profile').orderBy('id'))
    expect(authors.map(({ profile }) => profile?.bio ?? null)).to.deep.equal(['of Ann', null, null])
    await shop.sends(0, async () => {
      expect(await authors[0]?.profile?.author).to.equal(authors[0])
    })
    const [profile] = await Profile.objects.selectRelated('author')
    await shop.sends(0, async () => {
      expect(await profile?.author.profile).to.equal(profile)
    })
  })

  it('keeps rows without a related one, and conditions that need one', async () => {
    expect(await Book.objects.selectRelated('editor')).to.have.lengthOf(4)
    const filtered = Book.objects.selectRelated('editor').filter({ editor__name: 'Ann' })
    const [c] = await shop.sends(1, () => filtered)
    expect([c?.title, c?.editor?.name]).to.deep.equal(['C', 'Ann'])
    // One join serves both.
    expect(filtered.toSQL().sql.match(/join/gi)).to.have.lengthOf(1)
  })

  it('adds up over calls, and null undoes it', async () => {
    const both = Book.objects.selectRelated('author').selectRelated('editor')
    expect(both.toSQL().sql.match(/join/gi)).to.have.lengthOf(2)
    expect(both.selectRelated(null).toSQL().sql).to.not.match(/join/i)
  })

  it('count(), exists() and update() do without it', async () => {
    const books = Book.objects.selectRelated('author')
    expect(await shop.sends(1, () => books.count())).to.equal(4)
    const sql = await shop.sqlOf(() => books.count())
    expect(sql[0]).to.not.match(/join/i)
    expect(await shop.sends(1, () => books.update({ pages: 1 }))).to.equal(4)
  })

  it('refuses names that are no relation to one row, before any SQL', async () => {
    await shop.sends(0, async () => {
      for (const path of ['nope', 'title', 'tags', 'author__books', 'author__nope', 'authorId']) {
        const error = thrown(() => Book.objects.selectRelated(path as never))
        expect(error, path).to.be.instanceOf(FieldError)
        expect(error.message).to.contain('Choices are: ')
      }
      const after = thrown(() => Book.objects.values('title').selectRelated('author'))
      expect(after).to.be.instanceOf(FieldError)
    })
  })
})

describeOnEach('prefetchRelated', (kind) => {
  const shop = useBookshop(kind)

  it('to many: one statement for each step, then no more', async () => {
    const authors = await shop.sends(3, () =>
      Author.objects.prefetchRelated('books__tags').orderBy('id'),
    )
    await shop.sends(0, async () => {
      const found = authors.map(({ name, books }) => [
        name,
        [...books].map(({ title, tags }) => [title, named(tags)]),
      ])
      expect(found).to.deep.equal([
        [
          'Ann',
          [
            ['A', ['old']],
            ['B', ['old', 'new']],
            ['C', []],
          ],
        ],
        ['Bob', [['D', ['new']]]],
        ['Cyd', []],
      ])
    })
  })

  it('the rows answer every question of the manager, but those with conditions', async () => {
    const [ann] = await Author.objects.prefetchRelated('books').orderBy('id')
    if (ann === undefined) throw new Error('No author.')
    await shop.sends(0, async () => {
      expect(ann.books.length).to.equal(3)
      expect(named(ann.books)).to.deep.equal(['A', 'B', 'C'])
      expect(named(await ann.books.all())).to.deep.equal(['A', 'B', 'C'])
      expect(named(await ann.books.all().startFetch())).to.deep.equal(['A', 'B', 'C'])
      expect(await ann.books.count()).to.equal(3)
      expect(await ann.books.exists()).to.equal(true)
      expect((await ann.books.at(1))?.title).to.equal('B')
      expect(named(await ann.books.slice(1, 3))).to.deep.equal(['B', 'C'])
      const [a] = ann.books
      expect(await ann.books.contains(a as Book)).to.equal(true)
      for (const book of ann.books) expect(await book.author).to.equal(ann)
    })
    expect(named(await shop.sends(1, () => ann.books.filter({ pages: 10 })))).to.deep.equal(['A'])
  })

  it('to one row, from both sides', async () => {
    const books = await shop.sends(3, () =>
      Book.objects.prefetchRelated('author', 'editor').orderBy('id'),
    )
    await shop.sends(0, async () => {
      expect(books.map(({ author }) => author.name)).to.deep.equal(['Ann', 'Ann', 'Ann', 'Bob'])
      expect(books.map(({ editor }) => editor?.name ?? null)).to.deep.equal([
        'Bob',
        null,
        'Ann',
        null,
      ])
    })
    const authors = await shop.sends(2, () =>
      Author.objects.prefetchRelated('profile').orderBy('id'),
    )
    expect(authors.map(({ profile }) => profile?.bio ?? null)).to.deep.equal(['of Ann', null, null])
    await shop.sends(0, async () => {
      expect(await authors[0]?.profile?.author).to.equal(authors[0])
    })
  })

  it('to another field, through a model, and of a model itself', async () => {
    const publishers = await shop.sends(2, () =>
      Publisher.objects.prefetchRelated('books').orderBy('id'),
    )
    expect(publishers.map(({ books }) => named(books))).to.deep.equal([['A', 'B'], ['D']])
    const books = await shop.sends(3, () =>
      Book.objects.prefetchRelated('publisher', 'contributors').orderBy('id'),
    )
    expect(books.map(({ publisher }) => publisher?.code)).to.deep.equal([
      'one',
      'one',
      undefined,
      'two',
    ])
    expect(books.map(({ contributors }) => named(contributors))).to.deep.equal([
      ['Bob'],
      [],
      [],
      ['Cyd'],
    ])
    await (await Person.objects.get({ name: 'P' })).friends.add(2, 3)
    const persons = await shop.sends(3, () =>
      Person.objects.prefetchRelated('friends__friends').orderBy('id'),
    )
    expect(
      persons.map(({ friends }) => [...friends].map((one) => named(one.friends))),
    ).to.deep.equal([[['P'], ['P']], [['Q', 'R']], [['Q', 'R']]])
  })

  it('what one statement loads is not loaded again', async () => {
    await shop.sends(4, () =>
      Author.objects.prefetchRelated('books', 'books__tags', 'books__chapters'),
    )
    const selected = Book.objects.selectRelated('author').prefetchRelated('author__students')
    const books = await shop.sends(2, () => selected.orderBy('id'))
    expect(books.map(({ author }) => named(author.students))).to.deep.equal([
      ['Bob'],
      ['Bob'],
      ['Bob'],
      [],
    ])
  })

  it('of no rows, or where all keys are null, sends nothing more', async () => {
    await shop.sends(1, () => Author.objects.filter({ id: 77 }).prefetchRelated('books__tags'))
    await shop.sends(1, () =>
      Book.objects.filter({ editor: null }).prefetchRelated('editor__books'),
    )
    await shop.sends(2, () => Author.objects.filter({ id: 3 }).prefetchRelated('books__tags'))
    await shop.sends(0, () => Author.objects.none().prefetchRelated('books'))
  })

  it('adds up over calls, and null undoes it', async () => {
    const authors = Author.objects.prefetchRelated('books').prefetchRelated('profile')
    await shop.sends(3, () => authors.all())
    await shop.sends(1, () => authors.prefetchRelated(null))
  })

  it('get(), first(), at(), slices and inBulk() prefetch too; count() and values() do not', async () => {
    const authors = Author.objects.prefetchRelated('books').orderBy('id')
    expect((await shop.sends(2, () => authors.get({ id: 1 }))).books.length).to.equal(3)
    expect((await shop.sends(2, () => authors.first()))?.books.length).to.equal(3)
    expect((await shop.sends(2, () => authors.at(1)))?.books.length).to.equal(1)
    expect(named(await shop.sends(2, () => authors.slice(0, 2)))).to.deep.equal(['Ann', 'Bob'])
    expect((await shop.sends(2, () => authors.inBulk([2]))).get(2)?.books.length).to.equal(1)
    expect(await shop.sends(1, () => authors.count())).to.equal(3)
    expect(await shop.sends(1, () => authors.values('name'))).to.have.lengthOf(3)
  })

  it('runs in the background with startFetch()', async () => {
    const started = await shop.sends(3, async () => {
      const authors = Author.objects.prefetchRelated('books__tags').orderBy('id').startFetch()
      return await authors
    })
    expect(started.map(({ books }) => books.length)).to.deep.equal([3, 1, 0])
  })

  it('iterator() prefetches for each chunk', async () => {
    const titles: string[][] = []
    // Two chunks and their prefetches. PostgreSQL declares a cursor first, and a connection that the
    // loop shares is asked where the rows end.
    await shop.sends(kind.name === 'SQLite file' ? 4 : 5, async () => {
      const authors = Author.objects.prefetchRelated('books').orderBy('id')
      for await (const { books } of authors.iterator({ chunkSize: 2 })) titles.push(named(books))
    })
    expect(titles).to.deep.equal([['A', 'B', 'C'], ['D'], []])
  })

  it('long lists of keys are one statement', async () => {
    await Tag.objects.bulkCreate(Array.from({ length: 40_000 }, () => ({ name: 'x' })))
    const tags = await shop.sends(2, () => Tag.objects.prefetchRelated('books'))
    expect(tags).to.have.lengthOf(40_003)
    expect(tags.filter(({ books }) => books.length > 0)).to.have.lengthOf(2)
  }).timeout(30_000)

  it('what changes the rows, or reads the instance again, forgets them', async () => {
    const author = async () => {
      const [ann] = await Author.objects.prefetchRelated('books').orderBy('id')
      if (ann === undefined) throw new Error('No author.')
      return ann
    }
    const changes: readonly ((ann: Author) => Promise<unknown>)[] = [
      (ann) => ann.books.add(4),
      (ann) => ann.books.set([1]),
      (ann) => ann.books.create({ title: 'E' }),
      (ann) => ann.books.bulkCreate([{ title: 'F' }]),
      (ann) => ann.books.getOrCreate({ title: 'G' }),
      (ann) => ann.books.updateOrCreate({ title: 'G' }),
      (ann) => ann.books.update({ pages: 3 }),
      (ann) => ann.refreshFromDb(),
      (ann) => rejection(ann.books.clear()),
    ]
    for (const change of changes) {
      const ann = await author()
      await change(ann as unknown as Author)
      expect(
        thrown(() => ann.books.length),
        String(change),
      ).to.be.instanceOf(NotLoadedError)
      await shop.sends(1, () => ann.books.all())
    }
    const [b] = await Book.objects.filter({ title: 'B' }).prefetchRelated('tags', 'author')
    await b?.tags.remove(1)
    await shop.sends(1, async () =>
      expect(named((await b?.tags.all()) ?? [])).to.deep.equal(['new']),
    )
    // The other relation is as it was.
    expect(b?.author.name).to.equal('Ann')
  })

  describe('Prefetch', () => {
    it('with a queryset: filtered, ordered, its own selectRelated and prefetches', async () => {
      const long = Book.objects
        .filter({ pages__gt: 10 })
        .orderBy('-pages')
        .selectRelated('publisher')
        .prefetchRelated('tags')
      const authors = await shop.sends(3, () =>
        Author.objects.prefetchRelated(Prefetch('books', { queryset: long })).orderBy('id'),
      )
      await shop.sends(0, async () => {
        expect(authors.map(({ books }) => named(books))).to.deep.equal([['C', 'B'], ['D'], []])
        const [, b] = authors[0]?.books ?? []
        expect([b?.publisher?.name, named(b?.tags ?? [])]).to.deep.equal(['One', ['old', 'new']])
        expect(await b?.author).to.equal(authors[0])
      })
    })

    it('toAttr keeps a plain array beside the relation', async () => {
      const authors = await shop.sends(3, () =>
        Author.objects
          .prefetchRelated(
            Prefetch('books', { queryset: Book.objects.filter({ pages__gt: 10 }), toAttr: 'long' }),
            Prefetch('books', { queryset: Book.objects.filter({ pages: 10 }), toAttr: 'short' }),
          )
          .orderBy('id'),
      )
      expect(authors.map(({ long, short }) => [named(long), named(short)])).to.deep.equal([
        [['B', 'C'], ['A']],
        [['D'], []],
        [[], []],
      ])
      expect(authors[0]?.long).to.be.an('array')
      expect(await shop.sends(1, () => authors[0]?.books.count())).to.equal(3)
    })

    it('toAttr of one row is that row or null', async () => {
      const books = await shop.sends(2, () =>
        Book.objects.prefetchRelated(Prefetch('editor', { toAttr: 'redactor' })).orderBy('id'),
      )
      expect(books.map(({ redactor }) => redactor?.name ?? null)).to.deep.equal([
        'Bob',
        null,
        'Ann',
        null,
      ])
    })

    it('further steps lead through toAttr', async () => {
      const authors = await shop.sends(3, () =>
        Author.objects
          .prefetchRelated(
            Prefetch('books', { queryset: Book.objects.filter({ pages: 20 }), toAttr: 'some' }),
            'some__tags' as 'books__tags',
          )
          .orderBy('id'),
      )
      const some = (authors as unknown as { some: Book[] }[]).map((each) => each.some)
      expect(some.map(named)).to.deep.equal([['B'], [], []])
      await shop.sends(0, async () => {
        expect(named((await some[0]?.[0]?.tags.all()) ?? [])).to.deep.equal(['old', 'new'])
      })
    })

    it('a slice is taken for each row, by the database', async () => {
      const longest = Book.objects.orderBy('-pages').slice(0, 2)
      const prefetch = Prefetch('books', { queryset: longest, toAttr: 'longest' })
      const sql = await shop.sqlOf(async () => {
        const authors = await Author.objects.prefetchRelated(prefetch).orderBy('id')
        expect(authors.map((each) => named(each.longest))).to.deep.equal([['C', 'B'], ['D'], []])
      })
      expect(sql).to.have.lengthOf(2)
      expect(sql[1]).to.match(/row_number\(\) over \(partition by .* order by .*pages/)
      const middle = await Author.objects
        .prefetchRelated(Prefetch('books', { queryset: Book.objects.orderBy('pages').slice(1) }))
        .orderBy('id')
      expect(middle.map(({ books }) => named(books))).to.deep.equal([['B', 'C'], [], []])
      const none = await shop.sends(1, () =>
        Author.objects.prefetchRelated(
          Prefetch('books', { queryset: Book.objects.all().slice(1, 1) }),
        ),
      )
      expect(none[0]?.books.length).to.equal(0)
    })

    it('slices of many-to-many, with conditions, selectRelated and unordered', async () => {
      const newest = Book.objects
        .filter({ pages__lt: 40 })
        .selectRelated('author')
        .orderBy('-id')
        .slice(0, 1)
      const tags = await shop.sends(2, () =>
        Tag.objects.prefetchRelated(Prefetch('books', { queryset: newest })).orderBy('id'),
      )
      expect(
        tags.map(({ books }) => [...books].map((b) => [b.title, b.author.name])),
      ).to.deep.equal([[['B', 'Ann']], [['B', 'Ann']], []])
      const any = await shop.sends(2, () =>
        Author.objects
          .prefetchRelated(Prefetch('books', { queryset: Book.objects.all().slice(0, 1) }))
          .orderBy('id'),
      )
      expect(any.map(({ books }) => books.length)).to.deep.equal([1, 1, 0])
    })

    it('conditions on the relation itself speak of the same row, as after a manager', async () => {
      const queryset = Book.objects.filter({ tags__name: 'new' }).orderBy('id')
      const tags = await shop.sends(2, () =>
        Tag.objects.prefetchRelated(Prefetch('books', { queryset })).orderBy('id'),
      )
      expect(tags.map(({ books }) => named(books))).to.deep.equal([[], ['B', 'D'], []])
      const chained = queryset.filter({ tags__name: 'old' })
      const both = await Tag.objects
        .prefetchRelated(Prefetch('books', { queryset: chained }))
        .orderBy('id')
      expect(both.map(({ books }) => named(books))).to.deep.equal([[], ['B'], []])
    })

    it('none() sends nothing for it', async () => {
      const authors = await shop.sends(1, () =>
        Author.objects.prefetchRelated(Prefetch('books', { queryset: Book.objects.none() })),
      )
      expect(authors.map(({ books }) => books.length)).to.deep.equal([0, 0, 0])
    })
  })

  describe('prefetchRelatedObjects', () => {
    it('loads for instances that are there, what they do not have', async () => {
      const authors = await Author.objects.orderBy('id')
      const [ann] = await shop.sends(2, () => prefetchRelatedObjects(authors, 'books__tags'))
      expect(ann).to.equal(authors[0])
      await shop.sends(0, async () => {
        expect(named(ann?.books ?? [])).to.deep.equal(['A', 'B', 'C'])
        await prefetchRelatedObjects(authors, 'books')
      })
      const chapters = await shop.sends(1, () =>
        prefetchRelatedObjects(ann ? [...ann.books] : [], 'chapters'),
      )
      expect(chapters.map((book) => named(book.chapters))).to.deep.equal([['A.1', 'A.2'], [], []])
      expect(
        await shop.sends(0, () => prefetchRelatedObjects([] as Author[], 'books')),
      ).to.deep.equal([])
    })

    it('refuses instances of several models and what are none', async () => {
      const ann = await Author.objects.get({ id: 1 })
      const tag = await Tag.objects.get({ id: 1 })
      await shop.sends(0, async () => {
        for (const objects of [[ann, tag], [{}], [null]]) {
          const error = await rejection(prefetchRelatedObjects(objects as Author[], 'books'))
          expect(error).to.be.instanceOf(InvalidValueError)
        }
      })
    })
  })

  it('refuses what is wrong before any SQL', async () => {
    const authors = Author.objects
    const books = (options: object) => Prefetch('books', options) as never
    const cases: readonly [string, typeof FieldError | typeof NotSupportedError, () => unknown][] =
      [
        ['unknown', FieldError, () => authors.prefetchRelated('nope' as never)],
        ['a column', FieldError, () => authors.prefetchRelated('name' as never)],
        ['deeper', FieldError, () => authors.prefetchRelated('books__nope' as never)],
        ['a key', FieldError, () => Book.objects.prefetchRelated('authorId' as never)],
        ['empty', FieldError, () => authors.prefetchRelated('books__' as never)],
        ['no path', InvalidValueError, () => authors.prefetchRelated(5 as never)],
        [
          'other model',
          FieldError,
          () => authors.prefetchRelated(books({ queryset: Tag.objects.all() })),
        ],
        ['no queryset', FieldError, () => authors.prefetchRelated(books({ queryset: 5 }))],
        [
          'values()',
          FieldError,
          () => authors.prefetchRelated(books({ queryset: Book.objects.values('title') })),
        ],
        [
          'sliced and distinct',
          NotSupportedError,
          () => authors.prefetchRelated(books({ queryset: Book.objects.distinct().slice(0, 1) })),
        ],
        ['a column’s name', FieldError, () => authors.prefetchRelated(books({ toAttr: 'name' }))],
        [
          'a relation’s name',
          FieldError,
          () => authors.prefetchRelated(books({ toAttr: 'students' })),
        ],
        ['a method’s name', FieldError, () => authors.prefetchRelated(books({ toAttr: 'save' }))],
        [
          'twice',
          FieldError,
          () => authors.prefetchRelated('books', books({ queryset: Book.objects.all() })),
        ],
        [
          'twice, as part of a path',
          FieldError,
          () => authors.prefetchRelated('books__tags', books({ queryset: Book.objects.all() })),
        ],
        [
          'twice under one toAttr',
          FieldError,
          () => {
            const queryset = Book.objects.all()
            return authors.prefetchRelated(
              books({ queryset, toAttr: 'x' }),
              books({ queryset, toAttr: 'x' }),
            )
          },
        ],
        ['after values()', FieldError, () => authors.values('name').prefetchRelated('books')],
      ]
    await shop.sends(0, async () => {
      for (const [name, kindOfError, call] of cases) {
        expect(thrown(call), name).to.be.instanceOf(kindOfError)
      }
    })
    expect(thrown(() => Chapter.objects.prefetchRelated('nope' as never)).message).to.equal(
      "prefetchRelated() cannot follow 'nope' on Chapter: it is no relation. Choices are: book.",
    )
  })
})
