/** Relations of instances: to one row, and the managers of many. */
import { expect } from 'chai'
import { InvalidValueError, NotLoadedError, ObjectDoesNotExist } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import {
  Author,
  Book,
  BookQuerySet,
  type Chapter,
  NEXT_ID,
  named,
  Profile,
  Publisher,
  Tag,
  useBookshop,
} from './support/bookshop.ts'
import { rejection, thrown } from './support/stage.ts'

describeOnEach('relations of instances', (kind) => {
  const shop = useBookshop(kind)
  const author = (id: number) => Author.objects.get({ id })
  const book = (id: number) => Book.objects.get({ id })

  describe('a foreign key', () => {
    it('is awaited: one statement, and none once it is loaded', async () => {
      const a = await book(1)
      // Reading the property alone sends nothing.
      const unread = await shop.sends(0, async () => [a.author])
      expect(unread).to.have.lengthOf(1)
      const ann = await shop.sends(1, () => a.author)
      expect(ann).to.be.instanceOf(Author)
      expect(ann.name).to.equal('Ann')
      expect(await shop.sends(0, () => a.author)).to.equal(ann)
      expect(a.author).to.equal(ann)
      const twice = await shop.sends(1, async () => {
        const d = await book(4)
        return [d.authorId]
      })
      expect(twice).to.deep.equal([2])
    })

    it('awaited twice at once is one statement for each read', async () => {
      const d = await book(4)
      const promise = d.author
      const [one, two] = await shop.sends(1, () => Promise.all([promise, promise]))
      expect(one).to.equal(two)
    })

    it('that is null reads as null, without a statement', async () => {
      const b = await book(2)
      expect(b.editorId).to.equal(null)
      expect(b.editor).to.equal(null)
      expect(await shop.sends(0, () => b.editor)).to.equal(null)
    })

    it('to another field is read and written by that', async () => {
      const a = await book(1)
      expect(a.publisherId).to.equal('one')
      expect((await shop.sends(1, () => a.publisher as PromiseLike<Publisher>)).name).to.equal(
        'One',
      )
      a.publisher = await Publisher.objects.get({ code: 'two' })
      expect(a.publisherId).to.equal('two')
      await shop.sends(1, () => a.save())
      expect(await Book.objects.filter({ publisher: 'two' }).count()).to.equal(2)
    })

    it('whose row is gone is DoesNotExist', async () => {
      const a = await book(1)
      a.authorId = 77
      expect(await rejection(a.author as PromiseLike<Author>)).to.be.instanceOf(Author.DoesNotExist)
    })

    it('takes a key: what was loaded under another does not count any more', async () => {
      const a = await book(1)
      const ann = await a.author
      a.authorId = 2
      expect((await shop.sends(1, () => a.author)).name).to.equal('Bob')
      a.authorId = 1
      expect((await a.author).name).to.equal('Ann')
      a.author = ann
      a.authorId = 1
      expect(await shop.sends(0, () => a.author)).to.equal(ann)
      a.editorId = null
      expect(a.editor).to.equal(null)
    })

    it('takes an instance, and null', async () => {
      const a = await book(1)
      const bob = await author(2)
      a.author = bob
      expect([a.authorId, a.author]).to.deep.equal([2, bob])
      a.editor = null
      expect([a.editorId, a.editor]).to.deep.equal([null, null])
      await shop.sends(1, () => a.save())
      expect(await shop.rows('books', 'id')).to.deep.include({
        id: 1,
        title: 'A',
        pages: 10,
        author_id: 2,
        editor_id: null,
        publisher_id: 'one',
      })
    })

    it('refuses what is neither', async () => {
      const a = await book(1)
      const tag = await Tag.objects.get({ id: 1 })
      for (const value of [tag, 2, 'Ann', {}, undefined]) {
        const error = thrown(() => {
          a.author = value as never
        })
        expect(error).to.be.instanceOf(InvalidValueError)
      }
      expect(a.authorId).to.equal(1)
    })

    it('takes an instance that is saved later, and its key when it is saved itself', async () => {
      const dan = new Author({ name: 'Dan' })
      const made = new Book({ title: 'E', author: dan })
      expect(made.author).to.equal(dan)
      const error = await shop.sends(0, () => rejection(made.save()))
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.equal(
        'Book.author was given an instance of Author that is not saved: save it first.',
      )
      await dan.save()
      expect(made.author).to.equal(dan)
      await shop.sends(1, () => made.save())
      expect([made.id, made.authorId, made.author]).to.deep.equal([NEXT_ID, NEXT_ID, dan])
      const eve = new Author({ name: 'Eve' })
      made.editor = eve
      await eve.save()
      await shop.sends(1, () => made.save())
      expect((await book(made.id)).editorId).to.equal(eve.id)
      const rows = [new Book({ title: 'F', author: eve }), new Book({ title: 'G', author: eve })]
      await shop.sends(1, () => Book.objects.bulkCreate(rows))
      expect(await Book.objects.filter({ author: eve }).count()).to.equal(2)
    })

    it('refreshFromDb() forgets what was loaded', async () => {
      const a = await book(1)
      await a.author
      await Author.objects.filter({ id: 1 }).update({ name: 'Anna' })
      await shop.sends(1, () => a.refreshFromDb())
      expect((await shop.sends(1, () => a.author)).name).to.equal('Anna')
    })
  })

  describe('a one-to-one relation', () => {
    it('from the far side: the row, or null where there is none; both know each other', async () => {
      const [ann, bob] = await Author.objects.orderBy('id')
      if (ann === undefined || bob === undefined) throw new Error('No authors.')
      const profile = await shop.sends(1, () => ann.profile)
      expect(profile?.bio).to.equal('of Ann')
      expect(profile?.author).to.equal(ann)
      expect(await shop.sends(0, () => ann.profile)).to.equal(profile)
      // Asked for Ann's, the database was asked for his too.
      expect(await shop.sends(0, () => bob.profile)).to.equal(null)
      expect(new Author({ name: 'New' }).profile).to.equal(null)
    })

    it('is assignable from both sides', async () => {
      const [ann, bob] = await Author.objects.orderBy('id')
      if (ann === undefined || bob === undefined) throw new Error('No authors.')
      const profile = await ann.profile
      if (profile === null) throw new Error('No profile.')
      profile.author = bob
      expect(bob.profile).to.equal(profile)
      expect(profile.authorId).to.equal(2)
      // Ann has to look again.
      await profile.save()
      expect(await shop.sends(1, () => ann.profile)).to.equal(null)
      ann.profile = profile
      expect([profile.authorId, profile.author]).to.deep.equal([1, ann])
      await shop.sends(1, () => profile.save())
      expect(await Profile.objects.get({ author: 1 })).to.deep.include({ id: 1, bio: 'of Ann' })
    })

    it('null takes the row out, if it is known which', async () => {
      const ann = await author(1)
      const error = thrown(() => {
        ann.profile = null
      })
      expect(error).to.be.instanceOf(NotLoadedError)
      const bob = await author(2)
      expect(await bob.profile).to.equal(null)
      bob.profile = null
      expect(bob.profile).to.equal(null)
      expect(
        thrown(() => {
          bob.profile = ann as never
        }),
      ).to.be.instanceOf(InvalidValueError)
    })
  })

  describe('managers of many', () => {
    it('have every method of a queryset, each from the related rows', async () => {
      const ann = await author(1)
      const { books } = ann
      expect(named(await shop.sends(1, () => books.all()))).to.deep.equal(['A', 'B', 'C'])
      expect(named(await books.filter({ pages__gt: 10 }))).to.deep.equal(['B', 'C'])
      expect(named(await books.exclude({ title: 'A' }))).to.deep.equal(['B', 'C'])
      expect(await shop.sends(1, () => books.count())).to.equal(3)
      expect(await shop.sends(1, () => books.exists())).to.equal(true)
      expect((await shop.sends(1, () => books.get({ pages: 30 }))).title).to.equal('C')
      expect((await books.first())?.title).to.equal('A')
      expect((await books.last())?.title).to.equal('C')
      expect((await books.at(1))?.title).to.equal('B')
      expect(await books.contains(await book(4))).to.equal(false)
      expect(await books.valuesList('title', { flat: true })).to.deep.equal(['A', 'B', 'C'])
      expect(named(await books.orderBy('-pages').slice(0, 2))).to.deep.equal(['C', 'B'])
      expect([...(await books.inBulk([1, 4])).keys()]).to.deep.equal([1])
      expect(await shop.sends(1, () => books.update({ pages: 5 }))).to.equal(3)
      expect(await Book.objects.filter({ pages: 5 }).count()).to.equal(3)
      const missing = await rejection(books.get({ title: 'D' }))
      expect(missing).to.be.instanceOf(Book.DoesNotExist)
    })

    it('of both sides of many-to-many, through a model, and of the model itself', async () => {
      const b = await book(2)
      expect(named(await shop.sends(1, () => b.tags.orderBy('id')))).to.deep.equal(['old', 'new'])
      const fresh = await Tag.objects.get({ name: 'new' })
      expect(named(await shop.sends(1, () => fresh.books.orderBy('id')))).to.deep.equal(['B', 'D'])
      const d = await book(4)
      expect(named(await shop.sends(1, () => d.contributors.all()))).to.deep.equal(['Cyd'])
      const ann = await author(1)
      expect(named(await shop.sends(1, () => ann.students.all()))).to.deep.equal(['Bob'])
      const one = await Publisher.objects.get({ code: 'one' })
      expect(named(await shop.sends(1, () => one.books.orderBy('id')))).to.deep.equal(['A', 'B'])
    })

    it('make querysets of the target’s own class', async () => {
      const ann = await author(1)
      expect(ann.books.all()).to.be.instanceOf(BookQuerySet)
      expect(named(await ann.books.longerThan(10))).to.deep.equal(['B', 'C'])
      expect(named(await ann.books.filter({ pages__lt: 30 }).longerThan(10))).to.deep.equal(['B'])
    })

    it('can be started', async () => {
      const ann = await author(1)
      const started = await shop.sends(3, async () => {
        const books = ann.books.filter({ pages__gt: 10 }).startFetch()
        const count = ann.books.all().startCount()
        const first = ann.books.orderBy('-pages').startFirst()
        return [named(await books), await count.count(), (await first.first())?.title]
      })
      expect(started).to.deep.equal([['B', 'C'], 3, 'C'])
    })

    it('rows that are asked of an instance know it', async () => {
      const ann = await author(1)
      const books = await shop.sends(4, async () => [
        ...(await ann.books.all()),
        await ann.books.get({ title: 'A' }),
        await ann.books.first(),
        ...(await ann.books.filter({ pages: 30 }).orderBy('title').startFetch()),
      ])
      for await (const each of ann.books.all().iterator()) books.push(each)
      expect(books).to.have.lengthOf(9)
      await shop.sends(0, async () => {
        for (const each of books) expect(await each?.author).to.equal(ann)
      })
      // Many authors may have edited one.
      const edited = await ann.edited.get()
      expect(edited.editor).to.equal(ann)
      const [chapter] = await (await book(1)).chapters.all()
      expect((chapter as Chapter).book).to.be.instanceOf(Book)
    })

    it('look where the instance came from, unless using() says otherwise', async () => {
      const ann = await Author.objects.using(shop.db).get({ id: 1 })
      expect(await ann.books.count()).to.equal(3)
      const error = thrown(() => ann.books.using('elsewhere').toSQL())
      expect(error.message).to.contain('elsewhere')
    })

    it('are not read without awaiting, and not assigned', async () => {
      const ann = await author(1)
      await shop.sends(0, async () => {
        for (const read of [
          () => [...(ann.books as unknown as Iterable<Book>)],
          () => (ann.books as unknown as Book[]).length,
        ]) {
          const error = thrown(read)
          expect(error).to.be.instanceOf(NotLoadedError)
          expect(error.message).to.equal(
            "Author.books is not loaded: use prefetchRelated('books') on the queryset, or await " +
              'instance.books.all().',
          )
        }
        const assigned = thrown(() => {
          ;(ann as { books: unknown }).books = []
        })
        expect(assigned.message).to.equal('Author.books cannot be assigned: use its set().')
      })
    })

    it('need a saved instance', async () => {
      const dan = new Author({ name: 'Dan' })
      await shop.sends(0, async () => {
        expect(thrown(() => dan.books.all())).to.be.instanceOf(InvalidValueError)
        expect(await rejection(dan.books.add(1))).to.be.instanceOf(InvalidValueError)
        expect(await rejection(new Book({ title: 'X' } as never).tags.add(1))).to.be.instanceOf(
          InvalidValueError,
        )
      })
    })
  })

  it('shows no relation in console.log, a spread or JSON', async () => {
    const a = await book(1)
    await a.author
    expect(JSON.parse(JSON.stringify(a))).to.deep.equal({
      id: 1,
      title: 'A',
      pages: 10,
      authorId: 1,
      editorId: 2,
      publisherId: 'one',
    })
    expect(Object.keys({ ...a })).to.not.include('author')
    expect(ObjectDoesNotExist).to.be.a('function')
  })
})
