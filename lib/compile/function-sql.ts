import type { ExprNode } from '../query/nodes.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, sql } from './fragment.ts'

/** Makes the SQL of one function. */
export type EmitFunction = (args: readonly ExprNode[], emitter: Emitter) => Fragment

/** The SQL of what `query/` makes by itself: functions of windows, and of groups. */
export const FUNCTION_SQL: ReadonlyMap<string, EmitFunction> = new Map<string, EmitFunction>([
  ['rowNumber', call('row_number')],
  ['rank', call('rank')],
  ['denseRank', call('dense_rank')],
  ['percentRank', call('percent_rank')],
  ['cumeDist', call('cume_dist')],
  ['ntile', call('ntile')],
  ['lag', call('lag')],
  ['lead', call('lead')],
  ['firstValue', call('first_value')],
  ['lastValue', call('last_value')],
  ['nthValue', call('nth_value')],
  ['ofGroup', ofGroup],
])

/**
 * An expression that the rows are grouped by, seen from a subquery. PostgreSQL knows it there as an
 * aggregate only; elsewhere the expression itself is that of any row of the group.
 */
function ofGroup(args: readonly ExprNode[], emitter: Emitter): Fragment {
  const expression = list(args.map((arg) => emitter.typed(arg)))
  return emitter.dialect.name === 'postgresql' ? sql`(array_agg(${expression}))[1]` : expression
}

/** `name(a, b, …)`. */
function call(name: string): EmitFunction {
  return (args, emitter) => sql`${keyword(name)}(${list(args.map((arg) => emitter.typed(arg)))})`
}
