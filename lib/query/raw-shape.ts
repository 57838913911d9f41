import { FieldError } from '../errors.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { assertAlias } from './alias-names.ts'
import type { Scope } from './paths.ts'
import type { InstanceShape } from './row-shape.ts'

const NONE: Scope['annotations'] = new Map()

/** How rows of columns in any order become instances. */
export interface RawShape {
  /** Of rows that have the model's columns only, in the order of `places`. */
  readonly shape: InstanceShape
  /** Where those columns are in a row as it came. */
  readonly places: readonly number[]
  readonly extras: readonly { readonly name: string; readonly at: number }[]
}

/**
 * Matches the columns of a result with a model's by their names in the database.
 *
 * @throws FieldError if the primary key is missing, two columns have one name, or one that is none
 * of the model's cannot be a property
 */
export function rawShape(model: ModelMeta, names: readonly string[]): RawShape {
  assertDistinct(names)
  const columns = model.columns.filter(({ column }) => names.includes(column))
  if (!columns.includes(model.primaryKey)) {
    throw new FieldError(
      `The SQL of raw() must give the column '${model.primaryKey.column}', the primary key of ${model.name}.`,
    )
  }
  const own = new Set(columns.map(({ column }) => column))
  const extras = names.flatMap((name, at) => (own.has(name) ? [] : [{ name, at }]))
  for (const { name } of extras) assertAlias({ model, annotations: NONE }, name)
  return {
    shape: { kind: 'instances', model, columns, related: [], annotations: [] },
    places: columns.map(({ column }) => names.indexOf(column)),
    extras,
  }
}

function assertDistinct(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    // SQLite numbers the second one.
    const base = name.replace(/:\d+$/, '')
    if (seen.has(name) || (base !== name && seen.has(base))) {
      throw new FieldError(
        `The SQL of raw() gives two columns '${base}': name one with 'as', or leave it out.`,
      )
    }
    seen.add(name)
  }
}
