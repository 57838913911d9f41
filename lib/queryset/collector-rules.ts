import type { OnDelete } from '../fields/relation.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'

/** A foreign key to a model, and what happens to its rows when what they refer to is deleted. */
export interface DeletionRule {
  readonly onDelete: OnDelete
  /** The model whose rows refer. */
  readonly child: ModelMeta
  /** Its column that does. */
  readonly key: ColumnMeta
  /** The column referred to. */
  readonly target: ColumnMeta
  readonly relation: RelationMeta
}

/** A join table without a model of the user's, and its column that refers to a model's rows. */
export interface JoinRule {
  readonly join: ModelMeta
  readonly key: ColumnMeta
}

/** All that deleting rows of a model means elsewhere. */
export interface DeletionRules {
  /** Foreign keys of other rows to these; not those that are left alone (`doNothing`). */
  readonly keys: readonly DeletionRule[]
  readonly joins: readonly JoinRule[]
  /** What must be known of a row that is to be deleted: its primary key, and what keys refer to. */
  readonly columns: readonly ColumnMeta[]
  /** Its rows can be deleted without looking at them. */
  readonly isLeaf: boolean
}

/** The rules for rows of a model, as all models known by now declare them. */
export function rulesOf(model: ModelMeta): DeletionRules {
  const keys: DeletionRule[] = []
  const joins: JoinRule[] = []
  for (const { kind, through } of model.relations.values()) {
    if (kind !== 'manyToMany' || through?.isModel !== false) continue
    joins.push({ join: through.model, key: through.near })
  }
  for (const relation of model.incoming) {
    const { from: child, keyColumn: key, targetColumn: target, onDelete, through } = relation
    if (through?.isModel === false) joins.push({ join: through.model, key: through.far })
    if (key === null || onDelete === null || onDelete === 'doNothing') continue
    keys.push({ onDelete, child, key, target, relation })
  }
  const columns = [...new Set([model.primaryKey, ...keys.map(({ target }) => target)])]
  return { keys, joins, columns, isLeaf: keys.length === 0 && joins.length === 0 }
}

/** Rules by the model whose rows refer. */
export function byChild(rules: readonly DeletionRule[]): Map<ModelMeta, DeletionRule[]> {
  const groups = new Map<ModelMeta, DeletionRule[]>()
  for (const rule of rules) {
    const group = groups.get(rule.child)
    if (group === undefined) groups.set(rule.child, [rule])
    else group.push(rule)
  }
  return groups
}
