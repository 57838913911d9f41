/** A database whose n-th statement fails: by a proxy on PostgreSQL, at the driver on SQLite. */
import knexModule, { type Knex } from 'knex'
import { connect, type Database } from '../../../lib/index.ts'
import { type Fault, ServerProxy } from '../../database/support/proxy.ts'
import type { FreshDatabase, TestDatabase } from '../../support/databases.ts'

/** What may befall a statement, by database; all are the database's own doing, or the network's. */
export const faultsOn: Record<TestDatabase['dialect'], readonly string[]> = {
  /** See the proxy. */
  postgresql: ['reject', 'drop', 'end', 'hang'] satisfies Fault[],
  /** `undo`: SQLite refuses it and rolls back by itself; `hang`: it runs until it is interrupted. */
  sqlite: ['reject', 'undo', 'hang'],
}

const INSTEAD: Record<string, string> = {
  reject: 'select * from no_such_table',
  undo: 'insert or rollback into stumbles (id) values (1)',
  hang: 'with recursive c(x) as (select 1 union all select x + 1 from c where x < 1e15) select max(x) from c',
}

/** What cannot take long on SQLite. */
const CONTROL = /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/

export interface Faulty {
  /** The database under test, the default one. */
  readonly db: Database
  /** A way past it: for setting up, and for looking. */
  readonly knex: Knex
  /** What the statements go through, on PostgreSQL. */
  readonly proxy: ServerProxy | undefined
  /** The n-th statement from now on fails so. */
  arm(n: number, fault: string): void
  /** Ends that; gives how many statements there were. */
  disarm(): number
  /** What of it is still open though it must not be; empty when all is well. */
  leaks(): Promise<string[]>
  close(): Promise<void>
}

/** By which PostgreSQL tells connections of the database under test from others. */
export const TESTED = 'tested'

const LEAK_PATIENCE_MS = 8000

/** Whether it is so within some seconds; looks again and again. */
export async function isSoon(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const endsAt = Date.now() + LEAK_PATIENCE_MS
  while (!(await isSo())) {
    if (Date.now() > endsAt) return false
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return true
}

async function poolLeaks(db: Database): Promise<string[]> {
  const { pool } = db.knex.client
  const isIdle = await isSoon(() => pool.numUsed() === 0 && pool.numPendingAcquires() === 0)
  return isIdle ? [] : [`${pool.numUsed()} connections in use`]
}

async function onPostgres(fresh: FreshDatabase): Promise<Faulty> {
  const { connectionString } = fresh.config.connection as { connectionString: string }
  const proxy = await ServerProxy.to(connectionString)
  const knex = knexModule.default(fresh.config)
  const db = connect(
    {
      client: 'pg',
      connection: {
        connectionString: proxy.url,
        // No statement, so that it never fails here, however busy the machine is.
        connectionTimeoutMillis: 20_000,
        application_name: TESTED,
      },
      pool: { min: 0, max: 3 },
      log: { warn: () => undefined },
    },
    { onUnconsumedError: () => undefined },
  )
  return {
    db,
    knex,
    proxy,
    arm(n, fault) {
      proxy.reset()
      proxy.faultOf = (at) => (at === n ? (fault as Fault) : undefined)
    },
    disarm() {
      proxy.faultOf = undefined
      return proxy.statements
    },
    async leaks() {
      const isClosed = async () => {
        const { rows } = await knex.raw(
          "select count(*)::int as n from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
        )
        return rows[0].n === 0
      }
      const open = (await isSoon(isClosed)) ? [] : ['a transaction is open on the server']
      return [...(await poolLeaks(db)), ...open]
    },
    async close() {
      proxy.close()
      await db.close({ timeoutMs: 200 })
      await knex.destroy()
      await fresh.drop()
    },
  }
}

type Send = (this: unknown, sql: string, ...rest: unknown[]) => unknown

async function onSqlite(fresh: FreshDatabase): Promise<Faulty> {
  let sent = 0
  let fault: { readonly n: number; readonly kind: string } | undefined
  const failing = (send: Send): Send =>
    function sendOrFail(sql, bindings, done) {
      sent += 1
      const isSpared = fault?.kind === 'hang' && CONTROL.test(sql)
      if (sent !== fault?.n || isSpared) return send.call(this, sql, bindings, done)
      return send.call(this, INSTEAD[fault.kind] ?? '', [], done)
    }
  const afterCreate = (
    connection: { all: Send; run: Send },
    done: (e: unknown, c: unknown) => void,
  ) => {
    connection.all = failing(connection.all)
    connection.run = failing(connection.run)
    done(null, connection)
  }
  const knex = knexModule.default({ ...fresh.config, pool: { min: 1, max: 1 } })
  const db = connect(
    { ...fresh.config, pool: { min: 0, max: 3, afterCreate }, log: { warn: () => undefined } },
    // Then every statement goes through the connection itself.
    { prepare: false, onUnconsumedError: () => undefined },
  )
  return {
    db,
    knex,
    proxy: undefined,
    arm(n, kind) {
      sent = 0
      fault = { n, kind }
    },
    disarm() {
      fault = undefined
      return sent
    },
    async leaks() {
      const leaks = await poolLeaks(db)
      // A transaction that is open would hold the lock.
      await knex.raw('begin immediate').catch((error: Error) => leaks.push(error.message))
      await knex.raw('rollback').catch(() => undefined)
      return leaks
    },
    async close() {
      await db.close({ timeoutMs: 200 })
      await knex.destroy()
      await fresh.drop()
    },
  }
}

/** Opens one; `kind` is PostgreSQL or an SQLite file. */
export async function openFaulty(kind: TestDatabase): Promise<Faulty> {
  const fresh = await kind.create()
  return kind.dialect === 'postgresql' ? await onPostgres(fresh) : await onSqlite(fresh)
}
