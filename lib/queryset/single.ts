import { FieldError } from '../errors.ts'
import { errorsOf } from '../meta/model-errors.ts'
import type { QueryState } from '../query/nodes.ts'
import {
  isOrdered,
  isSliced,
  withFilter,
  withOrdering,
  withReverse,
  withSlice,
} from '../query/state.ts'

/** `get()` reads at most this many rows to say how many there are. */
const MAX_GET_RESULTS = 21

/** The query of `get(...conditions)`. */
export function withGet(state: QueryState, conditions: readonly unknown[]): QueryState {
  return conditions.length === 0 ? state : withFilter(state, conditions)
}

/** As few rows as `get()` needs to know that there is exactly one; their order does not matter. */
export function limitedForGet(state: QueryState): QueryState {
  if (isSliced(state)) return state
  const mayLose = typeof state.distinct === 'boolean' && isOrdered(state)
  return withSlice(mayLose ? withOrdering(state, []) : state, 0, MAX_GET_RESULTS)
}

/**
 * The only one of the rows.
 *
 * @throws the model's DoesNotExist or MultipleObjectsReturned.
 */
export function onlyRow<R>(state: QueryState, rows: readonly R[]): R {
  const [row] = rows
  const { name } = state.model
  const { DoesNotExist, MultipleObjectsReturned } = errorsOf(state.model)
  if (rows.length === 0) throw new DoesNotExist(`${name} matching query does not exist.`)
  if (rows.length === 1) return row as R
  const many = rows.length < MAX_GET_RESULTS ? `${rows.length}` : `more than ${MAX_GET_RESULTS - 1}`
  throw new MultipleObjectsReturned(`get() returned more than one ${name} -- it returned ${many}!`)
}

/** The query of `first()` or `last()`: by the primary key where no order is given. */
export function withEnd(state: QueryState, end: 'first' | 'last', isOrdered: boolean): QueryState {
  if (!isOrdered) assertHasKey(state, end)
  const ordered = isOrdered ? state : withOrdering(state, ['pk'])
  return withSlice(end === 'first' ? ordered : withReverse(ordered), 0, 1)
}

/** Groups that the primary key is no part of have no order by it. */
function assertHasKey({ groupBy, model }: QueryState, end: string): void {
  if (groupBy === null) return
  const isKey = groupBy.columns.some(
    ({ node }) => node.kind === 'ref' && node.hops.length === 0 && node.column === model.primaryKey,
  )
  if (!isKey) throw new FieldError(`${end}() needs an order: the groups have no primary key.`)
}

/** The query of `latest()` or `earliest()`. */
export function withNearest(
  state: QueryState,
  verb: 'latest' | 'earliest',
  paths: readonly unknown[],
): QueryState {
  const { getLatestBy, name } = state.model
  const terms = paths.length > 0 ? paths : [getLatestBy ?? []].flat()
  if (terms.length === 0) {
    throw new FieldError(
      `${verb}() needs a field to go by: ${verb}('…'), or the option getLatestBy of ${name}.`,
    )
  }
  if (terms.includes('?')) throw new FieldError(`${verb}() needs a field to go by, not '?'.`)
  const ordered = withOrdering(state, terms)
  return withSlice(verb === 'latest' ? withReverse(ordered) : ordered, 0, 1)
}
