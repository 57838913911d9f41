import type { JoinedSource } from './joins.ts'
import type { ColumnNode, ConditionTree, ExprNode, RefNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'

/** The path that a lookup's left side starts from; null of anything else. */
export function baseRef(node: ExprNode): RefNode | null {
  let at: ExprNode | undefined = node
  while (at?.kind === 'func') at = at.args[0]
  return at?.kind === 'ref' ? at : null
}

/** The same transforms of another base. */
export function withBase(node: ExprNode, base: ExprNode): ExprNode {
  if (node.kind !== 'func') return base
  const [first, ...rest] = node.args
  return first === undefined ? node : { ...node, args: [withBase(first, base), ...rest] }
}

/**
 * Whether a lookup compares with JSON's null. As with NULL, the opposite are values: rows without
 * one are not kept when it is negated.
 */
export function asksForJsonNull([value]: readonly ExprNode[]): boolean {
  return value?.kind === 'param' && value.value === null && value.field === OUTPUT.jsonValue
}

/** What keeps rows with NULL when a comparison is negated: it must be false, not unknown. */
export function nullGuards(left: ColumnNode, right: readonly ExprNode[]): ConditionTree[] {
  const guarded: ExprNode[] = []
  if (left.nullable || (left.source as JoinedSource).isOuter) guarded.push(left)
  const [value] = right
  if (value?.kind === 'column' && value.nullable) guarded.push(value)
  return guarded.map((node) => ({
    kind: 'lookup',
    lookup: 'isnull',
    left: node,
    right: [],
    flag: false,
  }))
}
