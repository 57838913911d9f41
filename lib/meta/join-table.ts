import { ImproperlyConfigured } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelConstructor, ModelMeta, RelationMeta } from './model-meta.ts'

/** The two columns of a join table and what they refer to. */
export interface JoinColumns {
  readonly near: { readonly column: string; readonly model: ModelMeta }
  readonly far: { readonly column: string; readonly model: ModelMeta }
}

/**
 * A join table that no model describes, as metadata, so that its rows are read and written like any
 * others. It may have further columns, `id` among them; only the two keys are known here.
 */
export class JoinTable implements ModelMeta {
  readonly name: string
  readonly table: string
  readonly columns: readonly ColumnMeta[]
  readonly columnsByName: ReadonlyMap<string, ColumnMeta>
  readonly near: ColumnMeta
  readonly far: ColumnMeta
  readonly modelClass: ModelConstructor = NoInstances
  readonly relations: ReadonlyMap<string, RelationMeta> = new Map()
  readonly incoming: readonly RelationMeta[] = []
  readonly ordering: readonly string[] = []
  readonly getLatestBy = null
  readonly version = null
  readonly database: string | null

  constructor(name: string, table: string, { near, far }: JoinColumns) {
    this.name = name
    this.table = table
    this.near = joinColumn(this, 0, 'near', near.column, near.model)
    this.far = joinColumn(this, 1, 'far', far.column, far.model)
    this.columns = [this.near, this.far]
    this.columnsByName = new Map(this.columns.map((column) => [column.name, column]))
    this.database = near.model.database
  }

  link(): void {}

  /** Its rows are told apart by both keys; the near one stands for them where one is due. */
  get primaryKey(): ColumnMeta {
    return this.near
  }
}

class NoInstances {
  constructor() {
    throw new ImproperlyConfigured('The rows of a join table without a model have no instances.')
  }
}

function joinColumn(
  model: ModelMeta,
  index: number,
  name: string,
  column: string,
  target: ModelMeta,
): ColumnMeta {
  return Object.freeze({
    name,
    column,
    model,
    index,
    get field(): ColumnField {
      return target.primaryKey.field
    },
    null: false,
    primaryKey: index === 0,
    unique: false,
    generated: false,
    hasDefault: false,
    makeDefault: () => undefined,
    relation: null,
  })
}
