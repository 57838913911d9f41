import type { ExprNode, OrderNode } from '../query/nodes.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, sql } from './fragment.ts'
import { assertOrdered } from './functions/arrays.ts'

/** PostgreSQL takes no bare NULL there, which a query without rows gives. */
function sortKey(node: ExprNode, emitter: Emitter): Fragment {
  const isNull = node.kind === 'plan' && node.plan.isEmpty && !node.exists
  return isNull ? keyword('(select null)') : emitter.typed(node)
}

/** One term of ORDER BY; of JSON it may be several. */
export function orderTerm({ node, descending, nulls }: OrderNode, emitter: Emitter): Fragment {
  const { dialect } = emitter
  if (node === null) return dialect.random
  assertOrdered(node, emitter)
  const isJson = node.field.family === 'json' && node.kind !== 'param'
  const keys = isJson ? dialect.json.sortKeys(emitter.plain(node)) : [sortKey(node, emitter)]
  const [first = keyword('null'), ...others] = keys.map(
    (key) => sql`${key} ${keyword(descending ? 'desc' : 'asc')}`,
  )
  if (nulls === null) return list([first, ...others])
  const place = keyword(nulls)
  if (dialect.hasNullsOrder) return list([sql`${first} nulls ${place}`, ...others])
  const nullsOf = keyword(nulls === 'first' ? 'desc' : 'asc')
  return sql`${list(keys.slice(0, 1))} is null ${nullsOf}, ${list([first, ...others])}`
}
