import type { ConditionTree, ExprNode, SelectPlan } from './nodes.ts'

/** The tables that a planned query reads, those of its subqueries too. */
export function tablesOf(plan: SelectPlan): ReadonlySet<string> {
  const tables = new Set<string>()
  addPlan(plan, tables)
  return tables
}

function addPlan(plan: SelectPlan, tables: Set<string>): void {
  const { from, joins, where, having } = plan
  if (from.query === null) tables.add(from.source.table)
  else addPlan(from.query, tables)
  for (const { source } of joins) tables.add(source.table)
  for (const condition of [where, having]) if (condition !== null) addCondition(condition, tables)
  const ordered = plan.ordering.flatMap(({ node }) => node ?? [])
  for (const node of [...plan.select, ...plan.groupBy, ...plan.distinctOn, ...ordered]) {
    addExpression(node, tables)
  }
}

function addCondition(condition: ConditionTree, tables: Set<string>): void {
  switch (condition.kind) {
    case 'lookup':
      for (const node of [condition.left, ...condition.right]) addExpression(node, tables)
      return
    case 'group':
      for (const child of condition.children) addCondition(child, tables)
      return
    case 'not':
      addCondition(condition.child, tables)
      return
    case 'boolean':
      addExpression(condition.expression, tables)
      return
    default:
  }
}

function addExpression(node: ExprNode, tables: Set<string>): void {
  switch (node.kind) {
    case 'plan':
      addPlan(node.plan, tables)
      return
    case 'func':
      for (const arg of node.args) addExpression(arg, tables)
      return
    case 'condition':
      addCondition(node.condition, tables)
      return
    case 'aggregate':
      for (const part of [node.input, node.default]) if (part !== null) addExpression(part, tables)
      if (node.filter !== null) addCondition(node.filter, tables)
      return
    default:
  }
}
