/** `atomic({ timeout })`: one deadline for all of a transaction. */
import { getEventListeners } from 'node:events'
import { expect } from 'chai'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database } from '../../lib/database/runner.ts'
import { onRollback } from '../../lib/database/transaction.ts'
import {
  CommitUnknownError,
  QueryAbortedError,
  QueryTimeoutError,
  SerializationError,
  TransactionBrokenError,
  TransactionError,
} from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import {
  gate,
  insert,
  read,
  rejection,
  savedIds,
  slowSql,
  until,
  useDatabase,
  write,
} from './helpers.ts'
import { ServerProxy } from './support/proxy.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')
const never = new Promise<never>(() => {})
/** What a call may take beyond its timeout. */
const GRACE_MS = 450
/** What a nested one may take beyond it, for the sake of the work around it. */
const SAVEPOINT_GRACE_MS = 1000

async function elapsed(work: Promise<unknown>): Promise<number> {
  const since = Date.now()
  await work
  return Date.now() - since
}

function poolOf(db: Database): { numUsed(): number; numFree(): number } {
  return db.knex.client.pool
}

describeOnEach('atomic({ timeout })', (kind) => {
  const at = useDatabase(kind, { max: 2 })
  const slow = slowSql(kind.dialect)

  it('what is quick enough is not touched', async () => {
    const { db } = at
    expect(await db.atomic(() => insert(db, 1).then(() => 'done'), { timeout: 60_000 })).to.equal(
      'done',
    )
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('stops the statement that runs, and nothing is saved (F31)', async () => {
    const { db } = at
    const error = await rejection(
      db.atomic(
        async () => {
          await insert(db, 1)
          await read(db.current(), slow)
        },
        { timeout: 80 },
      ),
    )
    expect(error).to.be.instanceOf(QueryTimeoutError)
    expect(error.message).to.equal(
      'The atomic() did not finish within its timeout of 80 ms, which covers waiting for a ' +
        'connection, every statement and COMMIT. Nothing of it was saved.',
    )
    expect(await savedIds(db)).to.deep.equal([])
    await until(() => poolOf(db).numUsed() === 0)
  })

  it('a signal stops the statement that runs, and nothing is saved', async () => {
    const { db } = at
    const reason = new Error('the reader left')
    const controller = new AbortController()
    const { signal } = controller
    const work = async () => {
      await insert(db, 1)
      setTimeout(() => controller.abort(reason), 20)
      await read(db.current(), slow)
    }
    for (const nested of [false, true]) {
      const error = await rejection(
        nested ? db.atomic(() => db.atomic(work, { signal })) : db.atomic(work, { signal }),
      )
      expect(error).to.be.instanceOf(QueryAbortedError)
      expect(error.message).to.equal(
        'The atomic() was aborted by its signal. Nothing of it was saved.',
      )
      expect(error.cause).to.equal(reason)
    }
    expect(await savedIds(db)).to.deep.equal([])
    await until(() => poolOf(db).numUsed() === 0)
    const refused = await rejection(db.atomic(() => undefined, { signal: {} as AbortSignal }))
    expect(refused).to.be.instanceOf(TransactionError)
    expect(refused.message).to.equal('atomic() takes an AbortSignal as signal.')
  })

  it('ends a callback that waits for something else, and refuses what it sends afterwards', async () => {
    const { db } = at
    const late = gate()
    let afterwards: Promise<Error> | undefined
    const error = await rejection(
      db.atomic(
        async () => {
          await insert(db, 1)
          await late.opened
          afterwards = rejection(insert(db, 2))
          await afterwards
        },
        { timeout: 250 },
      ),
    )
    expect(error).to.be.instanceOf(QueryTimeoutError)
    late.open()
    await until(() => afterwards !== undefined)
    expect(await afterwards).to.be.instanceOf(TransactionError)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('forgets signals, of a nested atomic too', async () => {
    const { db } = at
    const [outer, inner] = [new AbortController().signal, new AbortController().signal]
    await db.atomic(
      async () => {
        await db.atomic(() => insert(db, 1), { signal: inner })
        expect(getEventListeners(inner, 'abort')).to.deep.equal([])
        expect(getEventListeners(outer, 'abort')).to.have.length(1)
      },
      { signal: outer },
    )
    expect(getEventListeners(outer, 'abort')).to.deep.equal([])
  })

  it('goes on after a nested atomic and a start', async () => {
    const { db } = at
    const error = await rejection(
      db.atomic(
        async () => {
          await db.atomic(() => insert(db, 1))
          await db.start((runner) => read(runner, 'select 1'), new Error()).read()
          await read(db.current(), slow)
        },
        { timeout: 200 },
      ),
    )
    expect(error).to.have.property('code', 'QUERY_TIMEOUT')
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('is one deadline for all statements together', async () => {
    const { db } = at
    let sent = 0
    const tick = () => new Promise((resolve) => setTimeout(resolve, 20))
    const error = await rejection(
      db.atomic(
        async () => {
          for (let id = 1; id < 1000; id += 1) {
            await insert(db, id)
            sent = id
            await tick()
          }
        },
        { timeout: 150 },
      ),
    )
    expect(error).to.be.instanceOf(QueryTimeoutError)
    expect(sent).to.be.lessThan(10)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('covers waiting for a connection, or for the turn to write', async () => {
    const { db } = at
    const free = gate()
    const holders = [1, 2].map(() => db.atomic(() => free.opened))
    let entered = false
    const waiting = rejection(
      db.atomic(
        () => {
          entered = true
        },
        { timeout: 50 },
      ),
    )
    expect(await elapsed(waiting)).to.be.lessThan(50 + GRACE_MS)
    expect(await waiting).to.be.instanceOf(QueryTimeoutError)
    free.open()
    await Promise.all(holders)
    expect(entered).to.equal(false)
    await insert(db, 1)
    expect(await savedIds(db)).to.deep.equal([1])
  })

  it('of a nested atomic undoes that part only', async () => {
    const { db } = at
    const inner = await db.atomic(async () => {
      await insert(db, 1)
      const error = await rejection(
        db.atomic(
          async () => {
            await insert(db, 2)
            await never
          },
          { timeout: 50 },
        ),
      )
      await insert(db, 3)
      return error
    })
    expect(inner).to.be.instanceOf(QueryTimeoutError)
    expect(await savedIds(db)).to.deep.equal([1, 3])
  })

  it('of a nested atomic whose statement is stopped undoes that part only, too', async () => {
    const { db } = at
    await db.atomic(async () => {
      await insert(db, 1)
      const nested = db.atomic(
        async () => {
          await Promise.all([insert(db, 2), read(db.current(), slow)])
        },
        { timeout: 80 },
      )
      expect(await rejection(nested)).to.be.instanceOf(QueryTimeoutError)
      await insert(db, 3)
    })
    expect(await savedIds(db)).to.deep.equal([1, 3])
  })

  it('of the outer one ends what is nested and started in it', async () => {
    const { db } = at
    const outcomes: string[] = []
    const error = await rejection(
      db.atomic(
        async () => {
          const started = db.start((runner) => read(runner, slow), new Error())
          started.read().catch((failure: Error) => outcomes.push(failure.name))
          await db
            .atomic(() => insert(db, 1))
            .catch((failure: Error) => outcomes.push(failure.name))
        },
        { timeout: 300 },
      ),
    )
    expect(error).to.be.instanceOf(QueryTimeoutError)
    await until(() => outcomes.length === 2)
    expect(outcomes.every((name) => /QueryTimeout|Transaction/.test(name))).to.equal(true)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('one that was swallowed inside breaks the transaction', async () => {
    const { db } = at
    const error = await rejection(
      db.atomic(
        async () => {
          await insert(db, 1)
          await rejection(read(db.current(), slow))
        },
        { timeout: 50 },
      ),
    )
    expect(error).to.be.instanceOf(QueryTimeoutError)
    expect(await savedIds(db)).to.deep.equal([])
  })

  it('covers the retries, and the pauses between them', async () => {
    const { db } = at
    let attempts = 0
    const retried = rejection(
      db.atomic(
        () => {
          attempts += 1
          throw new SerializationError('again')
        },
        { retries: 1000, timeout: 1000 },
      ),
    )
    expect(await elapsed(retried)).to.be.lessThan(1000 + GRACE_MS)
    expect(await retried).to.be.instanceOf(QueryTimeoutError)
    expect(attempts).to.be.greaterThan(1)
  })

  it('restores nothing late: hooks of the rollback have run when it rejects', async () => {
    const { db } = at
    let undone = 0
    await rejection(
      db.atomic(
        async () => {
          onRollback(db, () => {
            undone += 1
          })
          await never
        },
        { timeout: 250 },
      ),
    )
    expect(undone).to.equal(1)
  })

  it('takes milliseconds, as timeout() of a queryset does', async () => {
    const { db } = at
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null]) {
      const error = await rejection(db.atomic(() => 1, { timeout: timeout as number }))
      expect(error).to.be.instanceOf(TransactionError)
      expect(error.message).to.equal(
        'atomic() takes timeout in milliseconds, more than 0 and less than 2 ** 31.',
      )
    }
  })
})

describeOnEach(
  'atomic({ timeout }) on a network that falls silent (F25)',
  (kind) => {
    const at = useDatabase(kind)
    let proxy: ServerProxy
    let far: Database

    beforeEach(async () => {
      const { connectionString } = at.fresh.config.connection as { connectionString: string }
      proxy = await ServerProxy.to(connectionString)
      const connection = { connectionString: proxy.url, connectionTimeoutMillis: 1000 }
      far = openDatabase({ client: 'pg', connection, pool: { min: 0, max: 2 } }, { name: 'far' })
    })
    afterEach(async () => {
      proxy.close()
      await far.close({ timeoutMs: 0 })
    })

    const inTime = async (work: () => Promise<unknown>) => {
      // What comes before the network falls silent must get there on a busy machine, too.
      const timeout = 500
      const failing = rejection(far.atomic(work, { timeout }))
      expect(await elapsed(failing)).to.be.lessThan(timeout + GRACE_MS)
      const error = await failing
      proxy.heal()
      // No connection of which nobody knows what is on its way stays in the pool.
      expect(await read(far.current(), 'select 5 as five')).to.deep.equal([[5]])
      await until(() => poolOf(far).numUsed() === 0)
      return error
    }

    it('before it begins', async () => {
      await read(far.current(), 'select 1')
      proxy.silent = true
      expect(await inTime(() => insert(far, 1))).to.be.instanceOf(QueryTimeoutError)
    })

    it('while connecting', async () => {
      proxy.silent = true
      expect(await inTime(() => insert(far, 1))).to.be.instanceOf(QueryTimeoutError)
    })

    it('while a statement runs', async () => {
      const error = await inTime(async () => {
        await insert(far, 1)
        proxy.silent = true
        await insert(far, 2)
      })
      expect(error).to.be.instanceOf(QueryTimeoutError)
      expect(await savedIds(at.db)).to.deep.equal([])
    })

    it('while nothing runs', async () => {
      const error = await inTime(async () => {
        await insert(far, 1)
        proxy.silent = true
        await never
      })
      expect(error).to.be.instanceOf(QueryTimeoutError)
      expect(await savedIds(at.db)).to.deep.equal([])
    })

    it('while it rolls back: its own error, and its connection goes', async () => {
      const error = await inTime(async () => {
        await insert(far, 1)
        proxy.silent = true
        throw new RangeError('mine')
      })
      expect(error).to.be.instanceOf(RangeError)
      expect(await savedIds(at.db)).to.deep.equal([])
    })

    it('in a nested atomic that has a timeout of its own', async () => {
      const failing = rejection(
        far.atomic(async () => {
          await insert(far, 1)
          await far.atomic(
            async () => {
              await insert(far, 2)
              proxy.silent = true
              await never
            },
            { timeout: 50 },
          )
        }),
      )
      expect(await elapsed(failing)).to.be.lessThan(50 + SAVEPOINT_GRACE_MS + GRACE_MS)
      expect(await failing).to.be.instanceOf(QueryTimeoutError)
      proxy.silent = false
      expect(await read(far.current(), 'select 5 as five')).to.deep.equal([[5]])
    })

    it('a slow answer to SAVEPOINT or ROLLBACK TO keeps what is around a nested atomic', async () => {
      let entered = 0
      const late = async (lagMs: number, laterMs: number) => {
        proxy.lagMs = lagMs
        const work = () => {
          entered += 1
          proxy.lagMs = laterMs
          return never
        }
        expect(await rejection(far.atomic(work, { timeout: 200 }))).to.be.instanceOf(
          QueryTimeoutError,
        )
        proxy.lagMs = 0
      }
      await far.atomic(async () => {
        await insert(far, 1)
        await late(500, 0)
        expect(entered).to.equal(0)
        await insert(far, 2)
        await late(0, 500)
        expect(entered).to.equal(1)
        await insert(far, 3)
      })
      expect(await savedIds(at.db)).to.deep.equal([1, 2, 3])
    })

    it('after COMMIT was sent: CommitUnknownError', async () => {
      const error = await inTime(async () => {
        await insert(far, 1)
        proxy.faultOf = () => 'hang'
      })
      expect(error).to.be.instanceOf(CommitUnknownError)
      expect(error.cause).to.be.instanceOf(QueryTimeoutError)
      expect(await savedIds(at.db)).to.deep.equal([1])
    })

    it('a timeout of a statement alone: the transaction ends, and its connection', async () => {
      const error = await rejection(
        far.atomic(async () => {
          await insert(far, 1)
          proxy.silent = true
          await far
            .current()
            .run({ sql: 'select 1', bindings: [], wants: 'rows', writes: false }, { timeoutMs: 50 })
            .catch(() => undefined)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      proxy.silent = false
      await until(() => poolOf(far).numUsed() === 0)
      expect(await savedIds(at.db)).to.deep.equal([])
      await write(far.current(), 'delete from item')
    })
  },
  onPostgres,
)
