import { OrmError, PoolTimeoutError } from '../errors.ts'
import type { Driver, DriverFailure } from './drivers/driver.ts'

/** What the translation of a driver's error needs to know besides the error. */
export interface ErrorContext {
  readonly driver: Driver
  /** Their texts are taken out of every message. */
  readonly bindings: readonly unknown[]
  /** Keep the driver's own error, with its values, as `cause`. */
  readonly debug: boolean
}

/** A driver's error as one of ours, and what it means for the connection. */
export interface TranslatedError {
  readonly error: OrmError
  /** The driver's error without values: what `error.cause` is, unless debugging. */
  readonly redacted: Error
  readonly lost: boolean
  readonly canceled: boolean
  readonly passing: boolean
}

const MAX_MESSAGE = 2000
const MIN_REDACTED = 3
const STACK_FRAMES = 30

// Names and numbers; `detail`, `where`, `hint`, `internalQuery` and what else may hold values stay out.
const KEPT_FIELDS = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'position',
  'routine',
] as const

/** Arrays of PostgreSQL as text, whose items a message may have alone; not the objects of JSON. */
const ARRAY = /^\{(?!"(?:[^"\\]|\\.)*":).*\}$/s
const ITEM = /"((?:[^"\\]|\\.)*)"|[^",{}]+/gs

function* itemsOf(array: string): Generator<string> {
  for (const [plain, quoted] of array.matchAll(ITEM)) {
    yield quoted === undefined ? plain : quoted.replace(/\\(.)/gs, '$1')
  }
}

function* textsOf(bindings: readonly unknown[]): Generator<string> {
  for (const value of bindings) {
    if (typeof value === 'string') {
      yield value
      if (ARRAY.test(value)) yield* itemsOf(value)
    } else if (typeof value === 'number' || typeof value === 'bigint') yield String(value)
    else if (Array.isArray(value)) yield* textsOf(value)
    else if (value instanceof Uint8Array) yield Buffer.from(value).toString('hex')
  }
}

/** Takes every bound value out of a text; shorter ones than three characters tell nobody much. */
function withoutValues(text: string, bindings: readonly unknown[]): string {
  let clean = text
  for (const value of textsOf(bindings)) {
    if (value.length < MIN_REDACTED || value.length > clean.length) continue
    if (clean.includes(value)) clean = clean.replaceAll(value, '…')
  }
  return clean.length > MAX_MESSAGE / 2 ? `${clean.slice(0, MAX_MESSAGE / 2)}…` : clean
}

/** The name of a constraint, table or column is the developer's, however long. */
function nameList(names: readonly string[]): string {
  const list = names.join(', ')
  return list.length > MAX_MESSAGE / 4 ? `${list.slice(0, MAX_MESSAGE / 4)}…` : list
}

function places(failure: DriverFailure): string {
  const parts: string[] = []
  if (failure.constraint !== undefined) parts.push(`constraint ${nameList([failure.constraint])}`)
  if (failure.table !== undefined) parts.push(`table ${nameList([failure.table])}`)
  const columns = failure.columns ?? []
  if (columns.length > 0) {
    parts.push(`column${columns.length > 1 ? 's' : ''} ${nameList(columns)}`)
  }
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`
}

function framesOf(stack: string | undefined): string {
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

function redact(error: unknown, failure: DriverFailure, what: string): Error {
  const redacted = new Error(what)
  redacted.name = error instanceof Error ? error.name : 'Error'
  const fields = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >
  const kept: Record<string, unknown> = {}
  for (const name of KEPT_FIELDS) {
    if (fields[name] !== undefined) kept[name] = fields[name]
  }
  if (failure.constraint !== undefined) kept['constraint'] = failure.constraint
  if (failure.table !== undefined) kept['table'] = failure.table
  if (failure.columns !== undefined) kept['columns'] = failure.columns
  Object.assign(redacted, kept)
  // The driver's stack begins with its message; only where it came from is kept.
  redacted.stack = `${redacted.name}: ${what}\n${framesOf(error instanceof Error ? error.stack : '')}`
  return redacted
}

/** The frames of this library must not push the caller's out of the stack. */
function withLongStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = Math.max(limit, STACK_FRAMES)
  try {
    return make()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/**
 * A driver's error as one of this library's, without any bound value: not in the message, the
 * stack, `util.inspect` or JSON, nor in its `cause`, which is the driver's error redacted.
 *
 * Called where the statement was awaited, so that its stack shows who asked.
 *
 * @example
 * translateError(pgError, { driver: pgDriver, bindings: ['ann@example.org'], debug: false }).error
 * // UniqueViolation: duplicate key value violates unique constraint "author_email_key"
 * //   (constraint author_email_key; table author; column email)
 */
export function translateError(error: unknown, context: ErrorContext): TranslatedError {
  if (error instanceof OrmError) {
    return { error, redacted: error, lost: false, canceled: false, passing: false }
  }
  const failure = context.driver.describe(error)
  const what = withoutValues(failure.what, context.bindings)
  const redacted = redact(error, failure, what)
  const cause = context.debug ? error : redacted
  const { type, constraint, table, columns } = failure
  const details = { cause, constraint, table, columns }
  return {
    error: withLongStack(() => new type(`${what}${places(failure)}`, details)),
    redacted,
    lost: failure.lost === true,
    canceled: failure.canceled === true,
    passing: failure.passing === true,
  }
}

/**
 * Whether the pool gave up waiting: tarn's error, or knex's around it.
 *
 * @example
 * isPoolTimeout(error) // then: poolTimeout(…)
 */
export function isPoolTimeout(error: unknown): boolean {
  const name = (error as { name?: unknown } | null | undefined)?.name
  const kind = (error as { constructor?: { name?: string } } | null | undefined)?.constructor?.name
  return [name, kind].some((known) => known === 'TimeoutError' || known === 'KnexTimeoutError')
}

/** What the pool looked like when nobody got a connection. */
export interface PoolNumbers {
  readonly waitedMs: number
  readonly max: number
  readonly used: number
  readonly free: number
  readonly waiting: number
  /** The oldest first. */
  readonly holders: readonly string[]
  /** Given up early, since nothing had been running on any of them for so long. */
  readonly idleMs?: number | undefined
}

/**
 * No connection became free in time, with the numbers that tell why.
 *
 * @example
 * throw poolTimeout({ waitedMs: 1000, max: 1, used: 1, free: 0, waiting: 0, holders: ['atomic() for 1200 ms'] }, error)
 */
export function poolTimeout(numbers: PoolNumbers, cause: unknown): PoolTimeoutError {
  const { waitedMs, max, used, free, waiting, holders, idleMs } = numbers
  const held = holders.length === 0 ? '' : ` Held longest by: ${holders.join(', ')}.`
  const stalled =
    idleMs === undefined
      ? ''
      : ` No statement has been running on any of them for ${idleMs} ms: if what holds them waits ` +
        'for this, it would wait for ever; inside atomic() use its own connection.'
  return new PoolTimeoutError(
    `No connection became free within ${waitedMs} ms: of at most ${max} connections ${used} are ` +
      `in use and ${free} free, ${waiting} more wait.${held}${stalled} Shorten what holds them, or ` +
      'raise pool.max or acquireConnectionTimeout.',
    cause === undefined ? {} : { cause },
  )
}
