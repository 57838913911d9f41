import { FieldError } from '../errors.ts'
import { commonField, literalParam, resolveAlike, withoutNull } from './expression-types.ts'
import { FUNCTIONS } from './function-rules.ts'
import { resolveCall } from './functions/registry.ts'
import type { CaseNode, ConditionTree, ExprNode, WindowNode } from './nodes.ts'
import type { RawCase, RawCondition, RawExpression, RawFunction, RawWindow } from './raw.ts'

/** How the parts of an expression are resolved. */
export interface Resolve {
  expression(raw: RawExpression): ExprNode
  condition(raw: RawCondition): ConditionTree
}

/** Expressions that are made of others. */
export function resolveParts(raw: RawFunction | RawCase | RawWindow, resolve: Resolve): ExprNode {
  switch (raw.kind) {
    case 'func':
      return resolveFunction(raw, resolve)
    case 'case':
      return resolveCase(raw, resolve)
    default:
      return resolveWindow(raw, resolve)
  }
}

function resolveFunction(raw: RawFunction, resolve: Resolve, inWindow = false): ExprNode {
  const rule = FUNCTIONS.get(raw.name)
  if (rule === undefined) {
    return resolveCall(raw, (arg, beside) =>
      arg.kind === 'value' ? literalParam(arg.value, beside) : resolve.expression(arg),
    )
  }
  if (!inWindow) {
    throw new FieldError(`The function ${raw.name} belongs into Window().`)
  }
  const { isAlike = () => false } = rule
  const alike = resolveAlike(
    raw.args.filter((_, at) => isAlike(at)),
    resolve.expression,
  )
  let next = 0
  const args = raw.args.map((arg, at) => {
    if (!isAlike(at)) return resolve.expression(arg)
    next += 1
    return alike[next - 1] as ExprNode
  })
  const field = rule.output(args)
  return Object.freeze({ kind: 'func', name: raw.name, args: Object.freeze(args), field })
}

function resolveCase(raw: RawCase, resolve: Resolve): CaseNode {
  const values = raw.branches.map(({ then }) => then)
  const all = raw.otherwise === null ? values : [...values, raw.otherwise]
  const nodes = resolveAlike(all, resolve.expression)
  const branches = raw.branches.map(({ condition }, at) =>
    Object.freeze({ condition: resolve.condition(condition), then: nodes[at] as ExprNode }),
  )
  return Object.freeze({
    kind: 'case',
    branches: Object.freeze(branches),
    otherwise: raw.otherwise === null ? null : (nodes[branches.length] as ExprNode),
    field: commonField('Case()', nodes),
  })
}

function resolveWindow(raw: RawWindow, resolve: Resolve): WindowNode {
  const isFunction = raw.input.kind === 'func' && FUNCTIONS.has(raw.input.name)
  const input =
    raw.input.kind === 'func'
      ? resolveFunction(raw.input, resolve, true)
      : resolve.expression(raw.input)
  if (input.kind !== 'aggregate' && !isFunction) {
    throw new FieldError('Window() takes an aggregate, or a function of windows as RowNumber().')
  }
  if (input.kind === 'aggregate' && (input.distinct || input.ordering.length > 0)) {
    throw new FieldError(
      'An aggregate in Window() is not distinct and has no order of its own: no database has that.',
    )
  }
  const ordering = raw.ordering.map(({ expression, descending, nulls }) =>
    Object.freeze({ node: resolve.expression(expression), descending, nulls }),
  )
  return Object.freeze({
    kind: 'window',
    input,
    partition: Object.freeze(raw.partition.map((part) => resolve.expression(part))),
    ordering: Object.freeze(ordering),
    frame: raw.frame,
    field: withoutNull(input.field),
  })
}
