import { compileBulkUpdate, rowsPerUpdate } from '../compile/bulk-update.ts'
import type { Database, Runner } from '../database/runner.ts'
import { FieldError, InvalidValueError } from '../errors.ts'
import { toMapKey } from '../fields/key.ts'
import { adoptKeys, adoptValues } from '../hydrate/assign.ts'
import { type Columns, Instance, markStored } from '../hydrate/instance.ts'
import { assertNotShadowed } from '../hydrate/shadowed.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { validate } from '../meta/schemas.ts'
import { Expression } from '../query/expression.ts'
import type { QueryState } from '../query/nodes.ts'
import { readOptions } from '../util/options.ts'
import { assertList } from '../util/shapes.ts'
import { writeBatches } from './batches.ts'
import { chunks, weightOf } from './chunks.ts'
import { originOf } from './databases.ts'
import { assertSize } from './limits.ts'
import { telling } from './listeners.ts'
import { assertOnProgress, type OnProgress } from './progress.ts'
import { timeLeft } from './read-rows.ts'
import { storedKey } from './reload.ts'
import { restoreOnRollback } from './restore.ts'
import { assertNotVersion, knownVersion } from './version.ts'
import { assertWritable } from './write.ts'

/** Options of `bulkUpdate()`. */
export interface BulkUpdateOptions {
  /** How many rows one statement updates at most. @default as many as the database takes */
  readonly batchSize?: number | undefined
  /** Told after every chunk; what it throws rolls all of them back. */
  readonly onProgress?: OnProgress | undefined
}

/** An instance and what is written of it: canonical copies, and expressions as they are. */
interface ChangedRow {
  readonly instance: Columns
  readonly key: unknown
  readonly values: Readonly<Record<string, unknown>>
  /** The foreign keys that it got from instances just now. */
  readonly adopted: readonly ColumnMeta[]
}

/**
 * Writes some columns of saved instances, each its own values, in as few statements as the
 * database's limits allow and in one transaction; how many rows matched.
 *
 * Source: Django's `bulk_update`: of instances of one row the first counts, columns that are not
 * named (`autoNow` too) are left alone, and rows that the query does not have are not written.
 *
 * @throws FieldError, InvalidValueError, NotLoadedError, ValidationError, RangeError before any SQL.
 */
export async function bulkUpdate(
  db: Database,
  state: QueryState,
  instances: readonly unknown[],
  names: readonly string[],
  options: BulkUpdateOptions,
): Promise<number> {
  assertWritable(state, 'bulkUpdate')
  const own = readOptions('bulkUpdate()', options, { batchSize: true, onProgress: true })
  if (own.batchSize !== undefined) assertSize(own.batchSize, 'batchSize')
  assertOnProgress(own.onProgress, 'bulkUpdate')
  const columns = columnsToWrite(state.model, names)
  assertList(instances, "bulkUpdate(books, ['pages'])")
  if (instances.length === 0) return 0
  for (const instance of instances) assertInstance(state.model, instance)
  const fields = columns.map(({ name }) => name)
  return await telling(db, state.model, 'save', { kind: 'bulkUpdate', instances, fields }, () =>
    writeInstances(db, state, instances, columns, own),
  )
}

async function writeInstances(
  db: Database,
  state: QueryState,
  instances: readonly unknown[],
  columns: readonly ColumnMeta[],
  { batchSize, onProgress }: BulkUpdateOptions,
): Promise<number> {
  const rows = changedRows(state.model, instances, columns)
  const hasExpressions = rows.some(({ values }) => columns.some((column) => isOpen(column, values)))
  const most = rowsPerUpdate(columns, hasExpressions, db.dialect)
  const size = Math.min(batchSize ?? most, most)
  const batches = chunks(rows, size, ({ values }) => weightOf(Object.values(values))).map(
    (batch) => ({ rows: batch }),
  )
  const update = new Update(db, state, columns)
  let count = 0
  await writeBatches(db, batches, { onProgress }, async (runner, batch) => {
    count += await update.run(runner, batch.rows)
  })
  return count
}

function columnsToWrite(meta: ModelMeta, names: unknown): readonly ColumnMeta[] {
  if (!Array.isArray(names) || names.length === 0) {
    throw new FieldError(
      "bulkUpdate() needs the fields to write: bulkUpdate(books, ['pages', 'title']).",
    )
  }
  const columns = [...new Set(names.map((name) => namedColumn(meta, name as string)))]
  if (columns.some(({ primaryKey }) => primaryKey)) {
    throw new FieldError(
      `bulkUpdate() cannot write the primary key of ${meta.name}: it is what rows are found by.`,
    )
  }
  assertNotVersion(meta, columns)
  return columns
}

/** Each row once: of several instances of it the first. */
function changedRows(
  meta: ModelMeta,
  instances: readonly unknown[],
  columns: readonly ColumnMeta[],
): ChangedRow[] {
  const rows = new Map<unknown, ChangedRow>()
  for (const instance of instances) {
    const row = changedRow(meta, instance, columns)
    const identity = toMapKey(meta.primaryKey.field, row.key)
    if (!rows.has(identity)) rows.set(identity, row)
  }
  return [...rows.values()]
}

function assertInstance(meta: ModelMeta, instance: unknown): void {
  if (Instance.is(instance) && instance instanceof meta.modelClass) return
  throw new InvalidValueError(`bulkUpdate() of ${meta.name} takes instances of ${meta.name}.`)
}

function changedRow(
  meta: ModelMeta,
  instance: unknown,
  columns: readonly ColumnMeta[],
): ChangedRow {
  const row = instance as Columns
  assertNotShadowed(meta, row)
  const key = storedKey(meta, row) ?? null
  if (key === null) {
    throw new InvalidValueError(
      `bulkUpdate() of ${meta.name} was given an instance that has no key: save it first.`,
    )
  }
  // Counting on from what was not loaded would be noticed when all is written.
  knownVersion(meta, row)
  const adopted = adoptKeys(meta, row)
  const plain = columns.filter((column) => !isOpen(column, row))
  const valid = validate(meta, plain, row)
  adoptValues(meta, row, valid)
  const open = columns.filter((column) => isOpen(column, row))
  const values = { ...Object.fromEntries(open.map(({ name }) => [name, row[name]])), ...valid }
  return { instance: row, key, values, adopted }
}

/** Whether the value of a column is for the database to compute. */
function isOpen({ name }: ColumnMeta, values: Readonly<Record<string, unknown>>): boolean {
  return Expression.raw(values[name]) !== null
}

/** What the statements of one call have in common. */
class Update {
  readonly #db: Database
  readonly #state: QueryState
  readonly #columns: readonly ColumnMeta[]
  readonly #limits: ReturnType<typeof timeLeft>

  constructor(db: Database, state: QueryState, columns: readonly ColumnMeta[]) {
    this.#db = db
    this.#state = state
    this.#columns = columns
    this.#limits = timeLeft(state)
  }

  /** Writes a batch in one statement; how many rows matched. */
  async run(runner: Runner, batch: readonly ChangedRow[]): Promise<number> {
    const db = this.#db
    const state = this.#state
    const columns = this.#columns
    const { model } = state
    const open = columns.filter((column) => batch.some(({ values }) => isOpen(column, values)))
    const rows = batch.map(({ key, values }) => [key, ...columns.map(({ name }) => values[name])])
    const returning = [model.primaryKey, ...open]
    const statement = compileBulkUpdate({ state, columns, rows, returning }, db.dialect)
    if (statement === null) return 0
    for (const { instance, adopted } of batch) {
      restoreOnRollback(db, model, instance, adopted, open)
    }
    const { rows: written } = await runner.run(statement, this.#limits())
    this.#settle(batch, written, open)
    return written.length
  }

  /** Lets instances know what the database holds now; those whose rows it did not have, nothing. */
  #settle(
    batch: readonly ChangedRow[],
    written: readonly (readonly unknown[])[],
    open: readonly ColumnMeta[],
  ): void {
    const { model } = this.#state
    const { dialect } = this.#db
    const { primaryKey } = model
    const isWhole = written.length === batch.length && open.length === 0
    const byKey = isWhole
      ? null
      : new Map(
          written.map((row) => [
            toMapKey(primaryKey.field, primaryKey.field.fromDb(row[0], dialect)),
            row,
          ]),
        )
    const origin = originOf(this.#db)
    const { version } = model
    const counted = version === null ? [] : [version]
    const columns = [primaryKey, ...this.#columns, ...counted]
    for (const { instance, key, values } of batch) {
      const row = byKey?.get(toMapKey(primaryKey.field, key))
      if (byKey !== null && row === undefined) continue
      const stored: Record<string, unknown> = { ...values, [primaryKey.name]: key }
      if (version !== null) {
        // As new, or as stale, as before: the row counted this write, whoever wrote it last.
        stored[version.name] = (instance[version.name] as number) + 1
        instance[version.name] = stored[version.name]
      }
      open.forEach((column, at) => {
        if (!isOpen(column, values)) return
        stored[column.name] = column.field.fromDb(row?.[at + 1], dialect)
        instance[column.name] = stored[column.name]
      })
      markStored(instance, origin, columns, model, stored)
    }
  }
}
