import type { ExprNode, SelectPlan } from './nodes.ts'
import { expressionsOf, partsOf } from './walk.ts'

/** The tables that a planned query reads, those of its subqueries too. */
export function tablesOf(plan: SelectPlan): ReadonlySet<string> {
  const tables = new Set<string>()
  addPlan(plan, tables)
  return tables
}

function addPlan(plan: SelectPlan, tables: Set<string>): void {
  const { from, joins, where, having } = plan
  if (from.query === null) tables.add(from.source.table)
  else
    for (const each of 'plans' in from.query ? from.query.plans : [from.query])
      addPlan(each, tables)
  for (const { source, tree } of joins) {
    if (tree === null) tables.add(source.table)
    else addPlan(tree.seeds, tables)
  }
  const filters = joins.map(({ condition }) => condition)
  const compared = [...filters, where, having].flatMap((tree) =>
    tree === null ? [] : expressionsOf(tree),
  )
  const ordered = plan.ordering.flatMap(({ node }) => node ?? [])
  const listed = [...plan.select, ...plan.groupBy, ...plan.distinctOn, ...ordered]
  for (const node of [...compared, ...listed]) addExpression(node, tables)
}

function addExpression(node: ExprNode, tables: Set<string>): void {
  if (node.kind === 'plan') addPlan(node.plan, tables)
  const ordered =
    node.kind === 'rowNumber' ? node.ordering.flatMap((order) => order.node ?? []) : []
  const partition = node.kind === 'rowNumber' ? [node.partition] : []
  for (const part of [...partsOf(node), ...partition, ...ordered]) addExpression(part, tables)
}
