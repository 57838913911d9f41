import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { type Columns, instanceOrigin, isSaved, setRow, storedRow } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { withLock } from '../query/lock.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFlat } from '../query/projection.ts'
import { initialState, withFilter } from '../query/state.ts'
import type { DoomedRow } from './collected.ts'
import { type DeletionReport, deleteCollected } from './collector.ts'
import { rulesOf } from './collector-rules.ts'
import { readRows } from './read-rows.ts'
import { storedKey } from './reload.ts'
import { restoreOnRollback } from './restore.ts'
import { knownVersion, staleError } from './version.ts'

/**
 * Deletes a saved instance's row, and what refers to it as its rules say; the instance is then a
 * new one without a key.
 *
 * @throws InvalidValueError for an instance that is not saved.
 * @throws StaleObjectError where its row has a version and was written by others.
 * @throws ProtectedError, RestrictedError with the rows in the way; nothing is deleted.
 */
export async function deleteInstance(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
): Promise<DeletionReport> {
  if (!isSaved(instance)) {
    throw new InvalidValueError(`This ${meta.name} cannot be deleted: it is not saved.`)
  }
  const found = { pk: storedKey(meta, instance), ...knownVersion(meta, instance) }
  const state = withFilter(initialState(meta), [found])
  const deleteIt = async (): Promise<DeletionReport> => {
    await assertFresh(db, state)
    return await deleteCollected(db, state, {
      known: { instance, row: knownRow(meta, instance) },
      onProgress: undefined,
    })
  }
  restoreOnRollback(db, meta, instance)
  const report = await (meta.version === null ? deleteIt() : db.atomic(deleteIt))
  setRow(instance, instanceOrigin(instance), null)
  instance[meta.primaryKey.name] = null
  return report
}

/**
 * Makes sure that the row still has its version, and keeps it until the transaction ends.
 *
 * @throws StaleObjectError
 */
async function assertFresh(db: Database, state: QueryState): Promise<void> {
  if (state.model.version === null) return
  const locked = withLock(withFlat(state, 'pk'), {})
  const { rows } = await readRows(db.current(), locked)
  if (rows.length === 0) throw staleError(state.model, 'delete')
}

/** What rules must know of the row, as it was read or written; undefined where that was not. */
function knownRow(meta: ModelMeta, instance: Columns): DoomedRow | undefined {
  const stored = storedRow(instance)
  const origin = instanceOrigin(instance)
  const { columns } = rulesOf(meta)
  if (stored === null || origin === null) return undefined
  if (columns.some(({ index }) => stored[index] === undefined)) return undefined
  return columns.map(({ field, index }) => field.fromDb(stored[index], origin.dialect))
}
