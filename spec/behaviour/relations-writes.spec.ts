/** What managers of related rows write. Statements are counted without BEGIN and COMMIT. */
import { expect } from 'chai'
import {
  atomic,
  FieldError,
  IntegrityError,
  InvalidValueError,
  ValidationError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  Author,
  Book,
  Chapter,
  Contribution,
  NEXT_ID,
  named,
  Person,
  Tag,
  useBookshop,
} from './support/bookshop.ts'
import { isControl } from './support/schema.ts'
import { rejection } from './support/stage.ts'

describeOnEach('writing through related managers', (kind) => {
  const shop = useBookshop(kind)
  const author = (id: number) => Author.objects.get({ id })
  const book = (id: number) => Book.objects.get({ id })
  const chaptersOf = async (id: number) => named(await Chapter.objects.filter({ book: id }))
  const tagsOf = async (id: number) => named(await Tag.objects.filter({ books: id }).orderBy('id'))
  /** The statements that `work` sends; fails if a transaction is among them. */
  const alone = async (work: () => Promise<unknown>): Promise<number> => {
    const sql = await shop.sqlOf(work)
    expect(sql.filter(isControl)).to.deep.equal([])
    return sql.length
  }

  describe('a foreign key that may be null', () => {
    it('add() points rows here, by instance and by key: one statement', async () => {
      const [a, loose] = [await book(1), await Chapter.objects.get({ title: 'loose' })]
      expect(await alone(() => a.chapters.add(loose, 3))).to.equal(1)
      expect(await chaptersOf(1)).to.deep.equal(['A.1', 'A.2', 'D.1', 'loose'])
      expect([loose.bookId, loose.book]).to.deep.equal([1, a])
      await shop.sends(0, () => loose.save())
      await shop.sends(0, () => a.chapters.add())
    })

    it('remove() takes rows out: one statement', async () => {
      const a = await book(1)
      const [first] = await a.chapters.all()
      if (first === undefined) throw new Error('No chapter.')
      expect(await alone(() => a.chapters.remove(first))).to.equal(1)
      expect(await chaptersOf(1)).to.deep.equal(['A.2'])
      expect([first.bookId, first.book]).to.deep.equal([null, null])
      await shop.sends(0, () => first.save())
      expect(await alone(() => a.chapters.remove(2))).to.equal(1)
      expect(await chaptersOf(1)).to.deep.equal([])
      // That of another book stays there.
      await a.chapters.remove(3)
      expect(await chaptersOf(4)).to.deep.equal(['D.1'])
    })

    it('remove() of an instance that is not there is DoesNotExist, before any SQL', async () => {
      const a = await book(1)
      const [other, loose] = await Chapter.objects.filter({ title__in: ['D.1', 'loose'] })
      await shop.sends(0, async () => {
        for (const chapter of [other, loose]) {
          const error = await rejection(a.chapters.remove(chapter as Chapter))
          expect(error).to.be.instanceOf(Chapter.DoesNotExist)
          expect(error.message).to.equal('This Chapter is not among the chapters of this Book.')
        }
      })
    })

    it('clear() is one statement', async () => {
      const a = await book(1)
      expect(await alone(() => a.chapters.clear())).to.equal(1)
      expect(await Chapter.objects.filter({ book: null }).count()).to.equal(3)
    })

    it('set() is two in a transaction, one for no rows', async () => {
      const a = await book(1)
      await shop.sends(2, () => a.chapters.set([2, 4]))
      expect(await chaptersOf(1)).to.deep.equal(['A.2', 'loose'])
      await shop.sends(2, () => a.chapters.set([1], { clear: true }))
      expect(await chaptersOf(1)).to.deep.equal(['A.1'])
      expect(await alone(() => a.chapters.set([]))).to.equal(1)
      expect(await chaptersOf(1)).to.deep.equal([])
    })

    it('a rollback leaves instances as changed as they were', async () => {
      const [a, loose] = [await book(1), await Chapter.objects.get({ title: 'loose' })]
      await rejection(
        atomic(async () => {
          await a.chapters.add(loose)
          throw new Error('No.')
        }),
      )
      expect(await chaptersOf(1)).to.deep.equal(['A.1', 'A.2'])
      // It still refers to the book, and the database does not: there is something to save.
      await shop.sends(1, () => loose.save())
      expect(await chaptersOf(1)).to.deep.equal(['A.1', 'A.2', 'loose'])
    })
  })

  describe('a foreign key that is never null', () => {
    it('add() and set() give rows a new owner, and take none from this one', async () => {
      const bob = await author(2)
      expect(await alone(() => bob.books.add(1))).to.equal(1)
      expect(named(await bob.books.orderBy('id'))).to.deep.equal(['A', 'D'])
      expect(await alone(() => bob.books.set([2]))).to.equal(1)
      expect(named(await bob.books.orderBy('id'))).to.deep.equal(['A', 'B', 'D'])
    })

    it('has no remove() and clear(), before any SQL', async () => {
      const ann = await author(1)
      const a = await book(1)
      const d = await book(4)
      await shop.sends(0, async () => {
        for (const work of [ann.books.remove(a), ann.books.remove(d), ann.books.clear()]) {
          const error = await rejection(work)
          expect(error).to.be.instanceOf(FieldError)
          expect(error.message).to.match(/^Author\.books has no (remove|clear)\(\): Book\.authorId/)
        }
      })
    })
  })

  describe('rows made through a foreign key', () => {
    it('create() sets the key, and the row knows its owner', async () => {
      const ann = await author(1)
      const made = await shop.sends(1, () => ann.books.create({ title: 'E' }))
      expect([made.id, made.authorId, made.author]).to.deep.equal([NEXT_ID, 1, ann])
      const error = await shop.sends(0, () => rejection(ann.books.create({ pages: 1 } as never)))
      expect(error).to.be.instanceOf(ValidationError)
    })

    it('bulkCreate() of values and instances', async () => {
      const ann = await author(1)
      const made = await shop.sends(1, () =>
        ann.books.bulkCreate([{ title: 'E' }, new Book({ title: 'F' } as never)]),
      )
      expect(made.map(({ author }) => author)).to.deep.equal([ann, ann])
      expect(await ann.books.count()).to.equal(5)
    })

    it('bulkCreate() of what comes one by one: how many', async () => {
      const ann = await author(1)
      const inputs = new Set([{ title: 'E' }, { title: 'F' }, { title: 'G' }])
      const count = await shop.sends(2, () => ann.books.bulkCreate(inputs, { batchSize: 2 }))
      expect(count).to.equal(3)
      const book = new Book({ title: 'H' } as never)
      expect(await ann.books.bulkCreate(new Set([book]))).to.equal(1)
      expect([book.id > NEXT_ID, book.author]).to.deep.equal([true, ann])
      expect(await ann.books.count()).to.equal(7)
      async function* failing() {
        yield { title: 'I' }
        throw new RangeError('the source is broken')
      }
      const error = await rejection(ann.books.bulkCreate(failing(), { batchSize: 1 }))
      expect(error).to.be.instanceOf(RangeError)
      for (const wrong of [3, new Set([null])]) {
        const refused = await rejection(ann.books.bulkCreate(wrong as never))
        expect(refused).to.be.instanceOf(InvalidValueError)
      }
      expect(await ann.books.count()).to.equal(7)
    })

    it('getOrCreate() and updateOrCreate() look among the related rows only', async () => {
      const ann = await author(1)
      const [a, isNew] = await shop.sends(1, () => ann.books.getOrCreate({ title: 'A' }))
      expect([a.id, isNew, a.author]).to.deep.equal([1, false, ann])
      const [d, isNewToo] = await shop.sends(2, () =>
        ann.books.getOrCreate({ title: 'D' }, { defaults: { pages: 7 } }),
      )
      expect([d.id, d.pages, d.authorId, isNewToo]).to.deep.equal([NEXT_ID, 7, 1, true])
      const [updated, made] = await shop.sends(2, () =>
        ann.books.updateOrCreate({ title: 'A' }, { defaults: { pages: 99 } }),
      )
      expect([updated.id, updated.pages, made]).to.deep.equal([1, 99, false])
      const [created] = await ann.books.updateOrCreate(
        { title: 'Z' },
        { defaults: { pages: 1 }, createDefaults: { pages: 2 } },
      )
      expect([created.pages, created.author]).to.deep.equal([2, ann])
    })

    it('update() and delete() reach the related rows only', async () => {
      const a = await book(1)
      expect(await shop.sends(1, () => a.chapters.update({ title: 'X' }))).to.equal(2)
      expect((await a.chapters.filter({ title: 'X' }).delete())[0]).to.equal(2)
      expect(await shop.left('chapters')).to.deep.equal([3, 4])
    })
  })

  describe('many-to-many with a join table', () => {
    it('add(): what is missing in one statement, after one that asks', async () => {
      const a = await book(1)
      const fresh = await Tag.objects.get({ name: 'new' })
      expect(await alone(() => a.tags.add(1, fresh, fresh, 2))).to.equal(2)
      expect(await tagsOf(1)).to.deep.equal(['old', 'new'])
      expect(await alone(() => a.tags.add(1, 2))).to.equal(1)
      await shop.sends(0, () => a.tags.add())
    })

    it('remove() and clear(): one statement', async () => {
      const b = await book(2)
      expect(await alone(() => b.tags.remove(1, 3))).to.equal(1)
      expect(await tagsOf(2)).to.deep.equal(['new'])
      expect(await alone(() => b.tags.clear())).to.equal(1)
      expect(await tagsOf(2)).to.deep.equal([])
      expect(await tagsOf(1)).to.deep.equal(['old'])
    })

    it('set(): the difference', async () => {
      const b = await book(2)
      await shop.sends(3, () => b.tags.set([2, 3]))
      expect(await tagsOf(2)).to.deep.equal(['new', 'unused'])
      expect(await alone(() => b.tags.set([2, 3]))).to.equal(1)
      expect(await alone(() => b.tags.set([2]))).to.equal(2)
      await shop.sends(2, () => b.tags.set([1], { clear: true }))
      expect(await tagsOf(2)).to.deep.equal(['old'])
      expect(await alone(() => b.tags.set([]))).to.equal(1)
      expect(await tagsOf(2)).to.deep.equal([])
    })

    it('from the other side', async () => {
      const unused = await Tag.objects.get({ name: 'unused' })
      await shop.sends(2, () => unused.books.add(1, 2))
      expect(named(await unused.books.orderBy('id'))).to.deep.equal(['A', 'B'])
      await shop.sends(1, () => unused.books.remove(1))
      expect(await tagsOf(1)).to.deep.equal(['old'])
    })

    it('create() and the like: the row, and that it is related', async () => {
      const a = await book(1)
      const made = await shop.sends(2, () => a.tags.create({ name: 'made' }))
      expect(made.id).to.equal(NEXT_ID)
      await shop.sends(2, () => a.tags.bulkCreate([{ name: 'x' }, { name: 'y' }]))
      expect(await tagsOf(1)).to.deep.equal(['old', 'made', 'x', 'y'])
      const inputs = new Set([{ name: 'p' }, { name: 'q' }, { name: 'r' }])
      const sent = () => a.tags.bulkCreate(inputs, { batchSize: 2 })
      expect(await shop.sends(4, sent)).to.equal(3)
      expect(await tagsOf(1)).to.deep.equal(['old', 'made', 'x', 'y', 'p', 'q', 'r'])
      await a.tags.filter({ name__in: ['p', 'q', 'r'] }).delete()
      const [old, isNew] = await shop.sends(1, () => a.tags.getOrCreate({ name: 'old' }))
      expect([old.id, isNew]).to.deep.equal([1, false])
      // That tag exists, but not on this book.
      const [fresh, isNewToo] = await shop.sends(3, () => a.tags.getOrCreate({ name: 'new' }))
      expect([fresh.id > NEXT_ID, isNewToo]).to.deep.equal([true, true])
      const [updated] = await shop.sends(2, () =>
        a.tags.updateOrCreate({ id: 1 }, { defaults: { name: 'older' } }),
      )
      expect([updated.name, await tagsOf(2)]).to.deep.equal(['older', ['older', 'new']])
    })

    it('long lists of keys', async () => {
      const tags = await Tag.objects.bulkCreate(
        Array.from({ length: 17_000 }, (_, at) => ({ name: `t${at}` })),
      )
      const a = await book(1)
      await shop.sends(3, () => a.tags.add(...tags))
      expect(await a.tags.count()).to.equal(17_001)
      await shop.sends(1, () => a.tags.remove(...tags))
      expect(await a.tags.count()).to.equal(1)
    }).timeout(30_000)

    it('throughDefaults needs a through model', async () => {
      const a = await book(1)
      const error = await shop.sends(0, () =>
        rejection(a.tags.add(2, { throughDefaults: { role: 'x' } })),
      )
      expect(error).to.be.instanceOf(FieldError)
    })
  })

  describe('many-to-many through a model', () => {
    const roles = async (id: number) =>
      await Contribution.objects.filter({ book: id }).orderBy('id').values('personId', 'role')

    it('add(), set() and create() with throughDefaults, or its own defaults', async () => {
      const a = await book(1)
      await shop.sends(2, () => a.contributors.add(2, 3, { throughDefaults: { role: 'editor' } }))
      expect(await roles(1)).to.deep.equal([
        { personId: 2, role: 'friend' },
        { personId: 3, role: 'editor' },
      ])
      await shop.sends(3, () => a.contributors.set([1, 3], { throughDefaults: { role: 'late' } }))
      expect(await roles(1)).to.deep.equal([
        { personId: 3, role: 'editor' },
        { personId: 1, role: 'late' },
      ])
      const dan = await a.contributors.create({ name: 'Dan' })
      await a.contributors.create({ name: 'Eve' }, { throughDefaults: { role: 'muse' } })
      expect((await roles(1)).slice(2)).to.deep.equal([
        { personId: dan.id, role: 'friend' },
        { personId: dan.id + 1, role: 'muse' },
      ])
      const [fay] = await a.contributors.getOrCreate(
        { name: 'Fay' },
        { throughDefaults: { role: 'muse' } },
      )
      expect((await roles(1)).at(-1)).to.deep.equal({ personId: fay.id, role: 'muse' })
    })

    it('remove() and clear() delete its rows', async () => {
      const d = await book(4)
      await shop.sends(1, () => d.contributors.remove(3))
      expect(await roles(4)).to.deep.equal([])
      const bob = await author(2)
      await shop.sends(1, () => bob.contributedBooks.clear())
      expect(await shop.left('contributions')).to.deep.equal([])
    })
  })

  describe('a model and itself', () => {
    it('symmetrical: both rows are written and deleted', async () => {
      const [p, q] = await Person.objects.orderBy('id')
      if (p === undefined || q === undefined) throw new Error('No persons.')
      await shop.sends(2, () => p.friends.add(q, 3))
      expect(await shop.rows('persons_friends', 'from_person_id', 'to_person_id')).to.have.length(4)
      expect(named(await q.friends.all())).to.deep.equal(['P'])
      expect(named(await Person.objects.filter({ friends: p }).orderBy('id'))).to.deep.equal([
        'Q',
        'R',
      ])
      expect(await alone(() => q.friends.remove(p))).to.equal(1)
      expect(named(await p.friends.all())).to.deep.equal(['R'])
      await shop.sends(3, () => p.friends.set([2]))
      expect(named(await p.friends.all())).to.deep.equal(['Q'])
      await p.friends.add(p)
      expect(named(await p.friends.orderBy('id'))).to.deep.equal(['P', 'Q'])
      expect(await alone(() => p.friends.clear())).to.equal(1)
      expect(await shop.left('persons_friends')).to.deep.equal([])
    })

    it('not symmetrical: each side has a name', async () => {
      const [p, q] = await Person.objects.orderBy('id')
      if (p === undefined || q === undefined) throw new Error('No persons.')
      await shop.sends(2, () => p.following.add(q))
      expect(named(await p.following.all())).to.deep.equal(['Q'])
      expect(named(await q.following.all())).to.deep.equal([])
      expect(named(await q.followers.all())).to.deep.equal(['P'])
      expect(named(await Person.objects.filter({ followers__name: 'P' }))).to.deep.equal(['Q'])
      await q.followers.clear()
      expect(await p.following.count()).to.equal(0)
    })
  })

  it('a relation and its key are the same, or refused before any SQL', async () => {
    const [ann, bob] = [await author(1), await author(2)]
    const title = 'x'
    for (const [same, authorId] of [
      [{ title, author: ann, authorId: 1 }, 1],
      [{ title, authorId: 2, author: bob, editor: null, editorId: null }, 2],
      [{ title, pk: 90, id: 90, author: 1 }, 1],
    ] as const) {
      expect((await Book.objects.create(same as never)).authorId).to.equal(authorId)
    }
    await shop.sends(0, async () => {
      for (const [other, field, column] of [
        [{ title, author: ann, authorId: 2 }, 'author', 'authorId'],
        [{ title, authorId: 1, author: 2 }, 'author', 'authorId'],
        [{ title, author: new Author({ name: 'new' }), authorId: 1 }, 'author', 'authorId'],
        [{ title, author: ann, editor: null, editorId: 1 }, 'editor', 'editorId'],
        [{ title, author: ann, editor: ann, editorId: null }, 'editor', 'editorId'],
        [{ title, author: ann, pk: 91, id: 92 }, 'pk', 'id'],
      ] as const) {
        const issues = [{ field, message: `is not what ${column} is: leave one out` }]
        for (const attempt of [
          () => Book.objects.create(other as never),
          () => Book.objects.bulkCreate([other as never]),
          async () => new Book(other as never),
        ]) {
          expect(await rejection(attempt())).to.deep.include({ code: 'VALIDATION', issues })
        }
      }
    })
  })

  it('refuses unsaved instances, other models and what is no key, before any SQL', async () => {
    const [a, ann, tag] = [await book(1), await author(1), await Tag.objects.get({ id: 1 })]
    await shop.sends(0, async () => {
      for (const work of [
        () => a.tags.add(new Tag({ name: 'x' })),
        () => a.tags.add(ann as never),
        () => a.tags.set(['x' as never]),
        () => a.tags.remove(null as never),
        () => a.chapters.add(new Chapter({ title: 'x' })),
        () => a.chapters.set([tag as never]),
        () => a.chapters.remove(tag as never),
        () => a.contributors.add(a as never),
      ]) {
        expect(await rejection(work()), String(work)).to.be.instanceOf(InvalidValueError)
      }
    })
    expect(await rejection(a.tags.add(77))).to.be.instanceOf(IntegrityError)
  })
})
