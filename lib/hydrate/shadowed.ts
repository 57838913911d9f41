import { ImproperlyConfigured } from '../errors.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { type Columns, makeInstance } from './instance.ts'

const redefinedBy = new WeakMap<ModelMeta, readonly string[]>()

/**
 * Makes sure, for an instance that was just made, that its class does not hide columns or relations
 * behind class fields of its own, which a missing `declare` does. A field with a value, such as
 * `pages = 0`, would replace what every row holds, and be saved in its place.
 *
 * @throws ImproperlyConfigured naming all of them, and the cure.
 */
export function assertNotShadowed(meta: ModelMeta, instance: Columns): void {
  const hidden = redefinedColumns(meta).map((name) => `remove the class field ${name}`)
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

/** The columns that class fields define anew: found out once for a class, with one instance. */
function redefinedColumns(meta: ModelMeta): readonly string[] {
  const known = redefinedBy.get(meta)
  if (known !== undefined) return known
  const names = meta.columns.map(({ name }) => name)
  const probe = probeOf(meta, names)
  // A class field defines its property; what a constructor assigns to goes through the accessor.
  const redefined =
    probe === null
      ? []
      : names.filter((name) => Object.getOwnPropertyDescriptor(probe, name)?.get === undefined)
  redefinedBy.set(meta, redefined)
  return redefined
}

/** An instance whose columns are accessors; null where its constructor cannot do without a row. */
function probeOf(meta: ModelMeta, names: readonly string[]): Columns | null {
  const fill = (target: Record<string, unknown>): void => {
    for (const name of names) {
      let value: unknown = null
      Object.defineProperty(target, name, {
        configurable: true,
        enumerable: true,
        get: () => value,
        set: (given: unknown) => {
          value = given
        },
      })
    }
  }
  const origin = { database: '', dialect: 'sqlite', fetchMode: 'one', batch: null } as const
  try {
    return makeInstance(meta, { origin, fill, row: [], stored: [] })
  } catch {
    return null
  }
}
