import type { ColumnField } from '../fields/column-field.ts'
import type { OnDelete } from '../fields/relation.ts'

/** A constructor of instances; what the rooms below `model` know of a model class. */
export type ModelConstructor = new (values?: object) => object

/** One column of a model's table, under the property that holds it on instances. */
export interface ColumnMeta {
  /** The property: `title`, `authorId`. */
  readonly name: string
  /** In the database: `title`, `author_id`. */
  readonly column: string
  readonly model: ModelMeta
  /** Position among `model.columns`. */
  readonly index: number
  /** How its values are read and written; a foreign key's is its target's. */
  readonly field: ColumnField
  readonly null: boolean
  readonly primaryKey: boolean
  readonly unique: boolean
  /** The database makes its value when a new row gives none. */
  readonly generated: boolean
  /** Whether `makeDefault()` makes the value of a new row that gives none. */
  readonly hasDefault: boolean
  makeDefault(): unknown
  /** The forward relation whose key this column is. */
  readonly relation: RelationMeta | null
}

/** One hop of a join: `from` and `to` are columns of the tables on the near and the far side. */
export interface JoinStep {
  readonly table: string
  readonly fromColumn: string
  readonly toColumn: string
  /** The model whose table it is. */
  readonly model: ModelMeta
  /** Several rows on the far side may match one on the near side. */
  readonly toMany: boolean
  /** There may be no row on the far side. */
  readonly nullable: boolean
}

/** Any side of a relation, as filters and instances use it. */
export interface RelationMeta {
  /** The property on instances: `author`, `books`. */
  readonly name: string
  /** The name in lookups; differs from `name` only by `relatedQueryName`. */
  readonly queryName: string
  readonly kind:
    | 'foreignKey'
    | 'oneToOne'
    | 'manyToMany'
    | 'reverseForeignKey'
    | 'reverseOneToOne'
    | 'reverseManyToMany'
  readonly from: ModelMeta
  readonly to: ModelMeta
  readonly toMany: boolean
  /** The near side may have no related row. */
  readonly nullable: boolean
  /** One hop, or two through a join table. */
  readonly steps: readonly JoinStep[]
  /** Forward keys: the column on `from`. Reverse keys: the column on `to`. Many-to-many: null. */
  readonly keyColumn: ColumnMeta | null
  /** The column that the key refers to: on `to` for forward keys, on `from` for reverse ones. */
  readonly targetColumn: ColumnMeta
  /** The other side; hidden where it has no name there. */
  readonly inverse: RelationMeta
  /** Declared without a `relatedName`, or with '+': there is no property or lookup for it. */
  readonly isHidden: boolean
  readonly onDelete: OnDelete | null
  /** Many-to-many: the join table. */
  readonly through: ThroughMeta | null
}

/** The table between the two sides of a many-to-many relation. */
export interface ThroughMeta {
  /** The model of the table; one without instances where the user has none for it. */
  readonly model: ModelMeta
  /** Whether it is a model of the user's (`through`), whose rows have more to them. */
  readonly isModel: boolean
  /** Its column that refers to the near side, and the one that refers to the far side. */
  readonly near: ColumnMeta
  readonly far: ColumnMeta
  readonly symmetrical: boolean
}

/** What a model is, as data. Relations resolve on first use, when all classes are known. */
export interface ModelMeta {
  readonly name: string
  readonly table: string
  readonly modelClass: ModelConstructor
  /** In the order of definition; foreign keys by their key column. */
  readonly columns: readonly ColumnMeta[]
  /** By property; `pk` is not among them. */
  readonly columnsByName: ReadonlyMap<string, ColumnMeta>
  readonly primaryKey: ColumnMeta
  /** The column that counts the writes of a row. */
  readonly version: ColumnMeta | null
  /** By name in lookups, forward and reverse. Resolves the names of other models on first use. */
  readonly relations: ReadonlyMap<string, RelationMeta>
  /** The forward relations of any model that point here, named on this side or not. */
  readonly incoming: readonly RelationMeta[]
  readonly ordering: readonly string[]
  readonly getLatestBy: string | readonly string[] | null
  readonly database: string | null
  /** Resolves the relations now, so that instances have them. Costs nothing when it is done. */
  link(): void
}
