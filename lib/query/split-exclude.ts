import type { JoinStep } from '../meta/model-meta.ts'
import { UNLIMITED } from './around.ts'
import { FilteredStep } from './filtered-hop.ts'
import { type JoinedSource, type PathStep, stepsOf } from './joins.ts'
import type {
  ColumnNode,
  ConditionTree,
  ExprNode,
  LookupTree,
  RefNode,
  SelectPlan,
} from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import type { Branch, Planned, Planning } from './plan-parts.ts'
import { simplify } from './simplify.ts'

/**
 * A condition over a to-many relation under NOT, as `EXISTS (subquery)`: `toMany` is the index of
 * the first to-many hop. Hops before it are joined outside, the rest inside.
 * Source: Django's `Query.split_exclude` and `trim_start`.
 */
export function splitExclude(
  outer: Planning,
  lookup: LookupTree,
  ref: RefNode,
  toMany: number,
  branch: Branch,
): Planned {
  const right = lookup.right.map((node) => outer.bind(node, branch.reusable))
  const inner = outer.inner(outer.model)
  inner.filter({ ...lookup, right }, new Set())
  const steps = stepsOf(ref.hops)
  if (steps.some(({ step }) => step instanceof FilteredStep)) return ofSameRow(outer, inner)
  const sources = pathSources(inner, ref)
  const first = sources[toMany + 1]
  const near = sources[toMany]
  const pathStep = steps[toMany]
  if (first === undefined || near === undefined || pathStep === undefined) {
    throw new TypeError('A to-many path has no to-many hop.')
  }
  const hop = pathStep.step
  // Nothing before the to-many hop is needed inside; nor is its near side, unless rows without
  // any on the far side are asked for.
  const keepsNear = first.isOuter
  const start = keepsNear ? near : first
  for (const source of sources.slice(0, keepsNear ? toMany : toMany + 1)) source.uses = 0

  const prefix = steps.slice(0, toMany).map(({ step }) => step)
  const outerNear = bindPrefix(outer, prefix, hop.fromColumn, ref, branch)
  const shared = keepsNear ? null : sharedSource(outer, outerNear.source, hop, branch)
  const column = keepsNear ? hop.fromColumn : hop.toColumn
  const links =
    shared === null
      ? [link(start, column, outerNear.node)]
      : sameRow(start, shared, rowKey(pathStep))
  const plan = existsPlan(inner, start, links)
  const exists: ConditionTree = {
    kind: 'boolean',
    expression: { kind: 'plan', plan, exists: true, field: OUTPUT.boolean },
  }
  const hasOuterBefore = sources.slice(1, toMany + 1).some((source) => source.isOuter)
  if (!hasOuterBefore) return { tree: exists, votes: [] }
  const isNull: ConditionTree = {
    kind: 'lookup',
    lookup: 'isnull',
    left: outerNear.node,
    right: [],
    flag: true,
  }
  return { tree: { kind: 'group', connector: 'or', children: [exists, isNull] }, votes: [] }
}

/** The whole path inside: what a filtered relation asks may speak of any row along it. */
function ofSameRow(outer: Planning, inner: Planning): Planned {
  const { root } = outer.joins
  const key = outer.model.primaryKey.column
  const plan = existsPlan(inner, inner.joins.root, [
    link(inner.joins.root, key, plainColumn(root, key)),
  ])
  root.uses += 1
  const expression: ExprNode = { kind: 'plan', plan, exists: true, field: OUTPUT.boolean }
  return { tree: { kind: 'boolean', expression }, votes: [] }
}

/** The sources along the path that `inner` has just joined. */
function pathSources(inner: Planning, ref: RefNode): JoinedSource[] {
  const sources = [inner.joins.root]
  let at = inner.joins.root
  for (const { step } of stepsOf(ref.hops)) {
    const next = inner.joins.find(at, step, null)
    if (next === null) break
    at = next
    sources.push(at)
  }
  return sources
}

interface Near {
  readonly node: ColumnNode
  readonly source: JoinedSource
}

/** The near side of the to-many hop, in the outer query. */
function bindPrefix(
  outer: Planning,
  prefix: readonly JoinStep[],
  fromColumn: string,
  ref: RefNode,
  branch: Branch,
): Near {
  let source = outer.joins.root
  const visited = [source]
  for (const step of prefix) {
    source = outer.joins.join(source, step, branch.reusable)
    visited.push(source)
  }
  const last = prefix[prefix.length - 1]
  const isTrimmed = last !== undefined && last.toColumn === fromColumn
  const needed = isTrimmed ? visited.slice(0, -1) : visited
  for (const each of needed) {
    each.uses += 1
    branch.reusable?.add(each)
  }
  const at = needed[needed.length - 1] ?? source
  const column = isTrimmed ? last.fromColumn : fromColumn
  const nullable = isTrimmed && last.nullable
  // Only compared, never read: how it would be read does not matter.
  return { node: { kind: 'column', source: at, column, field: ref.field, nullable }, source }
}

/** The to-many join that the same `filter()` call made for the same hop: NOT speaks of its row. */
function sharedSource(
  outer: Planning,
  near: JoinedSource,
  hop: JoinStep,
  branch: Branch,
): JoinedSource | null {
  if (branch.reusable === null) return null
  const shared = outer.joins.find(near, hop, branch.reusable)
  return shared !== null && shared.uses > 0 ? shared : null
}

/** The columns that tell rows of the far side apart: in a join table without a key, both of it. */
function rowKey({ step, relation }: PathStep): readonly string[] {
  const { through } = relation
  if (step.model !== null && (through === null || through.isModel)) {
    return [step.model.primaryKey.column]
  }
  const next = relation.steps[1]
  return next === undefined ? [step.toColumn] : [step.toColumn, next.fromColumn]
}

/** The inner row is the outer one. */
function sameRow(
  start: JoinedSource,
  shared: JoinedSource,
  columns: readonly string[],
): ConditionTree[] {
  return columns.map((name) => link(start, name, plainColumn(shared, name)))
}

function link(source: JoinedSource, column: string, to: ExprNode): ConditionTree {
  const left = plainColumn(source, column)
  return { kind: 'lookup', lookup: 'sameColumn', left, right: [to], flag: true }
}

function plainColumn(source: JoinedSource, column: string): ColumnNode {
  const field = source.model?.columns.find((each) => each.column === column)?.field
  return { kind: 'column', source, column, field: field ?? OUTPUT.integer, nullable: false }
}

function existsPlan(
  inner: Planning,
  start: JoinedSource,
  links: readonly ConditionTree[],
): SelectPlan {
  const where = simplify({
    kind: 'group',
    connector: 'and',
    children: [...inner.conditions, ...links],
  })
  const joins = inner.joins.finish(inner.depth, inner.outerSources, start)
  return {
    from: { source: start, query: null },
    joins,
    where,
    groupBy: [],
    having: null,
    select: [{ kind: 'func', name: 'one', args: [], field: OUTPUT.integer }],
    ...UNLIMITED,
    lock: null,
    isEmpty: where.kind === 'constant' && !where.value,
  }
}
