import { LruMap } from '../../util/lru-map.ts'
import type { DriverConnection } from './driver.ts'

/** Called once; `this` tells how many rows were changed. */
export type RunDone = (this: { readonly changes: number }, error: Error | null) => void

/** Called once, with rows as objects. */
export type AllDone = (error: Error | null, rows: object[]) => void

/** A prepared statement of `sqlite3`. */
export interface Sqlite3Statement {
  all(bindings: readonly unknown[], done: AllDone): void
  run(bindings: readonly unknown[], done: RunDone): void
  finalize(): void
}

/** The part of a connection of `sqlite3` that prepares. */
export interface Sqlite3Preparing extends DriverConnection {
  prepare(sql: string, done: (error: Error | null) => void): Sqlite3Statement
  close(done?: (error: Error | null) => void): void
}

type Statements = LruMap<string, Sqlite3Statement>

const ofConnections = new WeakMap<Sqlite3Preparing, Statements>()

/** The statement of a text where the connection has it; the latest are kept, as many as `size`. */
export function knownStatement(
  connection: Sqlite3Preparing,
  sql: string,
): Sqlite3Statement | undefined {
  return ofConnections.get(connection)?.get(sql)
}

/**
 * The text of a statement that is run with many values. SQLite plans with the value of a bare
 * `limit ?`, so it would prepare the statement anew for each one; not with that of a sum.
 */
export function steadyText(sql: string): string {
  return sql.replace(/ limit \?( offset \?)?$/, ' limit ? + 0$1')
}

/** Prepares a statement and keeps it; rejects with the driver's error. */
export function prepareStatement(
  connection: Sqlite3Preparing,
  sql: string,
  size: number,
): Promise<Sqlite3Statement> {
  return new Promise((resolve, reject) => {
    const statement = connection.prepare(steadyText(sql), (error) => {
      if (error) return reject(error)
      statementsOf(connection, size).set(sql, statement)
      resolve(statement)
    })
  })
}

/** Prepares it anew when it is needed again. */
export function dropStatement(connection: Sqlite3Preparing, sql: string): void {
  const statements = ofConnections.get(connection)
  statements?.get(sql)?.finalize()
  statements?.delete(sql)
}

function statementsOf(connection: Sqlite3Preparing, size: number): Statements {
  let statements = ofConnections.get(connection)
  if (statements === undefined) {
    statements = new LruMap(size, (statement) => statement.finalize())
    ofConnections.set(connection, statements)
    finalizeBeforeClose(connection, statements)
  }
  return statements
}

/** SQLite closes no connection that has statements, and it is knex's pool that closes it. */
function finalizeBeforeClose(connection: Sqlite3Preparing, statements: Statements): void {
  const close = connection.close.bind(connection)
  connection.close = (done) => {
    statements.clear()
    close(done)
  }
}
