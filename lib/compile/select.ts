import type { DialectName } from '../fields/dialect.ts'
import type { QueryState, RowShape, SelectPlan } from '../query/nodes.ts'
import { planSelect } from '../query/plan.ts'
import { planCount, planExists } from '../query/plan-rows.ts'
import { shapeOf } from '../query/shape.ts'
import { emitterOf, selectText } from './builder.ts'
import { finished } from './cache.ts'
import { cellsOf } from './cells.ts'
import { type CompiledStatement, type Draft, draftOf } from './statement.ts'

/** A statement that gives rows, and how they are read. */
export interface CompiledSelect extends CompiledStatement {
  readonly shape: RowShape
}

/**
 * The rows of a queryset; null where there can be none, so that nothing needs to be sent.
 *
 * @throws NotSupportedError for what the database cannot do
 */
export function compileSelect(state: QueryState, dialect: DialectName): CompiledSelect | null {
  return finished('select', shapeOf(state), dialect, () => {
    const { plan, shape } = planSelect(state)
    const draft = draftOfPlan(plan, dialect)
    const cells = dialect === 'sqlite' ? cellsOf(plan) : undefined
    return draft && { ...draft, shape, cells }
  })
}

/** `count(*)` of a queryset, one row of one value; null for 0. */
export function compileCount(state: QueryState, dialect: DialectName): CompiledStatement | null {
  return finished('count', shapeOf(state), dialect, () => draftOfPlan(planCount(state), dialect))
}

/** A row if a queryset has any; null for false. */
export function compileExists(state: QueryState, dialect: DialectName): CompiledStatement | null {
  return finished('exists', shapeOf(state), dialect, () => draftOfPlan(planExists(state), dialect))
}

/** A plan as a statement; null where no row can match. */
export function draftOfPlan(plan: SelectPlan, dialect: DialectName): Draft | null {
  if (plan.isEmpty) return null
  const text = selectText(plan, emitterOf(dialect), true)
  return draftOf(text, dialect, { wants: 'rows', writes: false })
}
