/** Statements of one tick go out in one write: how many round trips, and whose error is whose. */
import { expect } from 'chai'
import { type Database, openDatabase } from '../../lib/database/database.ts'
import type { Runner, Started } from '../../lib/database/runner.ts'
import { ConnectionLostError, TransactionBrokenError, UniqueViolation } from '../../lib/errors.ts'
import { endBackends } from '../support/backends.ts'
import { databases, describeOnEach, type TestDatabase } from '../support/databases.ts'
import {
  insert,
  outcomes,
  read,
  readWithin,
  rejection,
  savedIds,
  until,
  useDatabase,
  write,
} from './helpers.ts'
import { CountingNetwork } from './support/network.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')

function startRead(db: Database, ...queries: string[]): Started<unknown[][][]> {
  const job = async (runner: Runner) => {
    const answers: unknown[][][] = []
    for (const sql of queries) answers.push(await read(runner, sql))
    return answers
  }
  return db.start(job, new Error('startRead()'), undefined, 'reading')
}

/** The database of a suite, and the same behind a network that counts. */
function useFar(kind: TestDatabase, max: number) {
  const at = useDatabase(kind, { max: 2 })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  let network: CountingNetwork
  let far: Database
  let sent: string[]

  beforeEach(async () => {
    const { connectionString } = at.fresh.config.connection as { connectionString: string }
    const url = new URL(connectionString)
    network = new CountingNetwork(new URL(url))
    url.port = String(await network.listen())
    far = openDatabase(
      { client: 'pg', connection: { connectionString: url.href }, pool: { min: 0, max } },
      { name: 'far', prepare: 2 },
    )
    sent = []
    warnings.length = 0
    process.on('warning', onWarning)
    await read(far.current(), 'select 1')
    far.knex.on('query', ({ sql }: { sql: string }) => sent.push(sql))
  })
  afterEach(async () => {
    process.off('warning', onWarning)
    await far.close({ timeoutMs: 500 })
    network.close()
    // pg's own queue would print one.
    expect(warnings.filter(({ name }) => name === 'DeprecationWarning')).to.deep.equal([])
  })
  return {
    get db() {
      return at.db
    },
    get network() {
      return network
    },
    get far() {
      return far
    },
    get sent() {
      return sent
    },
  }
}

describeOnEach(
  'statements of one tick in a transaction',
  (kind) => {
    const at = useFar(kind, 2)

    it('8 starts go out with BEGIN: one round trip for them, one for COMMIT', async () => {
      let answers: unknown[] = []
      const trips = await at.network.during(() =>
        at.far.atomic(async () => {
          const starts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => startRead(at.far, `select ${n} as n`))
          answers = await Promise.all(starts.map((start) => start.read()))
        }),
      )
      expect(trips).to.equal(2)
      expect(answers.flat(3)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
      expect([at.sent[0], at.sent.length, at.sent.at(-1)]).to.deep.equal(['BEGIN', 10, 'COMMIT'])
    })

    it('8 starts later in a transaction are one round trip', async () => {
      await at.far.atomic(async () => {
        await insert(at.far, 1)
        const trips = await at.network.during(() =>
          Promise.all(
            Array.from({ length: 8 }, () => startRead(at.far, 'select id from item').read()),
          ),
        )
        expect(trips).to.equal(1)
      })
    })

    it('the second statements of starts go out together too', async () => {
      const trips = await at.network.during(() =>
        at.far.atomic(() =>
          Promise.all(
            [1, 2, 3].map((n) => startRead(at.far, `select ${n}`, `select ${n} * 2 as n`).read()),
          ),
        ),
      )
      expect(trips).to.equal(3)
    })

    it('50 inserts are sent in order with BEGIN: two round trips in all', async () => {
      const ids = Array.from({ length: 50 }, (_, index) => index + 1)
      const trips = await at.network.during(() =>
        at.far.atomic(() => Promise.all(ids.map((id) => insert(at.far, id)))),
      )
      expect(trips).to.equal(2)
      expect(await savedIds(at.db)).to.deep.equal(ids)
    })

    it('statements that are awaited one by one save the round trip of BEGIN', async () => {
      const trips = await at.network.during(() =>
        at.far.atomic(async () => {
          await insert(at.far, 1)
          await insert(at.far, 2)
        }),
      )
      expect(trips).to.equal(3)
    })

    it('a start sees what was written before it, and nothing that was written after', async () => {
      await at.far.atomic(async () => {
        const first = insert(at.far, 1)
        const start = startRead(at.far, 'select id from item', 'select id from item')
        const second = insert(at.far, 2)
        const after = savedIds(at.far)
        expect(await start.read()).to.deep.equal([[[1]], [[1]]])
        await Promise.all([first, second])
        expect(await after).to.deep.equal([1, 2])
      })
    })

    it('one that fails keeps the rest from running; every error is whose it is', async () => {
      let errors: Error[] = []
      const error = await rejection(
        at.far.atomic(async () => {
          const all = [insert(at.far, 1), insert(at.far, 1), insert(at.far, 2), savedIds(at.far)]
          expect(await outcomes(all)).to.deep.equal([
            'fulfilled',
            'UniqueViolation',
            'TransactionBrokenError',
            'TransactionBrokenError',
          ])
          errors = await Promise.all(all.slice(1).map(rejection))
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect([error.cause, errors[1]?.cause, errors[2]?.cause]).to.deep.equal([
        errors[0],
        errors[0],
        errors[0],
      ])
      expect(errors[0]).to.be.instanceOf(UniqueViolation)
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('a start that fails: its neighbours too, by its error, read or not', async () => {
      const error = await rejection(
        at.far.atomic(async () => {
          const starts = ['select 1 as n', 'select * from nope', 'select 2', 'select 3'].map(
            (sql) => startRead(at.far, sql),
          )
          expect(await outcomes(starts.slice(0, 3).map((start) => start.read()))).to.deep.equal([
            'fulfilled',
            'DatabaseError',
            'TransactionBrokenError',
          ])
          throw await rejection(starts[2]?.read() ?? Promise.resolve())
        }),
      )
      expect(error.cause).to.have.property('message').that.contains('nope')
    })

    it('a nested atomic heals what failed in it', async () => {
      await at.far.atomic(async () => {
        await insert(at.far, 1)
        const nested = at.far.atomic(() =>
          Promise.all([insert(at.far, 2), insert(at.far, 1), insert(at.far, 3)]),
        )
        expect(await rejection(nested)).to.be.instanceOf(UniqueViolation)
        await Promise.all([insert(at.far, 4), insert(at.far, 5)])
      })
      expect(await savedIds(at.far)).to.deep.equal([1, 4, 5])
    })

    it('nothing runs behind a BEGIN that failed, and the connection stays usable', async () => {
      at.network.rewrite = (data) => {
        const place = data.indexOf('BEGIN')
        if (place >= 0) data.write('BEGUN', place)
        return data
      }
      let all: string[] = []
      const error = await rejection(
        at.far.atomic(async () => {
          all = await outcomes([insert(at.far, 1), insert(at.far, 2)])
        }),
      )
      at.network.rewrite = (data) => data
      expect(all).to.deep.equal(['TransactionBrokenError', 'TransactionBrokenError'])
      expect(error.message).to.match(/syntax error/)
      expect(await savedIds(at.far)).to.deep.equal([])
      await at.far.atomic(() => insert(at.far, 3))
      expect(await savedIds(at.far)).to.deep.equal([3])
    })

    it('a dead connection is replaced, and what went out with BEGIN is sent again in order', async () => {
      await at.far.atomic(() =>
        Promise.all([read(at.far.current(), 'select 1'), read(at.far.current(), 'select 2')]),
      )
      await endBackends(at.db.knex, 'true')
      await at.far.atomic(async () => {
        await Promise.all([1, 2, 3].map((id) => insert(at.far, id)))
        expect(await savedIds(at.far)).to.deep.equal([1, 2, 3])
      })
      expect(await savedIds(at.far)).to.deep.equal([1, 2, 3])
    })

    const endBackend = () => read(at.far.current(), 'select pg_terminate_backend(pg_backend_pid())')

    /** A transaction whose connection is lost in it, and how what it sent together ended. */
    async function expectLost(
      work: () => Promise<string[]>,
      outcomesDue: readonly string[],
    ): Promise<void> {
      let found: string[] = []
      const error = await rejection(
        at.far.atomic(async () => {
          found = await work()
        }),
      )
      expect(found).to.deep.equal(outcomesDue)
      expect(error.cause).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(at.far)).to.deep.equal([])
      expect(at.far.knex.client.pool.numUsed()).to.equal(0)
    }

    it('a backend that is killed in the middle: all that follow are ConnectionLostError', async () => {
      await expectLost(async () => {
        await insert(at.far, 1)
        const started = () => startRead(at.far, 'select 1').read()
        return await outcomes([insert(at.far, 2), endBackend(), insert(at.far, 3), started()])
      }, ['fulfilled', 'ConnectionLostError', 'ConnectionLostError', 'ConnectionLostError'])
    })

    it('one that is killed with BEGIN is not sent again', async () => {
      await expectLost(
        () => outcomes([insert(at.far, 1), endBackend(), insert(at.far, 2)]),
        ['fulfilled', 'ConnectionLostError', 'ConnectionLostError'],
      )
    })

    it('what comes while a dead connection is replaced goes to the new one', async () => {
      let isDead = false
      at.far.knex.on('query-error', () => {
        isDead = true
      })
      at.network.rewrite = (data) => {
        if (data.includes('BEGIN') && !isDead) at.network.cut()
        return data
      }
      await at.far.atomic(async () => {
        const first = insert(at.far, 1)
        await until(() => isDead)
        await Promise.all([insert(at.far, 2), insert(at.far, 3), first])
      })
      expect(await savedIds(at.far)).to.deep.equal([1, 2, 3])
    })

    it('a ROLLBACK that had no effect costs the connection', async () => {
      const before = await read(at.far.current(), 'select pg_backend_pid()')
      const error = await rejection(
        at.far.atomic(async () => {
          await insert(at.far, 1)
          at.network.rewrite = (data) => {
            const place = data.indexOf('ROLLBACK')
            if (place >= 0) data.write('SELECT 1', place)
            return data
          }
          throw new Error('undo')
        }),
      )
      at.network.rewrite = (data) => data
      expect(error.message).to.equal('undo')
      expect(await savedIds(at.db)).to.deep.equal([])
      expect(await read(at.far.current(), 'select pg_backend_pid()')).not.to.deep.equal(before)
    })

    it('an atomic() in a start is refused: others use its connection', async () => {
      const errors: Error[] = []
      const job = async (runner: Runner) => {
        errors.push(await rejection(at.far.atomic(() => insert(at.far, 1))))
        return await read(runner, 'select 1')
      }
      await at.far.atomic(async () => {
        const start = at.far.start(job, new Error('startFetch()'), undefined, 'reading')
        expect(await start.read()).to.deep.equal([[1]])
        await insert(at.far, 2)
      })
      expect(errors.map(({ name }) => name)).to.deep.equal(['TransactionError'])
      expect(errors[0]?.message).to.contain('atomic() was called inside a started query')
      expect(await savedIds(at.far)).to.deep.equal([2])
    })

    it('one that goes on though it was stopped is over time, and stops those behind it', async () => {
      const stubborn = `do $$ begin
        perform pg_sleep(60); exception when query_canceled then perform 1; end $$`
      const error = await rejection(
        at.far.atomic(async () => {
          const all = [
            readWithin({ timeoutMs: 50 }, at.far.current(), stubborn),
            insert(at.far, 1),
            read(at.far.current(), 'select pg_sleep(60)'),
            insert(at.far, 2),
          ]
          expect(await outcomes(all)).to.deep.equal([
            'QueryTimeoutError',
            'fulfilled',
            'TransactionBrokenError',
            'TransactionBrokenError',
          ])
        }),
      )
      expect(error.cause).to.have.property('code', 'QUERY_TIMEOUT')
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('one that a listener ends as it is sent is stopped', async () => {
      const controller = new AbortController()
      at.far.knex.on('query', ({ sql }: { sql: string }) => {
        if (sql.includes('pg_sleep')) controller.abort(new Error('enough'))
      })
      const error = await rejection(
        at.far.atomic(async () => {
          const limits = { signal: controller.signal }
          const all = [
            readWithin(limits, at.far.current(), 'select pg_sleep(60)'),
            insert(at.far, 1),
          ]
          expect(await outcomes(all)).to.deep.equal(['AbortError', 'TransactionBrokenError'])
        }),
      )
      expect(error.cause).to.have.property('code', 'QUERY_ABORTED')
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('what waits behind one that is stopped is not sent', async () => {
      const error = await rejection(
        at.far.atomic(async () => {
          await insert(at.far, 1)
          const slow = readWithin({ timeoutMs: 50 }, at.far.current(), 'select pg_sleep(60)')
          await until(() => at.sent.includes('select pg_sleep(60)'))
          const all = [slow, insert(at.far, 2), insert(at.far, 3)]
          expect(await outcomes(all)).to.deep.equal([
            'QueryTimeoutError',
            'TransactionBrokenError',
            'TransactionBrokenError',
          ])
        }),
      )
      expect(error.cause).to.have.property('code', 'QUERY_TIMEOUT')
      expect(at.sent.filter((sql) => sql.startsWith('insert'))).to.have.length(1)
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('a timeout in the middle stops its own statement, and the transaction with it', async () => {
      const uids = new Set<string>()
      at.far.knex.on('query', ({ __knexUid }: { __knexUid: string }) => uids.add(__knexUid))
      const error = await rejection(
        at.far.atomic(async () => {
          const all = [
            insert(at.far, 1),
            readWithin({ timeoutMs: 50 }, at.far.current(), 'select pg_sleep(60)'),
            insert(at.far, 2),
          ]
          expect(await outcomes(all)).to.deep.equal([
            'fulfilled',
            'QueryTimeoutError',
            'TransactionBrokenError',
          ])
        }),
      )
      expect(error.cause).to.have.property('code', 'QUERY_TIMEOUT')
      expect(await read(at.far.current(), 'select 5 as five')).to.deep.equal([[5]])
      expect(uids.size).to.equal(1)
    })

    it('one whose time is over while it waits behind another does not stop that one', async () => {
      const error = await rejection(
        at.far.atomic(async () => {
          const all = [
            read(at.far.current(), 'select pg_sleep(0.4)'),
            readWithin({ timeoutMs: 20 }, at.far.current(), 'select pg_sleep(60)'),
            insert(at.far, 2),
          ]
          expect(await outcomes(all)).to.deep.equal([
            'fulfilled',
            'QueryTimeoutError',
            'TransactionBrokenError',
          ])
        }),
      )
      expect(error.cause).to.have.property('code', 'QUERY_TIMEOUT')
      expect(await read(at.far.current(), 'select 5 as five')).to.deep.equal([[5]])
    })

    it('a query of plain knex does not overtake BEGIN', async () => {
      await rejection(
        at.far.atomic(async () => {
          await at.far.join(at.far.knex('item').insert({ id: 1, name: 'knex' }))
          throw new Error('undo')
        }),
      )
      await at.far.atomic(async () => {
        await at.far.join(at.far.knex('item').insert({ id: 2, name: 'knex' }))
      })
      expect(await savedIds(at.far)).to.deep.equal([2])
    })

    it('a query of plain knex comes after what was started before it', async () => {
      await insert(at.far, 1)
      await at.far.atomic(async () => {
        await insert(at.far, 2)
        const start = startRead(at.far, 'select id from item order by id')
        expect(await at.far.join(at.far.knex('item').delete())).to.equal(2)
        expect(await start.read()).to.deep.equal([[[1], [2]]])
      })
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('a thousand statements go out in bounded pieces, in order', async () => {
      const ids = Array.from({ length: 1000 }, (_, index) => index + 1)
      const trips = await at.network.during(() =>
        at.far.atomic(() => Promise.all(ids.map((id) => insert(at.far, id))), { timeout: 60_000 }),
      )
      expect(trips).to.be.within(5, 30)
      expect(await savedIds(at.db)).to.deep.equal(ids)
    })

    it('one that no driver can carry fails alone, and those behind it are not sent', async () => {
      const error = await rejection(
        at.far.atomic(async () => {
          const all = [
            insert(at.far, 1),
            write(at.far.current(), 'insert into item values (?, ?)', 2, new Map()),
            insert(at.far, 3),
          ]
          expect(await outcomes(all)).to.deep.equal([
            'fulfilled',
            'InvalidValueError',
            'TransactionBrokenError',
          ])
        }),
      )
      expect(error.cause).to.have.property('name', 'InvalidValueError')
      expect(await savedIds(at.far)).to.deep.equal([])
    })

    it('prepares statements in a batch, more than are kept, and after one failed', async () => {
      const prepared = (sql: string) =>
        at.far.current().run({ sql, bindings: [], wants: 'rows', writes: false, repeated: true })
      const some = ['select 1 as n', 'select 2 as n', 'select 3 as n', 'select 1 as n']
      for (let time = 0; time < 3; time += 1) {
        const results = await at.far.atomic(() => Promise.all(some.map(prepared)))
        expect(results.map(({ rows }) => rows)).to.deep.equal([[[1]], [[2]], [[3]], [[1]]])
        const broken = ['select 1 / 0', 'select 7 as n', 'select * from nope']
        await rejection(at.far.atomic(() => Promise.all(broken.map(prepared))))
        await rejection(at.far.atomic(() => prepared('select * from nope')))
        expect((await prepared('select 7 as n')).rows).to.deep.equal([[7]])
      }
      const texts = await read(at.far.current(), 'select statement from pg_prepared_statements')
      expect(texts.length).to.be.at.most(6)
    })
  },
  onPostgres,
)

describeOnEach(
  'starts outside transactions, on the one connection there is',
  (kind) => {
    const at = useFar(kind, 1)

    it('go out together and come back in one round trip', async () => {
      const trips = await at.network.during(async () => {
        const starts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => startRead(at.far, `select ${n} as n`))
        const answers = await Promise.all(starts.map((start) => start.read()))
        expect(answers.flat(3)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
      })
      expect([trips, at.sent.length]).to.deep.equal([1, 8])
    })

    it('go out sixteen at most, those that are read first', async () => {
      const starts = Array.from({ length: 40 }, (_, n) => startRead(at.far, `select ${n} as n`))
      await starts[39]?.read()
      const between = read(at.far.current(), 'select 100')
      await Promise.all(starts.map((start) => start.read()))
      await between
      expect(at.sent.indexOf('select 39 as n')).to.be.lessThan(17)
      expect(at.sent.indexOf('select 100')).to.be.lessThan(33)
    })

    it('stand alone: one that fails concerns no other', async () => {
      const starts = ['select 1', 'select 1 / 0', 'select 2', 'select * from nope', 'select 3'].map(
        (sql) => startRead(at.far, sql).read(),
      )
      expect(await outcomes(starts)).to.deep.equal([
        'fulfilled',
        'DatabaseError',
        'fulfilled',
        'DatabaseError',
        'fulfilled',
      ])
    })

    it('keep what a neighbour that fails comes after', async () => {
      await write(at.far.current(), 'create sequence s')
      const starts = ["select nextval('s')", "insert into item values (9, 'n') returning id"].map(
        (sql) => startRead(at.far, sql).read(),
      )
      expect(await outcomes([...starts, startRead(at.far, 'select 1 / 0').read()])).to.deep.equal([
        'fulfilled',
        'fulfilled',
        'DatabaseError',
      ])
      expect(await savedIds(at.far)).to.deep.equal([9])
    })

    it('one that kills its backend fails; the others are asked again on a new connection', async () => {
      const starts = ['select 1', 'select pg_terminate_backend(pg_backend_pid())', 'select 2'].map(
        (sql) => startRead(at.far, sql).read(),
      )
      expect(await outcomes(starts)).to.deep.equal([
        'fulfilled',
        'ConnectionLostError',
        'fulfilled',
      ])
      expect(await read(at.far.current(), 'select 5 as five')).to.deep.equal([[5]])
    })

    it('what waits behind one that kills its backend is asked on a new connection', async () => {
      const kill = 'select pg_terminate_backend(pg_backend_pid()) from pg_sleep(0.1)'
      const first = startRead(at.far, kill).read()
      await until(() => at.sent.includes(kill))
      const starts = ['select 1', 'select 2'].map((sql) => startRead(at.far, sql).read())
      expect(await outcomes([first, ...starts])).to.deep.equal([
        'ConnectionLostError',
        'fulfilled',
        'fulfilled',
      ])
    })

    it('one with a timeout goes alone, so that stopping it hits no other', async () => {
      const uids = new Set<string>()
      at.far.knex.on('query', ({ __knexUid }: { __knexUid: string }) => uids.add(__knexUid))
      const slow = (runner: Runner) => read(runner, 'select pg_sleep(60)')
      const all = [
        startRead(at.far, 'select 1').read(),
        at.far.start(slow, new Error(), { timeoutMs: 30 }, 'reading').read(),
        startRead(at.far, 'select pg_sleep(0.1)').read(),
        startRead(at.far, 'select 2').read(),
      ]
      expect(await outcomes(all)).to.deep.equal([
        'fulfilled',
        'QueryTimeoutError',
        'fulfilled',
        'fulfilled',
      ])
      expect(uids.size).to.equal(1)
    })

    it('leave the connection as it was, for cursors of plain knex', async () => {
      await Promise.all([1, 2].map((n) => startRead(at.far, `select ${n}`).read()))
      const { client } = at.far.knex
      const connection = await client.acquireConnection()
      expect(connection.pipeline).to.equal(false)
      await client.releaseConnection(connection)
    })

    it('prepare statements together, more than are kept, and after one failed', async () => {
      const prepared = (sql: string) => (runner: Runner) =>
        runner.run({ sql, bindings: [], wants: 'rows', writes: false, repeated: true })
      const some = ['select 1 as n', 'select 1 / 0', 'select 3 as n', 'select 1 as n', 'select 4']
      for (let time = 0; time < 3; time += 1) {
        const starts = some.map((sql) =>
          at.far.start(prepared(sql), new Error(), undefined, 'reading').read(),
        )
        expect(await outcomes(starts)).to.deep.equal([
          'fulfilled',
          'DatabaseError',
          'fulfilled',
          'fulfilled',
          'fulfilled',
        ])
      }
    })
  },
  onPostgres,
)

describeOnEach(
  'starts outside transactions, on several connections',
  (kind) => {
    const at = useFar(kind, 3)

    it('do not wait behind one that is slow', async () => {
      const slow = startRead(at.far, 'select pg_sleep(60)')
      const quick = [1, 2, 3, 4].map((n) => startRead(at.far, `select ${n}`).read())
      expect(await outcomes(quick)).to.deep.equal(Array(4).fill('fulfilled'))
      expect(slow.state).to.equal('running')
      await at.far.close({ timeoutMs: 0 })
      await rejection(slow.read())
    })
  },
  onPostgres,
)
