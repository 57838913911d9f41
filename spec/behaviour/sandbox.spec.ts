import { expect } from 'chai'
import {
  atomic,
  connect,
  expectQueries,
  IntegrityError,
  onCommit,
  type Sandbox,
  sandbox,
  TransactionBrokenError,
  TransactionError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Ghost } from './support/library.ts'
import { rejection, useStage } from './support/stage.ts'

const names = () => Author.objects.orderBy('id').valuesList('name', { flat: true })
const EVERYONE = ['Jane', 'Mary Ann', 'Charlotte']

/** What would be saved if the sandbox did not undo it. */
async function writeAll(): Promise<Author> {
  const ann = await Author.objects.create({ name: 'Ann' })
  await Book.objects.filter({ id: 1 }).update({ title: 'Changed' })
  await atomic(async () => {
    await Book.objects.filter({ id: 2 }).delete()
  })
  return ann
}

describeOnEach('sandbox()', (kind) => {
  const stage = useStage(kind)
  const box = sandbox('default', { unread: 'throw' })

  describe('around each test', () => {
    beforeEach(box.begin)
    afterEach(box.rollback)

    for (const turn of ['first', 'second']) {
      it(`undoes everything, so that tests begin alike (the ${turn})`, async () => {
        expect(await names()).to.eql(EVERYONE)
        expect(await Book.objects.count()).to.equal(4)
        await writeAll()
        expect(await names()).to.eql([...EVERYONE, 'Ann'])
        expect(await Book.objects.get({ id: 1 })).to.have.property('title', 'Changed')
        expect(await Book.objects.count()).to.equal(3)
      })
    }

    it('has started queries in it too', async () => {
      await Author.objects.create({ name: 'Ann' })
      const authors = Author.objects.all().startFetch()
      const count = Author.objects.all().startCount()
      expect(await atomic(async () => await count.count())).to.equal(4)
      expect((await authors).length).to.equal(4)
    })

    it('has the rows of iterator() in it too, whatever fails or is opened in the loop', async () => {
      await Author.objects.bulkCreate([{ name: 'Ann' }, { name: 'Emily' }])
      for (const order of ['id', 'name'] as const) {
        const read: string[] = []
        for await (const { name } of Author.objects.orderBy(order).iterator({ chunkSize: 2 })) {
          read.push(name)
          await rejection(Ghost.objects.count())
          await rejection(atomic(() => Ghost.objects.count()))
          await atomic(async () => void (await Author.objects.count()))
        }
        const all = [...EVERYONE, 'Ann', 'Emily']
        expect(read).to.eql(order === 'id' ? all : all.toSorted())
      }
      for await (const _ of Author.objects.iterator({ chunkSize: 2 })) break
      const across = Author.objects.orderBy('name').iterator({ chunkSize: 2 })
      await across.next()
      await atomic(async () => {
        for (let left = 4; left > 0; left -= 1) expect((await across.next()).done).to.equal(false)
        expect((await across.next()).done).to.equal(true)
      })
    })

    it('keeps going after a statement failed, as without it', async () => {
      const failure = await rejection(
        Author.objects.create({ name: 'x', email: 'jane@example.org' }),
      )
      expect(failure).to.be.instanceOf(IntegrityError)
      await rejection(Ghost.objects.count())
      const ghosts = Ghost.objects.all().startFetch()
      await rejection(ghosts)
      expect(await names()).to.eql(EVERYONE)
    })

    it('has atomic() as it is without: broken by a failure, undone by an error, saved else', async () => {
      const broken = await rejection(
        atomic(async () => {
          await Author.objects.create({ name: 'Ann' })
          await rejection(Ghost.objects.count())
        }),
      )
      expect(broken).to.be.instanceOf(TransactionBrokenError)
      expect(await names()).to.eql(EVERYONE)
      await atomic(
        async () => {
          await Author.objects.create({ name: 'Ann' })
          await rejection(atomic(() => Promise.reject(new Error('only this part is undone'))))
        },
        { durable: true, isolation: 'serializable', retries: 2, timeout: 10_000 },
      )
      expect(await names()).to.eql([...EVERYONE, 'Ann'])
      expect(await rejection(atomic(() => atomic(() => {}, { durable: true })))).to.be.instanceOf(
        TransactionError,
      )
    })

    it('keeps what onCommit() is given until it is asked for', async () => {
      const done: string[] = []
      onCommit(() => done.push('outside'))
      await atomic(async () => {
        onCommit(() => done.push('outer'))
        await rejection(
          atomic(() => {
            onCommit(() => done.push('undone'))
            throw new Error('no')
          }),
        )
        await atomic(() => onCommit(() => done.push('inner')))
      })
      expect(done).to.eql(['outside'])
      expect(await box.onCommit({ execute: true })).to.have.lengthOf(2)
      expect(done).to.eql(['outside', 'outer', 'inner'])
      expect(await box.onCommit()).to.eql([])
    })

    it('runs what is asked at once one after the other', async () => {
      await Promise.all([
        Author.objects.create({ name: 'Ann' }),
        atomic(async () => {
          await Author.objects.create({ name: 'Beth' })
        }),
        Author.objects.count(),
      ])
      expect([...(await names())].sort()).to.eql(['Ann', 'Beth', 'Charlotte', 'Jane', 'Mary Ann'])
    })

    it('counts as many queries as there are without it', async () => {
      await expectQueries(2, async () => {
        for (const book of await Book.objects.all()) await book.author
      })
      await expectQueries(1, () => Author.objects.create({ name: 'Ann' }))
    })

    it('takes queries of plain knex by join() and toKnex()', async () => {
      await Author.objects.create({ name: 'Ann' })
      const rows = await stage.db.join(stage.db.knex('authors').where({ name: 'Ann' }))
      expect(rows).to.have.lengthOf(1)
      expect(await Author.objects.filter({ name: 'Ann' }).toKnex()).to.have.lengthOf(1)
    })

    it('is not begun twice, nor inside atomic()', async () => {
      expect((await rejection(box.begin())).message).to.match(
        /^sandbox\(\): begin\(\) was called before/,
      )
      const error = await rejection(atomic(async () => await sandbox().begin()))
      expect(error.message).to.equal('sandbox(): begin() was called inside an atomic().')
    })

    it('nests: what an outer one has, inner ones begin with', async () => {
      await Author.objects.create({ name: 'Ann' })
      const inner = sandbox(stage.db)
      for (const name of ['Beth', 'Cora']) {
        await inner.begin()
        await Author.objects.create({ name })
        expect(await names()).to.eql([...EVERYONE, 'Ann', name])
        await inner.rollback()
      }
      expect(await names()).to.eql([...EVERYONE, 'Ann'])
    })
  })

  it('has hooks that take no argument, which runners would take for a callback', () => {
    expect([box.begin.length, box.rollback.length]).to.eql([0, 0])
  })

  it('leaves nothing behind, and instances as unsaved as before', async () => {
    await box.begin()
    const ann = await writeAll()
    await box.rollback()
    expect(await names()).to.eql(EVERYONE)
    await ann.save()
    expect(await names()).to.eql([...EVERYONE, 'Ann'])
  })

  it('waits for what was started before it undoes, and tells what nobody read', async () => {
    await box.begin()
    Author.objects.all().startFetch()
    const error = await rejection(box.rollback())
    expect(error).to.be.instanceOf(TransactionError)
    expect(error.message).to.match(/^Queries were started .*:\nstartFetch\(\) at .*sandbox\.spec/)
    // The connection is back and the next one can begin.
    await box.begin()
    await box.rollback()
    await box.rollback()
  })

  it('refuses what comes after its end', async () => {
    let late: (() => Promise<number>) | undefined
    await box.run(async () => {
      const { AsyncResource } = await import('node:async_hooks')
      late = AsyncResource.bind(async () => await Author.objects.count())
    })
    expect(await rejection(late?.() ?? Promise.resolve())).to.be.instanceOf(TransactionError)
    expect(await rejection(box.onCommit())).to.be.instanceOf(TransactionError)
  })

  describe('run()', () => {
    it('gives what the function gives, and undoes what it did', async () => {
      const books = await box.run(async () => {
        await writeAll()
        return await Book.objects.all()
      })
      expect(books).to.have.lengthOf(3)
      expect(await Book.objects.count()).to.equal(4)
    })

    it('awaits a queryset inside, and undoes when the function fails', async () => {
      expect(await box.run(() => Author.objects.all())).to.have.lengthOf(3)
      const failure = new Error('of the test')
      const error = await rejection(
        box.run(async () => {
          await writeAll()
          throw failure
        }),
      )
      expect(error).to.equal(failure)
      expect(await names()).to.eql(EVERYONE)
    })

    it('keeps those that run at once apart', async () => {
      const one = async (name: string) =>
        await box.run(async () => {
          await Author.objects.create({ name })
          return [...(await names())]
        })
      expect(await Promise.all([one('Ann'), one('Beth')])).to.eql([
        [...EVERYONE, 'Ann'],
        [...EVERYONE, 'Beth'],
      ])
    })
  })

  it('works on a pool of one', async () => {
    const only = connect(
      { ...stage.config, pool: { min: 0, max: 1 } },
      { name: 'only', onUnconsumedError: () => {} },
    )
    try {
      if (kind.name === 'SQLite memory') return
      const small: Sandbox = sandbox('only')
      await small.begin()
      const authors = Author.objects.using('only').startFetch()
      await only.atomic(() => Author.objects.using('only').create({ name: 'Ann' }))
      expect(await Author.objects.using('only').count()).to.equal(4)
      expect(await authors).to.have.lengthOf(3)
      await small.rollback()
      expect(await Author.objects.using('only').count()).to.equal(3)
    } finally {
      await only.close()
    }
  })
})
