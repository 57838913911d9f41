import type {
  ColumnMeta,
  JoinStep,
  ModelMeta,
  RelationMeta,
  ThroughMeta,
} from '../meta/model-meta.ts'
import { remembered } from '../util/remembered.ts'
import type { RefNode, TreeRelationMeta, TreeWalk } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { columnRef } from './paths.ts'

/** The join of a model's rows with the keys that a walk found. */
export class TreeStep implements JoinStep {
  readonly table = 'tree'
  readonly fromColumn: string
  readonly toColumn = 'key'
  readonly model: ModelMeta
  readonly toMany = false
  readonly nullable = false
  readonly walk: TreeWalk

  constructor(walk: TreeWalk) {
    this.fromColumn = walk.relation.targetColumn.column
    this.model = walk.relation.from
    this.walk = walk
  }
}

/** What leads from a row to the place where a walk found it. */
export class TreeHop implements TreeRelationMeta {
  readonly name = '~tree'
  readonly queryName = '~tree'
  readonly kind = 'reverseOneToOne' as const
  readonly from: ModelMeta
  readonly to: ModelMeta
  readonly toMany = false
  readonly nullable = false
  readonly steps: readonly JoinStep[]
  readonly keyColumn: ColumnMeta | null = null
  readonly targetColumn: ColumnMeta
  readonly inverse: RelationMeta
  readonly isHidden = true
  readonly onDelete: RelationMeta['onDelete'] = null
  readonly through: ThroughMeta | null = null
  readonly walk: TreeWalk

  constructor(walk: TreeWalk) {
    this.from = walk.relation.from
    this.to = walk.relation.from
    this.targetColumn = walk.relation.targetColumn
    this.inverse = walk.relation
    this.walk = walk
    this.steps = Object.freeze([new TreeStep(walk)])
  }
}

/** The key that the walk found, which makes the join. */
export function foundKey(hop: TreeRelationMeta): RefNode {
  return columnRef(remembered(known, hop.walk.relation, columnsOf).key, [hop])
}

/** How many steps the walk took to a row. */
export function foundDepth(hop: TreeRelationMeta): RefNode {
  return columnRef(remembered(known, hop.walk.relation, columnsOf).depth, [hop])
}

interface Columns {
  readonly key: ColumnMeta
  readonly depth: ColumnMeta
}

const known = new WeakMap<RelationMeta, Columns>()

/** The same for all walks along a relation, so that they have the same shape. */
function columnsOf({ targetColumn }: RelationMeta): Columns {
  const key = Object.freeze({ ...targetColumn, column: 'key', null: false })
  const depth = Object.freeze({ ...key, column: 'depth', field: OUTPUT.integer })
  return { key, depth }
}
