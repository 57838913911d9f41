import { ImproperlyConfigured } from '../errors.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { Columns } from './instance.ts'

/**
 * Makes sure, for an instance that was just made, that its class does not hide columns or relations
 * behind class fields of its own, which a missing `declare` does. `loaded` are the columns that a row
 * has filled.
 *
 * @throws ImproperlyConfigured naming all of them, and the cure.
 */
export function assertNotShadowed(
  meta: ModelMeta,
  instance: Columns,
  loaded: readonly ColumnMeta[] = [],
): void {
  const hidden: string[] = []
  for (const { name } of loaded) {
    if (instance[name] === undefined) hidden.push(`remove the class field ${name}`)
  }
  for (const { name, toMany } of meta.relations.values()) {
    if (Object.hasOwn(instance, name)) {
      hidden.push(`declare readonly ${name}: ${toMany ? 'RelatedManager' : 'RelatedOne'}<…>`)
    }
  }
  if (hidden.length === 0) return
  throw new ImproperlyConfigured(
    `Class fields of ${meta.name} hide its columns or relations: ${hidden.join('; ')}.`,
  )
}
