import { UNLIMITED } from './around.ts'
import type { JoinedSource } from './joins.ts'
import { EVERYTHING } from './lookups.ts'
import type { ConditionTree, ExprNode, OrderNode, QueryState, SelectPlan } from './nodes.ts'
import type { Planner } from './planner.ts'
import { isSameNode } from './same-node.ts'
import { simplify } from './simplify.ts'
import {
  containsAggregate,
  containsWindow,
  expressionsOf,
  nodesOfPlan,
  partsOf,
  someNode,
} from './walk.ts'
import { withWindowsInside } from './windows.ts'

/** What a plan ends with, behind its joins and conditions. */
export interface Ending {
  readonly select: readonly ExprNode[]
  readonly distinct: boolean
  readonly distinctOn: readonly ExprNode[]
  readonly ordering: readonly OrderNode[]
  readonly offset: number
  readonly limit: number | null
  readonly window: QueryState | null
  readonly hasOwnLimit?: boolean
  readonly isNone: boolean
}

/** No order, no limits. */
export const PLAIN: Omit<Ending, 'select'> = { ...UNLIMITED, isNone: false }

/**
 * The plan of what a planner has gathered: conditions on rows become WHERE, those on groups HAVING,
 * and those on windows the WHERE of a query around it.
 */
export function finish(
  planner: Planner,
  ending: Ending,
  links: readonly ConditionTree[] = [],
): SelectPlan {
  const { isNone, ...rest } = ending
  const gathered = links.length === 0 ? whereOf(planner) : joined([whereOf(planner), ...links])
  const { where, having, qualify } = splitConditions(gathered)
  const ordered = ending.ordering.flatMap(({ node }) => node ?? [])
  const asked = having === null ? [] : expressionsOf(having)
  // What is asked around the query is computed there, of columns.
  const windows = qualify === null ? [] : expressionsOf(qualify).flatMap(leavesOf)
  const groupBy = groupColumns(planner, [...ending.select, ...ordered, ...asked, ...windows])
  const plan: SelectPlan = {
    ...rest,
    from: { source: planner.joins.root, query: null },
    joins: planner.joins.finish(planner.depth, planner.outerSources, planner.joins.root),
    where: where.kind === 'constant' ? null : where,
    groupBy,
    having,
    lock: null,
    isEmpty: isNone || ending.limit === 0 || (where.kind === 'constant' && !where.value),
  }
  return qualify === null ? plan : withWindowsInside(plan, qualify)
}

/** All conditions that a planner has gathered. */
export function whereOf(planner: Planner): ConditionTree {
  return joined(planner.conditions)
}

function joined(children: readonly ConditionTree[]): ConditionTree {
  return simplify({ kind: 'group', connector: 'and', children })
}

/** What a condition asks of rows, of groups, and of windows. */
export interface SplitCondition {
  readonly where: ConditionTree
  readonly having: ConditionTree | null
  readonly qualify: ConditionTree | null
}

/** Divides conditions that must all hold by when they can be asked. */
export function splitConditions(tree: ConditionTree): SplitCondition {
  const children = tree.kind === 'group' && tree.connector === 'and' ? tree.children : [tree]
  const where: ConditionTree[] = []
  const having: ConditionTree[] = []
  const qualify: ConditionTree[] = []
  for (const child of children) {
    const nodes = expressionsOf(child)
    const isAround = nodes.some((node) => containsWindow(node)) || asksOfJsonGroups(child)
    if (isAround) qualify.push(child)
    else if (nodes.some((node) => containsAggregate(node) || asksOfGroup(node))) having.push(child)
    else where.push(child)
  }
  if (having.length === 0 && qualify.length === 0)
    return { where: tree, having: null, qualify: null }
  return {
    where: where.length === 0 ? EVERYTHING : joined(where),
    having: having.length === 0 ? null : joined(having),
    qualify: qualify.length === 0 ? null : joined(qualify),
  }
}

/** Whether a query inside compares with what the rows are grouped by. */
function asksOfGroup(node: ExprNode, isInside = false): boolean {
  if (node.kind === 'func' && node.name === 'ofGroup') return isInside
  if (node.kind === 'plan') return nodesOfPlan(node.plan).some((part) => asksOfGroup(part, true))
  return partsOf(node).some((part) => asksOfGroup(part, isInside))
}

/** JSON is taken apart by subqueries on SQLite, which can have no aggregate of what is around them. */
function asksOfJsonGroups(tree: ConditionTree): boolean {
  if (tree.kind === 'group') return tree.children.some(asksOfJsonGroups)
  if (tree.kind === 'not') return asksOfJsonGroups(tree.child)
  return tree.kind === 'lookup' && tree.left.field.family === 'json' && containsAggregate(tree.left)
}

/**
 * The columns of GROUP BY: the keys, and whatever else is asked of a group that they do not
 * determine. Nothing where each row is a group of its own already.
 * Source: Django's `SQLCompiler.get_group_by`, `collapse_group_by`.
 */
function groupColumns(planner: Planner, asked: readonly ExprNode[]): readonly ExprNode[] {
  const keys = planner.groupKeys
  if (keys === null) return []
  const found: ExprNode[] = []
  for (const node of [...keys, ...asked.flatMap((each) => loose(each, planner))]) {
    if (!found.some((known) => isSameNode(known, node))) found.push(node)
  }
  const keyed = new Set(found.filter(isPrimaryKey).map((node) => sourceOf(node)))
  const { root } = planner.joins
  const isGrouping = planner.hasManyRows || asked.some((node) => containsAggregate(node))
  if (keyed.has(root) && !isGrouping) return []
  return found.filter((node) => {
    // A query without rows is NULL, which PostgreSQL groups nothing by.
    if (node.kind === 'plan' && node.plan.isEmpty) return false
    return isPrimaryKey(node) || !isDetermined(node, keyed, root)
  })
}

/** What a query around this one takes from it to compute an expression. */
function leavesOf(node: ExprNode): readonly ExprNode[] {
  const isWhole = node.kind === 'aggregate' || node.kind === 'window' || node.kind === 'plan'
  return isWhole || node.kind === 'column' ? [node] : partsOf(node).flatMap(leavesOf)
}

/** The parts of an expression that are no aggregate: what a group must have one value of. */
function loose(node: ExprNode, planner: Planner): readonly ExprNode[] {
  if (node.kind === 'aggregate' || planner.separated.has(node)) return []
  if (planner.groupKeys?.some((key) => isSameNode(key, node))) return []
  if (node.kind === 'window') {
    const parts = [...partsOf(node).slice(1), ...partsOf(node.input)]
    return parts.flatMap((part) => loose(part, planner))
  }
  if (node.kind === 'plan') return outerColumns(node, planner)
  if (containsAggregate(node)) return partsOf(node).flatMap((part) => loose(part, planner))
  return someNode(node, (part) => part.kind === 'column' || part.kind === 'plan') ? [node] : []
}

/** The columns of this query that one inside it refers to. */
function outerColumns(node: ExprNode, planner: Planner): readonly ExprNode[] {
  const own = new Set<unknown>(planner.joins.sources)
  const found: ExprNode[] = []
  const add = (part: ExprNode): void => {
    if (part.kind === 'column' && own.has(part.source)) found.push(part)
    const parts = part.kind === 'plan' ? nodesOfPlan(part.plan) : partsOf(part)
    for (const each of parts) add(each)
  }
  add(node)
  return found
}

function isPrimaryKey(node: ExprNode): boolean {
  if (node.kind !== 'column') return false
  return node.source.model?.primaryKey.column === node.column
}

function sourceOf(node: ExprNode): unknown {
  return node.kind === 'column' ? node.source : null
}

/** Whether all that an expression is computed of belongs to rows whose key is known. */
function isDetermined(node: ExprNode, keyed: ReadonlySet<unknown>, root: JoinedSource): boolean {
  return !someNode(node, (part) => {
    if (part.kind === 'plan') return !keyed.has(root)
    return part.kind === 'column' && !keyed.has(part.source)
  })
}
