import type { ConstraintPlace, OrmError } from '../../errors.ts'
import { InvalidValueError } from '../../errors.ts'
import type { AtomicOptions, DatabaseDialect, Statement, StatementResult } from '../runner.ts'

/** A connection of a driver, with what knex writes on it. */
export interface DriverConnection {
  __knexUid?: string
  __knexTxId?: string
  /** Set when the connection is dead: knex's pool then destroys it instead of handing it out. */
  __knex__disposed?: unknown
}

/** The part of tarn's `PendingOperation` that is used here. */
export interface PendingAcquire {
  readonly promise: Promise<DriverConnection>
  abort?(): void
}

/** The part of knex's pool (tarn, or an adapter of a native pool) that is used here. */
export interface KnexPool {
  acquire(): PendingAcquire
  release(connection: DriverConnection): unknown
  readonly max?: number
  readonly acquireTimeoutMillis?: number
  numUsed?(): number
  numFree?(): number
  numPendingAcquires?(): number
  numPendingCreates?(): number
}

/** The part of a knex client that is used here; knex types `knex.client` as `any`. */
export interface KnexClient {
  readonly dialect: string
  readonly driverName: string
  readonly pool?: KnexPool | undefined
  readonly config?: { readonly pool?: { readonly max?: number }; readonly connectionPool?: unknown }
  readonly connectionSettings?: { readonly filename?: unknown }
  acquireRawConnection(): Promise<DriverConnection>
  destroyRawConnection(connection: DriverConnection): Promise<unknown>
  emit(event: string, ...details: unknown[]): boolean
}

/** What a driver answers: the result, and on PostgreSQL the tag of the command. */
export interface DriverResult extends StatementResult {
  readonly command?: string | undefined
}

/** What is known about an error of a driver; nothing in it is a bound value. */
export interface DriverFailure extends ConstraintPlace {
  readonly type: new (message: string, details?: ConstraintPlace & { cause?: unknown }) => OrmError
  /** The message, cleaned, without constraint, table and columns. */
  readonly what: string
  /** The connection is dead. */
  readonly lost?: boolean
  /** The statement was told to stop. */
  readonly canceled?: boolean
  /** Connecting failed for a reason that passes: the server is full or starting. */
  readonly passing?: boolean
}

/** What a statement rejects with that was skipped because one before it failed. */
export class NotSent {
  readonly because: unknown

  constructor(because: unknown) {
    this.because = because
  }
}

/** The statements around a transaction. */
export interface TransactionText {
  readonly before: readonly string[]
  readonly begin: string
  readonly after: readonly string[]
}

/** All this room knows of one driver. One more driver is one more record. */
export interface Driver {
  /** knex's `client.driverName`. */
  readonly name: string
  readonly dialect: DatabaseDialect
  /** Behind a network: what is sent may never be answered. */
  readonly isRemote: boolean
  /**
   * Sends one statement; rejects with the driver's own error. `kept`: how many prepared statements
   * the connection may keep, of those that are `repeated`.
   */
  run(connection: DriverConnection, statement: Statement, kept: number): Promise<DriverResult>
  /**
   * Sends several statements in one write, where the driver can; each promise is settled as soon as
   * its own answer is there. After one that failed the rest do not run: they reject with `NotSent`.
   */
  runAll?(
    connection: DriverConnection,
    statements: readonly Statement[],
    kept: number,
  ): Promise<DriverResult>[]
  /** As `runAll`, but each stands alone: one that fails does not concern the others. */
  runEach?(
    connection: DriverConnection,
    statements: readonly Statement[],
    kept: number,
  ): Promise<DriverResult>[]
  /** Whether this connection can do `runEach`. */
  canShare?(connection: DriverConnection): boolean
  /**
   * The connection, on which a query of knex's own waits until another is there to run it. Only of
   * drivers with `runAll`, whose BEGIN may not have been answered yet.
   */
  whenReady?(connection: DriverConnection, ready: Promise<DriverConnection>): DriverConnection
  /**
   * Tells the database to stop what runs on the connection, again and again until it settled.
   * When the promise is settled nothing of it can hit a later statement any more.
   */
  cancel(client: KnexClient, connection: DriverConnection, settled: Promise<void>): Promise<void>
  /** Closes the connection at once; knex's pool notices by `__knex__disposed`. */
  destroy(connection: DriverConnection): void
  /** `false` when the connection is known to be inside a transaction. */
  isIdle(connection: DriverConnection): boolean
  describe(error: unknown): DriverFailure
  transaction(options: AtomicOptions): TransactionText
  /** Begins a transaction all of whose reads are of one moment. */
  readonly snapshot: string
  /** Whether the answer to COMMIT says that the changes are saved. */
  isCommitted(result: DriverResult): boolean
}

/**
 * Waits, but no longer than something else takes.
 *
 * @example
 * await delayUnless(settled, 100)
 */
export function delayUnless(settled: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void settled.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function isScalar(value: unknown): boolean {
  if (value === null) return true
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return true
    default:
      return value instanceof Uint8Array
  }
}

function isCarried(value: unknown, more: 'scalars' | 'arrays and bigints'): boolean {
  if (isScalar(value)) return true
  if (more === 'scalars') return false
  if (Array.isArray(value)) return value.every((item) => isCarried(item, more))
  return typeof value === 'bigint'
}

/**
 * The last line of defence: drivers turn what they do not know into NULL or `[object Object]`
 * without a word, or call methods of it; nothing but scalars may get there.
 *
 * @throws InvalidValueError naming the position and the type, never the value.
 */
export function assertBindings(
  bindings: readonly unknown[],
  more: 'scalars' | 'arrays and bigints',
): void {
  const wrong = bindings.findIndex((value) => !isCarried(value, more))
  if (wrong === -1) return
  const value = bindings[wrong]
  const type =
    typeof value === 'object' && value !== null
      ? (Object.getPrototypeOf(value)?.constructor?.name ?? 'object')
      : typeof value
  throw new InvalidValueError(
    `Binding ${wrong + 1} is of type ${type}, which no driver can carry exactly. ` +
      'Convert it to a string, number, boolean, Uint8Array or null first.',
  )
}
