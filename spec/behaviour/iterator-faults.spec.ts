/** `iterator()` whose statements fail, whose connection dies, and whose loop takes its time. */
import { expect } from 'chai'
import { connect, OrmError } from '../../lib/index.ts'
import { type Faulty, faultsOn, openFaulty } from '../soak/support/faulty.ts'
import { createNovels, Writer } from '../soak/support/novels.ts'
import { endBackends } from '../support/backends.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { Tag } from './support/library.ts'
import { createSlow, Slow } from './support/slow.ts'
import { rejection, streamed, until, useStage } from './support/stage.ts'

const ROWS = 7
const CHUNK = 2
/** Each of these waits for a timeout: not all of them where another reads in the same way. */
const HANGING = 3

/** How each reads the rows; those of SQLite's temporary tables are in order of another column. */
const READS = {
  'by key': () => Writer.objects.orderBy('id'),
  'in order of a column': () => Writer.objects.orderBy('-score'),
  'with what is prefetched': () => Writer.objects.orderBy('id').prefetchRelated('novels'),
} as const

describeOnEach(
  'an iterator whose n-th statement fails (F33)',
  (kind) => {
    let at: Faulty

    before(async () => {
      at = await openFaulty(kind)
      await createNovels(at.knex)
      const rows = Array.from({ length: ROWS }, (_, n) => ({ id: n + 1, name: `w${n}`, score: n }))
      await at.knex('writers').insert(rows)
      await at.knex('novels').insert(rows.map(({ id, name }) => ({ title: name, writer_id: id })))
    })
    after(() => at.close())

    async function countOf(writers: ReturnType<typeof Writer.objects.all>): Promise<number> {
      let count = 0
      for await (const _ of writers.iterator({ chunkSize: CHUNK })) count += 1
      return count
    }

    for (const [how, read] of Object.entries(READS)) {
      // A cursor whatever the order.
      if (kind.dialect === 'postgresql' && how === 'in order of a column') continue
      for (const place of ['outside', 'in atomic()'] as const) {
        it(`${how}, ${place}: an error in the loop, never half of the rows as all`, async () => {
          for (const fault of faultsOn[kind.dialect]) {
            // What hangs ends by a timeout only.
            const run =
              place === 'outside'
                ? () => countOf(fault === 'hang' ? read().timeout(100) : read())
                : () =>
                    at.db.atomic(() => countOf(read()), fault === 'hang' ? { timeout: 100 } : {})
            let failures = 0
            const step = fault === 'hang' && how !== 'by key' ? HANGING : 1
            for (let n = 1, isPast = false; !isPast; n += step) {
              at.arm(n, fault)
              const outcome = await run().catch((error: unknown) => error)
              isPast = at.disarm() < n
              const what = `${fault} of statement ${n}: ${outcome}`
              if (outcome instanceof Error) {
                expect(outcome, what).to.be.instanceOf(OrmError)
                failures += 1
              } else expect(outcome, what).to.equal(ROWS)
              expect(await at.leaks(), what).to.deep.equal([])
            }
            expect(failures, fault).to.be.greaterThan(0)
          }
        }).timeout(60_000)
      }
    }
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)

describeOnEach('an iterator whose loop takes its time (F33)', (kind) => {
  const stage = useStage(kind)

  beforeEach(async () => {
    await Tag.objects.bulkCreate(Array.from({ length: ROWS }, (_, at) => ({ name: `tag ${at}` })))
  })

  it('reads nothing before it is asked for', async () => {
    let sent = 0
    const listener = () => {
      sent += 1
    }
    stage.db.knex.on('query', listener)
    try {
      const before = streamed(stage, 0) - (stage.db.poolMax === 1 ? 0 : 1)
      const counts: number[] = []
      for await (const _ of Tag.objects.orderBy('id').iterator({ chunkSize: CHUNK })) {
        for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done))
        counts.push(sent - before)
      }
      // With the last chunk comes the end of what is read.
      // On a connection that is the loop's too, where they end is asked for with the first.
      const isShared = stage.db.poolMax === 1
      expect(counts).to.deep.equal(isShared ? [2, 2, 3, 3, 4, 4, 5] : [1, 1, 2, 2, 3, 3, 5])
    } finally {
      stage.db.knex.removeListener('query', listener)
    }
  })
})

describeOnEach(
  'an iterator whose backend dies (F33)',
  (kind) => {
    const stage = useStage(kind)

    /** Kills the connections that are so, once there are any. */
    async function kill(isSo: string): Promise<void> {
      await until(async () => (await endBackends(stage.db.knex, isSo)) > 0)
    }

    it('while it fetches: an error at once, and the connection is not used again', async () => {
      await createSlow(stage)
      const failed = rejection(Slow.objects.iterator().next())
      await kill("state = 'active' and query like 'fetch 2000 from %'")
      expect(await failed).to.have.property('code', 'CONNECTION_LOST')
      expect(stage.db.knex.client.pool.numUsed()).to.equal(0)
      expect(await Tag.objects.count()).to.equal(0)
    })

    it('while the loop takes longer than the server allows: an error at the next chunk', async () => {
      const { connectionString } = stage.config.connection as { connectionString: string }
      const options = '-c idle_in_transaction_session_timeout=20'
      const other = connect(
        {
          ...stage.config,
          connection: { connectionString, options },
          log: { warn: () => undefined },
        },
        { name: 'other' },
      )
      await Tag.objects.bulkCreate([{ name: 'a' }, { name: 'b' }])
      const rows = Tag.objects.using('other').iterator({ chunkSize: 1 })
      await rows.next()
      await until(async () => {
        const { rows: left } = await stage.db.knex.raw(
          "select 1 from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
        )
        return left.length === 0
      })
      expect(await rejection(rows.next())).to.have.property('code', 'CONNECTION_LOST')
      expect(await rows.next()).to.deep.equal({ done: true, value: undefined })
      expect(await Tag.objects.using('other').count()).to.equal(2)
      expect(other.knex.client.pool.numUsed()).to.equal(0)
      await other.close()
    })
  },
  databases.filter(({ dialect }) => dialect === 'postgresql'),
)
