import { EVERYTHING, NOTHING } from './lookups.ts'
import type { ConditionTree, ExprNode, GroupTree } from './nodes.ts'

/**
 * A planned condition without the parts whose answer is known: `in []`, numbers that a column
 * cannot hold, empty subqueries.
 * Source: Django's `WhereNode.as_sql`.
 */
export function simplify(condition: ConditionTree): ConditionTree {
  switch (condition.kind) {
    case 'constant':
      return condition
    case 'not': {
      const child = simplify(condition.child)
      if (child.kind === 'constant') return child.value ? NOTHING : EVERYTHING
      return { kind: 'not', child }
    }
    case 'group':
      return simplifyGroup(condition)
    case 'lookup':
      return condition.right.some(isNoValue) ? NOTHING : condition
    default:
      return isEmptyQuery(condition.expression) ? NOTHING : condition
  }
}

/** An empty query as a value is NULL; whether it has rows is false, a value as any other. */
function isNoValue(node: ExprNode): boolean {
  return isEmptyQuery(node) && node.kind === 'plan' && !node.exists
}

function isEmptyQuery(node: ExprNode): boolean {
  return node.kind === 'plan' && node.plan.isEmpty
}

function simplifyGroup(group: GroupTree): ConditionTree {
  const { connector } = group
  const children = group.children.map(simplify)
  return connector === 'xor' ? simplifyXor(children) : simplifyAndOr(connector, children)
}

function simplifyAndOr(connector: 'and' | 'or', children: readonly ConditionTree[]): ConditionTree {
  // What decides an AND is false, what decides an OR is true; the opposite is neutral.
  const decisive = connector === 'or'
  const kept: ConditionTree[] = []
  for (const child of children) {
    if (child.kind === 'constant') {
      if (child.value === decisive) return child
    } else if (child.kind === 'group' && child.connector === connector) {
      for (const inner of child.children) kept.push(inner)
    } else {
      kept.push(child)
    }
  }
  const [only] = kept
  if (only === undefined) return decisive ? NOTHING : EVERYTHING
  return kept.length === 1 ? only : { kind: 'group', connector, children: kept }
}

function simplifyXor(children: readonly ConditionTree[]): ConditionTree {
  const kept = children.filter((child) => child.kind !== 'constant')
  const trues = children.filter((child) => child.kind === 'constant' && child.value).length
  const isTurned = trues % 2 === 1
  if (kept.length === 0) return isTurned ? EVERYTHING : NOTHING
  const rest: ConditionTree = { kind: 'group', connector: 'xor', children: kept }
  return isTurned ? { kind: 'not', child: rest } : rest
}
