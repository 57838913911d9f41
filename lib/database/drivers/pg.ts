import { TransactionError } from '../../errors.ts'
import { handled } from '../../util/deferred.ts'
import type { AtomicOptions, Statement } from '../runner.ts'
import type { Driver, DriverConnection, DriverResult, KnexClient } from './driver.ts'
import { assertBindings, delayUnless, NotSent } from './driver.ts'
import { sendBatch } from './pg-batch.ts'
import { describePgError } from './pg-errors.ts'
import {
  type ParseValue,
  type PgAnswer,
  type PgDone,
  type PgQueryable,
  type PgRequest,
  sendDirect,
} from './pg-query.ts'
import { isForgetful, isStaleStatement, type PgStatements, statementsOf } from './pg-statements.ts'

interface PgConnection extends DriverConnection, PgQueryable {
  pipeline?: boolean | undefined
  readonly connection?: { readonly stream?: { cork?(): void; uncork?(): void; destroy?(): void } }
  readonly processID?: number | null
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

/**
 * Only what text cannot say faster is parsed here; int8, numeric, dates, JSON and arrays stay
 * text, since only a field knows what they must become.
 */
function parserOf(oid: number): ParseValue {
  if (NUMBERS.has(oid)) return Number
  if (oid === BOOL) return parseBoolean
  return oid === BYTEA ? parseBytea : null
}

/** `SELECT 5`, `INSERT 0 1`, `COMMIT`: the command, and how many rows it was about. */
function resultOf({ rows, tag, columns }: PgAnswer): DriverResult {
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1))
  const end = tag.indexOf(' ')
  return {
    rows,
    count: Number.isNaN(count) ? 0 : count,
    command: end < 0 ? tag : tag.slice(0, end),
    columns,
  }
}

function send(connection: PgConnection, request: PgRequest): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    sendDirect(connection, request, parserOf, (error, answer) => {
      if (error) reject(error)
      else resolve(resultOf(answer))
    })
  })
}

function run(
  connection: PgConnection,
  text: string,
  values: readonly unknown[],
): Promise<DriverResult> {
  return send(connection, { text, values, statement: null, dropped: [] })
}

/**
 * Runs a statement that the connection keeps prepared. One that turns out to be no use any more is
 * prepared anew and run once more, unless it has broken a transaction.
 */
async function runPrepared(
  connection: PgConnection,
  text: string,
  values: readonly unknown[],
  size: number,
): Promise<DriverResult> {
  const statements = statementsOf(connection, size)
  const attempt = (): Promise<DriverResult> => {
    const statement = statements.statementOf(text)
    return send(connection, { text, values, statement, dropped: statements.takeDropped() })
  }
  const isAlone = isIdle(connection)
  try {
    return await attempt()
  } catch (error) {
    if (!isStaleStatement(error)) throw error
    renew(statements, text, error)
    if (!isAlone) throw error
    return await attempt()
  }
}

function renew(statements: PgStatements, text: string, error: unknown): void {
  if (isForgetful(error)) statements.forgetAll()
  statements.renew(text)
}

function requestsOf(
  connection: PgConnection,
  sent: readonly Statement[],
  kept: number,
): PgRequest[] {
  const statements = statementsOf(connection, Math.max(kept, 1))
  const named = sent.map(({ sql, repeated }) =>
    repeated && kept > 0 ? statements.statementOf(sql) : null,
  )
  const dropped = statements.takeDropped(named)
  return sent.map(({ sql, bindings }, at) => ({
    text: sql,
    values: bindings,
    statement: named[at] ?? null,
    dropped: at === 0 ? dropped : [],
  }))
}

/** Sends statements in one write. What a driver cannot carry fails as if the server had said so. */
function runAll(
  connection: PgConnection,
  all: readonly Statement[],
  kept: number,
): Promise<DriverResult>[] {
  const wrong = all.map(({ bindings }) => wrongBindings(bindings))
  const first = wrong.findIndex((error) => error !== undefined)
  const sent = first === -1 ? all : all.slice(0, first)
  const dones: PgDone[] = []
  const answers = sent.map(({ sql, repeated }) => {
    const answer = new Promise<DriverResult>((resolve, reject) => {
      dones.push((error, given) => {
        if (error && repeated && isStaleStatement(error))
          renew(statementsOf(connection, kept), sql, error)
        if (error) reject(error)
        else resolve(resultOf(given))
      })
    })
    return handled(answer)
  })
  if (sent.length > 0) sendBatch(connection, requestsOf(connection, sent, kept), parserOf, dones)
  const unsent = all.slice(sent.length).map((_, at) => {
    const reason = at === 0 ? wrong[first] : new NotSent(wrong[first])
    return handled(Promise.reject(reason))
  })
  return [...answers, ...unsent]
}

/**
 * Sends statements in one write, each with a Sync of its own. pg does so in its pipeline mode, which
 * is on only meanwhile, since it refuses cursors.
 */
function runEach(
  connection: PgConnection,
  statements: readonly Statement[],
  kept: number,
): Promise<DriverResult>[] {
  const { pipeline, connection: protocol } = connection
  connection.pipeline = true
  protocol?.stream?.cork?.()
  const requests = requestsOf(connection, statements, kept)
  const answers = statements.map((one, at) =>
    handled(sendApart(connection, one, requests[at], kept)),
  )
  protocol?.stream?.uncork?.()
  void Promise.allSettled(answers).then(() => {
    connection.pipeline = pipeline
  })
  return answers
}

async function sendApart(
  connection: PgConnection,
  { sql, bindings }: Statement,
  request: PgRequest | undefined,
  kept: number,
): Promise<DriverResult> {
  assertBindings(bindings, 'arrays and bigints')
  if (!request?.statement) return await run(connection, sql, bindings)
  try {
    return await send(connection, request)
  } catch (error) {
    if (!isStaleStatement(error)) throw error
    renew(statementsOf(connection, kept), sql, error)
    return await run(connection, sql, bindings)
  }
}

function wrongBindings(bindings: readonly unknown[]): unknown {
  try {
    assertBindings(bindings, 'arrays and bigints')
    return undefined
  } catch (error) {
    return error
  }
}

type Query = (...args: unknown[]) => unknown

/** Queries of knex's own wait; all else is the connection's. */
function whenReady(connection: PgConnection, ready: Promise<DriverConnection>): PgConnection {
  const query: Query = (asked, ...rest) => {
    const done = rest.findLast((arg) => typeof arg === 'function') as Query | undefined
    const own = (asked as { handleError?: Query }).handleError?.bind(asked)
    const later = ready.then((begun) => (begun as { query?: Query }).query?.(asked, ...rest))
    later.catch(done ?? own ?? (() => undefined))
    return own === undefined ? later : asked
  }
  return new Proxy(connection, {
    get: (target, key) => (key === 'query' ? query : Reflect.get(target, key, target)),
  })
}

function isIdle(connection: DriverConnection): boolean {
  const status = (connection as PgConnection).getTransactionStatus?.() ?? null
  return status === null || status === 'I'
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
  isRemote: true,

  run(connection, { sql, bindings, repeated }, kept) {
    assertBindings(bindings, 'arrays and bigints')
    const pg = connection as PgConnection
    return repeated && kept > 0 ? runPrepared(pg, sql, bindings, kept) : run(pg, sql, bindings)
  },

  runAll: (connection, statements, kept) => runAll(connection as PgConnection, statements, kept),

  runEach: (connection, statements, kept) => runEach(connection as PgConnection, statements, kept),

  // Since pg 8.23; before, a query waited in a queue of pg's own.
  canShare: (connection) => typeof (connection as PgConnection).pipeline === 'boolean',

  whenReady: (connection, ready) => whenReady(connection as PgConnection, ready),

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
    const pg = connection as PgConnection
    // A pipeline would be waited for.
    if (pg.pipeline === true) pg.connection?.stream?.destroy?.()
    // With a statement under way pg cuts the socket, else it says goodbye first.
    pg.end().catch(() => undefined)
  },

  isIdle,

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

  snapshot: 'BEGIN ISOLATION LEVEL REPEATABLE READ',

  // PostgreSQL answers the COMMIT of a broken transaction with ROLLBACK, without an error.
  isCommitted: (result) => result.command === 'COMMIT',
}
