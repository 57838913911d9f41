import { getEventListeners } from 'node:events'
import { expect } from 'chai'
import { QueryAbortedError, QueryTimeoutError } from '../../lib/errors.ts'
import { abortAtRandom } from '../soak/aborts.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { gate, read, readWithin, rejection, slowSql, until, useDatabase } from './helpers.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

describeOnEach('timeout and signal', (kind) => {
  const at = useDatabase(kind, { max: 1 })
  const slow = slowSql(kind.dialect)

  it('a timeout stops the statement and leaves the connection usable (F28)', async () => {
    const { db } = at
    const uids = new Set<string>()
    db.knex.on('query', ({ __knexUid }: { __knexUid: string }) => uids.add(__knexUid))
    const error = await rejection(readWithin({ timeoutMs: 50 }, db.current(), slow))
    expect(error).to.be.instanceOf(QueryTimeoutError)
    expect(error.message).to.match(/its timeout of 50 ms/)
    expect(await read(db.current(), 'select 5 as five')).to.deep.equal([[5]])
    expect(uids.size).to.equal(1)
  })

  it('an abort stops the statement; its reason is the cause (F29, F30)', async () => {
    const { db } = at
    const controller = new AbortController()
    const reason = new Error('the user left')
    const running = rejection(readWithin({ signal: controller.signal }, db.current(), slow))
    db.knex.client.once('query', () => controller.abort(reason))
    const error = await running
    expect(error).to.be.instanceOf(QueryAbortedError)
    expect([error.name, error.cause]).to.deep.equal(['AbortError', reason])
    expect(await read(db.current(), 'select 5 as five')).to.deep.equal([[5]])
    expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([])
  })

  it('sends nothing when the signal was aborted before (F29)', async () => {
    const { db } = at
    let sent = 0
    db.knex.on('query', () => {
      sent += 1
    })
    const signal = AbortSignal.abort('too late')
    const errors = [
      await rejection(readWithin({ signal }, db.current(), 'select 1')),
      await rejection(
        db.start((runner) => read(runner, 'select 1'), new Error(), { signal }).read(),
      ),
      await db.atomic(() => rejection(readWithin({ signal }, db.current(), 'select 1'))),
    ]
    expect(errors.map(({ name, cause }) => [name, cause])).to.deep.equal(
      Array(3).fill(['AbortError', 'too late']),
    )
    // The BEGIN and COMMIT around the last.
    expect(sent).to.equal(2)
  })

  it('covers waiting for a connection, and leaves the queue (F29)', async () => {
    const { db } = at
    const free = gate()
    const holder = db.atomic(() => free.opened)
    const controller = new AbortController()
    const waiting = [
      rejection(readWithin({ timeoutMs: 30 }, db.current(), 'select 1')),
      rejection(readWithin({ signal: controller.signal }, db.current(), 'select 1')),
    ]
    const [timedOut] = await Promise.all([waiting[0]])
    controller.abort()
    expect(timedOut).to.have.property('code', 'QUERY_TIMEOUT')
    expect(await waiting[1]).to.have.property('code', 'QUERY_ABORTED')
    await until(() => db.knex.client.pool.numPendingAcquires() === 0)
    free.open()
    await holder
    expect(await read(db.current(), 'select 5 as five')).to.deep.equal([[5]])
  })

  it('covers the background queue', async () => {
    const { db } = at
    const free = gate()
    const busy = db.start(() => free.opened, new Error())
    const job = (timeoutMs: number) =>
      db.start((runner) => read(runner, 'select 1 as one'), new Error(), { timeoutMs })
    const [short, long] = [job(20), job(60_000)]
    expect(await rejection(short.read())).to.have.property('code', 'QUERY_TIMEOUT')
    free.open()
    expect(await long.read()).to.deep.equal([[1]])
    await busy.read()
  })

  it('covers every statement of a started job', async () => {
    const { db } = at
    const started = db.start(
      async (runner) => {
        await read(runner, 'select 1 as one')
        return await read(runner, slow)
      },
      new Error(),
      { timeoutMs: 80 },
    )
    expect(await rejection(started.read())).to.have.property('code', 'QUERY_TIMEOUT')
    expect(await read(db.current(), 'select 5 as five')).to.deep.equal([[5]])
  })

  it('a statement that is quick enough is not touched', async () => {
    const { db } = at
    const limits = { timeoutMs: 60_000, signal: new AbortController().signal }
    expect(await readWithin(limits, db.current(), 'select 5 as five')).to.deep.equal([[5]])
    expect(getEventListeners(limits.signal, 'abort')).to.deep.equal([])
  })

  it('100 aborts at random moments: every one settles, and no later statement is hit (F29, G10)', async function () {
    this.timeout(60_000)
    for (let round = 0; round < 100; round += 1) {
      const { outcome, next } = await abortAtRandom(at.db, async () => undefined)
      expect(['finished', 'AbortError']).to.include(outcome)
      expect(next).to.deep.equal([[5]])
    }
  })
})

describeOnEach(
  'timeout on PostgreSQL',
  (kind) => {
    const at = useDatabase(kind, { max: 2 })

    it('really stops the statement on the server (F28)', async () => {
      const { db } = at
      await rejection(readWithin({ timeoutMs: 50 }, db.current(), slowSql('postgresql')))
      const active = await read(
        db.current(),
        "select count(*)::int from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)' and datname = current_database()",
      )
      expect(active).to.deep.equal([[0]])
    })

    it("the server's own statement_timeout is a QueryTimeoutError too (F28)", async () => {
      const { db } = at
      const error = await rejection(
        db.atomic(async () => {
          await read(db.current(), "select set_config('statement_timeout', '20', true)")
          await read(db.current(), slowSql('postgresql'))
        }),
      )
      expect(error).to.be.instanceOf(QueryTimeoutError)
    })
  },
  onPostgres,
)
