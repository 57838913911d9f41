import type { Runner } from '../database/runner.ts'
import { FieldError } from '../errors.ts'
import type { Columns } from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { unknownName } from '../query/paths.ts'
import { isSliced, withFilter } from '../query/state.ts'
import { fetchRows } from './fetch.ts'

/** The query of `inBulk()`, and the column its keys are of. */
export interface BulkQuery {
  readonly state: QueryState
  readonly column: ColumnMeta
}

/** @throws FieldError for a field that is not unique, after a slice or after `values()`. */
export function bulkQuery(
  state: QueryState,
  keys: readonly unknown[] | undefined,
  fieldName: string,
): BulkQuery {
  if (isSliced(state)) throw new FieldError("Cannot use 'limit' or 'offset' with inBulk().")
  if (state.projection.kind !== 'instances') {
    throw new FieldError('inBulk() gives instances: it cannot follow values() or valuesList().')
  }
  const column = uniqueColumn(state.model, fieldName)
  const filtered =
    keys === undefined ? state : withFilter(state, [{ [`${column.name}__in`]: keys }])
  return { state: filtered, column }
}

/** The instances by their keys. */
export async function fetchBulk(
  runner: Runner,
  { state, column }: BulkQuery,
): Promise<Map<unknown, unknown>> {
  const rows = (await fetchRows(runner, state)) as Columns[]
  return new Map(rows.map((row) => [row[column.name], row]))
}

function uniqueColumn(model: ModelMeta, name: string): ColumnMeta {
  const column = name === 'pk' ? model.primaryKey : model.columnsByName.get(name)
  if (column === undefined) throw unknownName(name, model)
  if (!column.unique) {
    throw new FieldError(`inBulk() needs a field that is unique; ${model.name}.${name} is not.`)
  }
  return column
}
