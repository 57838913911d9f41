import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import pg from 'pg'
import type { Database, Runner, Started } from '../../lib/database/runner.ts'
import type { UnconsumedReport } from '../../lib/database/unconsumed.ts'
import { TransactionBrokenError } from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { gate, insert, read, rejection, slowSql, until, useDatabase, write } from './helpers.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')
const onSqlite = databases.filter(({ dialect }) => dialect === 'sqlite')

function startRead(db: Database, sql: string): Started<unknown[][]> {
  return db.start((runner) => read(runner, sql), new Error('startRead()'))
}

/** Jobs that hold every background connection until the gate opens. */
function occupy(db: Database, until: Promise<void>, count: number): Started<void>[] {
  return Array.from({ length: count }, () => db.start(() => until, new Error()))
}

describeOnEach('start()', (kind) => {
  const at = useDatabase(kind)

  it('runs once, whoever reads (F03)', async () => {
    const { db } = at
    await insert(db, 1)
    let runs = 0
    const started = db.start((runner) => {
      runs += 1
      return read(runner, 'select id from item')
    }, new Error())
    const answers = await Promise.all([started.read(), started.read(), started.read()])
    expect(answers).to.deep.equal([[[1]], [[1]], [[1]]])
    expect([runs, started.state]).to.deep.equal([1, 'succeeded'])
  })

  it('sends the statement without being read', async () => {
    const { db } = at
    const sent = new Promise<string>((resolve) => {
      db.knex.on('query', ({ sql }: { sql: string }) => resolve(sql))
    })
    const started = startRead(db, 'select 7 as seven')
    expect(await sent).to.equal('select 7 as seven')
    expect(await started.read()).to.deep.equal([[7]])
  })

  it('holds one connection for the whole job, and gives it back', async () => {
    const { db } = at
    const uids = new Set<string>()
    db.knex.on('query', ({ __knexUid }: { __knexUid: string }) => uids.add(__knexUid))
    const answers = await db
      .start(async (runner) => {
        const one = await read(runner, 'select 1 as n')
        const two = await read(db.current(), 'select 2 as n')
        return [one, two]
      }, new Error())
      .read()
    expect(answers).to.deep.equal([[[1]], [[2]]])
    expect(uids.size).to.equal(1)
    expect(db.knex.client.pool.numUsed()).to.equal(0)
  })

  it('gives every reader the same failure, with the stack of the place that started it (F02)', async () => {
    const { db } = at
    function startHere() {
      return startRead(db, 'select * from nope')
    }
    const started = startHere()
    const [first, second] = await Promise.all([
      rejection(started.read()),
      rejection(started.read()),
    ])
    expect(first).to.equal(second)
    expect(started.state).to.equal('failed')
    expect(first.stack).to.match(/started at:[\s\S]*startHere/)
    expect(first.stack?.match(/started at:/g)).to.have.length(1)
  })

  it('runs in the async context of whoever started it, even when it waited (F11)', async () => {
    const { db } = at
    const storage = new AsyncLocalStorage<string>()
    const free = gate()
    const busy = occupy(db, free.opened, db.poolMax)
    const jobs = ['a', 'b', 'c'].map((name) =>
      storage.run(name, () =>
        db.start(async (runner) => {
          await read(runner, 'select 1 as one')
          return storage.getStore()
        }, new Error()),
      ),
    )
    free.open()
    expect(await Promise.all(jobs.map((job) => job.read()))).to.deep.equal(['a', 'b', 'c'])
    await Promise.all(busy.map((job) => job.read()))
  })

  it('lets the rest wait first come first served, and what is read goes first', async () => {
    const { db } = at
    const free = gate()
    const busy = occupy(db, free.opened, db.poolMax)
    const order: string[] = []
    const jobs = ['a', 'b', 'c', 'd'].map((name) =>
      db.start(async () => {
        order.push(name)
      }, new Error()),
    )
    await Promise.resolve()
    const [, , third, fourth] = jobs
    const reads = [fourth?.read(), third?.read()]
    free.open()
    await Promise.all([
      ...reads,
      ...jobs.map((job) => job.read()),
      ...busy.map((job) => job.read()),
    ])
    expect(order).to.deep.equal(['d', 'c', 'a', 'b'])
  })

  it('one that waits is run by the atomic that reads it, on its connection', async () => {
    const { db } = at
    // On a pool of one the busy job would keep the atomic from beginning.
    if (db.poolMax === 1) return
    const free = gate()
    const busy = occupy(db, free.opened, db.poolMax - 1)
    await until(() => busy.every(({ state }) => state === 'running'))
    const waiting = startRead(db, 'select id from item')
    const seen = await db.atomic(async () => {
      await insert(db, 1)
      return await waiting.read()
    })
    expect(seen).to.deep.equal([[1]])
    free.open()
    await Promise.all(busy.map((job) => job.read()))
  })

  it('one that waits for the pool is run by the atomic that holds its only connection', async () => {
    const { db } = at
    await insert(db, 1)
    const started = gate()
    let job: Started<unknown[][]> | undefined
    const transaction = db.atomic(async () => {
      await started.opened
      return await job?.read()
    })
    job = startRead(db, 'select id from item')
    expect(job.state).to.equal('waiting')
    started.open()
    expect(await transaction).to.deep.equal([[1]])
  })

  it('a job can read another that waits for its connection', async () => {
    const { db } = at
    const free = gate()
    const busy = occupy(db, free.opened, Math.max(1, db.poolMax - 1) - 1)
    const inner = gate()
    let waiting: Started<unknown[][]> | undefined
    const outer = db.start(async () => {
      await inner.opened
      return await waiting?.read()
    }, new Error())
    waiting = startRead(db, 'select 1 as one')
    inner.open()
    expect(await outer.read()).to.deep.equal([[1]])
    free.open()
    await Promise.all(busy.map((job) => job.read()))
  })

  it('one read inside a broken transaction still runs outside', async () => {
    const { db } = at
    if (db.poolMax === 1) return
    const free = gate()
    const busy = occupy(db, free.opened, db.poolMax - 1)
    const waiting = startRead(db, 'select count(*) as n from item')
    const error = await rejection(
      db.atomic(async () => {
        await rejection(read(db.current(), 'select * from nope'))
        const answer = waiting.read()
        free.open()
        expect((await answer).map(([n]) => Number(n))).to.deep.equal([0])
      }),
    )
    expect(error).to.be.instanceOf(TransactionBrokenError)
    await Promise.all(busy.map((job) => job.read()))
  })
})

describeOnEach(
  'start() on PostgreSQL',
  (kind) => {
    const at = useDatabase(kind, { max: 10, acquireMs: 1000 })

    it('1,000 starts of 50 ms on a pool of 10 all finish, however short the acquire timeout (F04)', async function () {
      this.timeout(60_000)
      const { db } = at
      let running = 0
      let most = 0
      const starts = Array.from({ length: 1000 }, (_, id) =>
        db.start(async (runner) => {
          running += 1
          most = Math.max(most, running)
          await read(runner, 'select pg_sleep(0.05)')
          running -= 1
          return id
        }, new Error()),
      )
      const ids = await Promise.all(starts.map((started) => started.read()))
      expect(ids).to.deep.equal(Array.from({ length: 1000 }, (_, id) => id))
      expect(most).to.equal(9)
    })

    it('leaves a connection to the foreground', async () => {
      const { db } = at
      const starts = Array.from({ length: 30 }, () => startRead(db, slowSql('postgresql')))
      await until(async () => {
        const rows = await read(
          db.current(),
          "select count(*)::int from pg_stat_activity where query = 'select 1 as one from pg_sleep(60)' and state = 'active' and datname = current_database()",
        )
        return rows[0]?.[0] === 9
      })
      expect(starts.map(({ state }) => state)).to.include.members(['running', 'waiting'])
      await db.close({ timeoutMs: 0 })
      const errors = await Promise.all(starts.map((started) => rejection(started.read())))
      expect(errors).to.have.length(30)
    })

    it('runs starts at the same time: each waits until all of them run', async () => {
      const { db } = at
      // Every one takes its lock and lets go when it has seen all nine taken, so that they can
      // only end when they overlap.
      const sql = `
        with mine as materialized (select pg_advisory_lock_shared(4242))
        select count(*)::int as n from mine`
      const all = Array.from({ length: 9 }, () =>
        db.start(async (runner) => {
          await read(runner, sql)
          await until(async () => {
            const held = await read(
              runner,
              "select count(distinct pid)::int from pg_locks join pg_database on oid = database where datname = current_database() and locktype = 'advisory' and objid = 4242",
            )
            return held[0]?.[0] === 9
          })
          return true
        }, new Error()),
      )
      expect(await Promise.all(all.map((started) => started.read()))).to.deep.equal(
        Array(9).fill(true),
      )
    })

    it('is seen running by the server while this process does other things', async () => {
      const { db } = at
      const observer = new pg.Client(at.fresh.config.connection as pg.ClientConfig)
      await observer.connect()
      await observer.query('select pg_advisory_lock(77)')
      const started = startRead(db, 'select 42 as answer from pg_advisory_lock(77)')
      // It cannot end before the observer has seen it: it waits for the observer's lock.
      await until(async () => {
        const { rows } = await observer.query(
          "select state from pg_stat_activity where query like 'select 42 as answer%' and state = 'active' and datname = current_database()",
        )
        return rows.length === 1
      })
      expect(started.state).to.equal('running')
      await observer.query('select pg_advisory_unlock(77)')
      expect(await started.read()).to.deep.equal([[42]])
      await observer.end()
    })
  },
  onPostgres,
)

describeOnEach(
  'start() on SQLite',
  (kind) => {
    const at = useDatabase(kind)

    it('leaves the event loop ticking while SQLite works', async () => {
      const { db } = at
      const sql =
        'with recursive c(x) as (select 1 union all select x + 1 from c where x < 3000000) select max(x) as n from c'
      const started = startRead(db, sql)
      let ticks = 0
      while (started.state !== 'succeeded') {
        await new Promise((resolve) => setImmediate(resolve))
        ticks += 1
      }
      expect(await started.read()).to.deep.equal([[3_000_000]])
      expect(ticks).to.be.greaterThan(100)
    })
  },
  onSqlite,
)

describeOnEach('a start nobody reads', (kind) => {
  const reports: UnconsumedReport[] = []
  const at = useDatabase(kind, { onUnconsumedError: (report) => reports.push(report) })
  const published: UnconsumedReport[] = []
  const listener = (report: unknown) => published.push(report as UnconsumedReport)

  beforeEach(() => {
    reports.length = 0
    published.length = 0
    subscribe('asynchrormous:unconsumed', listener)
  })
  afterEach(() => {
    unsubscribe('asynchrormous:unconsumed', listener)
  })

  async function collected(): Promise<void> {
    await until(() => {
      collectGarbage()
      return published.length > 0
    })
  }

  it('is reported once when it is collected, with the place that started it', async () => {
    const { db } = at
    function startAndForget() {
      startRead(db, "select * from nope where 'secret-marker' = 'x'")
    }
    startAndForget()
    await collected()
    await db.close()
    expect(reports).to.have.length(1)
    expect(published).to.deep.equal(reports)
    const [report] = reports
    expect(report).to.include({ database: 'default', outcome: 'failed', reason: 'collected' })
    expect(report?.error).to.have.property('code', 'DATABASE')
    expect(report?.startedAt).to.match(/startAndForget/)
  })

  it('does not keep what started it alive: this of an unread stack', async () => {
    const { db } = at
    class Query {
      readonly started: Started<unknown>
      constructor() {
        this.started = db.start((runner: Runner) => this.fetch(runner), new Error('here'))
      }
      fetch(runner: Runner) {
        return read(runner, 'select * from nope')
      }
    }
    let query: Query | undefined = new Query()
    await until(() => query?.started.state === 'failed')
    query = undefined
    await collected()
    expect(reports.map(({ reason }) => reason)).to.deep.equal(['collected'])
  })

  it('is reported when the database closes; successes on the channel only', async () => {
    const { db } = at
    const failed = startRead(db, 'select * from nope')
    const succeeded = startRead(db, 'select 1 as one')
    await db.close()
    expect([failed.state, succeeded.state]).to.deep.equal(['failed', 'succeeded'])
    expect(reports.map(({ outcome, reason }) => [outcome, reason])).to.deep.equal([
      ['failed', 'database closed'],
    ])
    expect(published.map(({ outcome }) => outcome).sort()).to.deep.equal(['failed', 'succeeded'])
    // Reading late still works, and is no second report.
    expect(await rejection(failed.read())).to.equal(reports[0]?.error)
    expect(reports).to.have.length(1)
  })

  it('is reported when its transaction ends', async () => {
    const { db } = at
    const kept: Started<unknown>[] = []
    const error = await rejection(
      db.atomic(() => {
        kept.push(startRead(db, 'select * from nope'))
      }),
    )
    expect(reports.map(({ reason }) => reason)).to.deep.equal(['transaction ended'])
    expect(error.cause).to.equal(reports[0]?.error)
    expect(kept).to.have.length(1)
  })

  it('is not reported when it was read, even too early', async () => {
    const { db } = at
    await rejection(startRead(db, 'select * from nope').read())
    await rejection(write(db.current(), 'select * from nope'))
    await db.close()
    expect([reports, published]).to.deep.equal([[], []])
  })
})
