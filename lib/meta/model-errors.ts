import { MultipleObjectsReturned, ObjectDoesNotExist } from '../errors.ts'
import type { ModelMeta } from './model-meta.ts'

/** The error classes that belong to one model. */
export interface ModelErrors {
  readonly DoesNotExist: typeof ObjectDoesNotExist
  readonly MultipleObjectsReturned: typeof MultipleObjectsReturned
}

const made = new WeakMap<ModelMeta, ModelErrors>()

/** The model's own `DoesNotExist` and `MultipleObjectsReturned`, made on first use. */
export function errorsOf(meta: ModelMeta): ModelErrors {
  const known = made.get(meta)
  if (known !== undefined) return known
  const errors = {
    DoesNotExist: named(class extends ObjectDoesNotExist {}, `${meta.name}.DoesNotExist`),
    MultipleObjectsReturned: named(
      class extends MultipleObjectsReturned {},
      `${meta.name}.MultipleObjectsReturned`,
    ),
  }
  made.set(meta, errors)
  return errors
}

function named<C extends typeof ObjectDoesNotExist>(errorClass: C, name: string): C {
  Object.defineProperty(errorClass, 'name', { value: name })
  return errorClass
}
