import { FieldError } from '../errors.ts'
import type { ColumnMeta, ModelMeta } from './model-meta.ts'

/**
 * The column that a property names: itself, `pk`, or a foreign key's relation.
 *
 * @throws FieldError
 */
export function namedColumn(meta: ModelMeta, name: string): ColumnMeta {
  const column =
    name === 'pk'
      ? meta.primaryKey
      : (meta.columnsByName.get(name) ?? meta.columnsByName.get(`${name}Id`))
  if (column !== undefined) return column
  const names = [...meta.columnsByName.keys()].join(', ')
  throw new FieldError(
    `${meta.name} has no field '${String(name).slice(0, 100)}'. Choices are: ${names}.`,
  )
}
