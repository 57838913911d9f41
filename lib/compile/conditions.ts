import type { ConditionTree } from '../query/nodes.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, sql } from './fragment.ts'
import { emitCustom } from './functions/custom.ts'
import { LOOKUP_SQL } from './lookups.ts'

/** Longer rows of AND and OR are nested, since SQLite stops at a depth of 1,000. */
const MAX_ROW = 64

/** A condition as SQL. Recursion is bounded by the limits of `query/`. */
export function emitCondition(tree: ConditionTree, emitter: Emitter): Fragment {
  switch (tree.kind) {
    case 'constant':
      return keyword(tree.value ? '1 = 1' : '1 = 0')
    case 'boolean':
      return emitter.typed(tree.expression)
    case 'not':
      return sql`not (${emitCondition(tree.child, emitter)})`
    case 'lookup': {
      const emit = LOOKUP_SQL.get(tree.lookup)
      if (emit !== undefined) return emit(tree, emitter)
      const own = emitCustom(tree.lookup, [tree.left, ...tree.right], emitter)
      if (own === null) throw new TypeError(`There is no SQL for the lookup '${tree.lookup}'.`)
      return sql`(${own})`
    }
    default: {
      const children = tree.children.map((child) => inGroup(child, emitter))
      return tree.connector === 'xor' ? parity(children) : row(children, ` ${tree.connector} `)
    }
  }
}

function inGroup(child: ConditionTree, emitter: Emitter): Fragment {
  const emitted = emitCondition(child, emitter)
  const isRow = child.kind === 'group' && child.connector !== 'xor'
  return isRow ? sql`(${emitted})` : emitted
}

/** `a and b and …`, nested where there are many. */
function row(children: readonly Fragment[], separator: string): Fragment {
  let level = children
  while (level.length > MAX_ROW) {
    const next: Fragment[] = []
    for (let at = 0; at < level.length; at += MAX_ROW) {
      next.push(sql`(${list(level.slice(at, at + MAX_ROW), separator)})`)
    }
    level = next
  }
  return list(level, separator)
}

/** An odd number of conditions holds; what is unknown does not. */
function parity(children: readonly Fragment[]): Fragment {
  const ones = children.map((child) => sql`case when ${child} then 1 else 0 end`)
  return sql`(${row(ones, ' + ')}) % 2 = 1`
}
