import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'

/** How a row, an array of raw values in select order, becomes what the caller gets. */
export type RowShape =
  | InstanceShape
  | {
      readonly kind: 'values'
      readonly names: readonly string[]
      readonly fields: readonly ColumnField[]
    }
  | { readonly kind: 'valuesList'; readonly fields: readonly ColumnField[] }
  | { readonly kind: 'flat'; readonly field: ColumnField }

export interface InstanceShape {
  readonly kind: 'instances'
  readonly model: ModelMeta
  /** The first values of a row. Fewer than the model's where `only()` or `defer()` said so. */
  readonly columns: readonly ColumnMeta[]
  readonly related: readonly RelatedShape[]
  readonly annotations: readonly {
    readonly name: string
    readonly field: ColumnField
    readonly offset: number
  }[]
  /** Where the same row may come for several near ones. */
  readonly repeats?: true
}

export interface RelatedShape {
  readonly relation: RelationMeta
  readonly columns: readonly ColumnMeta[]
  /** Where its columns start in a row. */
  readonly offset: number
  /** Where its primary key is; NULL there means that there is no related row. */
  readonly keyOffset: number
  readonly related: readonly RelatedShape[]
}

/** Relations that `selectRelated()` follows, by name. */
export type RelatedTree = ReadonlyMap<string, RelatedBranch>

export interface RelatedBranch {
  readonly relation: RelationMeta
  readonly children: RelatedTree
}

/** Columns that `only()` or `defer()` named, and the same for relations, by name. */
export interface LoadMask {
  readonly mode: 'only' | 'defer'
  readonly columns: ReadonlySet<ColumnMeta>
  readonly children: ReadonlyMap<string, LoadMask>
}

/**
 * What awaiting a relation that is not loaded does: load it for this instance alone, or for all
 * instances of its result, or nothing but throw.
 */
export type FetchMode = 'one' | 'peers' | 'raise'
