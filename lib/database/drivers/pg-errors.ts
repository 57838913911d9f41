import {
  CheckViolation,
  ConnectionLostError,
  DatabaseError,
  ForeignKeyViolation,
  IntegrityError,
  InvalidValueError,
  NotNullViolation,
  OperationalError,
  QueryAbortedError,
  QueryTimeoutError,
  SerializationError,
  UniqueViolation,
} from '../../errors.ts'
import type { DriverFailure } from './driver.ts'

type Kind = Omit<DriverFailure, 'what' | 'constraint' | 'table' | 'columns'>

// By SQLSTATE; https://www.postgresql.org/docs/current/errcodes-appendix.html
const BY_CODE: Readonly<Record<string, Kind>> = {
  '2201B': { type: InvalidValueError },
  '23001': { type: ForeignKeyViolation },
  '23502': { type: NotNullViolation },
  '23503': { type: ForeignKeyViolation },
  '23505': { type: UniqueViolation },
  '23514': { type: CheckViolation },
  '40001': { type: SerializationError },
  '40P01': { type: SerializationError },
  '57014': { type: QueryAbortedError, canceled: true },
  '57P01': { type: ConnectionLostError, lost: true },
  '57P02': { type: ConnectionLostError, lost: true },
  '57P03': { type: OperationalError, lost: true, passing: true },
  '57P04': { type: ConnectionLostError, lost: true },
  '57P05': { type: ConnectionLostError, lost: true },
  '53300': { type: OperationalError, lost: true, passing: true },
  '25P03': { type: ConnectionLostError, lost: true },
  '25P04': { type: ConnectionLostError, lost: true },
  '25006': { type: OperationalError },
  '08P01': { type: DatabaseError },
}

const BY_CLASS: Readonly<Record<string, Kind>> = {
  '08': { type: ConnectionLostError, lost: true },
  '23': { type: IntegrityError },
  '28': { type: OperationalError },
  '3D': { type: OperationalError },
  '40': { type: OperationalError },
  '53': { type: OperationalError },
  '55': { type: OperationalError },
  '57': { type: OperationalError },
  '58': { type: OperationalError },
}

// In these classes what is quoted is a name; in any other it may be a value.
const NAMES_QUOTED = new Set(['23', '25', '28', '3D', '3F', '42', '55', '57', '2B', '0A'])

const SOCKET_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a socket file
])

const LOST_TEXT =
  /terminated|not queryable|connection ended|timeout expired|connection error|connection lost/i

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function columnsOf(fields: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const column = textOf(fields, 'column')
  if (column !== undefined) return [column]
  // Only what stands before the values: `Key (email, name)=(…) already exists.`
  const key = /^Key \((.*?)\)=\(/s.exec(textOf(fields, 'detail') ?? '')
  return key?.[1]?.split(', ')
}

/** The extension of PostgreSQL that has what the server says it does not. */
function extensionOf(message: string): string | undefined {
  if (!message.includes('does not exist')) return undefined
  if (/\b(?:word_)?similarity\(|operator does not exist: .{1,99} (?:%|%>|<->) text/.test(message)) {
    return 'pg_trgm'
  }
  return /\bdigest\(/.test(message) ? 'pgcrypto' : undefined
}

function describeServerError(
  code: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): DriverFailure {
  const group = code.slice(0, 2)
  let kind: Kind = BY_CODE[code] ?? BY_CLASS[group] ?? { type: DatabaseError }
  if (code === '57014' && /statement timeout/i.test(message)) {
    kind = { type: QueryTimeoutError, canceled: true }
  }
  const extension = code.startsWith('42') ? extensionOf(message) : undefined
  const cure = extension === undefined ? '' : `; it needs: create extension ${extension}`
  const fatal = /^(FATAL|PANIC)$/.test(textOf(fields, 'severity') ?? '')
  return {
    ...kind,
    lost: kind.lost === true || fatal,
    what: NAMES_QUOTED.has(group) ? message + cure : message.replace(/".*"/gs, '"…"'),
    constraint: textOf(fields, 'constraint'),
    table: textOf(fields, 'table'),
    columns: columnsOf(fields),
  }
}

/**
 * What an error of `pg` means. Reads nothing but the error.
 *
 * @example
 * describePgError({ code: '23505', constraint: 'author_email_key' }).type === UniqueViolation
 */
export function describePgError(error: unknown): DriverFailure {
  const message = error instanceof Error ? error.message : 'unknown error'
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Readonly<
    Record<string, unknown>
  >
  const code = textOf(fields, 'code') ?? ''
  if (SOCKET_CODES.has(code)) {
    const call = textOf(fields, 'syscall')
    const what = call === undefined ? code : `${call} ${code}`
    return { type: ConnectionLostError, lost: true, what }
  }
  if (/^[0-9A-Z]{5}$/.test(code)) return describeServerError(code, message, fields)
  if (message === 'Query read timeout')
    return { type: QueryTimeoutError, lost: true, what: message }
  if (LOST_TEXT.test(message)) return { type: ConnectionLostError, lost: true, what: message }
  return { type: DatabaseError, what: message.replace(/".*"/gs, '"…"') }
}
