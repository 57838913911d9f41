import { rowsPerInsert } from '../compile/insert-rows.ts'
import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import type { Columns } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { type BulkCreateOptions, toInsertOptions } from './bulk-options.ts'
import { bulkCreate, newInstance } from './create.ts'
import { isHeard } from './listeners.ts'

/** Rows that come one by one. An array has a length, and is none. */
export type RowStream<Row> = (Iterable<Row> | AsyncIterable<Row>) & { readonly length?: never }

/** As many as `iterator()` reads at a time. */
const MAX_CHUNK = 2000

/**
 * Inserts rows as they come, of which no more than a chunk is in memory, in one transaction; how
 * many there were. It reads on when a chunk is written, inside the transaction; what fails rolls all
 * of it back and closes the iterable. Instances that the iterable gives are kept until the end, so
 * that a rollback can restore them; those made of its inputs are not.
 *
 * @param onCreated gets the instances of each chunk when they are inserted.
 * @throws FieldError, InvalidValueError, RangeError for options, before any SQL.
 * @throws ValidationError that names the row by its index; nothing is saved.
 */
export async function bulkCreateFrom(
  db: Database,
  meta: ModelMeta,
  rows: unknown,
  options: BulkCreateOptions,
  onCreated?: (instances: readonly Columns[]) => Promise<void>,
): Promise<number> {
  assertIterable(meta, rows)
  const { batchSize = MAX_CHUNK, onProgress } = toInsertOptions(meta, options)
  const inserting = { ...options, onProgress: undefined }
  // One statement for each chunk, whichever columns its rows leave to the database.
  const most = rowsPerInsert({ model: meta, columns: meta.columns }, false, db.dialect)
  const size = Math.min(batchSize, most)
  return await db.atomic(async () => {
    let done = 0
    let chunk: Columns[] = []
    let dropped = new Set<Columns>()
    const flush = async (): Promise<void> => {
      // Listeners may keep what they are told of.
      const forgotten = isHeard(meta, 'save') ? undefined : dropped
      await bulkCreate(db, meta, chunk, inserting, { firstIndex: done, dropped: forgotten })
      await onCreated?.(chunk)
      done += chunk.length
      chunk = []
      dropped = new Set()
      await onProgress?.({ done, total: null })
    }
    for await (const row of rows) {
      const instance = newInstance(meta, row, done + chunk.length)
      if (instance !== row) dropped.add(instance)
      if (chunk.push(instance) === size) await flush()
    }
    if (chunk.length > 0) await flush()
    return done
  })
}

/** @throws InvalidValueError for what is no iterable of rows. */
export function assertIterable(
  meta: ModelMeta,
  rows: unknown,
): asserts rows is Iterable<unknown> | AsyncIterable<unknown> {
  const isIterable =
    typeof rows === 'object' &&
    rows !== null &&
    (Symbol.asyncIterator in rows || Symbol.iterator in rows)
  if (isIterable) return
  throw new InvalidValueError(
    `bulkCreate() of ${meta.name} takes an array of rows, or an iterable of them.`,
  )
}
