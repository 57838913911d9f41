import { FieldError } from '../errors.ts'
import { shownName } from '../util/shown-name.ts'
import type { ColumnMeta, ModelMeta } from './model-meta.ts'

/**
 * The columns that a message may offer, by name: not those that are declared `sensitive`.
 *
 * @example shownColumns(meta).join(', ') // 'id, name, email'
 */
export function shownColumns(meta: ModelMeta): string[] {
  const columns = [...meta.columnsByName].filter(([, { field }]) => !field.sensitive)
  return columns.map(([name]) => name)
}

/**
 * The column that a property names: itself, `pk`, or a foreign key's relation.
 *
 * @throws FieldError
 */
export function namedColumn(meta: ModelMeta, name: string): ColumnMeta {
  const known = meta.columnsByName
  const column = name === 'pk' ? meta.primaryKey : known.get(name)
  if (column !== undefined) return column
  const key = typeof name === 'string' ? known.get(`${name}Id`) : undefined
  if (key !== undefined) return key
  const names = shownColumns(meta).join(', ')
  throw new FieldError(`${meta.name} has no field '${shownName(name)}'. Choices are: ${names}.`)
}
