import { InvalidValueError } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import { type Columns, Instance, instanceState, remember } from '../hydrate/instance.ts'
import { metaOf } from '../meta/meta.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { FieldMap } from '../meta/row-types.ts'
import { loadRelated } from '../queryset/load-related.ts'

/**
 * Gives the instances of a model their forward relations: read, the related instance once it is
 * loaded, else a promise-like that loads it when it is awaited; written, an instance or null.
 */
export function installForward(prototype: object, fields: FieldMap): void {
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind !== 'foreignKey' && field.kind !== 'oneToOne') continue
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: false,
      get(this: Columns): unknown {
        return readForward(this, name)
      },
      set(this: Columns, value: unknown) {
        writeForward(this, name, value)
      },
    })
  }
}

function readForward(instance: Columns, name: string): unknown {
  const { relation, key } = keyOfRelation(instance, name)
  if (key === null || key === undefined) return null
  const known = instanceState(instance).related?.get(name)
  if (isCurrent(relation, known, key)) return known
  return lazily(async () => {
    const related = await loadRelated(instance, relation, key)
    remember(instance, name, related)
    return related
  })
}

function keyOfRelation(instance: Columns, name: string): { relation: RelationMeta; key: unknown } {
  const relation = metaOf(instance.constructor).outgoing.get(name) as RelationMeta
  return { relation, key: instance[relation.keyColumn?.name ?? ''] }
}

/** Whether what was loaded is still what the key says; the key may have been assigned since. */
function isCurrent(relation: RelationMeta, known: unknown, key: unknown): boolean {
  if (!Instance.is(known)) return false
  const { name, field } = relation.targetColumn
  return field.equals((known as Columns)[name] ?? null, key)
}

function writeForward(instance: Columns, name: string, value: unknown): void {
  if (value !== null && !Instance.is(value)) {
    const meta = metaOf(instance.constructor)
    throw new InvalidValueError(
      `${meta.name}.${name} takes an instance or null; assign a key to ${name}Id.`,
    )
  }
  assign(metaOf(instance.constructor), instance, name, value)
}

/** A promise-like whose work begins when it is awaited, and once however often it is. */
function lazily<T>(work: () => Promise<T>): PromiseLike<T> {
  let running: Promise<T> | undefined
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is awaited, as Awaitable says
    then: (onFulfilled, onRejected) => {
      running ??= work()
      return running.then(onFulfilled, onRejected)
    },
  }
}
