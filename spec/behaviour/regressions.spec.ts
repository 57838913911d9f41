/** What once went wrong, and must not again. */
import { expect } from 'chai'
import { atomic } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book } from './support/library.ts'
import { useStage } from './support/stage.ts'

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
})
