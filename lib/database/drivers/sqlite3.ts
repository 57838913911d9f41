import type { Driver, DriverConnection, DriverResult } from './driver.ts'
import { assertBindings, delayUnless } from './driver.ts'
import { describeSqliteError } from './sqlite-errors.ts'

interface Sqlite3Connection extends DriverConnection {
  all(
    sql: string,
    bindings: readonly unknown[],
    done: (error: Error | null, rows: object[]) => void,
  ): void
  run(
    sql: string,
    bindings: readonly unknown[],
    done: (this: { readonly changes: number }, error: Error | null) => void,
  ): void
  interrupt(): void
}

const INTERRUPT_AGAIN_MS = 5

function runAll(
  connection: Sqlite3Connection,
  sql: string,
  bindings: readonly unknown[],
): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    connection.all(sql, bindings, (error, rows) => {
      if (error) return reject(error)
      // Values in the order of the select list: the compiler's names are unique and not numbers.
      resolve({ rows: rows.map((row) => Object.values(row)), count: rows.length })
    })
  })
}

function runCount(
  connection: Sqlite3Connection,
  sql: string,
  bindings: readonly unknown[],
): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    connection.run(sql, bindings, function done(error) {
      if (error) return reject(error)
      resolve({ rows: [], count: this.changes })
    })
  })
}

/** SQLite by `sqlite3`, whose statements run on threads of their own. */
export const sqlite3Driver: Driver = {
  name: 'sqlite3',
  dialect: 'sqlite',

  run(connection, { sql, bindings, wants }) {
    assertBindings(bindings, 'scalars')
    const run = wants === 'rows' ? runAll : runCount
    return run(connection as Sqlite3Connection, sql, bindings)
  },

  async cancel(_client, connection, settled) {
    let over = false
    void settled.then(() => {
      over = true
    })
    // Again and again: an interrupt before the thread has begun the statement is lost.
    while (!over) {
      ;(connection as Sqlite3Connection).interrupt()
      await delayUnless(settled, INTERRUPT_AGAIN_MS)
    }
  },

  destroy() {
    // knex closes it when its pool meets `__knex__disposed`; nothing may be running then.
  },

  isIdle: () => true,

  describe: describeSqliteError,

  transaction(options) {
    // Every level is met: SQLite's transactions are serializable.
    if (options.readOnly === true) {
      return {
        before: ['PRAGMA query_only = ON'],
        begin: 'BEGIN',
        after: ['PRAGMA query_only = OFF'],
      }
    }
    // Taking the write lock at once: a read that turns into a write fails when another wrote.
    return { before: [], begin: 'BEGIN IMMEDIATE', after: [] }
  },

  // Where SQLite had rolled back by itself COMMIT fails.
  isCommitted: () => true,
}
