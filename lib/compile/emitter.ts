import type { ConditionTree, ExprNode, SelectPlan } from '../query/nodes.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { Fragment } from './fragment.ts'

/** Makes SQL of planned expressions; what the tables of lookups and functions call back. */
export interface Emitter {
  readonly dialect: Dialect
  /** As it is. */
  plain(node: ExprNode): Fragment
  /** As a side of a comparison, of which the other tells a bound value's type. */
  compared(node: ExprNode): Fragment
  /** Where nothing else tells a bound value's type. */
  typed(node: ExprNode): Fragment
  /** As a column of a result that its field can read. */
  selected(node: ExprNode): Fragment
  condition(tree: ConditionTree): Fragment
  query(plan: SelectPlan): Fragment
}
