import type { Database } from '../database/runner.ts'
import { onRollback } from '../database/transaction.ts'
import { type Columns, instanceState } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'

/**
 * Call it before an instance is written: when the transaction or savepoint it is written in rolls
 * back, the instance is again as unsaved or as changed as it was, so that a retry writes it again.
 */
export function restoreOnRollback(db: Database, meta: ModelMeta, instance: Columns): void {
  const state = instanceState(instance)
  const { stored, origin } = state
  const key = meta.primaryKey.name
  const keyBefore = instance[key]
  onRollback(db, () => {
    state.stored = stored
    state.origin = origin
    instance[key] = keyBefore
  })
}
