import type { Knex } from 'knex'

/** One statement as a driver takes it. */
export interface Statement {
  /** In the driver's own form: `$1` on PostgreSQL, `?` on SQLite. */
  readonly sql: string
  /** What the driver can carry, in the order of the placeholders. */
  readonly bindings: readonly unknown[]
  /** `rows`: the rows are wanted, each as an array; `count`: the number of rows affected. */
  readonly wants: 'rows' | 'count'
  /** A statement that changes data is never repeated by itself. */
  readonly writes: boolean
  /** The table whose rows it writes. */
  readonly table?: string | undefined
  /** It begins or ends a transaction or a savepoint. */
  readonly isControl?: boolean | undefined
  /** It goes on with what one call sent a statement for before: a page, a batch. */
  readonly isPart?: boolean | undefined
  /** Its text was sent before, with other values: worth preparing. */
  readonly repeated?: boolean | undefined
  /** The names of the columns are wanted with the rows. */
  readonly named?: boolean | undefined
  /**
   * Of SQLite, where the rows can come as one JSON text: what most values of each column are. The
   * same object each time the same text is sent.
   */
  readonly cells?: readonly ('text' | 'number')[] | undefined
}

/** Limits of one run, from `timeout(ms)` and `signal(abortSignal)` of the queryset. */
export interface RunLimits {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A column of a result. */
export interface ResultColumn {
  readonly name: string
  /** PostgreSQL's number of its type. */
  readonly dataTypeID?: number | undefined
}

/** What a statement gave: rows as arrays in the order of the select list, and rows affected. */
export interface StatementResult {
  readonly rows: readonly (readonly unknown[])[]
  readonly count: number
  /** Of a `named` statement; `sqlite3` cannot tell them where there are no rows. */
  readonly columns?: readonly ResultColumn[] | undefined
}

/** Where statements run: the pool, one leased connection, or a transaction. */
export interface Runner {
  readonly db: Database
  run(statement: Statement, limits?: RunLimits): Promise<StatementResult>
}

/** The same runner, whose statements go on with what was sent before. */
export function continuing(runner: Runner): Runner {
  const { db } = runner
  return { db, run: (statement, limits) => runner.run({ ...statement, isPart: true }, limits) }
}

/** A connection of its own on which rows are read bit by bit, all as of one moment. */
export interface Reading extends Runner {
  /** Gives the connection back. Never rejects. */
  close(): Promise<void>
}

/** A builder of knex: of a query, or of a schema. */
export interface Joinable {
  connection(connection: never): unknown
}

/** The databases this room can talk to. */
export type DatabaseDialect = 'sqlite' | 'postgresql' | 'mysql'

/** The isolation levels of the SQL standard; on SQLite every transaction is serializable. */
export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable'

/** Options of `atomic()`. */
export interface AtomicOptions {
  /** @default the database's own default */
  readonly isolation?: Isolation | undefined
  /** The database refuses writes in it. @default false */
  readonly readOnly?: boolean | undefined
  /** With `serializable` and `readOnly` on PostgreSQL: waits until it can never fail. */
  readonly deferrable?: boolean | undefined
  /** Refuses to run inside another `atomic()`: when it resolves, the data is saved. */
  readonly durable?: boolean | undefined
  /** How often the whole function is run again after a `SerializationError`. @default 0 */
  readonly retries?: number | undefined
  /**
   * Milliseconds for all of it: waiting for a connection, every statement, the retries and COMMIT.
   * When they are over it is rolled back and rejects, whatever `fn` waits for. @default none
   */
  readonly timeout?: number | undefined
  /** Ends it as `timeout` does, with `AbortError`, when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /**
   * Asked when the answer to COMMIT was lost, outside the transaction: `true` says that what it wrote
   * is there, and it resolves as ever. Any other answer, or a failure, leaves the
   * `CommitUnknownError`: the server may yet be saving. Not asked once `timeout` is over.
   */
  readonly verify?: (() => boolean | PromiseLike<boolean>) | undefined
}

/** What runs on a connection. */
export type Job<T> = (runner: Runner) => Promise<T>

/**
 * How a started job behaves beside others. `alone`: nothing else is sent between its statements, on
 * a connection of its own. `reading`: it only reads, each statement by itself, so that others may go
 * out with it.
 */
export type StartManner = 'alone' | 'reading'

/** Where a started job is: `waiting` until it has a connection. */
export type StartState = 'waiting' | 'running' | 'succeeded' | 'failed'

/** A job that was started in the background and is read later, or never. */
export interface Started<T> {
  readonly state: StartState
  /**
   * The result, once it is there; from now on the start counts as consumed. Every reader of a
   * failed start gets the same error object, whose `stack` ends with the place that started it.
   */
  read(): Promise<T>
}

/**
 * One database: a knex pool and everything that runs on it. Made by `openDatabase`.
 *
 * An abstract class and not an interface, so that `value instanceof Database` works and the
 * files of this room can speak of it without importing the one that puts them together.
 */
export abstract class Database {
  abstract readonly knex: Knex
  abstract readonly name: string
  abstract readonly dialect: DatabaseDialect
  /** The largest number of connections in use at once. */
  abstract readonly poolMax: number
  abstract readonly closed: boolean

  /**
   * Runs `fn` in a transaction: all of it is saved, or nothing. Everything `fn` does on this
   * database joins by itself; an `atomic` inside is a savepoint.
   *
   * @throws TransactionBrokenError when a statement failed, even if `fn` swallowed the error.
   * @throws CommitUnknownError when the connection broke, or `timeout` passed, during COMMIT.
   * @throws QueryTimeoutError when `timeout` passed.
   * @example
   * await db.atomic(async () => {
   *   await from.save()
   *   await to.save()
   * }, { retries: 3 })
   */
  abstract atomic<T>(fn: () => T | PromiseLike<T>, options?: AtomicOptions): Promise<T>

  /**
   * Makes a builder of this database's knex run in the transaction around the caller; outside one
   * it is left as it is. Plain knex would take another connection, and not see what is not
   * committed. Await it inside the same `atomic()`.
   *
   * @example
   * await db.atomic(async () => {
   *   await Author.objects.create({ name: 'Ann' })
   *   await db.join(db.knex('authors').update({ email: null }))
   * })
   */
  abstract join<B extends Joinable>(builder: B): B

  /**
   * Where a statement belongs that is run now: the transaction around the caller, else the pool.
   *
   * @example
   * const { rows } = await db.current().run({ sql: 'SELECT 1', bindings: [], wants: 'rows', writes: false })
   */
  abstract current(): Runner

  /**
   * Begins to read on a connection of its own, which must be closed. What is read on it is of one
   * moment, whatever others write meanwhile.
   *
   * @example
   * const reading = await db.openReading()
   * try { … } finally { await reading.close() }
   */
  abstract openReading(limits?: RunLimits): Promise<Reading>

  /**
   * Starts a job in the background: on a connection of its own, or, inside `atomic()`, on the
   * transaction's. The job is entered before this returns when a connection is free.
   *
   * @param origin made by the caller, so that its stack names the place that started the job.
   * @param limits cover waiting, connecting and every statement of the job.
   * @param manner `alone` unless said.
   * @example
   * const started = db.start((runner) => runner.run(statement), new Error('startFetch()'))
   * const { rows } = await started.read()
   */
  abstract start<T>(
    job: Job<T>,
    origin: Error,
    limits?: RunLimits,
    manner?: StartManner,
  ): Started<T>

  /**
   * Refuses new work, waits for what runs (at most `timeoutMs`, then cancels it, which takes a server
   * that does not answer two seconds more), reports starts nobody read, and destroys the knex if
   * `openDatabase` made it, so that the process can exit.
   *
   * @default timeoutMs 10,000
   */
  abstract close(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
}
