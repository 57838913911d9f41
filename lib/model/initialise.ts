import { FieldError, type FieldIssue, ValidationError } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import type { Columns } from '../hydrate/instance.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { assertWithin } from '../query/limits.ts'
import { shownName } from '../util/shown-name.ts'

/**
 * Gives a new instance its columns: what was given, else the default, else null where that is
 * allowed. A column that is left without a value is there as undefined, and refused when saved.
 *
 * @throws ValidationError for names the model does not have; QueryTooComplexError for thousands.
 */
export function initialise(meta: ModelMeta, instance: Columns, values: object): void {
  meta.link()
  for (const column of meta.columns) {
    const value: unknown = column.hasDefault ? column.makeDefault() : undefined
    instance[column.name] = value === undefined && column.null ? null : value
  }
  const names = Object.keys(values)
  assertWithin('keys', names.length, 'The number of values of one row')
  const issues: FieldIssue[] = []
  for (const name of names) {
    const value: unknown = (values as Readonly<Record<string, unknown>>)[name]
    if (value === undefined) continue
    try {
      assign(meta, instance, name, value)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      issues.push({ field: shownName(name), message: error.message })
    }
  }
  if (issues.length > 0) throw new ValidationError(meta.name, issues)
}
