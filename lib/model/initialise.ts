import { FieldError, type FieldIssue, ValidationError } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import type { Columns } from '../hydrate/instance.ts'
import { propertiesOf } from '../hydrate/properties.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { assertWithin } from '../query/limits.ts'
import { assertValues } from '../util/shapes.ts'
import { shownName } from '../util/shown-name.ts'

/**
 * Gives a new instance its columns: what was given, else the default, else null where that is
 * allowed. A column that is left without a value is there as undefined, and refused when saved.
 *
 * @throws ValidationError for names the model does not have; QueryTooComplexError for thousands.
 */
export function initialise(meta: ModelMeta, instance: Columns, values: object): void {
  meta.link()
  assertValues(values, `a new ${meta.name}`)
  const names = Object.keys(values)
  assertWithin('keys', names.length, 'The number of values of one row')
  const given = values as Readonly<Record<string, unknown>>
  const columns = meta.columns.map((column) => {
    const own = Object.hasOwn(values, column.name) ? given[column.name] : undefined
    return own === undefined ? defaultOf(column) : own
  })
  propertiesOf(meta).write(instance, columns)
  const issues: FieldIssue[] = []
  for (const name of names) {
    const value = given[name]
    if (value === undefined || meta.columnsByName.has(name)) continue
    try {
      assign(meta, instance, name, value)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      issues.push({ field: shownName(name), message: error.message })
    }
  }
  if (issues.length > 0) throw new ValidationError(meta.name, issues)
}

function defaultOf(column: ColumnMeta): unknown {
  const value: unknown = column.hasDefault ? column.makeDefault() : undefined
  return value === undefined && column.null ? null : value
}
