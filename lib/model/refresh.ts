import { FieldError } from '../errors.ts'
import { isDeferred } from '../hydrate/deferred.ts'
import { type Columns, leaveBatch } from '../hydrate/instance.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { databaseOfInstance } from '../queryset/databases.ts'
import { readColumns } from '../queryset/reload.ts'
import { restoreOnRollback } from '../queryset/restore.ts'
import { assertList } from '../util/shapes.ts'
import { inTurn } from './turns.ts'

/** `instance.refreshFromDb()`. */
export async function refresh(
  meta: ModelMeta,
  instance: Columns,
  names: readonly string[] | undefined,
): Promise<void> {
  if (names !== undefined) assertList(names, "refreshFromDb({ fields: ['title'] })", FieldError)
  const columns =
    names?.map((name) => namedColumn(meta, name)) ??
    meta.columns.filter((column) => !isDeferred(instance, column))
  const db = databaseOfInstance(instance, meta)
  await inTurn(db, instance, async () => {
    // What is read in a transaction that rolls back was never there.
    restoreOnRollback(db, meta, instance)
    await readColumns(db.current(), meta, instance, columns)
    leaveBatch(instance)
  })
}
