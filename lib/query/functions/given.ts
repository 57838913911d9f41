import type { Expression } from '../expression.ts'
import type { ExprNode } from '../nodes.ts'
import { call } from './call.ts'
import type { FunctionRule } from './rule.ts'

/** What is resolved already, as an expression: what a registered transform is applied to. */
export function given(node: ExprNode): Expression<unknown, never> {
  return call('Given', [], node)
}

/** The rule of what is given. */
export const GIVEN_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Given', ({ option }) => option as ExprNode],
])
