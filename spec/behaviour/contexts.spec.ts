/** Whose transaction a statement joins, from whatever callback, iterator or queue it comes. */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import fc from 'fast-check'
import { postSave, TransactionError } from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { Tag } from './support/library.ts'
import { rejection, useStage } from './support/stage.ts'

/** Tags with a condition that says on whose behalf they are asked for. */
const asked = (by: string) => Tag.objects.filter({ name__in: ['tag 0', 'tag 1', 'tag 2', by] })
const rows = (by: string) => asked(by).orderBy('id')

async function each(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source) await new Promise((resolve) => setImmediate(resolve))
}

/** What all requests share. */
class Shared {
  readonly emitter = new EventEmitter()
  #open: () => void = () => {}
  opened: Promise<void> = Promise.resolve()

  constructor() {
    this.close()
  }

  /** Whoever waits goes on in the turn of whoever opens it. */
  open(): void {
    this.#open()
    this.close()
  }

  close(): void {
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }
}

type Way = (by: string, shared: Shared) => PromiseLike<unknown>

/** Every way in which a statement may come about. */
const WAYS: Readonly<Record<string, Way>> = {
  await: (by) => asked(by),
  'for await': (by) => each(rows(by)),
  'iterator()': (by) => each(rows(by).iterator({ chunkSize: 1 })),
  'iterator() in order of a column': (by) =>
    each(asked(by).orderBy('name').iterator({ chunkSize: 1 })),
  'startFetch()': async (by) => {
    const started = rows(by).startFetch()
    await new Promise((resolve) => setImmediate(resolve))
    await started
  },
  'starts at once': (by) =>
    Promise.all([asked(by).startCount().count(), asked(by).startExists().exists()]),
  timers: (by) =>
    new Promise((resolve, reject) => {
      setTimeout(() => setImmediate(() => asked(by).fetch().then(resolve, reject)), 1)
    }),
  microtasks: (by) =>
    new Promise((resolve, reject) => {
      queueMicrotask(() => process.nextTick(() => asked(by).count().then(resolve, reject)))
    }),
  'a promise that another settles': async (by, { opened }) => {
    await opened
    await asked(by).count()
  },
  'a bound listener of an emitter that all share': (by, { emitter }) =>
    new Promise((resolve, reject) => {
      const listener = () => asked(by).count().then(resolve, reject)
      emitter.once('tick', AsyncResource.bind(listener))
    }),
  'to tick, in the turn of others': async (_, shared) => {
    shared.emitter.emit('tick')
    shared.open()
  },
}

/** Lists are one value: an array, or JSON. */
const askerOf = (bindings: unknown[]): string | undefined =>
  /request \d+/.exec(String(bindings))?.[0]

interface Sent {
  readonly sql: string
  readonly uid: string
  readonly by: string | undefined
}

describeOnEach('whose transaction a statement joins (F11)', (kind) => {
  const stage = useStage(kind)
  const sent: Sent[] = []

  before(() => {
    stage.db.knex.on('query', (query: { sql: string; bindings: unknown[]; __knexUid: string }) => {
      sent.push({ sql: query.sql, uid: query.__knexUid, by: askerOf(query.bindings) })
    })
  })
  beforeEach(async () => {
    await Tag.objects.bulkCreate([0, 1, 2].map((at) => ({ name: `tag ${at}` })))
    sent.length = 0
  })

  /** What was sent between BEGIN and its end is of one request, and all of it if that is in atomic(). */
  function assertApart(isAtomic: (by: string) => boolean): void {
    const open = new Map<string, Set<string>>()
    for (const { sql, uid, by } of sent) {
      if (/^BEGIN/.test(sql)) open.set(uid, new Set())
      else if (/^(COMMIT|ROLLBACK)$/.test(sql)) open.delete(uid)
      if (by === undefined) continue
      const inside = open.get(uid)?.add(by)
      if (inside !== undefined || isAtomic(by)) expect([...(inside ?? [])], sql).to.eql([by])
    }
  }

  it('that of the request it comes from, in every way that it may come about', async () => {
    const names = Object.keys(WAYS)
    const schedule = fc.array(
      fc.record({ isAtomic: fc.boolean(), ways: fc.shuffledSubarray(names, { minLength: 3 }) }),
      { minLength: 2, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(schedule, async (requests) => {
        sent.length = 0
        const shared = new Shared()
        const work = requests.map(async ({ isAtomic, ways }, at) => {
          const by = `request ${at}`
          const run = async () => {
            for (const way of ways) await WAYS[way]?.(by, shared)
          }
          // Several can only be open at once on SQLite when they do not write.
          await (isAtomic ? stage.db.atomic(run, { readOnly: at > 0 }) : run())
        })
        let isOver = false
        const all = Promise.all(work).finally(() => {
          isOver = true
        })
        // Nobody waits for ever.
        while (!isOver) {
          shared.emitter.emit('tick')
          shared.open()
          await new Promise((resolve) => setImmediate(resolve))
        }
        await all
        assertApart((by) => requests[Number(by.slice(-1))]?.isAtomic === true)
      }),
      { numRuns: 40 },
    )
  })

  it('a listener that is not bound joins that of whoever emits; AsyncResource.bind() is the cure', async () => {
    const emitter = new EventEmitter()
    const answers: Promise<unknown>[] = []
    const isAtomic: boolean[] = []
    emitter.on('tick', () => {
      answers.push(asked('request 1').count())
    })
    emitter.on(
      'tick',
      AsyncResource.bind(() => {
        // On its only connection it would wait for the atomic() that waits for it.
        if (stage.db.poolMax > 1) answers.push(asked('request 2').count())
      }),
    )
    await stage.db.atomic(async () => {
      emitter.emit('tick')
      await Promise.all(answers)
    })
    const begin = sent.find(({ sql }) => sql.startsWith('BEGIN'))
    for (const { by, uid } of sent) {
      if (by !== undefined) isAtomic[Number(by.slice(-1))] = uid === begin?.uid
    }
    expect(isAtomic.slice(1)).to.deep.equal(stage.db.poolMax > 1 ? [true, false] : [true])
  })

  it('whatever listens and is called by the library joins that of the call', async () => {
    const stop = postSave(Tag, async () => {
      await asked('request 0').count()
    })
    try {
      await stage.db.atomic(async () => {
        await Tag.objects.create({ name: 'a' })
        await Tag.objects.bulkCreate(new Set([{ name: 'b' }, { name: 'c' }]), {
          batchSize: 1,
          onProgress: async () => void (await asked('request 0').count()),
        })
      })
    } finally {
      stop()
    }
    assertApart(() => true)
    expect(sent.filter(({ by }) => by !== undefined)).to.have.lengthOf(5)
  })

  it('a started query has the context of where it was started, in atomic() too', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const listener = ({ bindings }: { bindings: unknown[] }) => {
      const by = askerOf(bindings)
      if (by !== undefined) seen.push([by, storage.getStore()])
    }
    const start = () =>
      ['request 0', 'request 1', 'request 2'].map((by) =>
        storage.run(by, () => asked(by).startFetch()),
      )
    stage.db.knex.on('query', listener)
    try {
      await storage.run('the reader', () => Promise.all(start()))
      await storage.run('the reader', () => stage.db.atomic(() => Promise.all(start())))
    } finally {
      stage.db.knex.removeListener('query', listener)
    }
    const due = ['request 0', 'request 1', 'request 2'].map((by) => [by, by])
    expect(seen).to.have.deep.members([...due, ...due])
  })
})

describeOnEach('an iterator that is read on elsewhere (F11)', (kind) => {
  const stage = useStage(kind)
  const isMemory = kind.name === 'SQLite memory'
  const used = (): number =>
    (stage.db.knex.client as { pool: { numUsed(): number } }).pool.numUsed()
  const byKey = () => Tag.objects.orderBy('id').iterator({ chunkSize: 1 })
  const undo = new Error('undo')

  beforeEach(async () => {
    await Tag.objects.bulkCreate([1, 2, 3, 4].map((at) => ({ name: `tag ${at}` })))
  })

  async function left(rows: AsyncIterable<Tag>): Promise<string[]> {
    const found: string[] = []
    for await (const { name } of rows) found.push(name)
    return found
  }

  it('from outside, in atomic(): on its own connection, which no rollback touches', async () => {
    const rows = byKey()
    await rows.next()
    const error = await rejection(
      stage.db.atomic(async () => {
        await Tag.objects.create({ name: 'mine' })
        await rows.next()
        await rows.next()
        throw undo
      }),
    )
    expect(error).to.equal(undo)
    expect(await left(rows)).to.deep.equal(['tag 4'])
    expect(used()).to.equal(0)
  })

  it('to its end in atomic(): it does not see what that has written', async () => {
    const rows = byKey()
    await rows.next()
    const found = await stage.db.atomic(async () => {
      await Tag.objects.create({ name: 'mine' })
      return await left(rows)
    })
    expect(found).to.deep.equal(['tag 2', 'tag 3', 'tag 4'])
    expect(used()).to.equal(0)
  })

  it('made in atomic() and first asked outside: outside', async () => {
    const rows = await stage.db.atomic(async () => {
      const made = { rows: byKey() }
      await Tag.objects.filter({ name: 'tag 1' }).delete()
      return made
    })
    expect(await left(rows.rows)).to.deep.equal(['tag 2', 'tag 3', 'tag 4'])
  })

  it('made outside and first asked in atomic(): there, and refused after its end', async () => {
    const rows = byKey()
    await stage.db.atomic(async () => {
      await Tag.objects.create({ name: 'mine' })
      await rows.next()
      const { value } = await stage.db.atomic(() => rows.next())
      expect(value).to.include({ name: 'tag 2' })
    })
    expect(await rejection(rows.next())).to.be.instanceOf(TransactionError)
    expect(await rows.next()).to.deep.equal({ done: true, value: undefined })
    expect(used()).to.equal(0)
  })

  it('in another atomic(): in the one where it began, which alone it can break', async () => {
    if (isMemory) return
    let rows = byKey()
    let go: () => void = () => {}
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    const began = new Promise<void>((resolve, reject) => {
      stage.db
        .atomic(async () => {
          await Tag.objects.create({ name: 'mine' })
          rows = byKey()
          await rows.next()
          resolve()
          await gone
        })
        .catch(reject)
    })
    await began
    const found = await stage.db.atomic(
      async () => {
        expect(await Tag.objects.filter({ name: 'mine' }).exists()).to.equal(false)
        return await left(rows)
      },
      { readOnly: true },
    )
    go()
    expect(found).to.deep.equal(['tag 2', 'tag 3', 'tag 4', 'mine'])
  })

  it('given up outside: the atomic() where it began goes on', async () => {
    let rows = byKey()
    const out = AsyncResource.bind(async () => await rows.return())
    await stage.db.atomic(async () => {
      rows = byKey()
      await rows.next()
      await out()
      await Tag.objects.create({ name: 'mine' })
    })
    expect(await rows.next()).to.deep.equal({ done: true, value: undefined })
    expect(await Tag.objects.count()).to.equal(5)
    const late = await stage.db.atomic(async () => {
      const begun = { rows: byKey() }
      await begun.rows.next()
      return begun
    })
    await stage.sends(0, () => late.rows.return())
    expect(used()).to.equal(0)
  })

  it('`for await` of a queryset has its rows, wherever it goes on', async () => {
    const rows = await stage.db.atomic(async () => {
      const iterating = Tag.objects.orderBy('id')[Symbol.asyncIterator]()
      await iterating.next()
      return { iterating }
    })
    await stage.sends(0, async () => {
      for (const id of [2, 3, 4]) {
        expect((await rows.iterating.next()).value).to.include({ name: `tag ${id}` })
      }
    })
  })
})
