/** DJANGO-SEMANTICS 5: conditions on related rows, from every side of a relation. */
import { expect } from 'chai'
import { Count, F, InvalidValueError, Q } from '../../lib/index.ts'
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
import { rejection, thrown } from './support/stage.ts'

describeOnEach('conditions on related rows', (kind) => {
  const shop = useBookshop(kind)
  /** The titles or names of the rows of one query, in the order of their keys. */
  const rows = async (querySet: {
    orderBy(path: 'id'): PromiseLike<object[]>
  }): Promise<string[]> => named(await shop.sends(1, () => querySet.orderBy('id')))

  describe('a foreign key', () => {
    it('is compared by key, key column, instance and path, without a join where it can be', async () => {
      const ann = await Author.objects.get({ name: 'Ann' })
      const books = Book.objects
      const same = [
        books.filter({ author: ann }),
        books.filter({ author: ann.id }),
        books.filter({ authorId: ann.id }),
        books.filter({ author__id: ann.id }),
        books.filter({ author__pk: ann.id }),
        books.filter({ author__in: [ann] }),
        books.filter({ author__in: [ann, 3] }),
        books.filter({ author__in: [ann.id] }),
      ]
      for (const querySet of same) {
        expect(querySet.toSQL().sql).to.not.match(/join/i)
        expect(await rows(querySet)).to.deep.equal(['A', 'B', 'C'])
      }
      const byName = books.filter({ author__name: 'Ann' })
      expect(byName.toSQL().sql).to.match(/inner join .authors./i)
      expect(await rows(byName)).to.deep.equal(['A', 'B', 'C'])
    })

    it('by several steps', async () => {
      expect(await rows(Book.objects.filter({ author__mentor__name: 'Ann' }))).to.deep.equal(['D'])
      expect(
        await rows(Book.objects.filter({ author__mentor__profile__bio__contains: 'Ann' })),
      ).to.deep.equal(['D'])
    })

    it('that is null, or whose row has a null, on either side', async () => {
      expect(await rows(Book.objects.filter({ editor: null }))).to.deep.equal(['B', 'D'])
      expect(await rows(Book.objects.filter({ editor__isnull: false }))).to.deep.equal(['A', 'C'])
      expect(Book.objects.filter({ editor__isnull: true }).toSQL().sql).to.not.match(/join/i)
      // Its row's mentor is null, or there is no row.
      const unguided = Book.objects.filter({ editor__mentor__isnull: true })
      expect(await rows(unguided)).to.deep.equal(['B', 'C', 'D'])
      expect(await rows(Author.objects.filter({ books__isnull: true }))).to.deep.equal(['Cyd'])
      expect(await rows(Author.objects.filter({ books: null }))).to.deep.equal(['Cyd'])
      expect(await rows(Author.objects.filter({ profile__isnull: true }))).to.deep.equal([
        'Bob',
        'Cyd',
      ])
      expect(await rows(Book.objects.filter({ tags__isnull: true }))).to.deep.equal(['C'])
      const withBooks = Author.objects.filter({ books__isnull: false }).distinct()
      expect(await rows(withBooks)).to.deep.equal(['Ann', 'Bob'])
    })

    it('to another field than the primary key', async () => {
      const one = await Publisher.objects.get({ name: 'One' })
      for (const books of [
        Book.objects.filter({ publisher: one }),
        Book.objects.filter({ publisher: 'one' }),
        Book.objects.filter({ publisherId: 'one' }),
      ]) {
        expect(books.toSQL()).to.deep.include({ bindings: ['one'] })
        expect(await rows(books)).to.deep.equal(['A', 'B'])
      }
      expect(await rows(Book.objects.filter({ publisher__name: 'One' }))).to.deep.equal(['A', 'B'])
      expect(await rows(Publisher.objects.filter({ books__title: 'D' }))).to.deep.equal(['Two'])
      const inQuery = Book.objects.filter({ publisher__in: Publisher.objects.filter({ id: 1 }) })
      expect(await rows(inQuery)).to.deep.equal(['A', 'B'])
    })
  })

  describe('the other side of a foreign key', () => {
    it('by instance, key, list of both', async () => {
      const a = await Book.objects.get({ title: 'A' })
      expect(await rows(Author.objects.filter({ books: a }))).to.deep.equal(['Ann'])
      expect(await rows(Author.objects.filter({ books: 4 }))).to.deep.equal(['Bob'])
      const both = Author.objects.filter({ books__in: [a, 4] })
      expect(await rows(both)).to.deep.equal(['Ann', 'Bob'])
    })

    it('gives a row for each that matches, once with distinct()', async () => {
      const long = Author.objects.filter({ books__pages__gte: 20 })
      expect(await rows(long)).to.deep.equal(['Ann', 'Ann', 'Bob'])
      expect(await rows(long.distinct())).to.deep.equal(['Ann', 'Bob'])
      expect(await shop.sends(1, () => long.distinct().count())).to.equal(2)
    })

    it('one call speaks of one related row, two may speak of two', async () => {
      const same = Author.objects.filter({ books__title: 'A', books__pages: 30 })
      expect(await rows(same)).to.deep.equal([])
      expect(same.toSQL().sql.match(/join/gi)).to.have.lengthOf(1)
      const two = Author.objects.filter({ books__title: 'A' }).filter({ books__pages: 30 })
      expect(await rows(two)).to.deep.equal(['Ann'])
      expect(two.toSQL().sql.match(/join/gi)).to.have.lengthOf(2)
      const asQ = Author.objects.filter(Q({ books__title: 'A' }), { books__pages: 30 })
      expect(await rows(asQ)).to.deep.equal([])
    })

    it('exclude() takes each condition by itself', async () => {
      const querySet = Author.objects.exclude({ books__title: 'A', books__pages: 40 })
      // Nobody wrote both a book titled A and one of 40 pages.
      expect(await rows(querySet)).to.deep.equal(['Ann', 'Bob', 'Cyd'])
      const other = Author.objects.exclude({ books__title: 'A', books__pages: 30 })
      // Ann did, though they are two books.
      expect(await rows(other)).to.deep.equal(['Bob', 'Cyd'])
      const sameRow = Author.objects.exclude({
        books__in: Book.objects.filter({ title: 'A', pages: 30 }),
      })
      expect(await rows(sameRow)).to.deep.equal(['Ann', 'Bob', 'Cyd'])
    })

    it('exclude() keeps rows with NULL and without related rows', async () => {
      expect(await rows(Book.objects.exclude({ editor__name: 'Ann' }))).to.deep.equal([
        'A',
        'B',
        'D',
      ])
      expect(await rows(Book.objects.exclude({ editor: 1 }))).to.deep.equal(['A', 'B', 'D'])
      expect(await rows(Book.objects.exclude({ tags__name: 'old' }))).to.deep.equal(['C', 'D'])
      expect(await rows(Author.objects.exclude({ books__tags__name: 'old' }))).to.deep.equal([
        'Bob',
        'Cyd',
      ])
      expect(await rows(Author.objects.exclude({ books__isnull: true }).distinct())).to.deep.equal([
        'Ann',
        'Bob',
      ])
      // An outer join lies before the step to many.
      const byEditor = Book.objects.exclude({ editor__students__name: 'Bob' })
      expect(await rows(byEditor)).to.deep.equal(['A', 'B', 'D'])
    })

    it('columns of both sides are compared', async () => {
      const own = Author.objects.filter({ edited__author: F('pk') })
      expect(await rows(own)).to.deep.equal(['Ann'])
      const others = Book.objects.filter({ editor__isnull: false }).exclude({ editor: F('author') })
      expect(await rows(others)).to.deep.equal(['A'])
    })
  })

  describe('many-to-many, one-to-one and through models', () => {
    it('from both sides', async () => {
      const old = await Tag.objects.get({ name: 'old' })
      expect(await rows(Book.objects.filter({ tags: old }))).to.deep.equal(['A', 'B'])
      expect(await rows(Book.objects.filter({ tags__name: 'new' }))).to.deep.equal(['B', 'D'])
      expect(await rows(Tag.objects.filter({ books__author__name: 'Bob' }))).to.deep.equal(['new'])
      expect(await rows(Tag.objects.filter({ books__isnull: true }))).to.deep.equal(['unused'])
      const both = Book.objects.filter({ tags__in: [old, 2] }).distinct()
      expect(await rows(both)).to.deep.equal(['A', 'B', 'D'])
    })

    it('by key they need the join table alone', async () => {
      const { sql } = Book.objects.filter({ tags: 1 }).toSQL()
      expect(sql.match(/join/gi)).to.have.lengthOf(1)
      expect(sql).to.match(/inner join .books_tags./i)
    })

    it('one call is one row of the join table', async () => {
      const same = Book.objects.filter({ tags__name: 'old', tags__id: 2 })
      expect(await rows(same)).to.deep.equal([])
      const two = Book.objects.filter({ tags__name: 'old' }).filter({ tags__id: 2 })
      expect(await rows(two)).to.deep.equal(['B'])
    })

    it('a related manager and its first filter() are one call', async () => {
      const old = await Tag.objects.get({ name: 'old' })
      const sql = old.books.filter({ tags__name: 'old' }).toSQL().sql
      // books_tags once, and the tag.
      expect(sql.match(/books_tags. (on|as)|join .books_tags/gi)).to.have.lengthOf(1)
      expect(await rows(old.books.filter({ tags__name: 'new' }))).to.deep.equal([])
      const next = old.books.filter({ pages__gt: 0 }).filter({ tags__name: 'new' })
      expect(await rows(next)).to.deep.equal(['B'])
    })

    it('through a model: by it and beside it', async () => {
      expect(await rows(Book.objects.filter({ contributors__name: 'Cyd' }))).to.deep.equal(['D'])
      expect(await rows(Author.objects.filter({ contributedBooks: 1 }))).to.deep.equal(['Bob'])
      expect(await rows(Author.objects.filter({ contributions__role: 'editor' }))).to.deep.equal([
        'Cyd',
      ])
    })

    it('a one-to-one from both sides', async () => {
      const profile = await Profile.objects.get({ author__name: 'Ann' })
      expect(await rows(Author.objects.filter({ profile }))).to.deep.equal(['Ann'])
      expect(await rows(Author.objects.filter({ profile__bio__contains: 'Ann' }))).to.deep.equal([
        'Ann',
      ])
      expect(await rows(Author.objects.exclude({ profile__bio: 'of Ann' }))).to.deep.equal([
        'Bob',
        'Cyd',
      ])
    })
  })

  describe('querysets as values', () => {
    it('are sub-queries, started or not', async () => {
      const bobs = Author.objects.filter({ name: 'Bob' })
      expect(await rows(Book.objects.filter({ author__in: bobs }))).to.deep.equal(['D'])
      expect(
        await rows(Author.objects.filter({ books__in: Book.objects.filter({ pages: 40 }) })),
      ).to.deep.equal(['Bob'])
      const ids = Author.objects.filter({ name: 'Bob' }).valuesList('id', { flat: true })
      expect(await rows(Book.objects.filter({ author__in: ids }))).to.deep.equal(['D'])
      const first = Author.objects.orderBy('-id').slice(1, 2)
      expect(await rows(Book.objects.filter({ author: first }))).to.deep.equal(['D'])
    })

    it('those of related managers too', async () => {
      const ann = await Author.objects.get({ id: 1 })
      const tags = Tag.objects.filter({ books__in: ann.books.filter({ pages__gt: 10 }) })
      expect(await rows(tags)).to.deep.equal(['old', 'new'])
    })
  })

  describe('joins', () => {
    it('are used again for one row, promoted by OR, demoted by AND', async () => {
      const joins = ({ sql }: { sql: string }) => sql.match(/(left outer|left|inner) join/gi)
      const named = Book.objects.filter({ author__name: 'Ann' })
      expect(
        joins(named.filter({ author__id__gt: 0, author__name__gt: 'A' }).toSQL()),
      ).to.have.lengthOf(1)
      const either = Book.objects.filter(Q.or({ editor__name: 'Ann' }, { title: 'D' }))
      expect(joins(either.toSQL())?.[0]).to.match(/^left/i)
      expect(await rows(either)).to.deep.equal(['C', 'D'])
      const narrowed = either.filter({ editor__name__startswith: 'A' })
      expect(joins(narrowed.toSQL())?.[0]).to.match(/^inner/i)
      expect(await rows(narrowed)).to.deep.equal(['C'])
    })

    it('that aggregates make count related rows', async () => {
      const counted = Author.objects.filter({ name: 'Ann' })
      expect(await counted.aggregate({ n: Count('books'), tags: Count('books__tags') })).to.be.an(
        'object',
      )
      expect(await shop.sends(1, () => counted.aggregate({ n: Count('books') }))).to.deep.equal({
        n: 3,
      })
    })
  })

  describe('refused before any SQL', () => {
    it('instances that are not saved or of another model, querysets of another model', async () => {
      const unsaved = new Author({ name: 'New' })
      const tag = await Tag.objects.get({ id: 1 })
      await shop.sends(0, async () => {
        for (const where of [
          { author: unsaved },
          { author__in: [1, unsaved] },
          { author: tag },
          { author__in: Tag.objects.all() },
          { author: Author.objects.all() },
          { author__in: Author.objects.values('id', 'name') },
          { author: undefined },
        ]) {
          const error = await thrown(() => Book.objects.filter(where as never))
          expect(error, Object.keys(where)[0]).to.be.instanceOf(InvalidValueError)
        }
      })
      expect(
        (await rejection(Book.objects.get({ chapters: new Chapter() } as never))).message,
      ).to.equal('Book.chapters: the Chapter must be saved before it is used.')
    })
  })
})
