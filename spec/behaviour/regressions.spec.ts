/** What once went wrong, and must not again. */
import { expect } from 'chai'
import { AsyncManager, atomic, fields, Model } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book } from './support/library.ts'
import { rejection, thrown, useStage } from './support/stage.ts'

class AuthorNote extends Model('notes', {
  author: fields.oneToOne(Author, { onDelete: 'doNothing', primaryKey: true }),
  text: fields.text(),
}) {
  static objects = new AsyncManager(AuthorNote)
}

describeOnEach('regressions', (kind) => {
  const stage = useStage(kind)

  describe('a foreign key that was taken from an instance by saving', () => {
    const undone = async (work: () => Promise<unknown>): Promise<void> => {
      await atomic(async () => {
        await work()
        throw new RangeError('no')
      }).catch(() => {})
    }

    it('waits for the instance again when the insert is rolled back', async () => {
      const author = new Author({ name: 'Ann' })
      const book = new Book({ title: 'Udolpho', publishedAt: new Date(), author })
      await undone(async () => {
        await author.save()
        await book.save()
      })
      expect(book.authorId).to.equal(undefined)
      // On SQLite this one gets the key that Ann had.
      await Author.objects.create({ name: 'Somebody else' })
      await stage.sends(2, async () => {
        await author.save()
        await book.save()
      })
      expect(await Book.objects.filter({ author__name: 'Ann' }).count()).to.equal(1)
    })

    it('waits for it again when an update is rolled back', async () => {
      const book = await Book.objects.get({ title: 'Emma' })
      const author = new Author({ name: 'Ann' })
      book.author = author
      await undone(async () => {
        await author.save()
        await book.save()
      })
      await Author.objects.create({ name: 'Somebody else' })
      await author.save()
      await book.save()
      expect(await Book.objects.filter({ author__name: 'Ann' }).count()).to.equal(1)
    })

    it('stays what it was set to afterwards', async () => {
      const author = new Author({ name: 'Ann' })
      const book = new Book({ title: 'Udolpho', publishedAt: new Date(), author })
      await undone(async () => {
        await author.save()
        await book.save()
        book.authorId = 2
      })
      expect(book.authorId).to.equal(2)
    })
  })
  describe('saves of one instance that overlap', () => {
    it('insert it once', async () => {
      const author = new Author({ name: 'Ann' })
      await stage.sends(1, () => Promise.all([author.save(), author.save()]))
      await atomic(async () => {
        const other = new Author({ name: 'Ann' })
        await Promise.all([other.save(), other.save()])
      })
      expect(await Author.objects.filter({ name: 'Ann' }).count()).to.equal(2)
    })

    it('arrive in their order, so that the instance knows what the database holds', async () => {
      const book = await Book.objects.get({ title: 'Emma' })
      for (let round = 1; round <= 30; round += 1) {
        const saves = [1, 2, 3].map((pages) => {
          book.pages = round * 10 + pages
          return book.save()
        })
        await Promise.all(saves)
        expect(await Book.objects.filter({ pages: round * 10 + 3 }).count()).to.equal(1)
      }
    })

    it('do not wait for one in a transaction around them, and fail by themselves', async () => {
      const author = new Author({ name: 'x'.repeat(101) })
      const failures = [author.save(), author.save()].map((save) => rejection(save))
      for (const { name } of await Promise.all(failures)) expect(name).to.equal('ValidationError')
      author.name = 'Ann'
      await atomic(async () => {
        await Promise.all([author.save(), atomic(() => author.refreshFromDb())])
        await Promise.all([author.save(), author.delete()])
      })
      expect(author.id).to.equal(null)
    })
  })

  it('the key of a model may be a relation: a queryset of its own stands for it', async () => {
    const own = AuthorNote.objects.filter({ pk__gt: 1 })
    const { sql } = AuthorNote.objects.filter({ pk__in: own }).toSQL()
    expect(sql).to.contain('in (select')
  })
  describe('a class field with the name of a column', () => {
    class Careless extends Model('books', {
      title: fields.char({ maxLength: 200 }),
      pages: fields.integer(),
    }) {
      static objects = new AsyncManager(Careless)
      override pages = 0
    }
    const CURE =
      'Class fields of Careless hide its columns or relations: remove the class field pages.'

    it('does not replace what rows hold: it is named when the first is loaded or saved', async () => {
      expect((await rejection(Careless.objects.first())).message).to.equal(CURE)
      const failure = await stage.sends(0, () => rejection(new Careless({ title: 'x' }).save()))
      expect(failure.message).to.equal(CURE)
    })

    it('is another thing than a constructor that assigns to one', async () => {
      class Careful extends Model('tags', { name: fields.char({ maxLength: 50 }) }) {
        static objects = new AsyncManager(Careful)
        notes: string[] = []
        constructor(values: { readonly name?: string } = {}) {
          super(values)
          this.name = this.name?.trim()
        }
      }
      await Careful.objects.create({ name: ' tidy ' })
      expect((await Careful.objects.get()).name).to.equal('tidy')
    })
  })
})

describe('regressions: what TypeScript refuses is named for JavaScript too', () => {
  const options = (given: object) => () => Model('things', {}, given)

  it('options that a model has not, or of another kind', () => {
    expect(thrown(options({ orderBy: ['id'] })).message).to.equal(
      "Model('things') has no option 'orderBy'. Did you mean 'ordering'? Options are: name, ordering, uniqueTogether, " +
        'indexes, getLatestBy, database.',
    )
    expect(thrown(options({ ordering: 'id' })).message).to.match(/ordering must be a list/)
    expect(thrown(options({ name: ['x'] })).message).to.match(/name must be text/)
    options({ ordering: undefined, getLatestBy: 'id' })()
  })

  it('a field that is undefined, as a circular import gives', () => {
    class Wrong extends Model('things', { a: undefined as never }) {}
    expect(thrown(() => new AsyncManager(Wrong)).message).to.match(/Wrong\.a is not a field/)
  })
})
