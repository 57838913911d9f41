import { ColumnField } from './column-field.ts'
import { INTEGER_KIND } from './numbers.ts'
import { assertOptions, type SpecOf } from './options.ts'

/** What a version is to the compiler. */
export interface VersionSpec extends SpecOf<number, 'number', false, number, false> {
  readonly version: true
}

/** The options of `version`. */
export interface VersionOptions {
  /** The column's name in the table. @default the property's name in snake_case */
  readonly column?: string
}

/**
 * Counts the writes of a row, from 1: two that read the same row cannot both write it. `save()` and
 * `delete()` of an instance find its row only while that has the version that the instance has, and
 * throw `StaleObjectError` otherwise; every other write counts too. A model has one at most.
 *
 * @throws ImproperlyConfigured
 * @example
 * class Page extends Model('pages', { text: fields.text(), version: fields.version() }) {}
 * await page.save() // update "pages" set "text" = …, "version" = 4 where "id" = 1 and "version" = 3
 */
export function version(options: VersionOptions = {}): ColumnField<VersionSpec> {
  assertOptions('version', options, ['column'])
  return new ColumnField(INTEGER_KIND, { ...options, default: 1 }, { isVersion: true })
}
