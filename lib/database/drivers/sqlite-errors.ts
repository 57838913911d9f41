import {
  CheckViolation,
  ConnectionLostError,
  DatabaseError,
  ForeignKeyViolation,
  IntegrityError,
  NotNullViolation,
  OperationalError,
  QueryAbortedError,
  SerializationError,
  TransactionBrokenError,
  UniqueViolation,
} from '../../errors.ts'
import type { DriverFailure } from './driver.ts'

const CONSTRAINTS: readonly (readonly [RegExp, DriverFailure['type']])[] = [
  [/(UNIQUE|PRIMARY KEY)( constraint failed|$| must be unique)/, UniqueViolation],
  [/FOREIGN KEY constraint failed/, ForeignKeyViolation],
  [/NOT NULL constraint failed/, NotNullViolation],
  [/CHECK constraint failed/, CheckViolation],
]

const OPERATIONAL =
  /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL|PERM|AUTH|INTERNAL|NOLFS|SCHEMA)/

function describeConstraint(message: string): DriverFailure {
  const type = CONSTRAINTS.find(([pattern]) => pattern.test(message))?.[1] ?? IntegrityError
  const failed = /constraint failed: (.*)$/s.exec(message)?.[1]
  if (type === CheckViolation) return { type, what: 'CHECK constraint failed', constraint: failed }
  // `UNIQUE constraint failed: author.email, author.name`, or `index 'name'` for expressions.
  const index = /^index '(.*)'$/.exec(failed ?? '')?.[1]
  if (index !== undefined) return { type, what: 'UNIQUE constraint failed', constraint: index }
  const paths = failed === undefined ? [] : failed.split(', ')
  const table = paths[0]?.split('.')[0]
  return {
    type,
    what: message.replace(/: .*$/s, ''),
    table,
    columns:
      paths.length === 0 ? undefined : paths.map((path) => path.slice(path.indexOf('.') + 1)),
  }
}

function describeMessage(code: string, message: string): DriverFailure {
  if (/no transaction is active|no such savepoint/.test(message)) {
    return { type: TransactionBrokenError, what: 'SQLite had already rolled the transaction back' }
  }
  // What stands in double quotes is a token of the statement, in single ones part of a value.
  const what = message.replace(/'.*'/gs, "'…'")
  return { type: OPERATIONAL.test(code) ? OperationalError : DatabaseError, what }
}

/**
 * What an error of an SQLite driver means; understands extended codes too
 * (`SQLITE_CONSTRAINT_UNIQUE`). Reads nothing but the error.
 *
 * @example
 * describeSqliteError({ code: 'SQLITE_BUSY' }).type === SerializationError
 */
export function describeSqliteError(error: unknown): DriverFailure {
  const raw = error instanceof Error ? error.message : 'unknown error'
  const message = raw.replace(/^SQLITE_[A-Z_]+: /, '')
  const code = String((error as { code?: unknown } | null | undefined)?.code ?? '')
  if (code.startsWith('SQLITE_CONSTRAINT')) return describeConstraint(message)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return { type: SerializationError, what: message }
  if (code === 'SQLITE_INTERRUPT') {
    return { type: QueryAbortedError, what: message, canceled: true }
  }
  if (code.startsWith('SQLITE_MISUSE') && /closed|not open/i.test(message)) {
    return { type: ConnectionLostError, what: message, lost: true }
  }
  return describeMessage(code, message)
}
