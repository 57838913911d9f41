import type { Runner } from '../database/runner.ts'
import { type Columns, markStored, storedValue } from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { withValuesList } from '../query/projection.ts'
import { initialState, withFilter, withOrdering } from '../query/state.ts'
import { originOf } from './databases.ts'
import { fetchRows } from './fetch.ts'
import { onlyRow } from './single.ts'

/**
 * Reads some columns of a saved instance's row again.
 *
 * @throws the model's DoesNotExist when the row is gone.
 */
export async function readColumns(
  runner: Runner,
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
): Promise<void> {
  const found = withFilter(withOrdering(initialState(meta), []), [
    { pk: storedKey(meta, instance) },
  ])
  const query = withValuesList(
    found,
    columns.map((column) => column.name),
  )
  const values = onlyRow(query, (await fetchRows(runner, query)) as unknown[][])
  columns.forEach((column, at) => {
    instance[column.name] = values[at]
  })
  markStored(instance, originOf(runner.db), columns, meta)
}

/** The key under which the database knows the row, whatever the property says now. */
export function storedKey(meta: ModelMeta, instance: Columns): unknown {
  return storedValue(instance, meta.primaryKey) ?? instance[meta.primaryKey.name]
}
