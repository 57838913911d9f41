import type { Database } from '../database/runner.ts'
import { frameAround, onRollback } from '../database/transaction.ts'
import {
  type Columns,
  instanceOrigin,
  setRow,
  storedRow,
  storedValue,
} from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'

/**
 * Call it before an instance is written: when the transaction or savepoint it is written in rolls
 * back, the instance is again as unsaved or as changed as it was, so that a retry writes it again.
 *
 * `adopted`: the foreign keys that it got from instances by being saved. They wait for their
 * instances again: the rows they spoke of may be gone, and another row have their key one day.
 *
 * `answered`: the columns whose values are set to what the database answers, such as an expression
 * to what it came to. They are again what they were: the answer was never there.
 */
export function restoreOnRollback(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  adopted: readonly ColumnMeta[] = [],
  answered: readonly ColumnMeta[] = [],
): void {
  if (frameAround(db) === undefined) return
  const stored = storedRow(instance)
  const origin = instanceOrigin(instance)
  const key = meta.primaryKey.name
  const keyBefore = instance[key]
  const version = meta.version?.name
  const versionBefore = version === undefined ? undefined : instance[version]
  const adoptedKeys = adopted.map(({ name }) => [name, instance[name]] as const)
  const given = answered.map((column) => [column, instance[column.name]] as const)
  onRollback(db, () => {
    for (const [column, value] of given) {
      if (isAsStored(instance, column)) instance[column.name] = value
    }
    setRow(instance, origin, stored)
    instance[key] = keyBefore
    if (version !== undefined) instance[version] = versionBefore
    for (const [name, value] of adoptedKeys) {
      if (instance[name] === value) instance[name] = undefined
    }
  })
}

/** Whether nobody has set a column since it was read or written. */
export function isAsStored(instance: Columns, column: ColumnMeta): boolean {
  const stored = storedValue(instance, column)
  return stored !== undefined && column.field.equals(stored, instance[column.name])
}
