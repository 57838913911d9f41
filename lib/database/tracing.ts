import { warnOfListener } from './boundaries.ts'
import type { DriverConnection, KnexClient } from './drivers/driver.ts'
import type { Statement, StatementResult } from './runner.ts'

/** What knex tells its listeners about a statement. */
export interface QueryEvent {
  readonly __knexUid: string | undefined
  readonly __knexTxId: string | undefined
  readonly __knexQueryUid: string
  readonly method: string
  readonly options: Record<string, never>
  readonly timeout: false
  readonly cancelOnTimeout: false
  readonly sql: string
  readonly bindings: readonly unknown[]
}

let lastQuery = 0
const OWN = 'asynchrormous'

/** Statements as this library writes them, and what knex calls them. */
const METHODS = [
  ['select', 'select'],
  ['insert', 'insert'],
  ['update', 'update'],
  ['delete', 'del'],
  ['with', 'select'],
] as const

function methodOf({ sql, writes }: Statement): string {
  const verb = METHODS.find(([word]) => sql.startsWith(`${word} `))?.[0] ?? verbOf(sql)
  // A WITH that writes is anything.
  if (verb === 'with' && writes) return 'raw'
  return METHODS.find(([word]) => word === verb)?.[1] ?? 'raw'
}

function verbOf(sql: string): string {
  return /^\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? ''
}

/**
 * Whether an event of knex is of a statement of this library.
 *
 * @example isOwnEvent(event)
 */
export function isOwnEvent(event: { readonly __knexQueryUid?: string }): boolean {
  return event.__knexQueryUid?.startsWith(OWN) ?? false
}

/** A listener's fault must not decide about a statement or a transaction. */
function tell(client: KnexClient, name: string, ...details: unknown[]): void {
  try {
    client.emit(name, ...details)
  } catch (error) {
    warnOfListener(`of knex's '${name}' event`, error)
  }
}

/**
 * Tells knex's `query` listeners what is sent, in knex's own shape, so that logs and tracing that
 * were made for knex see the statements of this library.
 *
 * @example
 * const event = traceQuery(client, connection, statement)
 */
export function traceQuery(
  client: KnexClient,
  connection: DriverConnection,
  statement: Statement,
): QueryEvent {
  lastQuery += 1
  const event: QueryEvent = {
    __knexUid: connection.__knexUid,
    __knexTxId: connection.__knexTxId,
    __knexQueryUid: `${OWN}${lastQuery}`,
    method: methodOf(statement),
    options: {},
    timeout: false,
    cancelOnTimeout: false,
    sql: statement.sql,
    bindings: statement.bindings,
  }
  tell(client, 'query', event)
  return event
}

/**
 * Tells knex's `query-response` listeners; rows are arrays here, since nothing turned them into
 * objects.
 *
 * @example
 * traceResponse(client, event, { rows: [[1]], count: 1 })
 */
export function traceResponse(
  client: KnexClient,
  event: QueryEvent,
  result: StatementResult,
  wants: Statement['wants'],
): void {
  tell(client, 'query-response', wants === 'rows' ? result.rows : result.count, event, undefined)
}

/**
 * Tells knex's `query-error` listeners; the error is the driver's, redacted.
 *
 * @example
 * traceError(client, event, redacted)
 */
export function traceError(client: KnexClient, event: QueryEvent, error: Error): void {
  tell(client, 'query-error', error, event)
}
