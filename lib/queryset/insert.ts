import { compileInsert, type InsertConflict } from '../compile/insert.ts'
import { rowsPerInsert } from '../compile/insert-rows.ts'
import type { Database } from '../database/runner.ts'
import { adoptKeys, adoptValues } from '../hydrate/assign.ts'
import { type Columns, markStored } from '../hydrate/instance.ts'
import { assertNotShadowed } from '../hydrate/shadowed.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { validate } from '../meta/schemas.ts'
import { Expression } from '../query/expression.ts'
import { chunks } from './chunks.ts'
import { originOf } from './databases.ts'
import { assertSize } from './limits.ts'
import { restoreOnRollback } from './restore.ts'

/** What is said of an insert of many rows. */
export interface InsertOptions {
  /** How many rows one statement inserts at most. */
  readonly batchSize?: number | undefined
  readonly conflict?: InsertConflict | undefined
}

/** An instance and what is inserted of it: canonical copies, and expressions as they are. */
interface NewRow {
  readonly instance: Columns
  readonly values: Readonly<Record<string, unknown>>
  /** The foreign keys that it got from instances just now. */
  readonly adopted: readonly ColumnMeta[]
}

/**
 * Inserts instances, in as few statements as the database's limits allow and in one transaction,
 * and sets the keys that the database made.
 *
 * @throws ValidationError listing what is not valid in the first instance that is not, before any
 * SQL; RangeError for a `batchSize` that is none.
 */
export async function insertInstances(
  db: Database,
  meta: ModelMeta,
  instances: readonly Columns[],
  options: InsertOptions = {},
): Promise<void> {
  if (options.batchSize !== undefined) assertSize(options.batchSize, 'batchSize')
  const rows = instances.map((instance) => {
    assertNotShadowed(meta, instance)
    return prepare(meta, instance)
  })
  const batches = [...groupByColumns(meta, rows)].flatMap(([columns, group]) =>
    chunks(group, batchSize(db, { model: meta, columns }, group, options)).map((batch) => ({
      columns,
      batch,
    })),
  )
  const insertAll = async (): Promise<void> => {
    for (const { columns, batch } of batches) await insertBatch(db, meta, columns, batch, options)
  }
  await (batches.length > 1 ? db.atomic(insertAll) : insertAll())
}

/** Validates an instance and gives it the canonical form of its values. */
function prepare(meta: ModelMeta, instance: Columns): NewRow {
  const adopted = adoptKeys(meta, instance)
  const plain = meta.columns.filter((column) => {
    const { field, name, relation } = column
    if (relation === null && field.autoNow) instance[name] = field.makeNow()
    if (isMadeByDatabase(column, instance)) return false
    return Expression.raw(instance[name]) === null
  })
  const valid = validate(meta, plain, instance)
  adoptValues(meta, instance, valid)
  return { instance, values: { ...instance, ...valid }, adopted }
}

/** Rows with the same columns to insert; only those the database makes may be missing. */
function groupByColumns(
  meta: ModelMeta,
  rows: readonly NewRow[],
): Iterable<[readonly ColumnMeta[], NewRow[]]> {
  const groups = new Map<string, [readonly ColumnMeta[], NewRow[]]>()
  for (const row of rows) {
    const columns = meta.columns.filter((column) => !isMadeByDatabase(column, row.values))
    const key = columns.map((column) => column.index).join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [columns, [row]])
    else group[1].push(row)
  }
  return groups.values()
}

function isMadeByDatabase(column: ColumnMeta, values: NewRow['values']): boolean {
  return column.generated && (values[column.name] ?? null) === null
}

function batchSize(
  db: Database,
  into: { readonly model: ModelMeta; readonly columns: readonly ColumnMeta[] },
  rows: readonly NewRow[],
  { batchSize }: InsertOptions,
): number {
  const size = batchSize ?? rows.length
  if (size <= 1) return 1
  const hasExpressions = rows.some(({ values }) =>
    into.columns.some(({ name }) => Expression.raw(values[name]) !== null),
  )
  return Math.min(size, rowsPerInsert(into, hasExpressions, db.dialect))
}

async function insertBatch(
  db: Database,
  meta: ModelMeta,
  columns: readonly ColumnMeta[],
  batch: readonly NewRow[],
  { conflict }: InsertOptions,
): Promise<void> {
  const returning = returnedColumns(meta, columns, batch, conflict)
  const rows = batch.map(({ values }) => columns.map((column) => values[column.name] ?? null))
  const statement = compileInsert({ model: meta, columns, rows, returning, conflict }, db.dialect)
  const runner = db.current()
  for (const { instance, adopted } of batch) restoreOnRollback(db, meta, instance, adopted)
  const result = await runner.run(statement)
  const origin = originOf(db)
  batch.forEach(({ instance, values }, at) => {
    const returned: Record<string, unknown> = {}
    returning.forEach((column, position) => {
      returned[column.name] = column.field.fromDb(result.rows[at]?.[position], db.dialect)
    })
    Object.assign(instance, returned)
    const stored = { ...values, ...returned }
    if (conflict?.action !== 'ignore') markStored(instance, origin, meta.columns, meta, stored)
  })
}

/** The columns whose values only the database knows after the insert. */
function returnedColumns(
  meta: ModelMeta,
  columns: readonly ColumnMeta[],
  batch: readonly NewRow[],
  conflict: InsertConflict | undefined,
): ColumnMeta[] {
  // A row that was ignored returns nothing, so rows could not be told apart.
  if (conflict?.action === 'ignore') return []
  // What a row that was there already has otherwise is not known here.
  if (conflict?.action === 'update') return [...meta.columns]
  return meta.columns.filter(
    (column) =>
      !columns.includes(column) ||
      batch.some(({ values }) => Expression.raw(values[column.name]) !== null),
  )
}
