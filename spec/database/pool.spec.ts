/** A pool that is full, a server that is full or starting, and what waits for a connection. */
import { expect } from 'chai'
import pg from 'pg'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database } from '../../lib/database/runner.ts'
import { OperationalError, PoolTimeoutError } from '../../lib/errors.ts'
import { databases, describeOnEach, serverUrl } from '../support/databases.ts'
import { gate, insert, read, readWithin, rejection, until, useDatabase } from './helpers.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')
const HERE = /pool\.spec\.ts:\d+:\d+/g

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  await client.query(sql)
  await client.end()
}

/** What was written to stderr meanwhile. */
async function stderrOf(work: () => Promise<unknown>): Promise<string> {
  const real = process.stderr.write
  let text = ''
  process.stderr.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof process.stderr.write
  try {
    await work()
  } finally {
    process.stderr.write = real
  }
  return text
}

describeOnEach('a pool that is held (F27)', (kind) => {
  const at = useDatabase(kind, { max: 1, acquireMs: 90 })

  it('names the numbers, and who holds it where, without a word on stderr', async () => {
    const { db } = at
    const free = gate()
    const inside = gate()
    const holder = db.atomic(async () => {
      inside.open()
      await free.opened
    })
    await inside.opened
    const keepBusy = setInterval(() => undefined, 1000)
    let error: Error | undefined
    const noise = await stderrOf(async () => {
      error = await rejection(readWithin({ timeoutMs: 5000 }, db.current(), 'select 1'))
    })
    clearInterval(keepBusy)
    free.open()
    await holder
    expect(error).to.be.instanceOf(PoolTimeoutError)
    expect(error?.message.match(HERE)).to.have.length(1)
    expect(error?.message.replaceAll(/\d+ ms/g, 'N ms').replace(/at \/\S+/, 'at HERE')).to.equal(
      'No connection became free within N ms: of at most 1 connections 1 are in use and 0 free, ' +
        '0 more wait. Held longest by: atomic() at HERE for N ms. No statement has been running on ' +
        'any of them for N ms: if what holds them waits for this, it would wait for ever; inside ' +
        'atomic() use its own connection. Shorten what holds them, or raise pool.max or ' +
        'acquireConnectionTimeout.',
    )
    expect(noise).to.equal('')
  })

  it('names where a started query was started', async () => {
    const { db } = at
    const free = gate()
    const job = db.start(() => free.opened, new Error())
    const error = await rejection(db.atomic(() => 1))
    free.open()
    await job.read()
    expect(error.message).to.match(/Held longest by: a started query at \S+pool\.spec\.ts:/)
  })
})

describeOnEach(
  'a pool that a started query holds whose connection was replaced',
  (kind) => {
    const at = useDatabase(kind, { max: 1, acquireMs: 300 })

    it('names the query, without a place', async () => {
      const { db } = at
      const free = gate()
      const inside = gate()
      const job = db.start(
        async (runner) => {
          await rejection(read(runner, 'select pg_terminate_backend(pg_backend_pid())'))
          await read(runner, 'select 1')
          inside.open()
          await free.opened
        },
        new Error(),
        undefined,
        'reading',
      )
      await inside.opened
      const error = await rejection(db.atomic(() => 1))
      free.open()
      await job.read()
      expect(error.message).to.match(/Held longest by: a started query for \d+ ms\./)
    })
  },
  onPostgres,
)

describeOnEach(
  'transactions that all wait for one more connection (F05)',
  (kind) => {
    const at = useDatabase(kind, { max: 3, acquireMs: 1500 })

    it('one gives up long before the general timeout, and the rest go on', async () => {
      const { db } = at
      // Made outside, as a queue of workers is: what runs in it is in no transaction.
      const jobs: (() => void)[] = []
      const outside = setInterval(() => {
        for (const job of jobs.splice(0)) job()
      }, 1)
      const elsewhere = <T>(work: () => Promise<T>) =>
        new Promise<T>((resolve, reject) => {
          jobs.push(() => {
            work().then(resolve, reject)
          })
        })
      const since = Date.now()
      const all = [gate(), gate(), gate()]
      const outcomes = await Promise.allSettled(
        all.map(({ open }) =>
          db.atomic(async () => {
            open()
            await Promise.all(all.map(({ opened }) => opened))
            return await elsewhere(() => read(db.current(), 'select 5 as five'))
          }),
        ),
      )
      clearInterval(outside)
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
      expect(failed).to.have.length(1)
      for (const { reason } of failed) {
        expect(reason).to.be.instanceOf(PoolTimeoutError)
        expect((reason as Error).message.match(HERE)).to.have.length(3)
      }
      expect(Date.now() - since).to.be.lessThan(1400)
    })

    it('nobody gives up while statements run', async () => {
      const { db } = at
      const busy = [1, 2, 3].map(() => read(db.current(), 'select pg_sleep(0.9)'))
      expect(await read(db.current(), 'select 5 as five')).to.deep.equal([[5]])
      await Promise.all(busy)
    })
  },
  onPostgres,
)

describeOnEach(
  'a server that is full (F26)',
  (kind) => {
    const at = useDatabase(kind, { max: 1 })
    const role = `crowded_${process.pid}`
    let few: Database

    beforeEach(async () => {
      await onServer(`create role ${role} login superuser password 'x' connection limit 3`)
      await onServer(`alter role ${role} nosuperuser`)
      const url = new URL(
        (at.fresh.config.connection as { connectionString: string }).connectionString,
      )
      url.username = role
      url.password = 'x'
      few = openDatabase(
        {
          client: 'pg',
          connection: { connectionString: url.href },
          pool: { min: 0, max: 20 },
          acquireConnectionTimeout: 5000,
        },
        { name: 'few' },
      )
    })
    afterEach(async () => {
      await few.close({ timeoutMs: 500 })
      await onServer(`drop role ${role}`)
    })

    it('what wants more connections than there are waits for those there are', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => read(few.current(), 'select 5 as five, pg_sleep(0.01)')),
      )
      expect(answers.map(([row]) => row?.[0])).to.deep.equal(Array(40).fill(5))
    })

    it('until its deadline, or the time for a connection, is over', async () => {
      const free = gate()
      const inside = [gate(), gate(), gate()]
      const holders = inside.map(({ open }) =>
        few.atomic(() => {
          open()
          return free.opened
        }),
      )
      await Promise.all(inside.map(({ opened }) => opened))
      const since = Date.now()
      const error = await rejection(readWithin({ timeoutMs: 150 }, few.current(), 'select 1'))
      expect(error).to.have.property('code', 'QUERY_TIMEOUT')
      expect(Date.now() - since).to.be.lessThan(600)
      free.open()
      await Promise.all(holders)
      expect(await read(few.current(), 'select 5 as five')).to.deep.equal([[5]])
    })

    it('says so when the time for a connection is over', async () => {
      const many = openDatabase(
        {
          client: 'pg',
          connection: few.knex.client.config.connection,
          pool: { min: 0, max: 20 },
          acquireConnectionTimeout: 500,
        },
        { name: 'many' },
      )
      const free = gate()
      const inside = [gate(), gate(), gate()]
      const holders = inside.map(({ open }) =>
        few.atomic(() => {
          open()
          return free.opened
        }),
      )
      await Promise.all(inside.map(({ opened }) => opened))
      const error = await rejection(read(many.current(), 'select 1'))
      free.open()
      await Promise.all(holders)
      await many.close()
      expect(error).to.be.instanceOf(OperationalError)
      expect(error.message).to.match(/too many connections for role/)
    })
  },
  onPostgres,
)

describeOnEach('an idle pool', (kind) => {
  const at = useDatabase(kind)

  it('holds nothing when what waited for it has left', async () => {
    const { db } = at
    await Promise.allSettled([
      readWithin({ timeoutMs: 1 }, db.current(), 'select 1'),
      db.atomic(() => insert(db, 1), { timeout: 1 }),
      db.start((runner) => read(runner, 'select 1'), new Error(), { timeoutMs: 1 }).read(),
    ])
    await until(() => db.knex.client.pool.numUsed() === 0)
    expect(db.knex.client.pool.numPendingAcquires()).to.equal(0)
  })
})
