/** A model class, or the name of one that is declared later or elsewhere. */
export type ModelReference<M> = string | (abstract new (...args: never[]) => M)

/** What happens to rows that refer to a row when that row is deleted. */
export type OnDelete = 'cascade' | 'protect' | 'restrict' | 'setNull' | 'setDefault' | 'doNothing'

/** What a relation is to the compiler of TypeScript. */
export interface RelationSpec {
  readonly kind: 'foreignKey' | 'oneToOne' | 'manyToMany'
  /** The instance type of the model it points to. */
  readonly target: unknown
  /** The field of the target that the key refers to; `pk` unless `toField` says otherwise. */
  readonly toField: string
  readonly null: boolean
  readonly optional: boolean
  /** Is the key the row's own as well. */
  readonly primary: boolean
}
