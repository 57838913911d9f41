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
