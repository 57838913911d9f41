import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { planWrite } from '../query/plan-write.ts'
import { shapeOf } from '../query/shape.ts'
import { emitterOf, tableClause } from './builder.ts'
import { finished } from './cache.ts'
import { sql } from './fragment.ts'
import { type CompiledStatement, type Draft, draftOf } from './statement.ts'

/** DELETE of the rows of a queryset, and of nothing that refers to them; null for none. */
export function compileDelete(
  state: QueryState,
  dialectName: DialectName,
): CompiledStatement | null {
  return finished('delete', shapeOf(state), dialectName, () => draftDelete(state, dialectName))
}

function draftDelete(state: QueryState, dialectName: DialectName): Draft | null {
  const emitter = emitterOf(dialectName)
  const plan = planWrite(state, [])
  if (plan.isEmpty) return null
  const remove = sql`delete from ${tableClause(plan.root, emitter.dialect)}`
  const whole = plan.where === null ? remove : sql`${remove} where ${emitter.condition(plan.where)}`
  return draftOf(whole, dialectName, {
    wants: 'count',
    writes: true,
    table: plan.root.table,
  })
}
