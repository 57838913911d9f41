import { FieldError, InvalidValueError } from '../errors.ts'
import { Instance, isSaved } from '../hydrate/instance.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFilter } from '../query/state.ts'

/** What the model room gives instances, as this room needs it. */
interface Comparable {
  readonly pk: unknown
  equals(other: unknown): boolean
}

/**
 * The query for one instance among the rows.
 *
 * @throws FieldError after `values()`; InvalidValueError for what is no saved instance of the model.
 */
export function withInstance(state: QueryState, instance: unknown): QueryState {
  const { model } = state
  if (state.projection.kind !== 'instances') {
    throw new FieldError('Cannot call contains() after values() or valuesList().')
  }
  if (!Instance.is(instance) || !(instance instanceof model.modelClass)) {
    throw new InvalidValueError(`contains() takes an instance of ${model.name}.`)
  }
  if (!isSaved(instance)) {
    throw new InvalidValueError('contains() cannot be asked for an instance that is not saved.')
  }
  const { pk } = instance as unknown as Comparable
  return withFilter(state, [{ pk }])
}

/** Whether rows that are known contain an instance. */
export function containsInstance(rows: readonly unknown[], instance: unknown): boolean {
  return rows.some((row) => (row as Comparable).equals(instance))
}
