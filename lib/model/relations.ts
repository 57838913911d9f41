import { FieldError, ImproperlyConfigured, InvalidValueError, NotLoadedError } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import { isDeferred } from '../hydrate/deferred.ts'
import { type Columns, forget, Instance, related, remember } from '../hydrate/instance.ts'
import type { ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { nearColumn } from '../query/related-rows.ts'
import { loadColumns } from '../queryset/load-columns.ts'
import { loadRelated } from '../queryset/load-related.ts'
import { relatedManager } from './related-manager.ts'

type Accessor = Pick<PropertyDescriptor, 'get' | 'set'>

const installed = new WeakSet<(this: never) => unknown>()

/**
 * Gives the instances of a model their relations. To one row: the instance once it is loaded, null
 * for none, else a promise-like that loads it when it is awaited. To many: a related manager.
 *
 * @throws ImproperlyConfigured when the class has something else under the name.
 */
export function installRelations(meta: ModelMeta): void {
  const prototype = meta.modelClass.prototype as object
  for (const relation of meta.relations.values()) {
    const own = Object.getOwnPropertyDescriptor(prototype, relation.name)
    if (own !== undefined && (own.get === undefined || !installed.has(own.get))) {
      throw new ImproperlyConfigured(
        `${meta.name}.${relation.name} is a relation, and a getter or method of the class ` +
          `${meta.name} too: rename one of them.`,
      )
    }
    const accessor = accessorOf(relation)
    if (accessor.get !== undefined) installed.add(accessor.get)
    Object.defineProperty(prototype, relation.name, { ...accessor, configurable: true })
  }
}

function accessorOf(relation: RelationMeta): Accessor {
  if (relation.toMany) {
    return {
      get(this: Columns) {
        return relatedManager(this, relation)
      },
      set() {
        throw new FieldError(
          `${relation.from.name}.${relation.name} cannot be assigned: use its set().`,
        )
      },
    }
  }
  const isForward = relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
  return {
    get(this: Columns) {
      return readOne(this, relation)
    },
    set(this: Columns, value: unknown) {
      if (isForward) writeForward(this, relation, value)
      else writeReverse(this, relation, value)
    },
  }
}

/** What is at the other end: the instance, null, or a promise-like that loads it. */
function readOne(instance: Columns, relation: RelationMeta): unknown {
  const column = nearColumn(relation)
  const known = related(instance, relation.name)
  if (isDeferred(instance, column)) return known ?? lazily(() => loadByKey(instance, relation))
  const key = instance[column.name]
  if (known !== undefined && isCurrent(relation, known, key)) return known
  if (key === null || key === undefined) return null
  return lazily(() => loadRelated(instance, relation, key))
}

/** As `readOne`, once the key is there that was left out when the row was read. */
async function loadByKey(instance: Columns, relation: RelationMeta): Promise<unknown> {
  await loadColumns(relation.from, instance, [nearColumn(relation)])
  return await readOne(instance, relation)
}

/** Whether what was loaded is still what the key says; the key may have been assigned since. */
function isCurrent(relation: RelationMeta, known: object | null, key: unknown): boolean {
  const isForward = relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
  if (!isForward) return true
  if (known === null) return key === null
  // No key yet: the instance was assigned before it was saved.
  if (key === undefined) return true
  const { name, field } = relation.targetColumn
  return field.equals((known as Columns)[name] ?? null, key)
}

function writeForward(instance: Columns, relation: RelationMeta, value: unknown): void {
  if (value !== null && !Instance.is(value)) {
    throw new InvalidValueError(
      `${relation.from.name}.${relation.name} takes an instance or null; assign a key to ` +
        `${relation.name}Id.`,
    )
  }
  const { inverse } = relation
  const before = related(instance, relation.name)
  assign(relation.from, instance, relation.name, value)
  if (inverse.toMany || inverse.isHidden) return
  if (Instance.is(before)) forget(before, inverse.name)
  if (value !== null) remember(value as Columns, inverse.name, instance)
}

/** The other side of a one-to-one relation holds the key, so it is that instance which changes. */
function writeReverse(instance: Columns, relation: RelationMeta, value: unknown): void {
  if (value === null) {
    disconnect(instance, relation)
    return
  }
  if (!(value instanceof relation.to.modelClass)) {
    throw new InvalidValueError(
      `${relation.from.name}.${relation.name} takes an instance of ${relation.to.name}.`,
    )
  }
  assign(relation.to, value as Columns, relation.inverse.name, instance)
  remember(instance, relation.name, value)
}

/** Takes the key out of the instance on the other side, which has to be known for that. */
function disconnect(instance: Columns, relation: RelationMeta): void {
  const { from, inverse, name, to } = relation
  const known = related(instance, name)
  if (known === undefined) {
    throw new NotLoadedError(
      `${from.name}.${name} is not loaded, so nothing can be taken from it: await it first.`,
    )
  }
  if (known !== null) assign(to, known as Columns, inverse.name, null)
  remember(instance, name, null)
}

/** A promise-like whose work begins when it is awaited, and once however often it is. */
function lazily<T>(work: () => Promise<T>): PromiseLike<T> {
  let running: Promise<T> | undefined
  return {
    then: (onFulfilled, onRejected) => {
      running ??= work()
      return running.then(onFulfilled, onRejected)
    },
  }
}
