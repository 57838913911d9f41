import type { ExprNode } from './nodes.ts'

/** Whether two planned expressions are the same for certain. */
export function isSameNode(a: ExprNode, b: ExprNode): boolean {
  if (a === b) return true
  if (a.kind === 'column' && b.kind === 'column') {
    return a.source === b.source && a.column === b.column
  }
  if (a.kind === 'func' && b.kind === 'func') {
    return (
      a.name === b.name &&
      a.args.length === b.args.length &&
      a.args.every((arg, index) => isSameNode(arg, b.args[index] as ExprNode))
    )
  }
  return false
}
