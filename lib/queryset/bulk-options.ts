import type { InsertConflict } from '../compile/insert.ts'
import { FieldError } from '../errors.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import type { FieldsOf, NamesIn } from '../meta/row-types.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { assertList } from '../util/shapes.ts'
import type { InsertOptions } from './insert.ts'
import { assertSize } from './limits.ts'
import { assertOnProgress, type OnProgress } from './progress.ts'
import { assertNotVersion } from './version.ts'

/** Options of `bulkCreate()`; where the names of columns are known they are checked. */
export interface BulkCreateOptions<Name extends string = string, Written extends string = Name> {
  /** How many rows one statement inserts at most. @default as many as the database takes */
  readonly batchSize?: number | undefined
  /** Leaves out rows that clash with one that is there. The instances then have no keys. */
  readonly ignoreConflicts?: boolean | undefined
  /** Writes `updateFields` of rows that clash with one that is there. */
  readonly updateConflicts?: boolean | undefined
  /** What is written to rows that are there already. */
  readonly updateFields?: readonly Written[] | undefined
  /** The unique fields by which rows clash. @default the primary key */
  readonly uniqueFields?: readonly Name[] | undefined
  /** Told after every chunk; what it throws rolls all of them back. */
  readonly onProgress?: OnProgress | undefined
}

/** Options of `bulkCreate()` of rows of `M`. */
export type BulkOptionsOf<M> = BulkCreateOptions<
  NamesIn<FieldsOf<M>>['columns'],
  NamesIn<FieldsOf<M>>['written']
>

/** The names of the options of `bulkCreate()`. */
export const BULK_CREATE_OPTIONS: OptionNames<BulkCreateOptions> = {
  batchSize: true,
  ignoreConflicts: 'flag',
  updateConflicts: 'flag',
  updateFields: true,
  uniqueFields: true,
  onProgress: true,
}

/**
 * The options of an insert, with names looked up.
 *
 * @throws FieldError for names the model does not have, and for options that contradict each other;
 * RangeError for a `batchSize`, InvalidValueError for an `onProgress` that is none.
 */
export function toInsertOptions(meta: ModelMeta, given: BulkCreateOptions): InsertOptions {
  const options = readOptions('bulkCreate()', given, BULK_CREATE_OPTIONS)
  const { batchSize, onProgress } = options
  if (batchSize !== undefined) assertSize(batchSize, 'batchSize')
  assertOnProgress(onProgress, 'bulkCreate')
  return { batchSize, conflict: conflictOf(meta, options), onProgress }
}

function conflictOf(meta: ModelMeta, options: BulkCreateOptions): InsertConflict | undefined {
  const { ignoreConflicts = false, updateConflicts = false } = options
  if (ignoreConflicts && updateConflicts) {
    throw new FieldError('bulkCreate() takes ignoreConflicts or updateConflicts, not both.')
  }
  if (ignoreConflicts) return { action: 'ignore' }
  const { updateFields = [], uniqueFields = [] } = options
  assertList(updateFields, "bulkCreate(rows, { updateFields: ['pages'], … })", FieldError)
  assertList(uniqueFields, "bulkCreate(rows, { uniqueFields: ['title'], … })", FieldError)
  if (!updateConflicts) {
    if (updateFields.length === 0 && uniqueFields.length === 0) return undefined
    throw new FieldError(
      'updateFields and uniqueFields of bulkCreate() need updateConflicts: true.',
    )
  }
  if (updateFields.length === 0) {
    throw new FieldError('bulkCreate({ updateConflicts: true }) needs updateFields: what to write.')
  }
  const target = uniqueFields.map((name) => namedColumn(meta, name))
  const update = updateFields.map((name) => namedColumn(meta, name))
  assertNotVersion(meta, update)
  const clash = update.find((column) => column.primaryKey || target.includes(column))
  if (clash !== undefined) {
    throw new FieldError(
      `bulkCreate() cannot update ${clash.name} of rows that clash: it is what they are found by.`,
    )
  }
  return { action: 'update', target: target.length > 0 ? target : [meta.primaryKey], update }
}
