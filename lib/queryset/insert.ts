import { compileInsert, type InsertConflict } from '../compile/insert.ts'
import { rowsPerInsert } from '../compile/insert-rows.ts'
import type { Database, Runner } from '../database/runner.ts'
import { DatabaseError } from '../errors.ts'
import { type Columns, markInserted, type Origin } from '../hydrate/instance.ts'
import { assertNotShadowed } from '../hydrate/shadowed.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { Expression } from '../query/expression.ts'
import { ownOptions } from '../util/plain-object.ts'
import { writeBatches } from './batches.ts'
import { chunks, weightOf } from './chunks.ts'
import { originOf } from './databases.ts'
import { atRow, groupByLayout, type Layout, type NewRow, newRow } from './new-rows.ts'
import type { OnProgress } from './progress.ts'
import { restoreOnRollback } from './restore.ts'

/** What is said of an insert of many rows. */
export interface InsertOptions {
  /** How many rows one statement inserts at most. */
  readonly batchSize?: number | undefined
  readonly conflict?: InsertConflict | undefined
  readonly onProgress?: OnProgress | undefined
  /** The index of the first instance among all rows; where it is given, errors say which row. */
  readonly firstIndex?: number
  /** Instances that nobody has, so that a rollback need not restore them. */
  readonly dropped?: ReadonlySet<Columns> | undefined
}

/**
 * Inserts instances, in as few statements as the database's limits allow and in one transaction,
 * and sets the keys that the database made.
 *
 * @throws DatabaseError where a trigger kept rows out, so that nobody knows whose keys came back.
 * @throws ValidationError listing what is not valid in the first instance that is not, before any
 * SQL.
 */
export function insertInstances(
  db: Database,
  meta: ModelMeta,
  instances: readonly Columns[],
  given: InsertOptions = {},
): Promise<void> {
  const options = ownOptions(given)
  const { onProgress, firstIndex = 0 } = options
  const all = newRows(db, meta, instances, options.firstIndex)
  const batches = [...groupByLayout(meta, all)].flatMap(([layout, group]) =>
    chunks(group, batchSize(db, meta, layout, group, options), ({ values }) =>
      weightOf(values),
    ).map((rows) => ({ layout, rows })),
  )
  return writeBatches(db, batches, { onProgress, isPart: firstIndex > 0 }, (runner, batch) =>
    insertBatch(runner, meta, batch, options),
  )
}

function newRows(
  { dialect }: Database,
  meta: ModelMeta,
  instances: readonly Columns[],
  firstIndex?: number,
): NewRow[] {
  let checked: unknown
  return instances.map((instance, at) => {
    if (instance.constructor !== checked) assertNotShadowed(meta, instance)
    checked = instance.constructor
    if (firstIndex === undefined) return newRow(meta, instance, dialect)
    return atRow(meta, firstIndex + at, () => newRow(meta, instance, dialect))
  })
}

function batchSize(
  db: Database,
  model: ModelMeta,
  { columns }: Layout,
  rows: readonly NewRow[],
  { batchSize }: InsertOptions,
): number {
  const size = batchSize ?? rows.length
  if (size <= 1) return 1
  const hasExpressions = rows.some((row) => row.hasExpressions)
  return Math.min(size, rowsPerInsert({ model, columns }, hasExpressions, db.dialect))
}

async function insertBatch(
  runner: Runner,
  meta: ModelMeta,
  { layout, rows: batch }: { readonly layout: Layout; readonly rows: readonly NewRow[] },
  { conflict, dropped }: InsertOptions,
): Promise<void> {
  const { db } = runner
  const { columns } = layout
  const returning = returnedColumns(meta, layout, batch, conflict)
  const rows = batch.map(({ values }) => values)
  const spec = { model: meta, columns, rows, isEncoded: true, returning, conflict }
  const statement = compileInsert(spec, db.dialect)
  for (const { instance, adopted } of batch) {
    if (!dropped?.has(instance)) restoreOnRollback(db, meta, instance, adopted, returning)
  }
  const result = await runner.run(statement)
  if (conflict?.action === 'ignore') return
  if (returning.length > 0) assertAllInserted(meta, batch.length, result.rows.length)
  const origin = originOf(db)
  batch.forEach((row, at) => {
    settle(row, returning, result.rows[at] ?? [], origin)
  })
}

/** Rows come back in the order of the instances: where some are missing, whose they are is not known. */
function assertAllInserted({ name }: ModelMeta, sent: number, inserted: number): void {
  if (sent === inserted) return
  throw new DatabaseError(
    `The database took ${inserted} of ${sent} new rows of ${name}, without an error: a trigger or a ` +
      'rule of its own kept others out. No instance was given a key, since it cannot be told which; ' +
      'outside atomic() the rows that it took are saved.',
  )
}

/** Lets an instance know what the database holds now. */
function settle(
  { instance, values }: NewRow,
  returning: readonly ColumnMeta[],
  returned: readonly unknown[],
  origin: Origin,
): void {
  returning.forEach(({ name, index, field }, at) => {
    values[index] = returned[at]
    instance[name] = field.fromDb(returned[at], origin.dialect)
  })
  markInserted(instance, origin, values)
}

/** The columns whose values only the database knows after the insert. */
function returnedColumns(
  meta: ModelMeta,
  { columns, made }: Layout,
  batch: readonly NewRow[],
  conflict: InsertConflict | undefined,
): readonly ColumnMeta[] {
  // A row that was ignored returns nothing, so rows could not be told apart.
  if (conflict?.action === 'ignore') return []
  // What a row that was there already has otherwise is not known here.
  if (conflict?.action === 'update') return meta.columns
  const open = batch.filter(({ hasExpressions }) => hasExpressions)
  if (open.length === 0) return made
  const isOpen = ({ index }: ColumnMeta): boolean =>
    open.some(({ values }) => Expression.raw(values[index]) !== null)
  return meta.columns.filter((column) => !columns.includes(column) || isOpen(column))
}
