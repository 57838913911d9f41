/** The background is real: the database works while this process does something else. */
import { expect } from 'chai'
import { databases, describeOnEach } from '../support/databases.ts'
import { Author, Book } from './support/library.ts'
import { closeGate, createSlow, type Gate, Gated, Slow } from './support/slow.ts'
import { until, useStage } from './support/stage.ts'

const on = (dialect: string) => databases.filter((kind) => kind.dialect === dialect)

describeOnEach(
  'the background on PostgreSQL',
  (kind) => {
    const stage = useStage(kind)
    let gate: Gate

    before(() => createSlow(stage))
    beforeEach(async () => {
      gate = await closeGate(stage)
    })
    afterEach(() => gate.end())

    it('a started query is seen running by the server while this process does other things', async () => {
      await stage.sends(2, async () => {
        const gated = Gated.objects.startFetch()
        await until(async () => (await gate.waiting()) === 1)
        expect(await Author.objects.count()).to.equal(3) // Other work, meanwhile.
        await gate.open()
        expect((await gated).map(({ name }) => name)).to.deep.equal(['open'])
      })
    })

    it('whoever asks while it runs on the server waits for it', async () => {
      await stage.sends(1, async () => {
        const gated = Gated.objects.orderBy('id').startFetch()
        await until(async () => (await gate.waiting()) === 1)
        const answers = Promise.all([
          gated.count(),
          gated.exists(),
          gated.get(),
          gated.slice(0, 1).first(),
          gated.fetch(),
        ])
        await gate.open()
        expect((await answers).slice(0, 2)).to.deep.equal([1, true])
      })
    })

    it('starts overlap: all of them run at once', async () => {
      const all = 9
      await stage.sends(all, async () => {
        const starts = Array.from({ length: all }, () => Gated.objects.startFetch())
        await until(async () => (await gate.waiting()) === all)
        await gate.open()
        const rows = await Promise.all(starts)
        expect(rows.flat().map(({ name }) => name)).to.deep.equal(Array(all).fill('open'))
      })
    })

    it('a page starts its rows, its count and its question, and they overlap', async () => {
      await stage.sends(3, async () => {
        const page = Gated.objects.orderBy('id').startFetch()
        const total = Gated.objects.startCount()
        const any = Gated.objects.filter({ name: 'open' }).startExists()
        await until(async () => (await gate.waiting()) === 3)
        await gate.open()
        const answers = [await page.count(), await total.count(), await any.exists()]
        expect(answers).to.deep.equal([1, 1, true])
      })
    })

    it('never starves the foreground: one connection is left for it', async () => {
      const starts = Array.from({ length: 30 }, () => Gated.objects.startCount())
      await until(async () => (await gate.waiting()) === stage.db.poolMax - 1)
      expect(await Book.objects.count()).to.equal(4)
      await stage.db.atomic(async () => expect(await Book.objects.exists()).to.equal(true))
      await gate.open()
      const counts = await Promise.all(starts.map((qs) => qs.count()))
      expect(counts).to.deep.equal(Array(30).fill(1))
    })
  },
  on('postgresql'),
)

describeOnEach(
  'the background on SQLite',
  (kind) => {
    const stage = useStage(kind)
    before(() => createSlow(stage))

    it('the event loop goes on while SQLite works', async () => {
      await stage.sends(1, async () => {
        let ticks = 0
        let isThere = false
        const slow = Slow.objects.startFetch()
        const reading = slow.count().then((count) => {
          isThere = true
          return count
        })
        while (!isThere) {
          await new Promise((resolve) => setImmediate(resolve))
          ticks += 1
        }
        expect(await reading).to.equal(1)
        expect(ticks).to.be.greaterThan(100)
      })
    })
  },
  on('sqlite'),
)
