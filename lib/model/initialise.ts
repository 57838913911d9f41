import { ValidationError, FieldError, type FieldIssue } from '../errors.ts'
import { toAssignment } from '../hydrate/assign.ts'
import type { Columns } from '../hydrate/instance.ts'
import { remember } from '../hydrate/rows.ts'
import type { ModelMeta } from '../meta/model-meta.ts'

/**
 * Gives a new instance its columns: what was given, else the default, else null where that is
 * allowed. A column that is left without a value is there as undefined, and refused when saved.
 *
 * @throws ValidationError for names the model does not have.
 */
export function initialise(meta: ModelMeta, instance: Columns, values: object): void {
  for (const column of meta.columns) {
    const value: unknown = column.hasDefault ? column.makeDefault() : undefined
    instance[column.name] = value === undefined && column.null ? null : value
  }
  const issues: FieldIssue[] = []
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    try {
      assign(meta, instance, name, value)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      issues.push({ field: name, message: error.message })
    }
  }
  if (issues.length > 0) throw new ValidationError(meta.name, issues)
}

/** Sets one property of an instance as `new` and an assignment do. */
export function assign(meta: ModelMeta, instance: Columns, name: string, value: unknown): void {
  const { column, value: key, related } = toAssignment(meta, name, value)
  instance[column.name] = key
  if (related !== undefined) remember(instance, related.relation.name, related.instance)
}
