import type { ExprNode, ListNode, LookupTree, ParamNode } from '../query/nodes.ts'
import { isJsonPath } from '../query/transforms.ts'
import type { JsonComparison, PatternName } from './dialects/dialect.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, sql } from './fragment.ts'
import { assertOrdered, emitArrayLookup } from './functions/arrays.ts'
import { RANGE_LOOKUP_SQL } from './functions/ranges.ts'
import { operand } from './functions/record.ts'
import { emitSearch, emitTrigram } from './functions/search.ts'

type EmitLookup = (tree: LookupTree, emitter: Emitter) => Fragment

/** The SQL of every lookup of `query/lookups.ts`, and of a few that only planning makes. */
export const LOOKUP_SQL: ReadonlyMap<string, EmitLookup> = new Map<string, EmitLookup>([
  ['exact', comparison('=', 'exact')],
  ['gt', comparison('>', 'gt')],
  ['gte', comparison('>=', 'gte')],
  ['lt', comparison('<', 'lt')],
  ['lte', comparison('<=', 'lte')],
  [
    'sameColumn',
    (tree, emitter) => sql`${emitter.plain(tree.left)} = ${emitter.plain(first(tree))}`,
  ],
  [
    'sameValue',
    (tree, emitter) =>
      emitter.dialect.sameValue(emitter.plain(tree.left), emitter.plain(first(tree))),
  ],
  ['range', range],
  ['span', span],
  ['isnull', isNull],
  ['in', isIn],
  ['inExpressions', isInExpressions],
  ['iexact', pattern('iexact')],
  ['contains', pattern('contains')],
  ['icontains', pattern('icontains')],
  ['startswith', pattern('startswith')],
  ['istartswith', pattern('istartswith')],
  ['endswith', pattern('endswith')],
  ['iendswith', pattern('iendswith')],
  ['regex', pattern('regex')],
  ['iregex', pattern('iregex')],
  ['search', emitSearch],
  ['trigramSimilar', emitTrigram('%')],
  ['trigramWordSimilar', emitTrigram('%>')],
  ['jsonContains', (tree, emitter) => emitter.dialect.json.contains(...jsonSides(tree, emitter))],
  [
    'jsonContainedBy',
    (tree, emitter) => emitter.dialect.json.containedBy(...jsonSides(tree, emitter)),
  ],
  ['arrayContains', emitArrayLookup],
  ['arrayContainedBy', emitArrayLookup],
  ['arrayOverlap', emitArrayLookup],
  ...RANGE_LOOKUP_SQL,
  ['hasKeys', (tree, emitter) => hasKeys(tree, emitter, true)],
  ['hasAnyKeys', (tree, emitter) => hasKeys(tree, emitter, false)],
])

function comparison(operator: string, name: JsonComparison): EmitLookup {
  return (tree, emitter) => {
    const right = first(tree)
    if (name !== 'exact') assertOrdered(tree.left, emitter)
    if (tree.left.field.family === 'json' && right.kind === 'param') {
      return emitter.dialect.json.compare(name, emitter.plain(tree.left), right)
    }
    if (tree.left.field.family === 'json') {
      return sql`${jsonSide(tree.left, emitter)} ${keyword(operator)} ${jsonSide(right, emitter)}`
    }
    return sql`${leftOf(tree, emitter)} ${keyword(operator)} ${emitter.compared(right)}`
  }
}

/** The left side of a comparison; a value there does not learn its type from another value. */
function leftOf({ left }: LookupTree, emitter: Emitter): Fragment {
  return left.kind === 'param' ? emitter.typed(left) : emitter.compared(left)
}

function range(tree: LookupTree, emitter: Emitter): Fragment {
  const [from, to] = [first(tree), operand(tree.right, 1)]
  assertOrdered(tree.left, emitter)
  if (isJsonPath(tree.left) && from.kind === 'param' && to.kind === 'param') {
    const { compare } = emitter.dialect.json
    const left = emitter.plain(tree.left)
    return sql`(${compare('gte', left, from)} and ${compare('lte', left, to)})`
  }
  const left = leftOf(tree, emitter)
  return sql`${left} between ${emitter.compared(from)} and ${emitter.compared(to)}`
}

/** From one value to before another. */
function span(tree: LookupTree, emitter: Emitter): Fragment {
  const [from, to] = [first(tree), operand(tree.right, 1)]
  const left = leftOf(tree, emitter)
  return sql`(${left} >= ${emitter.compared(from)} and ${left} < ${emitter.compared(to)})`
}

function isNull(tree: LookupTree, emitter: Emitter): Fragment {
  const left = tree.left.kind === 'param' ? emitter.typed(tree.left) : emitter.plain(tree.left)
  return tree.flag ? sql`${left} is null` : sql`${left} is not null`
}

function isIn(tree: LookupTree, emitter: Emitter): Fragment {
  const right = first(tree)
  const { dialect } = emitter
  if (right.kind === 'plan') {
    // MySQL takes no LIMIT in a subquery of IN, and no subquery of the table that is changed.
    const query = emitter.query(right.plan)
    const inner = dialect.name === 'mysql' ? sql`select * from (${query}) as \`s\`` : query
    return sql`${emitter.plain(tree.left)} in (${inner})`
  }
  const values = asList(right)
  if (tree.left.field.family === 'json') return isInJson(tree.left, values, emitter)
  return dialect.in(leftOf(tree, emitter), tree.left, values)
}

function isInJson(left: ExprNode, values: ListNode, emitter: Emitter): Fragment {
  const json = emitter.plain(left)
  const each = values.values.map((value) => {
    const node: ParamNode = { kind: 'param', value, field: values.field }
    return emitter.dialect.json.compare('exact', json, node)
  })
  return sql`(${list(each, ' or ')})`
}

function isInExpressions(tree: LookupTree, emitter: Emitter): Fragment {
  const items = tree.right.map((node) => emitter.compared(node))
  return sql`${leftOf(tree, emitter)} in (${list(items)})`
}

function pattern(name: PatternName): EmitLookup {
  return (tree, emitter) => {
    const right = first(tree)
    const { dialect } = emitter
    const plain = emitter.plain(tree.left)
    const left = isJsonPath(tree.left) ? dialect.json.text(plain) : plain
    if (right.kind === 'param') return dialect.match(name, left, right)
    return dialect.matchExpression(name, left, emitter.plain(right))
  }
}

/** A side of a comparison of JSON with a column. */
function jsonSide(node: ExprNode, emitter: Emitter): Fragment {
  const { json } = emitter.dialect
  const isJson = node.field.family === 'json'
  return isJson ? json.comparable(emitter.plain(node)) : json.fromColumn(emitter.compared(node))
}

function jsonSides(tree: LookupTree, emitter: Emitter): [Fragment, Fragment, ExprNode] {
  const right = first(tree)
  return [emitter.plain(tree.left), emitter.typed(right), right]
}

function hasKeys(tree: LookupTree, emitter: Emitter, all: boolean): Fragment {
  return emitter.dialect.json.hasKeys(emitter.plain(tree.left), asList(first(tree)), all)
}

/** What planning made a list of. */
function asList(node: ExprNode): ListNode {
  if (node.kind === 'list') return node
  throw new TypeError('A lookup lacks its list.')
}

function first(tree: LookupTree): ExprNode {
  return operand(tree.right, 0)
}
