import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { distinctKeys } from '../fields/key.ts'
import { type Columns, Instance } from '../hydrate/instance.ts'
import type { ColumnMeta, RelationMeta } from '../meta/model-meta.ts'
import { assertList } from '../util/shapes.ts'

/** Options, or values by property. */
export type Options = Readonly<Record<string, unknown>>

/** Whose related rows are changed, and by which key they know it. */
export interface NearSide {
  readonly db: Database
  readonly instance: Columns
  readonly relation: RelationMeta
  readonly key: unknown
}

/** The ways to change which rows an instance's to-many relation leads to. */
export interface RelatedRows {
  add(targets: readonly unknown[]): Promise<void>
  remove(targets: readonly unknown[]): Promise<void>
  set(targets: readonly unknown[], options: Options): Promise<void>
  clear(): Promise<void>
  create(values: Options, options: Options): Promise<object>
  /** The instances of an array; of another iterable how many there were. */
  bulkCreate(rows: unknown, options: Options): Promise<object[] | number>
  getOrCreate(where: Options, options: Options): Promise<[object, boolean]>
  updateOrCreate(where: Options, options: Options): Promise<[object, boolean]>
}

/**
 * The values of `column` of what was given for rows at the far end: instances, or keys as they are.
 *
 * @throws InvalidValueError for an instance of another model or one that is not saved, and for what
 * is no key.
 */
export function targetKeys(
  { to, from, name }: RelationMeta,
  column: ColumnMeta,
  targets: readonly unknown[],
): unknown[] {
  const label = `${from.name}.${name}`
  assertList(targets, 'set([…])')
  const keys = targets.map((target) => {
    if (!Instance.is(target)) return column.field.check(target, label)
    if (!(target instanceof to.modelClass)) {
      throw new InvalidValueError(`${label} takes rows of ${to.name}, got one of another model.`)
    }
    const key = (target as Columns)[column.name]
    if (key === null || key === undefined) {
      throw new InvalidValueError(
        `${label} was given a ${to.name} that is not saved: save it first.`,
      )
    }
    return key
  })
  return distinctKeys(column.field, keys)
}
