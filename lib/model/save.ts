import type { Database } from '../database/runner.ts'
import { FieldError, InvalidValueError } from '../errors.ts'
import { adoptKeys } from '../hydrate/assign.ts'
import { type Columns, changedColumns, isSaved } from '../hydrate/instance.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { databaseOfInstance } from '../queryset/databases.ts'
import { insertInstances } from '../queryset/insert.ts'
import { isHeard, telling } from '../queryset/listeners.ts'
import { updateInstance } from '../queryset/update-instance.ts'
import { assertNotVersion } from '../queryset/version.ts'
import { assertList } from '../util/shapes.ts'
import { inTurn } from './turns.ts'
import type { SaveOptions } from './types.ts'

/** `instance.save()`: inserts a new one, writes the changed columns of a saved one. */
export function saveInstance(
  meta: ModelMeta,
  instance: Columns,
  options: SaveOptions,
): Promise<void> {
  const db = databaseOfInstance(instance, meta, options.using)
  const named = columnsNamed(meta, options.fields)
  const write = (): Promise<void> => save(db, meta, instance, named)
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
  named: readonly ColumnMeta[] | null,
): Promise<void> {
  if (!isSaved(instance)) return insertNew(db, meta, instance, named)
  const adopted = adoptKeys(meta, instance)
  const columns = named ?? columnsToSave(meta, instance)
  return updateInstance(db, meta, instance, columns, adopted)
}

/** What `save({ fields })` names; null where it names nothing. */
function columnsNamed(meta: ModelMeta, names: unknown): readonly ColumnMeta[] | null {
  if (names === undefined) return null
  assertList(names, "save({ fields: ['title'] })", FieldError)
  const columns = names.map((name) => namedColumn(meta, name as string))
  assertNotVersion(meta, columns)
  return columns
}

async function insertNew(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  named: readonly ColumnMeta[] | null,
): Promise<void> {
  if (named !== null) {
    throw new InvalidValueError(
      `This ${meta.name} is not saved yet, so save({ fields }) has no row to write them to: save() it.`,
    )
  }
  await insertInstances(db, meta, [instance])
}

function columnsToSave(meta: ModelMeta, instance: Columns): readonly ColumnMeta[] {
  const changed = changedColumns(meta, instance).filter((column) => column !== meta.version)
  return changed.length === 0 ? [] : withAutoNow(meta, changed)
}

/** A save that writes at all also writes the columns that say when. */
function withAutoNow(meta: ModelMeta, changed: readonly ColumnMeta[]): readonly ColumnMeta[] {
  return meta.columns.filter((column) => changed.includes(column) || isAutoNow(column))
}

function isAutoNow(column: ColumnMeta): boolean {
  return column.relation === null && column.field.autoNow
}
