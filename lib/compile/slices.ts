import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { shapeOf } from '../query/shape.ts'
import { planSlices } from '../query/slices.ts'
import { finished } from './cache.ts'
import { type CompiledSelect, draftOfPlan } from './select.ts'

/** A sliced query of the far rows of many near ones, sliced for each; null where there are none. */
export function compileSlices(state: QueryState, dialect: DialectName): CompiledSelect | null {
  return finished('slices', shapeOf(state), dialect, () => {
    const { plan, shape } = planSlices(state)
    const draft = draftOfPlan(plan, dialect)
    return draft && { ...draft, shape }
  })
}
