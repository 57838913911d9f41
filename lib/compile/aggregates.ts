import type { DialectName } from '../fields/dialect.ts'
import type { NamedNode, QueryState, RowShape } from '../query/nodes.ts'
import { planAggregate } from '../query/plan-rows.ts'
import { shapeWith } from '../query/shape.ts'
import { finished } from './cache.ts'
import { type CompiledSelect, draftOfPlan } from './select.ts'

/**
 * Aggregates over the rows of a queryset: one row, read as an object of their names; null where
 * there can be no rows (see `emptyAggregates`).
 */
export function compileAggregate(
  state: QueryState,
  aggregates: readonly NamedNode[],
  dialect: DialectName,
): CompiledSelect | null {
  return finished('aggregate', shapeWith(state, aggregates), dialect, () => {
    const draft = draftOfPlan(planAggregate(state, aggregates), dialect)
    const shape: RowShape = {
      kind: 'values',
      names: aggregates.map(({ name }) => name),
      fields: aggregates.map(({ node }) => node.field),
    }
    return draft && { ...draft, shape }
  })
}
