import { type FieldIssue, ValidationError } from '../errors.ts'
import type { DialectName } from '../fields/dialect.ts'
import { adoptKeys, adoptValue } from '../hydrate/assign.ts'
import type { Columns } from '../hydrate/instance.ts'
import { propertiesOf } from '../hydrate/properties.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { examine } from '../meta/schemas.ts'
import { Expression } from '../query/expression.ts'

/** An instance and what is inserted of it. */
export interface NewRow {
  readonly instance: Columns
  /** By column: in the driver's form, expressions as they are, undefined for what the database makes. */
  readonly values: unknown[]
  readonly hasExpressions: boolean
  /** The foreign keys that it got from instances just now. */
  readonly adopted: readonly ColumnMeta[]
}

/**
 * Validates an instance and gives it the canonical form of its values.
 *
 * @throws ValidationError listing what is not valid; InvalidValueError for what the database cannot
 * hold.
 */
export function newRow(model: ModelMeta, instance: Columns, dialect: DialectName): NewRow {
  const adopted = adoptKeys(model, instance)
  setToNow(model, instance)
  const given = propertiesOf(model).read(instance)
  const values = new Array<unknown>(model.columns.length)
  const issues: FieldIssue[] = []
  let hasExpressions = false
  for (const column of model.columns) {
    const value = given[column.index]
    if (column.generated && (value ?? null) === null) continue
    const isExpression = Expression.raw(value) !== null
    values[column.index] = isExpression ? value : examine(column, value, issues)
    hasExpressions ||= isExpression
  }
  if (issues.length > 0) throw new ValidationError(model.name, issues)
  for (const column of model.columns) {
    const value = values[column.index]
    if (value === undefined) continue
    if (value !== given[column.index]) adoptValue(instance, column, value)
    if (hasExpressions && Expression.raw(value) !== null) continue
    values[column.index] = column.field.toDb(value, dialect)
  }
  return { instance, values, hasExpressions, adopted }
}

/**
 * What `work` makes of a row that is one of many.
 *
 * @throws ValidationError that names the row by its index.
 */
export function atRow<T>(model: ModelMeta, index: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    throw new ValidationError(`${model.name} rows[${index}]`, error.issues)
  }
}

function setToNow({ columns }: ModelMeta, instance: Columns): void {
  for (const { name, relation, field } of columns) {
    if (relation === null && field.autoNow) instance[name] = field.makeNow()
  }
}

/** Which columns of new rows have values, and which the database makes. */
export interface Layout {
  readonly columns: readonly ColumnMeta[]
  readonly made: readonly ColumnMeta[]
}

const layouts = new WeakMap<ModelMeta, Map<string, Layout>>()

/** Rows by their layout: only those the database makes may be missing. */
export function groupByLayout(
  meta: ModelMeta,
  rows: readonly NewRow[],
): ReadonlyMap<Layout, NewRow[]> {
  const optional = meta.columns.filter(({ generated }) => generated)
  const groups = new Map<Layout, NewRow[]>()
  for (const row of rows) {
    const layout = layoutOf(meta, row, optional)
    const group = groups.get(layout)
    if (group === undefined) groups.set(layout, [row])
    else group.push(row)
  }
  return groups
}

/** The same object each time, by which the text of an INSERT is found again. */
function layoutOf(meta: ModelMeta, { values }: NewRow, optional: readonly ColumnMeta[]): Layout {
  let known = layouts.get(meta)
  if (known === undefined) {
    known = new Map()
    layouts.set(meta, known)
  }
  let key = ''
  for (const { index } of optional) if (values[index] === undefined) key += `${index},`
  let layout = known.get(key)
  if (layout === undefined) {
    const made = optional.filter(({ index }) => values[index] === undefined)
    layout = { columns: meta.columns.filter((column) => !made.includes(column)), made }
    known.set(key, layout)
  }
  return layout
}
