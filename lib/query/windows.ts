import { around, resultColumn, UNLIMITED } from './around.ts'
import { Lifted } from './lifted.ts'
import type { ConditionTree, ExprNode, SelectPlan } from './nodes.ts'
import { orderedBy } from './walk.ts'

/**
 * A plan whose rows must meet a condition on windows, which are computed over all rows that the
 * other conditions leave: that plan is a subquery, and the condition is asked around it.
 */
export function withWindowsInside(plan: SelectPlan, qualify: ConditionTree): SelectPlan {
  const lifted = new Lifted(plan.select)
  const where = lifted.condition(qualify)
  const ordering = orderedBy(plan.ordering, (node) => lifted.lift(node))
  const distinctOn = plan.distinctOn.map((node) => lifted.lift(node))
  const inner: SelectPlan = {
    ...plan,
    select: lifted.columns,
    ...UNLIMITED,
  }
  const { distinct, offset, limit, window, isEmpty } = plan
  const hasOwnLimit = plan.hasOwnLimit === true
  return {
    ...around(inner, plan.select.map(fromInside)),
    ...{ where, distinct, distinctOn, ordering, offset, limit, window, hasOwnLimit, isEmpty },
  }
}

/** A column of the subquery; what only says that there is a row has no name there. */
function fromInside(node: ExprNode, index: number): ExprNode {
  return node.kind === 'func' && node.name === 'one' ? node : resultColumn(node, index)
}
