import type { ExprNode, LookupTree } from '../../query/nodes.ts'
import { columnType } from '../dialects/pg-types.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, sql } from '../fragment.ts'
import { everywhere, type FunctionSql, operand } from './record.ts'

/** The SQL of the transforms of ranges; databases without ranges refuse the column in them. */
export const RANGE_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['RangeLower', everywhere('lower({0})')],
  ['RangeUpper', everywhere('upper({0})')],
  ['isEmpty', everywhere('isempty({0})')],
  ['lowerInc', everywhere('lower_inc({0})')],
  ['lowerInf', everywhere('lower_inf({0})')],
  ['upperInc', everywhere('upper_inc({0})')],
  ['upperInf', everywhere('upper_inf({0})')],
])

function side(node: ExprNode, { field }: ExprNode, emitter: Emitter): Fragment {
  const typed = emitter.typed(node)
  if (node.kind === 'param' || node.field.family === 'range') return typed
  // What is in a range is of the very type that its ends have.
  return field.bound === undefined ? typed : sql`${typed}::${columnType(field.bound)}`
}

function operator(text: string) {
  return (tree: LookupTree, emitter: Emitter): Fragment => {
    const right = side(operand(tree.right, 0), tree.left, emitter)
    return sql`${emitter.typed(tree.left)} ${keyword(text)} ${right}`
  }
}

/**
 * The SQL of the lookups of ranges.
 *
 * Source: https://www.postgresql.org/docs/current/functions-range.html
 */
export const RANGE_LOOKUP_SQL: ReadonlyMap<
  string,
  (tree: LookupTree, emitter: Emitter) => Fragment
> = new Map([
  ['range:contains', operator('@>')],
  ['range:containedBy', operator('<@')],
  ['range:overlap', operator('&&')],
  ['range:fullyLt', operator('<<')],
  ['range:fullyGt', operator('>>')],
  ['range:notLt', operator('&>')],
  ['range:notGt', operator('&<')],
  ['range:adjacentTo', operator('-|-')],
])
