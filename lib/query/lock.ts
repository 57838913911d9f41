import { FieldError, NotSupportedError } from '../errors.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { shownName } from '../util/shown-name.ts'
import type { JoinedSource } from './joins.ts'
import type { Lock, PlannedLock, QueryState, SelectPlan, Source } from './nodes.ts'
import type { Planner } from './planner.ts'
import { assertNotCombined, patchState } from './state.ts'

/** Options of `selectForUpdate()`. */
export interface LockOptions<Name = string> {
  /** Fails at once where another transaction holds a row. @default false */
  readonly noWait?: boolean
  /** Leaves out rows that another transaction holds. @default false */
  readonly skipLocked?: boolean
  /** Only these: 'self', or relations that `selectRelated()` follows. @default all of them */
  readonly of?: readonly Name[]
  /** A lock that lets others refer to the rows. PostgreSQL only. @default false */
  readonly noKey?: boolean
}

const OPTIONS: OptionNames<LockOptions> = {
  noWait: true,
  skipLocked: true,
  of: true,
  noKey: true,
}

/**
 * Locks the rows until the transaction ends.
 *
 * @throws FieldError for options that there are not, or that contradict each other
 */
export function withLock(state: QueryState, options: LockOptions<unknown>): QueryState {
  assertNotCombined(state, 'selectForUpdate()')
  return patchState(state, { lock: readLock(options) })
}

function readLock(given: LockOptions<unknown>): Lock {
  const options = readOptions('selectForUpdate()', given, OPTIONS)
  const { noWait = false, skipLocked = false, noKey = false, of = [] } = options
  for (const [name, flag] of Object.entries({ noWait, skipLocked, noKey })) {
    if (typeof flag === 'boolean') continue
    throw new FieldError(`The option ${name} of selectForUpdate() is true or false.`)
  }
  if (!Array.isArray(of) || !of.every((name) => typeof name === 'string')) {
    throw new FieldError('The option of of selectForUpdate() is a list of relations.')
  }
  if (noWait && skipLocked) {
    throw new FieldError('selectForUpdate() takes noWait or skipLocked, not both.')
  }
  return Object.freeze({ noWait, skipLocked, noKey, of: Object.freeze([...of]) })
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
        `selectForUpdate() cannot lock '${shownName(path)}' of ${state.model.name}: name 'self' or what selectRelated() loads.`,
      )
    }
    tree = branch.children
  }
  return source
}
