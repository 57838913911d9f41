import { z } from 'zod'
import { type FieldIssue, ValidationError } from '../errors.ts'
import { Refusal } from '../fields/refusal.ts'
import type { ColumnMeta, ModelMeta } from './model-meta.ts'

/** The zod schemas of a model, by what they are for. */
export interface Schemas {
  /** A whole row. */
  readonly row: z.ZodObject
  /** A new row: columns with a default, or that may be NULL, may be left out; no version. */
  readonly create: z.ZodObject
  /** What `update()` writes: any of the columns but the primary key and the version. */
  readonly update: z.ZodObject
}

const built = new WeakMap<ModelMeta, Schemas>()

/** The zod schemas of a model, made on first use. Unknown keys are refused. */
export function schemasOf(meta: ModelMeta): Schemas {
  const known = built.get(meta)
  if (known !== undefined) return known
  const row: Record<string, z.ZodType> = {}
  const create: Record<string, z.ZodType> = {}
  const update: Record<string, z.ZodType> = {}
  for (const column of meta.columns) {
    const schema = columnSchema(column)
    row[column.name] = schema
    if (column === meta.version) continue
    create[column.name] = isOptional(column) ? schema.optional() : schema
    // As `update()`, which takes nothing that is undefined.
    if (!column.primaryKey) update[column.name] = schema.exactOptional()
  }
  const schemas: Schemas = Object.freeze({
    row: z.strictObject(row),
    create: z.strictObject(create),
    update: z.strictObject(update),
  })
  built.set(meta, schemas)
  return schemas
}

/** Whether a new row may leave the column out. */
export function isOptional(column: ColumnMeta): boolean {
  return column.null || column.hasDefault || column.generated
}

function columnSchema(column: ColumnMeta): z.ZodType {
  const { schema } = column.field
  return column.null && column.relation !== null ? schema.nullable() : schema
}

/**
 * The values of `columns` as they are written, in canonical form.
 *
 * @throws ValidationError listing every column whose value is refused.
 */
export function validate(
  meta: ModelMeta,
  columns: readonly ColumnMeta[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const valid: Record<string, unknown> = {}
  const issues: FieldIssue[] = []
  for (const column of columns) valid[column.name] = examine(column, values[column.name], issues)
  if (issues.length > 0) throw new ValidationError(meta.name, issues)
  return valid
}

/** The canonical form of a value that is to be written; where it is refused, `issues` say why. */
export function examine(column: ColumnMeta, value: unknown, issues: FieldIssue[]): unknown {
  const { name, field } = column
  if (value === undefined) {
    issues.push({ field: name, message: 'is required' })
    return undefined
  }
  if (value === null && column.null) return null
  if (field.accept === null) return parse(column, value, issues)
  // As its schema does, without what zod makes of every value on the way.
  const accepted = field.accept(value)
  if (!(accepted instanceof Refusal)) return accepted
  issues.push({ field: name, message: accepted.message })
  return undefined
}

function parse(column: ColumnMeta, value: unknown, issues: FieldIssue[]): unknown {
  const { row } = schemasOf(column.model)
  const result = (row.shape[column.name] as z.ZodType).safeParse(value)
  if (result.success) return result.data
  issues.push(...result.error.issues.map((issue) => toIssue(column.name, issue)))
  return undefined
}

function toIssue(field: string, issue: z.core.$ZodIssue): FieldIssue {
  const path = issue.path.length > 0 ? `${field}.${issue.path.join('.')}` : field
  return { field: path, message: issue.message }
}
