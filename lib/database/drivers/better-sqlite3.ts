import { ConnectionLostError } from '../../errors.ts'
import { LruMap } from '../../util/lru-map.ts'
import type { Statement } from '../runner.ts'
import type { Driver, DriverConnection, DriverFailure, DriverResult } from './driver.ts'
import { assertBindings } from './driver.ts'
import { describeSqliteError } from './sqlite-errors.ts'
import { steadyText } from './sqlite-statements.ts'
import { sqlite3Driver } from './sqlite3.ts'

/** A prepared statement of `better-sqlite3`. */
interface Prepared {
  /** Whether it gives rows. */
  readonly reader: boolean
  raw(on: boolean): this
  safeIntegers(on: boolean): this
  all(bindings: readonly unknown[]): unknown[][]
  columns(): readonly { readonly name: string }[]
  run(bindings: readonly unknown[]): { readonly changes: number }
}

interface BetterConnection extends DriverConnection {
  readonly inTransaction: boolean
  prepare(sql: string): Prepared
}

const ofConnections = new WeakMap<BetterConnection, LruMap<string, Prepared>>()

function prepare(connection: BetterConnection, sql: string): Prepared {
  // A connection may have been told to give every integer as a bigint.
  const statement = connection.prepare(sql).safeIntegers(false)
  return statement.reader ? statement.raw(true) : statement
}

/** The statement of a text, prepared once; those that are dropped go with the garbage. */
function preparedOnce(connection: BetterConnection, sql: string, kept: number): Prepared {
  let statements = ofConnections.get(connection)
  if (statements === undefined) {
    statements = new LruMap(kept)
    ofConnections.set(connection, statements)
  }
  let statement = statements.get(sql)
  if (statement === undefined) {
    statement = prepare(connection, steadyText(sql))
    statements.set(sql, statement)
  }
  return statement
}

/** It binds every number as a float, and takes no booleans: as `sqlite3` has them. */
function bindable(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value as number) : value
}

function send(
  connection: BetterConnection,
  { sql, bindings, repeated, named }: Statement,
  kept: number,
): DriverResult {
  const values = bindings.map(bindable)
  const statement =
    repeated && kept > 0 ? preparedOnce(connection, sql, kept) : prepare(connection, sql)
  if (!statement.reader) return { rows: [], count: statement.run(values).changes }
  const rows = statement.all(values)
  return { rows, count: rows.length, columns: named ? statement.columns() : undefined }
}

function describe(error: unknown): DriverFailure {
  // What it says itself has no code.
  if (error instanceof TypeError && /connection is not open/.test(error.message)) {
    return { type: ConnectionLostError, what: error.message, lost: true }
  }
  return describeSqliteError(error)
}

/**
 * SQLite by `better-sqlite3`, which blocks the process while a statement runs: a start has its
 * answer before it returns, and nothing can stop a statement once it is sent.
 */
export const betterSqlite3Driver: Driver = {
  name: 'better-sqlite3',
  dialect: 'sqlite',
  isRemote: false,

  async run(connection, statement, kept) {
    assertBindings(statement.bindings, 'scalars')
    return send(connection as BetterConnection, statement, kept)
  },

  // Whoever gets to ask for it finds that the statement has run.
  cancel: (_client, _connection, settled) => settled,

  destroy() {
    // knex closes it when its pool meets `__knex__disposed`.
  },

  isIdle: (connection) => !(connection as BetterConnection).inTransaction,
  describe,
  transaction: sqlite3Driver.transaction,
  snapshot: sqlite3Driver.snapshot,
  isCommitted: sqlite3Driver.isCommitted,
}
