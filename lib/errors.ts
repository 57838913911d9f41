/**
 * Every error this library throws, on one page.
 *
 * An `OrmError` has a stable `code` to match on and, where something else failed first, that in
 * `cause`. Messages say what was asked, what is wrong and what would be right; they never contain
 * a value that was bound, since messages end in logs.
 */

const MAX_LINE = 2000
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** Names from outside stand in it: what steers a terminal or a log is written as its code. */
function oneLine(text: string): string {
  const line = text.replace(CONTROLS, (control) => `\\u{${control.codePointAt(0)?.toString(16)}}`)
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line
}

interface ErrorDetails {
  /** What failed first. */
  readonly cause?: unknown
  /** What follows the message, each on a line of its own. */
  readonly lines?: readonly string[]
}

/** The root of every error of this library: `catch (e) { if (e instanceof OrmError) … }`. */
export class OrmError extends Error {
  /** Stable between releases, unlike the message. */
  readonly code: string = 'ORM_ERROR'

  constructor(message: string, details: ErrorDetails = {}) {
    const more = Object.hasOwn(details, 'lines') ? (details.lines ?? []) : []
    const lines = [message, ...more].map(oneLine)
    super(lines.join('\n'), Object.hasOwn(details, 'cause') ? { cause: details.cause } : undefined)
    this.name = new.target.name
  }
}

/** A name is unknown or a call is not possible here: thrown at the caller's line, before any SQL. */
export class FieldError extends OrmError {
  override readonly code: string = 'FIELD_ERROR'
}

/**
 * A value is not of its column's type: `filter({ pages: 'many' })`. Thrown before any SQL; of regular
 * expressions only PostgreSQL can say it.
 */
export class InvalidValueError extends OrmError {
  override readonly code: string = 'INVALID_VALUE'
}

/** One reason why a field was refused. */
export interface FieldIssue {
  readonly field: string
  readonly message: string
}

/** What was to be written is invalid; lists every field at once. Thrown before any SQL. */
export class ValidationError extends OrmError {
  override readonly code: string = 'VALIDATION'
  readonly issues: readonly FieldIssue[]

  constructor(model: string, issues: readonly FieldIssue[], details: ErrorDetails = {}) {
    const lines = issues.map((issue) => `${issue.field}: ${issue.message}`)
    super(`${model} is not valid. ${lines.join('; ')}`, details)
    this.issues = Object.freeze([...issues])
  }
}

/** A query is larger than the documented limits; thrown instead of overflowing a stack. */
export class QueryTooComplexError extends OrmError {
  override readonly code: string = 'QUERY_TOO_COMPLEX'
}

/** The database, its driver or the library cannot do this; the message says which and why. */
export class NotSupportedError extends OrmError {
  override readonly code: string = 'NOT_SUPPORTED'
}

/** Models or connections are declared in a way that cannot work. */
export class ImproperlyConfigured extends OrmError {
  override readonly code: string = 'IMPROPERLY_CONFIGURED'
}

/** `get()` found nothing. Each model has its own: `catch (e) { e instanceof Book.DoesNotExist }`. */
export class ObjectDoesNotExist extends OrmError {
  override readonly code: string = 'DOES_NOT_EXIST'
}

/** `get()` found several rows. Each model has its own: `Book.MultipleObjectsReturned`. */
export class MultipleObjectsReturned extends OrmError {
  override readonly code: string = 'MULTIPLE_OBJECTS_RETURNED'
}

/** A relation or column that was not loaded was read synchronously; says which call is missing. */
export class NotLoadedError extends OrmError {
  override readonly code: string = 'NOT_LOADED'
}

/** Rows that must stay refer to what was to be deleted (`onDelete: 'protect'`). */
export class ProtectedError extends OrmError {
  override readonly code: string = 'PROTECTED'
  /** The instances that stand in the way. A log that shows the error does not show them. */
  declare readonly objects: readonly object[]

  constructor(message: string, objects: readonly object[], details: ErrorDetails = {}) {
    super(message, details)
    Object.defineProperty(this, 'objects', { value: Object.freeze([...objects]) })
  }
}

/** As `ProtectedError`, for `onDelete: 'restrict'`. */
export class RestrictedError extends ProtectedError {
  override readonly code: string = 'RESTRICTED'
}

/**
 * The row of an instance was written by others, or is gone, since the instance was read
 * (`fields.version()`). Nothing was written: read it again, and decide anew.
 */
export class StaleObjectError extends OrmError {
  override readonly code: string = 'STALE_OBJECT'
}

/** A transaction was used in a way that cannot work; nothing of it was saved. */
export class TransactionError extends OrmError {
  override readonly code: string = 'TRANSACTION'
}

/** A statement of the transaction failed, so it cannot go on or commit; see `cause`. */
export class TransactionBrokenError extends TransactionError {
  override readonly code: string = 'TRANSACTION_BROKEN'
}

/** COMMIT was sent and its answer never came: the changes may or may not be saved. */
export class CommitUnknownError extends TransactionError {
  override readonly code: string = 'COMMIT_UNKNOWN'
}

/** A query took longer than its `timeout(ms)`; the database was told to stop it. */
export class QueryTimeoutError extends OrmError {
  override readonly code: string = 'QUERY_TIMEOUT'
}

/** A query's `signal` was aborted. Its `name` is `AbortError`, its `cause` the signal's reason. */
export class QueryAbortedError extends OrmError {
  override readonly code: string = 'QUERY_ABORTED'

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details)
    this.name = 'AbortError'
  }
}

/** The database refused a statement; `cause` is the driver's error. */
export class DatabaseError extends OrmError {
  override readonly code: string = 'DATABASE'
}

/** Of which constraint the database speaks, as far as it says: names, never values. */
export interface ConstraintPlace {
  readonly constraint?: string | undefined
  readonly table?: string | undefined
  readonly columns?: readonly string[] | undefined
}

/** A constraint of the database was violated: which one, as far as the database says. */
export class IntegrityError extends DatabaseError {
  override readonly code: string = 'INTEGRITY'
  /** Its name; SQLite tells it of CHECK constraints only. */
  readonly constraint: string | undefined
  /** The table, by its name in the database. */
  readonly table: string | undefined
  /** The columns of it, by their names in the database; empty where it does not say. */
  readonly columns: readonly string[]

  constructor(message: string, details: ErrorDetails & ConstraintPlace = {}) {
    super(message, details)
    const { constraint, table, columns } = details
    this.constraint = constraint
    this.table = table
    this.columns = Object.freeze([...(columns ?? [])])
  }
}

/** A value that must be unique is there already. */
export class UniqueViolation extends IntegrityError {
  override readonly code: string = 'UNIQUE_VIOLATION'
}

/** A key refers to a row that is not there, or a row that is referred to was to go. */
export class ForeignKeyViolation extends IntegrityError {
  override readonly code: string = 'FOREIGN_KEY_VIOLATION'
}

/** A column that must have a value got NULL. */
export class NotNullViolation extends IntegrityError {
  override readonly code: string = 'NOT_NULL_VIOLATION'
}

/** A CHECK constraint refused a row. */
export class CheckViolation extends IntegrityError {
  override readonly code: string = 'CHECK_VIOLATION'
}

/** The database could not do its work just now: connection, resources, locks. */
export class OperationalError extends DatabaseError {
  override readonly code: string = 'OPERATIONAL'
}

/** The connection to the database broke. */
export class ConnectionLostError extends OperationalError {
  override readonly code: string = 'CONNECTION_LOST'
}

/** No connection became free in time. */
export class PoolTimeoutError extends OperationalError {
  override readonly code: string = 'POOL_TIMEOUT'
}

/** A serialization failure, deadlock or busy SQLite file: running the transaction again may work. */
export class SerializationError extends OperationalError {
  override readonly code: string = 'SERIALIZATION'
}

/**
 * A migration with `transaction: false` did not finish: its process died, or it failed. The message
 * says which, and what is to be done before migrations can go on.
 */
export class MigrationInterruptedError extends OrmError {
  override readonly code: string = 'MIGRATION_INTERRUPTED'
}

/** `expectQueries()` saw another number of statements; the message lists them. */
export class QueryCountError extends OrmError {
  override readonly code: string = 'QUERY_COUNT'
  readonly expected: number
  readonly actual: number

  constructor(expected: number, actual: number, lines: readonly string[]) {
    const due = `${expected} ${expected === 1 ? 'query' : 'queries'}`
    super(`Expected ${due}, sent ${actual}${lines.length === 0 ? '' : ':'}`, { lines })
    this.expected = expected
    this.actual = actual
  }
}
