import { CommitUnknownError, TransactionBrokenError, TransactionError } from '../errors.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { assertFunction } from '../util/shapes.ts'
import { BegunConnection, type Circumstances, control, rollBack } from './begun.ts'
import { tellBoundary } from './boundaries.ts'
import { heldOn, holding } from './context.ts'
import { Deadline, LONGEST_TIMER_MS } from './deadline.ts'
import { Frame, type FrameOutcome } from './frame.ts'
import type { Lease } from './lease.ts'
import type { Pool } from './pool.ts'
import { retried } from './retries.ts'
import type { AtomicOptions, Database, Isolation, RunLimits } from './runner.ts'
import { type Settled, settle } from './settled.ts'

const ISOLATIONS: ReadonlySet<string> = new Set<Isolation>([
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
])

function isTimeout(ms: unknown): boolean {
  return typeof ms === 'number' && ms > 0 && ms <= LONGEST_TIMER_MS
}

/** The names of the options of `atomic()`. */
export const ATOMIC_OPTIONS: OptionNames<AtomicOptions> = {
  isolation: true,
  readOnly: 'flag',
  deferrable: 'flag',
  durable: 'flag',
  retries: true,
  timeout: true,
  signal: true,
  verify: true,
}

function readAtomic(given: AtomicOptions): AtomicOptions {
  const options = readOptions('atomic()', given, ATOMIC_OPTIONS)
  const { isolation, retries = 0, timeout, signal, verify } = options
  if (isolation !== undefined && !ISOLATIONS.has(isolation)) {
    throw new TransactionError(
      `atomic() does not know this isolation level. Choices are: ${[...ISOLATIONS].join(', ')}.`,
    )
  }
  if (!Number.isSafeInteger(retries) || retries < 0) {
    throw new TransactionError('atomic() takes retries as a whole number, 0 or more.')
  }
  if (timeout !== undefined && !isTimeout(timeout)) {
    throw new TransactionError(
      'atomic() takes timeout in milliseconds, more than 0 and less than 2 ** 31.',
    )
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TransactionError('atomic() takes an AbortSignal as signal.')
  }
  if (verify !== undefined && typeof verify !== 'function') {
    throw new TransactionError('atomic() takes a function as verify.')
  }
  return options
}

function limitsOf({ timeout, signal }: AtomicOptions): RunLimits {
  return { timeoutMs: timeout, signal }
}

/** A savepoint cannot change what its transaction is; asking for the same is fine. */
function assertNestable(outer: Frame, options: AtomicOptions): void {
  if (options.durable === true) {
    throw new TransactionError(
      'atomic({ durable: true }) was called inside another atomic(), where its data would not be ' +
        'saved when it ends. Call it outside.',
    )
  }
  for (const name of ['isolation', 'readOnly', 'deferrable'] as const) {
    if (options[name] === undefined || options[name] === outer.host.options[name]) continue
    if (options[name] === false && outer.host.options[name] === undefined) continue
    throw new TransactionError(
      `A nested atomic() is a savepoint and cannot set ${name}: set it on the outermost atomic().`,
    )
  }
}

async function commit(pool: Pool, lease: Lease, deadline: Deadline | undefined): Promise<void> {
  const { driver } = pool
  try {
    // A database in this process answers, and what it answers is what counts.
    const result = await lease.execute(control('COMMIT'), driver.isRemote ? deadline : undefined)
    if (driver.isCommitted(result)) return
  } catch (error) {
    if (lease.isUnsettled) lease.discard(error)
    if (lease.isLost) {
      throw new CommitUnknownError(
        'The connection broke after COMMIT was sent: the changes may or may not be saved. Look ' +
          'whether they are before you run this again.',
        { cause: error },
      )
    }
    await rollBack(lease, deadline)
    throw error
  }
  throw new TransactionBrokenError(
    'The database answered COMMIT with ROLLBACK: an earlier statement had failed. Nothing was saved.',
  )
}

/** Whether the user finds saved what may or may not be. */
async function isVerified({ db, host }: Frame): Promise<boolean> {
  const { verify } = host.options
  if (verify === undefined) return false
  // The pool may have no other connection than this one, which is dead.
  await host.connection.end()
  const answer = await settle(() => holding(db, undefined, verify))
  return answer.ok && answer.value === true
}

function brokenError(broken: { readonly error: unknown }): TransactionBrokenError {
  return new TransactionBrokenError(
    'A statement of this atomic() failed and the callback went on as if it had not: all of it was ' +
      'rolled back; see cause.',
    { cause: broken.error },
  )
}

/** What the callback did, unless that was to go on as if nothing had failed. */
async function driven<T>(frame: Frame, fn: () => T | PromiseLike<T>): Promise<Settled<T>> {
  const settled = await frame.drive(fn)
  if (!settled.ok || frame.broken === undefined) return settled
  return { ok: false, error: brokenError(frame.broken) }
}

interface Finished<T> {
  readonly value: T
  readonly commitHooks: readonly (() => unknown)[]
}

async function runOutermost<T>(
  db: Database,
  pool: Pool,
  fn: () => T | PromiseLike<T>,
  options: AtomicOptions,
  circumstances: Circumstances,
): Promise<Finished<T>> {
  const text = pool.driver.transaction(options)
  const connection = await BegunConnection.open(pool, text, circumstances)
  const { deadline } = circumstances
  const host = { db, connection, options, patienceMs: pool.acquireTimeoutMs }
  const frame = new Frame(host, undefined, 'atomic', deadline)
  tellBoundary({ db, kind: 'begin', depth: 0 })
  let outcome: FrameOutcome = 'rolled back'
  try {
    const done = await driven(frame, fn)
    await connection.opened()
    const { failure } = connection
    const settled: Settled<T> = failure === undefined ? done : { ok: false, error: failure.error }
    if (!settled.ok) {
      await rollBack(connection.lease, deadline)
      throw settled.error
    }
    // Until its answer is there: when the connection breaks now, nobody knows.
    outcome = 'unknown'
    try {
      await commit(pool, connection.lease, deadline)
    } catch (error) {
      const isUnknown = error instanceof CommitUnknownError && !deadline?.isOver
      if (!isUnknown || !(await isVerified(frame))) throw error
    }
    outcome = 'committed'
    return { value: settled.value, commitHooks: frame.commitHooks }
  } catch (error) {
    if (outcome === 'unknown' && !connection.lease.isLost) outcome = 'rolled back'
    throw error
  } finally {
    await connection.end()
    frame.conclude(outcome)
    tellBoundary({ db, kind: outcome === 'rolled back' ? 'rollback' : 'commit', depth: 0 })
  }
}

/**
 * Runs a function in a savepoint, which is its frame.
 *
 * @param isQuiet tells nobody of the savepoint, which the caller did not ask for.
 * @example
 * await frame.nest((child) => runSavepoint(child, fn))
 */
export async function runSavepoint<T>(
  frame: Frame,
  fn: () => T | PromiseLike<T>,
  { isQuiet = false }: { readonly isQuiet?: boolean } = {},
): Promise<T> {
  const tell = isQuiet ? () => {} : tellBoundary
  const { db, depth } = frame
  // Names may repeat: the innermost of a name is meant.
  const name = `asynchrormous_${depth}`
  try {
    await frame.command(`SAVEPOINT ${name}`)
  } catch (error) {
    frame.parent?.break(error)
    throw error
  }
  tell({ db, kind: 'savepoint', depth })
  let outcome: FrameOutcome = 'rolled back'
  try {
    const settled = await driven(frame, fn)
    if (frame.hasEnded) throw new TransactionError('The atomic() around this one ended first.')
    if (!settled.ok) {
      await rollBackTo(frame, name)
      throw settled.error
    }
    await release(frame, name)
    outcome = 'committed'
    return settled.value
  } finally {
    frame.conclude(outcome)
    tell({
      db,
      kind: outcome === 'committed' ? 'release' : 'rollback to savepoint',
      depth,
    })
  }
}

async function release(frame: Frame, name: string): Promise<void> {
  try {
    await frame.command(`RELEASE SAVEPOINT ${name}`)
  } catch (error) {
    // What rejects is undone, whatever the transaction around it goes on to commit.
    await rollBackTo(frame, name)
    throw error
  }
}

async function rollBackTo(frame: Frame, name: string): Promise<void> {
  try {
    await frame.command(`ROLLBACK TO SAVEPOINT ${name}`)
    await frame.command(`RELEASE SAVEPOINT ${name}`)
  } catch (error) {
    // The savepoint is gone and with it, on SQLite, the transaction: nothing heals the parent.
    frame.parent?.break(frame.broken?.error ?? error)
  }
}

/** Runs every hook, outside the transaction, then throws what the first failing one threw. */
async function runCommitHooks(db: Database, hooks: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = []
  for (const hook of hooks) {
    try {
      await holding(db, undefined, hook)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/**
 * The frame of the transaction the running code is in, if any. Sends nothing.
 *
 * @example
 * currentFrame(db)?.onEnd((outcome) => …)
 */
export function currentFrame(db: Database): Frame | undefined {
  const frame = frameAround(db)
  return frame?.isSandbox ? undefined : frame
}

/**
 * As `currentFrame`, or else the sandbox that stands for the database.
 *
 * @example
 * frameAround(db)?.host.connection
 */
export function frameAround(db: Database): Frame | undefined {
  const held = heldOn(db)
  return held instanceof Frame ? held : undefined
}

/**
 * Runs `fn` once the outermost `atomic()` of the running code has committed; at once when there is
 * none; never when it, or a savepoint around the call, rolls back. What it throws rejects that
 * `atomic()`, whose data stays saved.
 *
 * @example
 * onCommit(db, () => sendMail(order))
 */
export function onCommit(db: Database, fn: () => unknown): void {
  assertFunction(fn, 'onCommit(() => sendMail(order))', TransactionError)
  const frame = currentFrame(db)
  if (frame === undefined) fn()
  else if (frame.hasEnded) throw new TransactionError('onCommit(): this atomic() already ended.')
  else frame.onCommit(fn)
}

/**
 * Calls back when the innermost `atomic()` of the running code, or one around it, rolls back; does
 * nothing outside. The last registered is called first.
 *
 * @example
 * onRollback(db, () => restore(instance, before))
 */
export function onRollback(db: Database, fn: () => void): void {
  frameAround(db)?.onRollback(fn)
}

/**
 * Runs a function in a transaction, or in a savepoint of the one the caller is in.
 *
 * @throws TransactionError before any SQL for options that cannot be met.
 * @throws TransactionBrokenError, CommitUnknownError, QueryTimeoutError, or what `fn` threw.
 * @example
 * await runAtomic(db, pool, () => transfer(), { retries: 3 })
 * // BEGIN; …; COMMIT
 */
export async function runAtomic<T>(
  db: Database,
  pool: Pool,
  fn: () => T | PromiseLike<T>,
  given: AtomicOptions,
): Promise<T> {
  assertFunction(fn, 'atomic(async () => { … })', TransactionError)
  const options = readAtomic(given)
  const outer = currentFrame(db)
  if (outer !== undefined) {
    assertNestable(outer, options)
    return await outer.nest((child) => runSavepoint(child, fn), limitsOf(options))
  }
  const { value, commitHooks } = await runRetried(db, pool, fn, options)
  await runCommitHooks(db, commitHooks)
  return value
}

async function runRetried<T>(
  db: Database,
  pool: Pool,
  fn: () => T | PromiseLike<T>,
  options: AtomicOptions,
): Promise<Finished<T>> {
  const { retries = 0 } = options
  const origin: { stack?: string } = {}
  Error.captureStackTrace(origin)
  const holder = { what: 'atomic()', origin }
  const deadline = Deadline.of(limitsOf(options), undefined, 'atomic()')
  const run = () => runOutermost(db, pool, fn, options, { holder, deadline })
  const box = frameAround(db)
  const writing = options.readOnly === true ? run : () => pool.writing(run, deadline)
  const work = box === undefined ? writing : () => runInSandbox(box, fn, options)
  try {
    return await retried(work, retries, deadline)
  } finally {
    deadline?.dispose()
  }
}

/** What `onCommit()` was given stays in the sandbox. */
async function runInSandbox<T>(
  box: Frame,
  fn: () => T | PromiseLike<T>,
  options: AtomicOptions,
): Promise<Finished<T>> {
  const value = await box.nest((child) => runSavepoint(child, fn), limitsOf(options))
  return { value, commitHooks: [] }
}
