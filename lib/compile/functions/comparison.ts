import { quoted, sql } from '../fragment.ts'
import { arg, type Emit, everywhere, type FunctionSql, sqlOf } from './record.ts'

const collate: Emit = (node, emitter) => {
  const name = node.name.slice(node.name.indexOf(':') + 1)
  return sql`(${arg(node, 0, emitter)} collate ${quoted(name, emitter.dialect.quote)})`
}

/** The SQL of the functions of `query/functions/comparison.ts`. */
export const COMPARISON_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['Coalesce', everywhere('coalesce({*})')],
  ['NullIf', everywhere('nullif({0}, {1})')],
  ['Greatest', sqlOf({ sqlite: 'max({*})', postgresql: 'greatest({*})', mysql: 'greatest({*})' })],
  ['Least', sqlOf({ sqlite: 'min({*})', postgresql: 'least({*})', mysql: 'least({*})' })],
  ['Collate', everywhere(collate)],
])
