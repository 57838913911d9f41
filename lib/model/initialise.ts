import { FieldError, type FieldIssue, InvalidValueError, ValidationError } from '../errors.ts'
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
 * @throws ValidationError for names the model does not have, and for a relation and its key that are not
 * the same; QueryTooComplexError for thousands.
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
      const { column, value: key } = assign(meta, instance, name, value)
      const other = Object.hasOwn(values, column.name) ? given[column.name] : undefined
      if (other !== undefined && !isSameKey(column, key, other)) {
        issues.push({ field: name, message: `is not what ${column.name} is: leave one out` })
      }
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      issues.push({ field: shownName(name), message: error.message })
    }
  }
  if (issues.length > 0) throw new ValidationError(meta.name, issues)
}

/** What is no key at all is told when the row is validated. */
function isSameKey({ field, name }: ColumnMeta, key: unknown, other: unknown): boolean {
  if (key === null || key === undefined || other === null) return key === other
  try {
    return field.equals(field.check(key, name), field.check(other, name))
  } catch (error) {
    if (error instanceof InvalidValueError) return true
    throw error
  }
}

function defaultOf(column: ColumnMeta): unknown {
  const value: unknown = column.hasDefault ? column.makeDefault() : undefined
  return value === undefined && column.null ? null : value
}
