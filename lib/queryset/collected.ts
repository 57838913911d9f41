import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { byChild, type DeletionRule, type DeletionRules, rulesOf } from './collector-rules.ts'

/** The values of a row that is to be deleted, in the order of its rules' `columns`. */
export type DoomedRow = readonly unknown[]

/** Columns and the values that they are looked for with, any of them: a condition on rows. */
export type AnyOf = ReadonlyMap<ColumnMeta, readonly unknown[]>

/** Rows that are to be deleted, found one by one. */
interface Found {
  readonly rules: DeletionRules
  readonly rows: Map<unknown, DoomedRow>
}

/**
 * What one deletion will delete: rows that were looked at, since others refer to them, and rows
 * that are known by their key to such a row only.
 */
export class Collected {
  readonly #found = new Map<ModelMeta, Found>()

  /** Adds rows of a model; those that were not there yet. */
  add(model: ModelMeta, rows: readonly DoomedRow[]): DoomedRow[] {
    const { rows: known } = this.#of(model)
    const fresh: DoomedRow[] = []
    for (const row of rows) {
      const key = identity(model.primaryKey, row[0])
      if (known.has(key)) continue
      known.set(key, row)
      fresh.push(row)
    }
    return fresh
  }

  /** The rules of all rows that were looked at. */
  get rules(): DeletionRule[] {
    return [...this.#found.values()].flatMap(({ rules }) => rules.keys)
  }

  /** All values of the column that a rule's keys refer to. */
  targets({ target }: DeletionRule): unknown[] {
    return this.#values(target)
  }

  /** Whether rows of a model were looked for. */
  has(model: ModelMeta): boolean {
    return this.#found.has(model)
  }

  /** How many rows of a model were looked at. */
  countOf(model: ModelMeta): number {
    return this.#found.get(model)?.rows.size ?? 0
  }

  /** The rows of a model that were looked at. */
  rowsOf(model: ModelMeta): readonly DoomedRow[] {
    return [...(this.#found.get(model)?.rows.values() ?? [])]
  }

  /** The rows of each model that are to be deleted. */
  doomed(): Map<ModelMeta, AnyOf> {
    const doomed = new Map<ModelMeta, AnyOf>()
    for (const model of this.#found.keys()) {
      doomed.set(model, new Map([[model.primaryKey, this.#values(model.primaryKey)]]))
    }
    const cascades = this.rules.filter(({ onDelete }) => onDelete === 'cascade')
    for (const [child, rules] of byChild(cascades)) {
      if (doomed.has(child)) continue
      doomed.set(child, new Map(rules.map((rule) => [rule.key, this.targets(rule)])))
    }
    return doomed
  }

  /** The rows of each join table that are to be deleted. */
  joins(): Map<ModelMeta, AnyOf> {
    const byTable = new Map<string, [ModelMeta, Map<ColumnMeta, readonly unknown[]>]>()
    for (const [model, { rules }] of this.#found) {
      const keys = this.#values(model.primaryKey)
      for (const { join, key } of rules.joins) {
        // Both sides may declare the same table: its rows are deleted, and counted, once.
        const table = JSON.stringify([
          join.table,
          ...join.columns.map(({ column }) => column).sort(),
        ])
        const entry = byTable.get(table) ?? [join, new Map()]
        byTable.set(table, entry)
        const own = entry[0].columns.find(({ column }) => column === key.column) as ColumnMeta
        entry[1].set(own, [...(entry[1].get(own) ?? []), ...keys])
      }
    }
    return new Map(byTable.values())
  }

  #of(model: ModelMeta): Found {
    let found = this.#found.get(model)
    if (found === undefined) {
      found = { rules: rulesOf(model), rows: new Map() }
      this.#found.set(model, found)
    }
    return found
  }

  #values(column: ColumnMeta): unknown[] {
    const { rules, rows } = this.#of(column.model)
    const at = rules.columns.indexOf(column)
    return [...rows.values()].map((row) => row[at])
  }
}

/** What two equal keys have in common, as keys of a Map. */
function identity({ field }: ColumnMeta, key: unknown): unknown {
  return typeof key === 'object' ? JSON.stringify(field.toJson(key)) : key
}
