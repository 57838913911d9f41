import type { Statement } from '../runner.ts'
import type { Driver, DriverResult } from './driver.ts'
import { assertBindings, delayUnless } from './driver.ts'
import { describeSqliteError } from './sqlite-errors.ts'
import {
  type AllDone,
  dropStatement,
  knownStatement,
  prepareStatement,
  type RunDone,
  type Sqlite3Preparing,
} from './sqlite-statements.ts'

interface Sqlite3Connection extends Sqlite3Preparing {
  all(sql: string, bindings: readonly unknown[], done: AllDone): void
  run(sql: string, bindings: readonly unknown[], done: RunDone): void
  interrupt(): void
}

const INTERRUPT_AGAIN_MS = 5

function runAll(send: (done: AllDone) => void, named = false): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    send((error, rows) => {
      if (error) return reject(error)
      // Values in the order of the select list: the compiler's names are unique and not numbers.
      const values = rows.map((row) => Object.values(row))
      resolve({ rows: values, count: rows.length, columns: named ? columnsOf(rows) : undefined })
    })
  })
}

function columnsOf([first]: readonly object[]): DriverResult['columns'] {
  return first && Object.keys(first).map((name) => ({ name }))
}

function runCount(send: (done: RunDone) => void): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    send(function done(error) {
      if (error) return reject(error)
      resolve({ rows: [], count: this.changes })
    })
  })
}

async function runPrepared(
  connection: Sqlite3Connection,
  { sql, bindings, wants }: Statement,
  kept: number,
): Promise<DriverResult> {
  const statement =
    knownStatement(connection, sql) ?? (await prepareStatement(connection, sql, kept))
  try {
    return await (wants === 'rows'
      ? runAll((done) => statement.all(bindings, done))
      : runCount((done) => statement.run(bindings, done)))
  } catch (error) {
    // One that has failed holds its locks until it is reset, which only another run would do.
    dropStatement(connection, sql)
    throw error
  }
}

/** SQLite by `sqlite3`, whose statements run on threads of their own. */
export const sqlite3Driver: Driver = {
  name: 'sqlite3',
  dialect: 'sqlite',
  isRemote: false,

  run(connection, statement, kept) {
    assertBindings(statement.bindings, 'scalars')
    const sqlite = connection as Sqlite3Connection
    if (statement.repeated && kept > 0) return runPrepared(sqlite, statement, kept)
    const { sql, bindings, wants, named } = statement
    return wants === 'rows'
      ? runAll((done) => sqlite.all(sql, bindings, done), named)
      : runCount((done) => sqlite.run(sql, bindings, done))
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

  snapshot: 'BEGIN',

  // Where SQLite had rolled back by itself COMMIT fails.
  isCommitted: () => true,
}
