import { NotLoadedError } from '../errors.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { type Columns, storedRow } from './instance.ts'

const prototypes = new WeakMap<ModelMeta, object>()

/**
 * Makes the columns that an instance was made without say how to load them when they are read.
 * Written, they become like any other.
 *
 * It is the prototype that has them, and only of such instances: they are no properties of the
 * instance (so that `{ ...book }` and `console.log` show what is there), and those whose columns
 * are all loaded pay nothing.
 */
export function defer(model: ModelMeta, instance: Columns): void {
  Object.setPrototypeOf(instance, prototypeOf(model))
}

/** Whether a column of a saved instance is not loaded, and was not written since either. */
export function isDeferred(instance: Columns, column: ColumnMeta): boolean {
  const stored = storedRow(instance)
  if (stored === null || stored[column.index] !== undefined) return false
  return !Object.hasOwn(instance, column.name)
}

/** Makes a column again what it was before it was loaded. */
export function unload(instance: Columns, column: ColumnMeta): void {
  delete instance[column.name]
}

function prototypeOf(model: ModelMeta): object {
  const known = prototypes.get(model)
  if (known !== undefined) return known
  const prototype = Object.create(model.modelClass.prototype as object) as object
  for (const { name } of model.columns) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(): never {
        throw new NotLoadedError(
          `${model.name}.${name} was left out by only(), defer() or raw(): load it with ` +
            `await instance.load('${name}').`,
        )
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, {
          value,
          configurable: true,
          enumerable: true,
          writable: true,
        })
      },
    })
  }
  prototypes.set(model, prototype)
  return prototype
}
