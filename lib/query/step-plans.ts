import type { JoinStep } from '../meta/model-meta.ts'
import { FilteredStep } from './filtered-hop.ts'
import type { JoinedSource } from './joins.ts'
import { EVERYTHING, NOTHING } from './lookups.ts'
import type { QueryState, SelectPlan } from './nodes.ts'
import type { Planning } from './plan-parts.ts'
import { simplify } from './simplify.ts'
import { TreeStep } from './tree-hop.ts'

/** Plans what a join of its kind needs besides, once. */
export function planStep(
  planning: Planning,
  source: JoinedSource,
  step: JoinStep,
  planSeeds: (state: QueryState) => SelectPlan,
): void {
  if (step instanceof FilteredStep) planFilter(planning, source, step)
  if (!(step instanceof TreeStep) || source.tree !== null) return
  const seeds = planSeeds(step.walk.seeds)
  source.tree = { ...step.walk, seeds }
  if (seeds.isEmpty) planning.filter(NOTHING, new Set())
}

/**
 * Plans what a join asks of its rows, once: in terms of the sources from the root to itself, and
 * without a say in whether these are INNER or LEFT.
 */
function planFilter(planning: Planning, source: JoinedSource, step: FilteredStep): void {
  if (source.condition !== null || step.condition === null) return
  // The condition's own paths lead here again.
  source.condition = EVERYTHING
  const along = new Set<JoinedSource>()
  for (let at: JoinedSource | null = source; at !== null; at = at.parent) along.add(at)
  const types = [...along].map((each) => [each, each.type] as const)
  const branch = { reusable: along, isNegated: false, isUnderNot: false, splits: false }
  const { tree } = planning.condition(step.condition, branch)
  for (const [each, type] of types) each.type = type
  source.condition = simplify(tree)
}
