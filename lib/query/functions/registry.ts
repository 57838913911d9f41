import { FieldError } from '../../errors.ts'
import type { ExprNode } from '../nodes.ts'
import type { RawFunction } from '../raw.ts'
import { CAST_RULES } from './cast.ts'
import { COMPARISON_RULES } from './comparison.ts'
import { CUSTOM_RULES } from './custom.ts'
import { DATE_RULES } from './dates.ts'
import { GIVEN_RULES } from './given.ts'
import { JSON_RULES } from './json.ts'
import { MATH_RULES } from './math.ts'
import { RAW_SQL_RULES } from './raw-sql.ts'
import type { Call, FunctionRule } from './rule.ts'
import { SEARCH_RULES } from './search.ts'
import { TEXT_RULES } from './text.ts'

/** Every function by its name; `compile/functions/` has the SQL under the name of its node. */
const FUNCTIONS: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ...TEXT_RULES,
  ...MATH_RULES,
  ...COMPARISON_RULES,
  ...CAST_RULES,
  ...DATE_RULES,
  ...JSON_RULES,
  ...RAW_SQL_RULES,
  ...SEARCH_RULES,
  ...CUSTOM_RULES,
  ...GIVEN_RULES,
])

/**
 * A function with its arguments resolved.
 *
 * @throws FieldError for arguments that it does not take
 */
export function resolveCall(raw: RawFunction, resolve: Call['resolve']): ExprNode {
  const { name, args, option } = raw
  const found = FUNCTIONS.get(name)
  if (found === undefined) throw new FieldError(`There is no function '${name}'.`)
  return found({ name, args, option, resolve })
}
