import { TransactionError } from '../../errors.ts'
import type { AtomicOptions } from '../runner.ts'
import type { Driver, DriverConnection, DriverResult, KnexClient } from './driver.ts'
import { assertBindings, delayUnless } from './driver.ts'
import { describePgError } from './pg-errors.ts'

interface PgResult {
  readonly command: string | null
  readonly rowCount: number | null
  readonly rows: unknown[][]
}

interface PgQuery {
  readonly text: string
  readonly values: readonly unknown[]
  readonly rowMode: 'array'
  readonly queryMode: 'extended'
  readonly types: typeof types
}

interface PgConnection extends DriverConnection {
  readonly processID?: number | null
  query(query: PgQuery, done: (error: unknown, result: PgResult) => void): void
  end(): Promise<void>
  getTransactionStatus?(): string | null
}

const BOOL = 16
const BYTEA = 17
const NUMBERS = new Set([21, 23, 26, 700, 701]) // int2, int4, oid, float4, float8

function parseBytea(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  // `bytea_output = 'escape'`: bytes outside ASCII as \ooo, a backslash doubled.
  const plain = text.replace(/\\([0-7]{3}|\\)/g, (_, code: string) =>
    code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
  )
  return Buffer.from(plain, 'latin1')
}

function parseBoolean(text: string): boolean {
  return text === 't'
}

function keepText(text: string): string {
  return text
}

function typeParser(oid: number): (text: string) => unknown {
  if (NUMBERS.has(oid)) return Number
  if (oid === BOOL) return parseBoolean
  return oid === BYTEA ? parseBytea : keepText
}

/**
 * Only what text cannot say faster is parsed here; int8, numeric, dates, JSON and arrays stay
 * text, since only a field knows what they must become. (`length`: pg also hands this object to
 * its protocol writer as the list of parameter types, which must be empty.)
 */
const types: { getTypeParser(oid: number): (text: string) => unknown; readonly length: 0 } = {
  getTypeParser: typeParser,
  length: 0,
}

function run(
  connection: PgConnection,
  text: string,
  values: readonly unknown[],
): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    // 'extended' even without values: the simple protocol would run several statements at once.
    connection.query(
      { text, values, rowMode: 'array', queryMode: 'extended', types },
      (error, result) => {
        if (error) return reject(error)
        resolve({
          rows: result.rows,
          count: result.rowCount ?? 0,
          command: result.command ?? undefined,
        })
      },
    )
  })
}

const CANCEL_AGAIN_MS = 100

/** A connection to cancel from: one of its own, since the pool may be full of what is cancelled. */
async function openHelper(
  client: KnexClient,
): Promise<{ readonly connection: PgConnection; close(): Promise<unknown> }> {
  const { pool } = client
  if (pool === undefined || client.config?.connectionPool === undefined) {
    const connection = (await client.acquireRawConnection()) as PgConnection
    return { connection, close: () => client.destroyRawConnection(connection) }
  }
  // Of a pool that knex was given, it does not know how to connect.
  const connection = (await pool.acquire().promise) as PgConnection
  return { connection, close: async () => pool.release(connection) }
}

function begin(options: AtomicOptions): string {
  const modes = [
    options.isolation === undefined ? '' : `ISOLATION LEVEL ${options.isolation.toUpperCase()}`,
    options.readOnly === true ? 'READ ONLY' : '',
    options.deferrable === true ? 'DEFERRABLE' : '',
  ].filter((mode) => mode !== '')
  return ['BEGIN', modes.join(', ')].join(' ').trim()
}

/** PostgreSQL by `pg`. */
export const pgDriver: Driver = {
  name: 'pg',
  dialect: 'postgresql',

  run(connection, statement) {
    assertBindings(statement.bindings, 'arrays and bigints')
    return run(connection as PgConnection, statement.sql, statement.bindings)
  },

  async cancel(client, connection, settled) {
    const pid = (connection as PgConnection).processID
    if (pid === undefined || pid === null) return
    let over = false
    void settled.then(() => {
      over = true
    })
    const helper = await openHelper(client)
    try {
      // Again and again: a signal that arrives before the backend has read the statement is lost.
      while (!over) {
        await run(helper.connection, 'SELECT pg_cancel_backend($1)', [pid])
        await delayUnless(settled, CANCEL_AGAIN_MS)
      }
    } finally {
      await helper.close()
    }
  },

  destroy(connection) {
    // With a statement under way pg cuts the socket, else it says goodbye first.
    ;(connection as PgConnection).end().catch(() => undefined)
  },

  isIdle(connection) {
    const status = (connection as PgConnection).getTransactionStatus?.() ?? null
    return status === null || status === 'I'
  },

  describe: describePgError,

  transaction(options) {
    if (
      options.deferrable === true &&
      !(options.readOnly && options.isolation === 'serializable')
    ) {
      throw new TransactionError(
        "deferrable needs { isolation: 'serializable', readOnly: true }: without them PostgreSQL ignores it.",
      )
    }
    return { before: [], begin: begin(options), after: [] }
  },

  // PostgreSQL answers the COMMIT of a broken transaction with ROLLBACK, without an error.
  isCommitted: (result) => result.command === 'COMMIT',
}
