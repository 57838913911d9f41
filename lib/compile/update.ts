import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { type Assignment, planWrite } from '../query/plan-write.ts'
import { emitterOf, tableClause } from './builder.ts'
import { type Fragment, list, quoted, sql } from './fragment.ts'
import { type CompiledStatement, statementOf } from './statement.ts'

/** UPDATE of the rows of a queryset; null where there can be none, or nothing is set. */
export function compileUpdate(
  state: QueryState,
  assignments: readonly Assignment[],
  dialectName: DialectName,
): CompiledStatement | null {
  const emitter = emitterOf(dialectName)
  const { dialect } = emitter
  const plan = planWrite(state, assignments)
  if (plan.isEmpty || plan.assignments.length === 0) return null
  const sets = plan.assignments.map(({ column, node, field }): Fragment => {
    const value = node.kind === 'param' ? dialect.written(node.value, field) : emitter.plain(node)
    return sql`${quoted(column, dialect.quote)} = ${value}`
  })
  const update = sql`update ${tableClause(plan.root, dialect)} set ${list(sets)}`
  const whole = plan.where === null ? update : sql`${update} where ${emitter.condition(plan.where)}`
  return statementOf(whole, dialectName, {
    wants: 'count',
    writes: true,
    table: plan.root.table,
  })
}
