/** What was asked once is not compiled again, whatever the values. */
import { expect } from 'chai'
import { compilationCount } from '../../lib/compile/cache.ts'
import { atomic, Count, Q } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Book as Novel, useBookshop, Author as Writer } from './support/bookshop.ts'
import { Book, Tag } from './support/library.ts'
import { type Stage, useStage } from './support/stage.ts'

type ExpectSeen = (statements: number, ask: (time: 1 | 2) => PromiseLike<unknown>) => Promise<void>

/** Asks twice; the first time may compile, the second may not. */
function seenOn(stage: Pick<Stage, 'sends'>): ExpectSeen {
  return async (statements, ask) => {
    await stage.sends(statements, () => ask(1))
    const before = compilationCount()
    await stage.sends(statements, () => ask(2))
    expect(compilationCount() - before).to.equal(0)
  }
}

describeOnEach('queries of a seen shape', (kind) => {
  const expectSeen = seenOn(useStage(kind))

  it('are not compiled: rows, one row, counts, aggregates', async () => {
    await expectSeen(1, (id) => Book.objects.get({ id }))
    await expectSeen(1, (id) => Book.objects.filter({ author: id }).orderBy('-pages').slice(0, id))
    await expectSeen(1, (id) => Book.objects.filter({ pages__gt: id }).count())
    await expectSeen(1, (id) => Book.objects.exclude({ title: `${id}` }).exists())
    await expectSeen(1, (id) => Book.objects.filter({ author__name__contains: `${id}` }).first())
    await expectSeen(1, (id) => Book.objects.filter({ id__gt: id }).aggregate({ n: Count('*') }))
    await expectSeen(1, (id) => Book.objects.filter(Q.or({ id }, { pages: id })).values('title'))
    await expectSeen(1, (id) => Book.objects.filter({ id }).startFetch())
  })

  it('are not compiled: lists of whatever length', async () => {
    await expectSeen(1, (length) => Book.objects.filter({ id__in: [1, 2, 3].slice(0, length) }))
  })

  it('are not compiled: writes', async () => {
    await expectSeen(1, (time) => Tag.objects.create({ name: `one ${time}` }))
    await expectSeen(1, (time) => Book.objects.filter({ id: time }).update({ pages: time }))
    await expectSeen(2, async (id) => {
      const book = await Book.objects.get({ id })
      book.pages += 1
      await book.save()
    })
    await expectSeen(3, (time) => atomic(() => Tag.objects.create({ name: `two ${time}` })))
  })

  it('are not compiled: many new rows, on PostgreSQL however many', async () => {
    const names = (time: number, count: number): { name: string }[] =>
      Array.from({ length: count }, (_, at) => ({ name: `${time} ${at}` }))
    if (kind.dialect === 'postgresql') {
      await expectSeen(1, (time) => Tag.objects.bulkCreate(names(time, 5 * time)))
    }
  })
})

describeOnEach('related rows of a seen shape', (kind) => {
  const expectSeen = seenOn(useBookshop(kind))

  it('are not compiled', async () => {
    await expectSeen(2, (id) => Writer.objects.filter({ id }).prefetchRelated('books'))
    await expectSeen(1, (id) => Novel.objects.filter({ id }).selectRelated('author'))
    await expectSeen(2, async (id) => (await Novel.objects.get({ id })).author)
    await expectSeen(2, async (id) => (await Writer.objects.get({ id })).books.all())
  })
})
