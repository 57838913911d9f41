import { customSql } from '../../query/functions/custom.ts'
import type { ExprNode } from '../../query/nodes.ts'
import { notSupported } from '../dialects/shared.ts'
import type { Emitter } from '../emitter.ts'
import { authored, type Fragment, list, sql } from '../fragment.ts'

/** The SQL of a function or lookup of users; null if the name is none of theirs. */
export function emitCustom(
  name: string,
  nodes: readonly ExprNode[],
  emitter: Emitter,
): Fragment | null {
  const definition = customSql(name)
  if (definition === undefined) return null
  const pieces = definition.pieces.get(emitter.dialect.name)
  if (pieces === undefined) {
    const cure = 'its definition has no SQL for it'
    throw notSupported(`${definition.name}() (${cure})`, emitter.dialect.name)
  }
  const args = nodes.map((node) => emitter.typed(node))
  return list(
    pieces.map((piece) => {
      if (typeof piece === 'string') return authored(piece)
      return piece < 0 ? list(args) : (args[piece] ?? authored(''))
    }),
    '',
  )
}

const PREFIX = 'RawSQL:'

/** The SQL of `RawSQL()`, with its values bound; null of another function. */
export function emitRawSql(
  name: string,
  nodes: readonly ExprNode[],
  emitter: Emitter,
): Fragment | null {
  if (!name.startsWith(PREFIX)) return null
  return sql`(${withValues(name.slice(PREFIX.length), nodes, emitter)})`
}

/** SQL with values where its `?` are. */
export function withValues(text: string, nodes: readonly ExprNode[], emitter: Emitter): Fragment {
  const args = nodes.map((node) => emitter.compared(node))
  const pieces = text.split(/(?<!\\)\?/)
  const parts = pieces.flatMap((piece, index) => {
    const arg = args[index - 1]
    return arg === undefined ? [authored(piece)] : [arg, authored(piece)]
  })
  return list(parts, '')
}
