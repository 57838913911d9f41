import type { Database } from '../database/runner.ts'
import { adoptKeys } from '../hydrate/assign.ts'
import { type Columns, changedColumns, isSaved } from '../hydrate/instance.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { databaseOfInstance } from '../queryset/databases.ts'
import { insertInstances } from '../queryset/insert.ts'
import { isHeard, telling } from '../queryset/listeners.ts'
import { updateInstance } from '../queryset/update-instance.ts'
import { assertNotVersion } from '../queryset/version.ts'
import { inTurn } from './turns.ts'
import type { SaveOptions } from './types.ts'

/** `instance.save()`: inserts a new one, writes the changed columns of a saved one. */
export function saveInstance(
  meta: ModelMeta,
  instance: Columns,
  options: SaveOptions,
): Promise<void> {
  const db = databaseOfInstance(instance, meta, options.using)
  const write = (): Promise<void> => save(db, meta, instance, options)
  if (!isHeard(meta, 'save')) return inTurn(db, instance, write)
  return inTurn(db, instance, () => {
    const { fields: updateFields = null } = options
    const created = !isSaved(instance)
    return telling(db, meta, 'save', { kind: 'save', instance, created, updateFields }, write)
  })
}

function save(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  options: SaveOptions,
): Promise<void> {
  if (!isSaved(instance)) return insertInstances(db, meta, [instance])
  const adopted = adoptKeys(meta, instance)
  const columns = columnsToSave(meta, instance, options.fields)
  return updateInstance(db, meta, instance, columns, adopted)
}

function columnsToSave(
  meta: ModelMeta,
  instance: Columns,
  names: readonly string[] | undefined,
): readonly ColumnMeta[] {
  const changed = changedColumns(meta, instance).filter((column) => column !== meta.version)
  if (names === undefined) return changed.length === 0 ? [] : withAutoNow(meta, changed)
  const columns = names.map((name) => namedColumn(meta, name))
  assertNotVersion(meta, columns)
  return columns
}

/** A save that writes at all also writes the columns that say when. */
function withAutoNow(meta: ModelMeta, changed: readonly ColumnMeta[]): readonly ColumnMeta[] {
  return meta.columns.filter((column) => changed.includes(column) || isAutoNow(column))
}

function isAutoNow(column: ColumnMeta): boolean {
  return column.relation === null && column.field.autoNow
}
