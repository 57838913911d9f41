import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { planWrite } from '../query/plan-write.ts'
import { emitterOf, tableClause } from './builder.ts'
import { sql } from './fragment.ts'
import { type CompiledStatement, statementOf } from './statement.ts'

/** DELETE of the rows of a queryset, and of nothing that refers to them; null for none. */
export function compileDelete(
  state: QueryState,
  dialectName: DialectName,
): CompiledStatement | null {
  const emitter = emitterOf(dialectName)
  const plan = planWrite(state, [])
  if (plan.isEmpty) return null
  const remove = sql`delete from ${tableClause(plan.root, emitter.dialect)}`
  const whole = plan.where === null ? remove : sql`${remove} where ${emitter.condition(plan.where)}`
  return statementOf(whole, dialectName, {
    wants: 'count',
    writes: true,
    table: plan.root.table,
  })
}
