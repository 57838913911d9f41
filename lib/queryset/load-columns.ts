import type { Database, Runner } from '../database/runner.ts'
import { onRollback } from '../database/transaction.ts'
import type { Batch } from '../hydrate/batch.ts'
import { isDeferred, unload } from '../hydrate/deferred.ts'
import { type Columns, markStored } from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { withValuesList } from '../query/projection.ts'
import { initialState, withFilter } from '../query/state.ts'
import { databaseOfInstance, originOf } from './databases.ts'
import { fetchRows } from './fetch.ts'
import { batchOf, type PeerLoad, PeerQuestion, rememberedFor } from './peers.ts'
import { readColumns, storedKey } from './reload.ts'
import { isAsStored, restoreOnRollback } from './restore.ts'

type Values = readonly unknown[]

/**
 * Loads those of an instance's columns that are deferred. One query reads them for all instances of
 * the same result, each of which gets its own when it asks.
 *
 * @throws the model's DoesNotExist when the row is gone.
 */
export async function loadColumns(
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
): Promise<void> {
  const missing = columns.filter((column) => isDeferred(instance, column))
  if (missing.length === 0) return
  const db = databaseOfInstance(instance, meta)
  forgetOnRollback(db, meta, instance, missing)
  const shared = await readWithPeers(db, meta, instance, missing)
  if (shared === null) {
    await readColumns(db.current(), meta, instance, missing)
    return
  }
  missing.forEach((column, at) => {
    instance[column.name] = shared.value[at]
  })
  markStored(instance, originOf(db), missing, meta)
}

/** What is read in a transaction that rolls back was never there; what was set since is. */
function forgetOnRollback(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
): void {
  restoreOnRollback(db, meta, instance)
  // Comes before the row is what it was.
  onRollback(db, () => {
    for (const column of columns) if (isAsStored(instance, column)) unload(instance, column)
  })
}

function readWithPeers(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
): Promise<{ readonly value: Values } | null> | null {
  const key = storedKey(meta, instance)
  const batch = batchOf(instance, meta.primaryKey, key)
  if (batch === null) return null
  const names = columns.map((column) => column.name)
  const question = rememberedFor(
    batch,
    names.join(),
    () =>
      new PeerQuestion<Values>(batch.keysOf(meta.primaryKey), { patience: 0, isRepeatable: false }),
  )
  const runner = db.current()
  return question.ask(key, runner, (keys) => readAll(runner, meta, batch, columns, keys))
}

function readAll(
  runner: Runner,
  meta: ModelMeta,
  batch: Batch,
  columns: readonly ColumnMeta[],
  keys: readonly unknown[],
): PeerLoad<Values> {
  const read = async (): Promise<Map<unknown, Values>> => {
    const query = withValuesList(withFilter(initialState(meta), [{ pk__in: keys }]), [
      meta.primaryKey.name,
      ...columns.map((column) => column.name),
    ])
    const rows = (await fetchRows(runner, query)) as Values[]
    columns.forEach((column, at) => {
      batch.learn(
        column,
        rows.map((row) => row[at + 1]),
      )
    })
    return new Map(rows.map(([key, ...values]) => [key, values]))
  }
  return { tables: [meta.table], found: read() }
}
