import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { type Columns, instanceState } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { initialState, withFilter } from '../query/state.ts'
import type { DoomedRow } from './collected.ts'
import { type DeletionReport, deleteCollected } from './collector.ts'
import { rulesOf } from './collector-rules.ts'
import { storedKey } from './reload.ts'
import { restoreOnRollback } from './restore.ts'

/**
 * Deletes a saved instance's row, and what refers to it as its rules say; the instance is then a
 * new one without a key.
 *
 * @throws InvalidValueError for an instance that is not saved.
 * @throws ProtectedError, RestrictedError with the rows in the way; nothing is deleted.
 */
export async function deleteInstance(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
): Promise<DeletionReport> {
  if (instanceState(instance).stored === null) {
    throw new InvalidValueError(`This ${meta.name} cannot be deleted: it is not saved.`)
  }
  const state = withFilter(initialState(meta), [{ pk: storedKey(meta, instance) }])
  restoreOnRollback(db, meta, instance)
  const report = await deleteCollected(db, state, knownRow(meta, instance))
  instanceState(instance).stored = null
  instance[meta.primaryKey.name] = null
  return report
}

/** What rules must know of the row, as it was read or written; undefined where that was not. */
function knownRow(meta: ModelMeta, instance: Columns): readonly DoomedRow[] | undefined {
  const { stored, origin } = instanceState(instance)
  const { columns } = rulesOf(meta)
  if (stored === null || origin === null) return undefined
  if (columns.some(({ index }) => stored[index] === undefined)) return undefined
  return [columns.map(({ field, index }) => field.fromDb(stored[index], origin.dialect))]
}
