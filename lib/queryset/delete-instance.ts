import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { type Columns, instanceState } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { initialState, withFilter } from '../query/state.ts'
import { storedKey } from './reload.ts'
import { restoreOnRollback } from './restore.ts'
import { deleteRows } from './write.ts'

/**
 * Deletes a saved instance's row; the instance is then a new one without a key.
 *
 * @throws InvalidValueError for an instance that is not saved.
 */
export async function deleteInstance(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
): Promise<[number, Record<string, number>]> {
  if (instanceState(instance).stored === null) {
    throw new InvalidValueError(`This ${meta.name} cannot be deleted: it is not saved.`)
  }
  const state = withFilter(initialState(meta), [{ pk: storedKey(meta, instance) }])
  restoreOnRollback(db, meta, instance)
  const report = await deleteRows(db.current(), state)
  instanceState(instance).stored = null
  instance[meta.primaryKey.name] = null
  return report
}
