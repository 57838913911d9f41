import { resultColumn } from './around.ts'
import type { ConditionTree, ExprNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { isSameNode } from './same-node.ts'
import { containsAggregate, withExpressions, withParts } from './walk.ts'

/** Replaces columns of an inner query by its results, adding those that it did not select. */
export class Lifted {
  readonly columns: ExprNode[]

  constructor(columns: readonly ExprNode[]) {
    this.columns = [...columns]
  }

  /** A planned expression of the inner query, as the query around it computes it. */
  lift(node: ExprNode): ExprNode {
    const known = this.columns.findIndex((each) => isSameNode(each, node))
    if (known >= 0) return resultColumn(node, known)
    switch (node.kind) {
      case 'column':
      case 'aggregate':
      case 'window':
      case 'plan':
        return resultColumn(node, this.columns.push(node) - 1)
      default:
        return withParts(node, {
          node: (part) => this.lift(part),
          condition: (tree) => this.condition(tree),
        })
    }
  }

  /** A condition that asks a query for more than one value is asked inside as a whole. */
  condition(tree: ConditionTree): ConditionTree {
    switch (tree.kind) {
      case 'group':
        return { ...tree, children: tree.children.map((child) => this.condition(child)) }
      case 'not':
        return { ...tree, child: this.condition(tree.child) }
      case 'lookup': {
        const asksQuery = tree.lookup === 'in' && tree.right.some(({ kind }) => kind === 'plan')
        if (!asksQuery) return withExpressions(tree, (node) => this.lift(node))
        const node: ExprNode = { kind: 'condition', condition: tree, field: OUTPUT.boolean }
        return { kind: 'boolean', expression: resultColumn(node, this.columns.push(node) - 1) }
      }
      default:
        return withExpressions(tree, (node) => this.lift(node))
    }
  }

  /** An aggregate that is not planned yet, over the rows of the inner query. */
  over(node: ExprNode, bind: (node: ExprNode) => ExprNode): ExprNode {
    if (!containsAggregate(node)) return this.lift(bind(node))
    if (node.kind !== 'aggregate') {
      return withParts(node, {
        node: (part) => this.over(part, bind),
        condition: (tree) => withExpressions(tree, (part) => this.over(part, bind)),
      })
    }
    return withParts(node, {
      node: (part) => this.lift(bind(part)),
      condition: (condition) => {
        const bound = bind({ kind: 'condition', condition, field: OUTPUT.boolean })
        return bound.kind === 'condition' ? this.condition(bound.condition) : condition
      },
    })
  }
}
