import { FieldError, StaleObjectError } from '../errors.ts'
import { type Columns, changedColumns } from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { validate } from '../meta/schemas.ts'
import { F } from '../query/expression.ts'

type Values = Readonly<Record<string, unknown>>

const NOTHING: Values = Object.freeze({})

/**
 * The version that an instance has, by the property's name: a condition that its row meets while
 * nobody else has written it. Nothing where the model has no version.
 *
 * @throws ValidationError where the property was set to what is none.
 */
export function knownVersion(meta: ModelMeta, instance: Columns): Values {
  return meta.version === null ? NOTHING : validate(meta, [meta.version], instance)
}

/** Whether an instance was given another version than the row had that it was read from. */
export function isHeldToVersion(meta: ModelMeta, instance: Columns): boolean {
  return meta.version !== null && changedColumns(meta, instance).includes(meta.version)
}

/** The version after a write, by the property's name. */
export function nextVersion({ version }: ModelMeta, known: Values): Values {
  return version === null ? NOTHING : { [version.name]: (known[version.name] as number) + 1 }
}

/** What a write of any rows sets besides: they count it. */
export function countedWrite({ version }: ModelMeta): Values {
  return version === null ? NOTHING : { [version.name]: F(version.name).add(1) }
}

/** @throws FieldError where the column that counts writes is to be written. */
export function assertNotVersion(meta: ModelMeta, columns: readonly ColumnMeta[]): void {
  if (meta.version === null || !columns.includes(meta.version)) return
  throw new FieldError(
    `${meta.name}.${meta.version.name} is a version: it counts writes by itself and cannot be written.`,
  )
}

/** The error for an instance whose row is not what it was when it was read. */
export function staleError(meta: ModelMeta, verb: string): StaleObjectError {
  return new StaleObjectError(
    `This ${meta.name} was written by others, or deleted, since it was read: ${verb}() did nothing. ` +
      'Read it again (refreshFromDb()) and decide anew.',
  )
}
