import { FieldError, InvalidValueError } from '../errors.ts'
import { shownColumns } from '../meta/columns.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { shownName } from '../util/shown-name.ts'
import { isDeferred } from './deferred.ts'
import { type Columns, Instance, related, remember } from './instance.ts'

/** One property of a row that is to be written, as the column it stands for. */
export interface Assignment {
  readonly column: ColumnMeta
  readonly value: unknown
  /** Where an instance was given for a relation: the relation and the instance. */
  readonly related?: { readonly relation: RelationMeta; readonly instance: object | null }
}

/**
 * What writing `value` to the property `name` means: a column by its name or `pk`, or a foreign
 * key by its relation, with an instance, a key or null.
 *
 * @throws FieldError for a name that cannot be written.
 * @throws InvalidValueError for an instance of another model, or one that has no key yet.
 */
export function toAssignment(meta: ModelMeta, name: string, value: unknown): Assignment {
  const assignment = readAssignment(meta, name, value)
  const { related } = assignment
  if (related !== undefined && assignment.value === undefined) throw unsaved(related.relation)
  return assignment
}

/** The same, with undefined as the key of an instance that has none yet. */
function readAssignment(meta: ModelMeta, name: string, value: unknown): Assignment {
  const column = name === 'pk' ? meta.primaryKey : meta.columnsByName.get(name)
  if (column !== undefined) return { column, value }
  const relation = meta.relations.get(name)
  if (relation?.keyColumn == null || relation.from !== meta || relation.toMany) {
    throw unknownName(meta, name, relation)
  }
  const key = relation.keyColumn
  if (key.model !== meta) throw unknownName(meta, name, relation)
  if (value === null) return { column: key, value, related: { relation, instance: null } }
  if (!Instance.is(value)) return { column: key, value }
  return { column: key, value: keyOf(relation, value), related: { relation, instance: value } }
}

/**
 * Sets one property of an instance; a relation takes an instance or a key. An instance that is not
 * saved yet leaves the key undefined until `adoptKeys()`.
 */
export function assign(
  meta: ModelMeta,
  instance: Columns,
  name: string,
  value: unknown,
): Assignment {
  const assignment = readAssignment(meta, name, value)
  const { column, value: key, related } = assignment
  instance[column.name] = key
  if (related !== undefined) remember(instance, related.relation.name, related.instance)
  return assignment
}

/** Gives an instance the canonical form of its values. */
export function adoptValues(
  meta: ModelMeta,
  instance: Columns,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const column = meta.columnsByName.get(name)
    if (column !== undefined) adoptValue(instance, column, value)
  }
}

/**
 * Gives an instance the canonical form of one value. An object that is canonical stays the one it
 * is: who gave it may change it later, and means the instance.
 */
export function adoptValue(instance: Columns, { name, field }: ColumnMeta, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null
  if (isObject && field.equals(instance[name], value)) return
  instance[name] = value
}

const NONE: readonly ColumnMeta[] = []

/**
 * Gives an instance that is about to be written the keys of instances that were assigned to it
 * before they were saved.
 *
 * @returns the columns that got one.
 * @throws InvalidValueError for one that still is not.
 */
export function adoptKeys(meta: ModelMeta, instance: Columns): readonly ColumnMeta[] {
  let adopted = NONE
  for (const column of meta.columns) {
    const { name, relation } = column
    if (relation === null || isDeferred(instance, column) || instance[name] !== undefined) continue
    const far = related(instance, relation.name)
    if (!Instance.is(far)) continue
    const key = keyOf(relation, far)
    if (key === undefined) throw unsaved(relation)
    instance[name] = key
    adopted = [...adopted, column]
  }
  return adopted
}

/** The key by which a row refers to `instance` through a forward relation; undefined if unsaved. */
function keyOf(relation: RelationMeta, instance: Instance): unknown {
  if (!(instance instanceof relation.to.modelClass)) {
    throw new InvalidValueError(
      `${relation.from.name}.${relation.name} takes an instance of ${relation.to.name}, got one ` +
        `of ${instance.constructor.name}.`,
    )
  }
  return (instance as Columns)[relation.targetColumn.name] ?? undefined
}

function unsaved({ from, name, to }: RelationMeta): InvalidValueError {
  return new InvalidValueError(
    `${from.name}.${name} was given an instance of ${to.name} that is not saved: save it first.`,
  )
}

function unknownName(
  meta: ModelMeta,
  name: string,
  relation: RelationMeta | undefined,
): FieldError {
  if (relation !== undefined) {
    return new FieldError(
      `${meta.name}.${name} cannot be written here: it is the other side of ` +
        `${relation.to.name}'s relation, or has many rows.`,
    )
  }
  const keys = [...meta.relations.values()]
    .filter((one) => one.keyColumn?.model === meta && one.from === meta)
    .map((one) => one.name)
  const names = [...shownColumns(meta), ...keys].sort().join(', ')
  return new FieldError(`${meta.name} has no field '${shownName(name)}'. Choices are: ${names}.`)
}
