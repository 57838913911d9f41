import type { DialectName } from '../fields/dialect.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { nearColumn } from '../query/related-rows.ts'

/** How many instances of a result have each key. */
export type KeyCounts = ReadonlyMap<unknown, number>

/** A column of a result's rows, where the values that it has are gathered. */
export interface Gathered {
  readonly at: number
  readonly values: unknown[]
}

const NO_KEYS: KeyCounts = new Map()
const keyColumns = new WeakMap<ModelMeta, ReadonlySet<ColumnMeta>>()

/**
 * What the instances of one result share, so that one query can load for all of them what one of
 * them is asked for: their keys. It does not know the instances, so that keeping one of them does
 * not keep the others.
 */
export class Batch {
  readonly model: ModelMeta
  readonly #dialect: DialectName
  readonly #values = new Map<ColumnMeta, unknown[]>()
  readonly #counts = new Map<ColumnMeta, KeyCounts>()

  constructor(model: ModelMeta, dialect: DialectName) {
    this.model = model
    this.#dialect = dialect
  }

  /** Where the raw values of the key columns among `columns` are to be put, row by row. */
  gather(columns: readonly ColumnMeta[], offset: number): readonly Gathered[] {
    const keys = keyColumnsOf(this.model)
    return columns.flatMap((column, at) => {
      if (!keys.has(column)) return []
      const values: unknown[] = []
      this.#values.set(column, values)
      return [{ at: offset + at, values }]
    })
  }

  /** The keys in a column; none where it was not loaded. NULL, and what is no plain value, is no key. */
  keysOf(column: ColumnMeta): KeyCounts {
    const known = this.#counts.get(column)
    if (known !== undefined) return known
    const raw = this.#values.get(column)
    if (raw === undefined) return NO_KEYS
    // From now on the counts say it all.
    this.#values.delete(column)
    const values = raw.map((value) =>
      value === null ? null : column.field.fromDb(value, this.#dialect),
    )
    return this.#count(column, values)
  }

  /** Takes note of a key column that was not loaded with the rows. */
  learn(column: ColumnMeta, values: readonly unknown[]): void {
    if (keyColumnsOf(this.model).has(column)) this.#count(column, values)
  }

  #count(column: ColumnMeta, values: readonly unknown[]): KeyCounts {
    const counts = new Map<unknown, number>()
    for (const value of values) {
      // A Date or a Uint8Array is not equal to another one with the same content.
      if (value === null || typeof value === 'object') continue
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    this.#counts.set(column, counts)
    return counts
  }
}

/** The columns by which other rows, or the rest of the row, are found. */
function keyColumnsOf(model: ModelMeta): ReadonlySet<ColumnMeta> {
  const known = keyColumns.get(model)
  if (known !== undefined) return known
  const columns = new Set([model.primaryKey, ...[...model.relations.values()].map(nearColumn)])
  keyColumns.set(model, columns)
  return columns
}
