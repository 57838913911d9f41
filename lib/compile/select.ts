import type { DialectName } from '../fields/dialect.ts'
import type { QueryState, RowShape, SelectPlan } from '../query/nodes.ts'
import { planSelect } from '../query/plan.ts'
import { planCount, planExists } from '../query/plan-rows.ts'
import { buildSelect, emitterOf, lazyRaw } from './builder.ts'
import { compilingKnex } from './clients.ts'
import { type CompiledStatement, finishText } from './statement.ts'

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
  const { plan, shape } = planSelect(state)
  if (plan.isEmpty) return null
  return { ...compilePlan(plan, dialect), shape }
}

/** `count(*)` of a queryset, one row of one value; null for 0. */
export function compileCount(state: QueryState, dialect: DialectName): CompiledStatement | null {
  const plan = planCount(state)
  return plan.isEmpty ? null : compilePlan(plan, dialect)
}

/** A row if a queryset has any; null for false. */
export function compileExists(state: QueryState, dialect: DialectName): CompiledStatement | null {
  const plan = planExists(state)
  return plan.isEmpty ? null : compilePlan(plan, dialect)
}

/** A plan as a statement. */
export function compilePlan(plan: SelectPlan, dialect: DialectName): CompiledStatement {
  const knex = compilingKnex(dialect)
  const builder = buildSelect(knex, plan, emitterOf(dialect), lazyRaw(knex), true)
  return { ...finishText(builder.toSQL(), dialect), wants: 'rows', writes: false }
}
