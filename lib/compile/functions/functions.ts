import type { FuncNode } from '../../query/nodes.ts'
import type { Emitter } from '../emitter.ts'
import type { Fragment } from '../fragment.ts'
import { ARRAY_SQL } from './arrays.ts'
import { CAST_SQL } from './cast.ts'
import { COMPARISON_SQL } from './comparison.ts'
import { emitCustom, emitRawSql } from './custom.ts'
import { DATE_SQL } from './dates.ts'
import { JSON_SQL } from './json.ts'
import { MATH_SQL } from './math.ts'
import { RANGE_SQL } from './ranges.ts'
import type { FunctionSql } from './record.ts'
import { SEARCH_SQL } from './search.ts'
import { TEXT_SQL } from './text.ts'

const FUNCTION_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ...TEXT_SQL,
  ...MATH_SQL,
  ...COMPARISON_SQL,
  ...CAST_SQL,
  ...DATE_SQL,
  ...JSON_SQL,
  ...SEARCH_SQL,
  ...ARRAY_SQL,
  ...RANGE_SQL,
])

/**
 * The SQL of a function of `query/functions/`; null if it is none of them.
 *
 * @throws NotSupportedError if the database does not have it
 */
export function emitFunction(node: FuncNode, emitter: Emitter): Fragment | null {
  const { name, args } = node
  const known = FUNCTION_SQL.get(name) ?? FUNCTION_SQL.get(name.slice(0, name.indexOf(':')))
  if (known !== undefined) return known[emitter.dialect.name](node, emitter)
  return emitCustom(name, args, emitter) ?? emitRawSql(name, args, emitter)
}
