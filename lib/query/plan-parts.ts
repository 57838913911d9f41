import type { ModelMeta } from '../meta/model-meta.ts'
import type { JoinedSource, Joins } from './joins.ts'
import type { ColumnNode, ConditionTree, ExprNode } from './nodes.ts'

/** A planned part, and the joins that must be INNER for it to hold. */
export interface Planned {
  readonly tree: ConditionTree
  readonly votes: Iterable<JoinedSource>
}

/** Where in a tree of conditions planning is. */
export interface Branch {
  /** To-many joins that may be used again; null: all. */
  readonly reusable: Set<JoinedSource> | null
  /** An odd number of NOTs lies above. */
  readonly isNegated: boolean
  /** Any number of NOTs lies above. */
  readonly isUnderNot: boolean
  /** To-many conditions under NOT become subqueries. */
  readonly splits: boolean
}

/** What a path became, with every source on the way. */
export interface BoundPath {
  readonly node: ColumnNode
  /** From the root to the far end, also those that were trimmed. */
  readonly visited: readonly JoinedSource[]
}

/** What the parts of planning need of each other. */
export interface Planning {
  readonly model: ModelMeta
  readonly joins: Joins
  /** 0 for a whole query, one more for each query around it. */
  readonly depth: number
  /** The planned conditions so far; all must hold. */
  readonly conditions: readonly ConditionTree[]
  /** The sources of all queries around this one. */
  readonly outerSources: readonly JoinedSource[]
  filter(condition: ConditionTree, reusable: Set<JoinedSource>): void
  condition(condition: ConditionTree, branch: Branch): Planned
  bind(node: ExprNode, reusable: Set<JoinedSource> | null): ExprNode
  /** A planner for a query inside this one. */
  inner(model: ModelMeta): Planning
}
