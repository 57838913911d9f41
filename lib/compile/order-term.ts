import type { OrderNode } from '../query/nodes.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, sql } from './fragment.ts'

/** One term of ORDER BY. */
export function orderTerm({ node, descending, nulls }: OrderNode, emitter: Emitter): Fragment {
  const { dialect } = emitter
  if (node === null) return dialect.random
  const isJson = node.field.family === 'json' && node.kind !== 'param'
  const expression = isJson ? dialect.json.comparable(emitter.plain(node)) : emitter.typed(node)
  const directed = sql`${expression} ${keyword(descending ? 'desc' : 'asc')}`
  if (nulls === null) return directed
  if (dialect.hasNullsOrder) return sql`${directed} nulls ${keyword(nulls)}`
  return sql`${expression} is null ${keyword(nulls === 'first' ? 'desc' : 'asc')}, ${directed}`
}
