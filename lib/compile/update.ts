import type { ColumnField } from '../fields/column-field.ts'
import type { DialectName } from '../fields/dialect.ts'
import type { ExprNode, ParamNode, QueryState } from '../query/nodes.ts'
import { type Assignment, planWrite } from '../query/plan-write.ts'
import { shapeWith } from '../query/shape.ts'
import { emitterOf, tableClause } from './builder.ts'
import { finished } from './cache.ts'
import type { Dialect } from './dialects/dialect.ts'
import { assertHeld } from './dialects/shared.ts'
import { bind, type Fragment, list, quoted, sql } from './fragment.ts'
import { type CompiledStatement, type Draft, draftOf } from './statement.ts'

/** UPDATE of the rows of a queryset; null where there can be none, or nothing is set. */
export function compileUpdate(
  state: QueryState,
  assignments: readonly Assignment[],
  dialectName: DialectName,
): CompiledStatement | null {
  const named = assignments.map(({ column, node }) => ({ name: column.column, node }))
  return finished('update', shapeWith(state, named), dialectName, () =>
    draftUpdate(state, assignments, dialectName),
  )
}

function draftUpdate(
  state: QueryState,
  assignments: readonly Assignment[],
  dialectName: DialectName,
): Draft | null {
  const emitter = emitterOf(dialectName)
  const { dialect } = emitter
  const plan = planWrite(state, assignments)
  if (plan.isEmpty || plan.assignments.length === 0) return null
  const computed = (node: ExprNode, field: ColumnField): Fragment => {
    const value = emitter.plain(node)
    // With no more digits than the column has.
    return field.family === 'decimal' ? dialect.read(value, { ...node, field }) : value
  }
  const sets = plan.assignments.map(({ column, node, field }): Fragment => {
    assertHeld(field, dialectName)
    const value = node.kind === 'param' ? written(node, field, dialect) : computed(node, field)
    return sql`${quoted(column, dialect.quote)} = ${value}`
  })
  const update = sql`update ${tableClause(plan.root, dialect)} set ${list(sets)}`
  const whole = plan.where === null ? update : sql`${update} where ${emitter.condition(plan.where)}`
  return draftOf(whole, dialectName, {
    wants: 'count',
    writes: true,
    table: plan.root.table,
  })
}

/** Encoded as its column does it, whatever column the value was taken for. */
function written(node: ParamNode, field: ColumnField, dialect: Dialect): Fragment {
  const placeholder = bind(node, ({ value }) => field.toDb(value, dialect.name))
  return dialect.written(placeholder, field)
}
