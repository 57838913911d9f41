import { FieldError, NotSupportedError } from '../errors.ts'
import { isPlainObject, ownOptions } from '../util/plain-object.ts'
import type { JoinedSource } from './joins.ts'
import type { Lock, PlannedLock, QueryState, SelectPlan, Source } from './nodes.ts'
import type { Planner } from './planner.ts'
import { assertNotCombined, patchState } from './state.ts'

/** Options of `selectForUpdate()`. */
export interface LockOptions {
  /** Fails at once where another transaction holds a row. @default false */
  readonly noWait?: boolean
  /** Leaves out rows that another transaction holds. @default false */
  readonly skipLocked?: boolean
  /** Only these: 'self', or relations that `selectRelated()` follows. @default all of them */
  readonly of?: readonly string[]
  /** A lock that lets others refer to the rows. PostgreSQL only. @default false */
  readonly noKey?: boolean
}

const FLAGS = ['noWait', 'skipLocked', 'noKey'] as const

/**
 * Locks the rows until the transaction ends.
 *
 * @throws FieldError for options that there are not, or that contradict each other
 */
export function withLock(state: QueryState, options: unknown): QueryState {
  assertNotCombined(state, 'selectForUpdate()')
  return patchState(state, { lock: readLock(options) })
}

function readLock(options: unknown): Lock {
  if (!isPlainObject(options)) throw wrongOptions()
  const { of = [], ...others } = ownOptions(options)
  const rest = ownOptions(others)
  const flags = Object.fromEntries(FLAGS.map((name) => [name, rest[name] ?? false]))
  const areKnown = Object.keys(rest).every((name) => name in flags)
  const areFlags = FLAGS.every((name) => typeof flags[name] === 'boolean')
  const isList = Array.isArray(of) && of.every((name) => typeof name === 'string')
  if (!areKnown || !areFlags || !isList) throw wrongOptions()
  if (flags['noWait'] && flags['skipLocked']) {
    throw new FieldError('selectForUpdate() takes noWait or skipLocked, not both.')
  }
  return Object.freeze({ ...(flags as Omit<Lock, 'of'>), of: Object.freeze([...of]) })
}

function wrongOptions(): FieldError {
  return new FieldError('selectForUpdate() takes the options noWait, skipLocked, noKey and of.')
}

/**
 * The lock of a planned query.
 *
 * @throws NotSupportedError for rows that are no rows of tables
 */
export function planLock(
  state: QueryState,
  planner: Planner,
  plan: SelectPlan,
): PlannedLock | null {
  const { lock } = state
  if (lock === null) return null
  const isComputed = plan.distinct || plan.distinctOn.length > 0 || plan.groupBy.length > 0
  if (isComputed || plan.from.query !== null) {
    throw new NotSupportedError(
      'selectForUpdate() locks rows of tables, not groups, distinct rows or rows chosen by a window.',
    )
  }
  const of = lock.of.map((name) => sourceOf(state, planner, name))
  if (of.length === 0 && plan.joins.some(({ type, tree }) => type === 'left' || tree !== null)) {
    return {
      ...lock,
      of: [
        plan.from.source,
        ...plan.joins.flatMap(({ source, type, tree }) =>
          type === 'left' || tree !== null ? [] : [source],
        ),
      ],
    }
  }
  return { ...lock, of }
}

function sourceOf(state: QueryState, { joins }: Planner, path: string): Source {
  if (path === 'self') return joins.root
  let tree = state.selectRelated
  let source: JoinedSource | null = joins.root
  for (const part of path.split('__')) {
    const branch = tree.get(part)
    for (const step of branch?.relation.steps ?? []) {
      source = source === null ? null : joins.find(source, step, null)
    }
    if (branch === undefined || source === null) {
      throw new FieldError(
        `selectForUpdate() cannot lock '${path.slice(0, 100)}' of ${state.model.name}: name 'self' or what selectRelated() loads.`,
      )
    }
    tree = branch.children
  }
  return source
}
