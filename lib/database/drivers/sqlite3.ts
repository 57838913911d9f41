import type { Statement } from '../runner.ts'
import type { Driver, DriverResult } from './driver.ts'
import { assertBindings, delayUnless } from './driver.ts'
import { describeSqliteError } from './sqlite-errors.ts'
import { type Packing, packingOf } from './sqlite-packing.ts'
import {
  type AllDone,
  dropStatement,
  knownStatement,
  prepareStatement,
  type RunDone,
  type Sqlite3Preparing,
  type Sqlite3Statement,
} from './sqlite-statements.ts'

interface Sqlite3Connection extends Sqlite3Preparing {
  all(sql: string, bindings: readonly unknown[], done: AllDone): void
  run(sql: string, bindings: readonly unknown[], done: RunDone): void
  interrupt(): void
}

const INTERRUPT_AGAIN_MS = 5

/** What can be run with values: a statement that is kept, or a text that is prepared each time. */
type Runnable = Pick<Sqlite3Statement, 'all' | 'run'>

function runAll(
  runnable: Runnable,
  { bindings, named }: Statement,
  packing: Packing | undefined,
): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    runnable.all(bindings, (error, rows) => {
      if (error) return reject(error)
      packing?.note(rows.length)
      // Values in the order of the select list: the compiler's names are unique and not numbers.
      const values = rows.map((row) => Object.values(row))
      resolve({ rows: values, count: rows.length, columns: named ? columnsOf(rows) : undefined })
    })
  })
}

function columnsOf([first]: readonly object[]): DriverResult['columns'] {
  return first && Object.keys(first).map((name) => ({ name }))
}

/** The one row of a text that packs rows. */
function runPacked(runnable: Runnable, { bindings }: Statement): Promise<readonly object[]> {
  return new Promise((resolve, reject) => {
    runnable.all(bindings, (error, answer) => (error ? reject(error) : resolve(answer)))
  })
}

function runCount(runnable: Runnable, { bindings }: Statement): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    runnable.run(bindings, function done(error) {
      if (error) return reject(error)
      resolve({ rows: [], count: this.changes })
    })
  })
}

/** Runs a text: one that comes again as a statement that the connection keeps. */
async function running<T>(
  connection: Sqlite3Connection,
  sql: string,
  kept: number,
  work: (runnable: Runnable) => Promise<T>,
): Promise<T> {
  if (kept === 0) {
    return await work({
      all: (bindings, done) => connection.all(sql, bindings, done),
      run: (bindings, done) => connection.run(sql, bindings, done),
    })
  }
  const statement =
    knownStatement(connection, sql) ?? (await prepareStatement(connection, sql, kept))
  try {
    return await work(statement)
  } catch (error) {
    // One that has failed holds its locks until it is reset, which only another run would do.
    dropStatement(connection, sql)
    throw error
  }
}

async function runRows(
  connection: Sqlite3Connection,
  statement: Statement,
  kept: number,
): Promise<DriverResult> {
  const packing = packingOf(statement)
  if (packing?.isDue) {
    try {
      const answer = await running(connection, packing.sql, kept, (runnable) =>
        runPacked(runnable, statement),
      )
      const rows = packing.rowsOf(answer)
      if (rows !== undefined) return { rows, count: rows.length }
    } catch (error) {
      if (!packing.failedBy(error)) throw error
    }
  }
  return await running(connection, statement.sql, kept, (runnable) =>
    runAll(runnable, statement, packing),
  )
}

/** SQLite by `sqlite3`, whose statements run on threads of their own. */
export const sqlite3Driver: Driver = {
  name: 'sqlite3',
  dialect: 'sqlite',
  isRemote: false,

  run(connection, statement, kept) {
    assertBindings(statement.bindings, 'scalars')
    const sqlite = connection as Sqlite3Connection
    const keeping = statement.repeated ? kept : 0
    return statement.wants === 'rows'
      ? runRows(sqlite, statement, keeping)
      : running(sqlite, statement.sql, keeping, (runnable) => runCount(runnable, statement))
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
