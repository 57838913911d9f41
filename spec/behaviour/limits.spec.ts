/** `timeout()` and `signal()` on any queryset, awaited or started. */
import { expect } from 'chai'
import { QueryAbortedError, QueryTimeoutError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Author, Book, Tag } from './support/library.ts'
import { createSlow, Slow } from './support/slow.ts'
import { rejection, thrown, useStage } from './support/stage.ts'

type Slows = ReturnType<typeof Slow.objects.all>

const FOREVER = 1e15

describeOnEach('limits', (kind) => {
  const stage = useStage(kind)
  before(() => createSlow(stage, FOREVER))

  const asks: Record<string, (slow: Slows) => PromiseLike<unknown>> = {
    await: (slow) => slow,
    'count()': (slow) => slow.count(),
    'exists()': (slow) => slow.exists(),
    'first()': (slow) => slow.first(),
    'get()': (slow) => slow.get(),
    'at()': (slow) => slow.at(0),
    'a start': (slow) => slow.startFetch(),
    'iterator()': async (slow) => {
      for await (const _ of slow.iterator()) expect.fail()
    },
  }

  /** One statement; of `iterator()` as many as it gets to. */
  const sent = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    name === 'iterator()' ? work() : stage.sends(1, work)

  for (const [name, ask] of Object.entries(asks)) {
    it(`timeout() stops ${name}, and the next query runs`, async () => {
      const error = await sent(name, () => rejection(ask(Slow.objects.timeout(150))))
      expect(error).to.be.instanceOf(QueryTimeoutError)
      expect(await stage.sends(1, () => Author.objects.count())).to.equal(3)
    })

    it(`signal() stops ${name}, with its reason`, async () => {
      const controller = new AbortController()
      const reason = new Error('the reader left')
      const failing = sent(name, () => rejection(ask(Slow.objects.signal(controller.signal))))
      await stage.answered(0)
      setTimeout(() => controller.abort(reason), 10)
      const error = await failing
      expect(error).to.be.instanceOf(QueryAbortedError)
      expect(error.name).to.equal('AbortError')
      expect(error.cause).to.equal(reason)
      expect(await stage.sends(1, () => Author.objects.count())).to.equal(3)
    })
  }

  it('a signal that was aborted before sends nothing', async () => {
    const books = Book.objects.signal(AbortSignal.abort('no'))
    await stage.sends(0, async () => {
      for (const asked of [books.fetch(), books.count(), books.startFirst().first()]) {
        expect(await rejection(asked)).to.have.property('cause', 'no')
      }
      expect((await rejection(books.update({ pages: 1 }))).name).to.equal('AbortError')
      expect((await rejection(books.delete())).name).to.equal('AbortError')
    })
  })

  it('limits are kept by every chained call', async () => {
    const chained = Slow.objects.timeout(30).filter({ name: 'slow' }).orderBy('id').slice(0, 1)
    expect(await rejection(chained)).to.be.instanceOf(QueryTimeoutError)
  })

  it('what is quick enough is not touched', async () => {
    const { signal } = new AbortController()
    await stage.sends(2, async () => {
      expect(await Author.objects.timeout(9000).signal(signal).count()).to.equal(3)
      expect(await Author.objects.timeout(9000).startCount().exists()).to.equal(true)
    })
  })

  it('a timeout inside atomic() breaks it', async () => {
    const error = await rejection(
      stage.db.atomic(async () => {
        await Author.objects.create({ name: 'Lost' })
        await rejection(Slow.objects.timeout(30))
      }),
    )
    expect(error).to.have.property('code', 'TRANSACTION_BROKEN')
    expect(error.cause).to.be.instanceOf(QueryTimeoutError)
    expect(await Author.objects.count()).to.equal(3)
  })

  it('a timeout that is none is refused at once', () => {
    for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null]) {
      expect(thrown(() => Author.objects.timeout(ms as number))).to.be.instanceOf(RangeError)
    }
    const refused = thrown(() => Author.objects.signal({ aborted: false } as AbortSignal))
    expect(refused).to.have.property('code', 'INVALID_VALUE')
  })
})

describeOnEach('limits of writes while the only connection is taken', (kind) => {
  const stage = useStage(kind, { pool: { min: 0, max: 1 } })
  type Tags = ReturnType<typeof Tag.objects.all>

  const writes: Record<string, (tags: Tags) => PromiseLike<unknown>> = {
    'create()': (tags) => tags.create({ name: 'new' }),
    'bulkCreate()': (tags) => tags.bulkCreate([{ name: 'new' }]),
    'bulkCreate() of an iterable': (tags) => tags.bulkCreate(new Set([{ name: 'new' }])),
    'bulkUpdate()': (tags) => tags.bulkUpdate([new Tag({ id: 1, name: 'new' })], ['name']),
    'getOrCreate()': (tags) => tags.getOrCreate({ name: 'new' }),
    'updateOrCreate()': (tags) => tags.updateOrCreate({ name: 'new' }),
    'update()': (tags) => tags.update({ name: 'new' }),
    'delete()': (tags) => tags.delete(),
  }

  /** While a transaction has the connection. */
  const meanwhile = async <T>(work: () => Promise<T>): Promise<T> => {
    let free: () => void = () => undefined
    const isFree = new Promise<void>((resolve) => {
      free = resolve
    })
    let holder: Promise<void> | undefined
    await new Promise<void>((held) => {
      holder = stage.db.atomic(async () => {
        await Author.objects.count()
        held()
        await isFree
      })
    })
    try {
      return await work()
    } finally {
      free()
      await holder
    }
  }

  for (const [name, write] of Object.entries(writes)) {
    it(`timeout() ends ${name}, and nothing is written`, async () => {
      const error = await meanwhile(() => rejection(write(Tag.objects.timeout(30))))
      expect(error).to.be.instanceOf(QueryTimeoutError)
      expect(await Tag.objects.count()).to.equal(0)
    })

    it(`signal() ends ${name}, and nothing is written`, async () => {
      const error = await meanwhile(() =>
        rejection(write(Tag.objects.signal(AbortSignal.timeout(20)))),
      )
      expect(error).to.be.instanceOf(QueryAbortedError)
      const early = Tag.objects.signal(AbortSignal.abort('no'))
      const refused = await stage.sends(0, () => rejection(write(early)))
      expect(refused).to.have.property('cause', 'no')
      expect(await Tag.objects.count()).to.equal(0)
    })
  }

  it('create() and others with limits are one transaction', async () => {
    await stage.sends(3, () => Tag.objects.timeout(9000).create({ name: 'one' }))
    const rows = [{ name: 'two' }, { name: 'three' }]
    // BEGIN, the savepoint of what is a transaction anyway, two rows.
    await stage.sends(6, () => Tag.objects.timeout(9000).bulkCreate(rows, { batchSize: 1 }))
    expect(await Tag.objects.count()).to.equal(3)
  })
})
