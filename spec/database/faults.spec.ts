import { AsyncResource } from 'node:async_hooks'
import { expect } from 'chai'
import pg from 'pg'
import type sqlite3 from 'sqlite3'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database } from '../../lib/database/runner.ts'
import { currentFrame, onCommit, onRollback } from '../../lib/database/transaction.ts'
import {
  CommitUnknownError,
  ConnectionLostError,
  QueryTimeoutError,
  SerializationError,
  TransactionBrokenError,
  UniqueViolation,
} from '../../lib/errors.ts'
import { endBackends } from '../support/backends.ts'
import { databases, describeOnEach, type FreshDatabase, serverUrl } from '../support/databases.ts'
import {
  gate,
  insert,
  read,
  readWithin,
  rejection,
  savedIds,
  until,
  useDatabase,
  write,
} from './helpers.ts'
import { ServerProxy } from './support/proxy.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')
const onSqlite = databases.filter(({ dialect }) => dialect === 'sqlite')
const onFiles = databases.filter(({ name }) => name === 'SQLite file')

function urlOf({ config }: FreshDatabase): string {
  return (config.connection as { connectionString: string }).connectionString
}

async function onServer(sql: string, ...values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  await client.query(sql, values)
  await client.end()
}

describeOnEach(
  'a dead connection',
  (kind) => {
    const at = useDatabase(kind, { max: 5 })

    async function pidOf(db: Database): Promise<number> {
      const rows = await read(db.current(), 'select pg_backend_pid()')
      return Number(rows[0]?.[0])
    }

    it('a killed write is ConnectionLostError and not repeated; the next query works (F20)', async () => {
      const { db } = at
      const killed = rejection(
        write(db.current(), "insert into item select 1, pg_sleep(30)::text || 'killed'"),
      )
      const isSo = "query like 'insert into item select 1, pg_sleep%' and state = 'active'"
      await until(async () => (await endBackends(db.knex, isSo)) > 0)
      expect(await killed).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(db)).to.deep.equal([])
    })

    it('after all idle connections died, reads are answered by fresh ones (F21)', async () => {
      const { db } = at
      await Promise.all(
        Array.from({ length: 5 }, () => read(db.current(), 'select pg_sleep(0.05)')),
      )
      const own = new URL(serverUrl())
      const name = (db.knex.client.connectionSettings as { connectionString: string })
        .connectionString
      own.pathname = new URL(name).pathname
      await onServer(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
        own.pathname.slice(1),
      )
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => read(db.current(), 'select 5 as five')),
      )
      expect(answers).to.deep.equal(Array(5).fill([[5]]))
      const started = db.start((runner) => read(runner, 'select 6 as six'), new Error())
      expect(await started.read()).to.deep.equal([[6]])
      await db.atomic(() => insert(db, 1))
      expect(await savedIds(db)).to.deep.equal([1])
    })

    it('one killed in a transaction: the first error is what comes out, nothing is saved (F22)', async () => {
      const { db } = at
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          await onServer('select pg_terminate_backend($1)', await pidOf(db))
          await insert(db, 2)
        }),
      )
      expect(error).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(db)).to.deep.equal([])
    })

    it('one killed in a nested atomic breaks all of it', async () => {
      const { db } = at
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          await db
            .atomic(async () => {
              await onServer('select pg_terminate_backend($1)', await pidOf(db))
              await insert(db, 2)
            })
            .catch(() => undefined)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(db)).to.deep.equal([])
    })
  },
  onPostgres,
)

describeOnEach(
  'a bad network',
  (kind) => {
    const at = useDatabase(kind)
    let proxy: ServerProxy
    let far: Database

    beforeEach(async () => {
      proxy = await ServerProxy.to(urlOf(at.fresh))
      far = openDatabase(
        { client: 'pg', connection: { connectionString: proxy.url }, pool: { min: 0, max: 2 } },
        { name: 'far' },
      )
    })
    afterEach(async () => {
      proxy.close()
      await far.close({ timeoutMs: 0 })
    })

    it('COMMIT sent and its answer lost: CommitUnknownError, whatever was saved (F23)', async () => {
      proxy.cutAfter = 'COMMIT'
      const error = await rejection(far.atomic(() => insert(far, 1), { retries: 3 }))
      expect(error).to.be.instanceOf(CommitUnknownError)
      expect(error.cause).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(at.db)).to.deep.equal([1])
    })

    it('verify() is asked whether it was saved, and true makes it so (F23)', async () => {
      const heard: unknown[] = []
      proxy.cutAfter = 'COMMIT'
      const saved = await far.atomic(
        () => {
          onCommit(far, () => heard.push('committed'))
          onRollback(far, () => heard.push('rolled back'))
          return insert(far, 1).then(() => 'kept')
        },
        {
          verify: async () => {
            proxy.heal()
            const ids = await savedIds(far)
            heard.push(ids)
            return ids.includes(1)
          },
        },
      )
      expect(saved).to.equal('kept')
      expect(heard).to.deep.equal([[1], 'committed'])
    })

    for (const [what, verify] of [
      ['says no', () => false],
      ['says something else', () => 'yes' as unknown as boolean],
      ['fails', () => Promise.reject(new Error('of verify'))],
    ] as const) {
      it(`verify() that ${what}: CommitUnknownError as without it (F23)`, async () => {
        const heard: string[] = []
        proxy.cutAfter = 'COMMIT'
        const work = () => {
          onCommit(far, () => heard.push('committed'))
          onRollback(far, () => heard.push('rolled back'))
          return insert(far, 1)
        }
        const error = await rejection(far.atomic(work, { verify, retries: 3 }))
        expect(error).to.be.instanceOf(CommitUnknownError)
        expect(error.cause).to.be.instanceOf(ConnectionLostError)
        expect(heard).to.deep.equal(['rolled back'])
        expect(await savedIds(at.db)).to.deep.equal([1])
      })
    }

    it('verify() is not asked when COMMIT was answered, nor after anything else failed', async () => {
      let asked = 0
      const verify = () => {
        asked += 1
        return true
      }
      await far.atomic(() => insert(far, 1), { verify })
      expect(await rejection(far.atomic(() => insert(far, 1), { verify }))).to.be.instanceOf(
        UniqueViolation,
      )
      proxy.cutAfter = 'insert'
      expect(await rejection(far.atomic(() => insert(far, 2), { verify }))).to.be.instanceOf(
        ConnectionLostError,
      )
      expect(asked).to.equal(0)
      expect(await savedIds(at.db)).to.deep.equal([1])
    })

    it('a black hole ends with the timeout, while running and while connecting (F25)', async () => {
      await read(far.current(), 'select 1')
      proxy.silent = true
      const since = Date.now()
      const running = await rejection(readWithin({ timeoutMs: 100 }, far.current(), 'select 1'))
      const connecting = await rejection(readWithin({ timeoutMs: 100 }, far.current(), 'select 1'))
      expect([running, connecting].map(({ name }) => name)).to.deep.equal([
        'QueryTimeoutError',
        'QueryTimeoutError',
      ])
      expect(running).to.be.instanceOf(QueryTimeoutError)
      expect(Date.now() - since).to.be.lessThan(1000)
    })

    it('a server that is not there is ConnectionLostError at once', async () => {
      proxy.close()
      expect(await rejection(read(far.current(), 'select 1'))).to.be.instanceOf(ConnectionLostError)
      expect(await rejection(far.atomic(() => insert(far, 1)))).to.be.instanceOf(
        ConnectionLostError,
      )
    })
  },
  onPostgres,
)

describeOnEach(
  'transactions that collide on PostgreSQL',
  (kind) => {
    const at = useDatabase(kind)

    it('a deadlock is SerializationError, and retries run it again (F43)', async () => {
      const { db } = at
      await insert(db, 1)
      await insert(db, 2)
      const both = [gate(), gate()]
      let attempts = 0
      const cross = (first: number, second: number) =>
        db.atomic(
          async () => {
            attempts += 1
            await read(db.current(), "select set_config('deadlock_timeout', '10ms', true)")
            await write(db.current(), "update item set name = name || '+' where id = ?", first)
            both[first - 1]?.open()
            await Promise.all(both.map(({ opened }) => opened))
            await write(db.current(), "update item set name = name || '+' where id = ?", second)
          },
          { retries: 2 },
        )
      await Promise.all([cross(1, 2), cross(2, 1)])
      expect(await read(db.current(), 'select name from item order by id')).to.deep.equal([
        ['item 1++'],
        ['item 2++'],
      ])
      expect(attempts).to.equal(3)
    })

    it('write skew at serializable rejects one with SerializationError (F42)', async () => {
      const { db } = at
      const both = [gate(), gate()]
      const skew = (id: number) =>
        db.atomic(
          async () => {
            const rows = await savedIds(db)
            both[id - 1]?.open()
            await Promise.all(both.map(({ opened }) => opened))
            await insert(db, id, `saw ${rows.length}`)
          },
          { isolation: 'serializable' },
        )
      const outcomes = await Promise.allSettled([skew(1), skew(2)])
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
      expect(failed).to.have.length(1)
      expect(failed[0]?.reason).to.be.instanceOf(SerializationError)
      expect(await savedIds(db)).to.have.length(1)
    })

    it('a deferred constraint fails the COMMIT (F42)', async () => {
      const { db } = at
      await write(db.current(), 'alter table item add unique (name) deferrable initially deferred')
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1, 'same')
          await insert(db, 2, 'same')
        }),
      )
      expect(error).to.have.property('code', 'UNIQUE_VIOLATION')
      expect(await savedIds(db)).to.deep.equal([])
    })

    it('lock_timeout is OperationalError, and breaks the frame (F59)', async () => {
      const { db } = at
      await insert(db, 1)
      const [taken, free] = [gate(), gate()]
      const holder = db.atomic(async () => {
        await write(db.current(), "update item set name = 'held' where id = 1")
        taken.open()
        await free.opened
      })
      await taken.opened
      const codes: unknown[] = []
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await read(db.current(), "select set_config('lock_timeout', '20', true)")
          for (const id of [1, 2]) {
            const sql = "update item set name = 'mine' where id = ?"
            const { code, cause } = await rejection(write(db.current(), sql, id))
            codes.push([code, (cause as { code?: string }).code])
          }
        }),
      )
      free.open()
      await holder
      expect(codes).to.deep.equal([
        ['OPERATIONAL', '55P03'],
        ['TRANSACTION_BROKEN', 'OPERATIONAL'],
      ])
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(await savedIds(db)).to.deep.equal([1])
    })

    it('idle_in_transaction_session_timeout is ConnectionLostError (F59)', async () => {
      const { db } = at
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          await read(
            db.current(),
            "select set_config('idle_in_transaction_session_timeout', '20', true)",
          )
          await until(async () => {
            const rows = await at.db.knex.raw(
              "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid = any(select pid from pg_locks where relation = 'item'::regclass)",
            )
            return rows.rows[0].n === 0
          })
          await insert(db, 2)
        }),
      )
      expect(error).to.be.instanceOf(ConnectionLostError)
      expect(await savedIds(db)).to.deep.equal([])
    })
  },
  onPostgres,
)

describeOnEach(
  'SQLite that rolls back by itself (F41)',
  (kind) => {
    const at = useDatabase(kind)

    it('ON CONFLICT ROLLBACK: nothing of the frame survives, the first error comes out', async () => {
      const { db } = at
      await insert(db, 1)
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await write(db.current(), "insert or rollback into item values (1, 'again')").catch(
            () => undefined,
          )
          await insert(db, 3).catch(() => undefined)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.have.property('code', 'UNIQUE_VIOLATION')
      expect(await savedIds(db)).to.deep.equal([1])
    })

    it('in a nested atomic: the outer one cannot go on', async () => {
      const { db } = at
      await insert(db, 1)
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 2)
          await rejection(
            db.atomic(() =>
              write(db.current(), "insert or rollback into item values (1, 'again')"),
            ),
          )
          await insert(db, 3).catch(() => undefined)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.have.property('code', 'UNIQUE_VIOLATION')
      expect(await savedIds(db)).to.deep.equal([1])
    })

    it('a full database: nothing survives', async () => {
      const { db } = at
      const used = await db.atomic(async () =>
        Number((await read(db.current(), 'pragma page_count'))[0]?.[0]),
      )
      await read(db.current(), `pragma max_page_count = ${used + 2}`)
      const error = await rejection(
        db.atomic(async () => {
          for (let id = 1; id < 100; id += 1) await insert(db, id, 'x'.repeat(2000))
        }),
      )
      expect(error).to.have.property('code', 'OPERATIONAL')
      expect(await savedIds(db)).to.deep.equal([])
    })

    it('an interrupted write: nothing survives', async () => {
      const { db } = at
      const many =
        'insert into item with recursive c(x) as (select 10 union all select x + 1 from c where x < 1e9) select x, x from c'
      const error = await rejection(
        db.atomic(async () => {
          await insert(db, 1)
          await db
            .current()
            .run({ sql: many, bindings: [], wants: 'count', writes: true }, { timeoutMs: 50 })
            .catch(() => undefined)
          await insert(db, 2).catch(() => undefined)
        }),
      )
      expect(error.cause).to.be.instanceOf(QueryTimeoutError)
      expect(await savedIds(db)).to.deep.equal([])
    })
  },
  onSqlite,
)

describeOnEach(
  'SQLite with several connections (F44)',
  (kind) => {
    const at = useDatabase(kind, { max: 4 })

    it('writers wait for each other: no increment is lost', async () => {
      const { db } = at
      await insert(db, 1, '0')
      await Promise.all(
        Array.from({ length: 40 }, () =>
          db.atomic(async () => {
            const rows = await read(db.current(), 'select name from item')
            await write(db.current(), 'update item set name = ?', String(Number(rows[0]?.[0]) + 1))
          }),
        ),
      )
      expect(await read(db.current(), 'select name from item')).to.deep.equal([['40']])
    })

    it('a connection that closes in a transaction, or after it, is given up', async () => {
      const { db } = at
      await insert(db, 1)
      const close = () => {
        const { connection } = currentFrame(db)?.host.connection.lease ?? {}
        ;(connection as unknown as sqlite3.Database).close()
      }
      const error = await rejection(db.atomic(() => insert(db, 2).then(close)))
      expect(error).to.be.instanceOf(CommitUnknownError)
      expect(await savedIds(db)).to.deep.equal([1])
      const read = await db.atomic(
        async () => {
          const ids = await savedIds(db)
          const closeLater = AsyncResource.bind(close)
          db.knex.on('query-response', (_: unknown, { sql }: { sql: string }) => {
            if (sql === 'COMMIT') closeLater()
          })
          return ids
        },
        { readOnly: true },
      )
      db.knex.removeAllListeners('query-response')
      expect(read).to.deep.equal([1])
      await insert(db, 3)
      expect(await savedIds(db)).to.deep.equal([1, 3])
    })

    it('busy is SerializationError (F59)', async () => {
      const { db } = at
      const free = gate()
      const inside = gate()
      const holder = db.atomic(async () => {
        await insert(db, 1)
        inside.open()
        await free.opened
      })
      await inside.opened
      const error = await rejection(
        db
          .start(async (runner) => {
            await read(runner, 'pragma busy_timeout = 10')
            await write(runner, "insert into item values (2, 'b')")
          }, new Error())
          .read(),
      )
      free.open()
      await holder
      expect(error).to.be.instanceOf(SerializationError)
    })
  },
  onFiles,
)
