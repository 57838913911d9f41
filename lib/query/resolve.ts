import { FieldError, InvalidValueError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { Expression } from './expression.ts'
import { aggregateField, arithmeticField, literalParam, storedAs } from './expression-types.ts'
import { instanceView, queryStateOf } from './hooks.ts'
import {
  EVERYTHING,
  kindOf,
  type LookupRequest,
  type LookupRule,
  lookupRule,
  unknownLookup,
} from './lookups.ts'
import { assertNestable } from './nesting.ts'
import type {
  AggregateNode,
  ConditionTree,
  ExprNode,
  OrderNode,
  QueryNode,
  QueryState,
} from './nodes.ts'
import { assertOuterPaths } from './outer-paths.ts'
import { OUTPUT } from './outputs.ts'
import { columnRef, type ResolvedPath, resolvePath, resolveWhole, type Scope } from './paths.ts'
import { childrenOf, groupConditions, lookupKeys, readCondition } from './q.ts'
import type { RawAggregate, RawCondition, RawExpression } from './raw.ts'
import { resolveParts } from './resolve-parts.ts'
import { isSameNode } from './same-node.ts'
import { withProjection } from './state-record.ts'
import { transformed } from './transforms.ts'
import { containsAggregate } from './walk.ts'

/**
 * The arguments of `filter()` as one condition: names become columns, values are checked.
 *
 * @throws FieldError for unknown names and lookups
 * @throws InvalidValueError for values that are not of the column's type
 */
export function resolveConditions(
  scope: Scope,
  conditions: readonly unknown[],
  what: string,
): { readonly condition: ConditionTree; readonly size: number } {
  const [only] = conditions
  if (conditions.length === 1 && isPlainObject(only)) {
    // What most calls are, without the steps between.
    const keys = lookupKeys(only, what)
    const children = keys.map((key) => resolveLookup(scope, key, only[key]))
    return { condition: group('and', children), size: keys.length }
  }
  const raw = groupConditions(
    'and',
    conditions.map((condition) => readCondition(condition, what)),
  )
  return { condition: resolveCondition(scope, raw), size: raw.size }
}

/** One condition with its names resolved. Recursion is bounded by `LIMITS.depth`. */
export function resolveCondition(scope: Scope, raw: RawCondition): ConditionTree {
  switch (raw.kind) {
    case 'lookups': {
      const children = raw.entries.map(([key, value]) => resolveLookup(scope, key, value))
      return group('and', children)
    }
    case 'group':
      return group(
        raw.connector,
        childrenOf(raw).map((child) => resolveCondition(scope, child)),
      )
    case 'not':
      return Object.freeze({ kind: 'not', child: resolveCondition(scope, raw.child) })
    default: {
      const expression = resolveExpression(scope, raw.expression)
      if (expression.field.family !== 'boolean') {
        throw new FieldError('Only a boolean expression can be a condition.')
      }
      return Object.freeze({ kind: 'boolean', expression })
    }
  }
}

function group(connector: 'and' | 'or' | 'xor', children: readonly ConditionTree[]): ConditionTree {
  const [only] = children
  if (only === undefined) return EVERYTHING
  if (children.length === 1) return only
  return Object.freeze({ kind: 'group', connector, children: Object.freeze(children) })
}

/** What a key of a lookup object speaks of. */
interface LookupTarget {
  readonly found: ResolvedPath
  /** What is compared: the column, or what transforms make of it. */
  readonly node: ExprNode
  readonly lookup: string
  readonly rule: LookupRule
}

/**
 * Follows a key of a lookup object to its lookup.
 *
 * @throws FieldError naming the part that is unknown and what there is
 */
export function lookupTarget(scope: Scope, key: string): LookupTarget {
  const found = resolvePath(scope, key)
  const { label, endsInRelation } = found
  let { node } = found
  let lookup = 'exact'
  for (const [index, part] of found.rest.entries()) {
    const kind = kindOf(node, endsInRelation)
    if (index === found.rest.length - 1 && lookupRule(part, kind) !== null) {
      lookup = part
      break
    }
    const next = endsInRelation ? null : transformed(node, part)
    if (next === null) throw unknownLookup(part, kind, label)
    node = next
  }
  const rule = lookupRule(lookup, kindOf(node, endsInRelation))
  if (rule === null) throw unknownLookup(lookup, kindOf(node, endsInRelation), label)
  return { found, node, lookup, rule }
}

/** One `key: value` of a lookup object. */
export function resolveLookup(scope: Scope, key: string, value: unknown): ConditionTree {
  const { found, node, lookup, rule } = lookupTarget(scope, key)
  const { label } = found
  if (value === undefined) {
    throw new InvalidValueError(`${label} cannot be undefined: leave the key out, or use null.`)
  }
  const isJson = node.field.family === 'json'
  if (value === null && rule.takesNull !== true && !(isJson && lookup !== 'isnull')) {
    throw new InvalidValueError(`${label} cannot be null: use ${key.split('__')[0]}__isnull.`)
  }
  return rule.resolve(new Request(scope, found, node, lookup, value))
}

/** A class and no closures, since there is one for every lookup of every query. */
class Request implements LookupRequest {
  readonly lookup: string
  readonly left: ExprNode
  readonly value: unknown
  readonly label: string
  readonly #scope: Scope
  readonly #relation: RelationMeta | null

  constructor(scope: Scope, found: ResolvedPath, left: ExprNode, lookup: string, value: unknown) {
    this.lookup = lookup
    this.left = left
    this.value = value
    this.label = found.label
    this.#scope = scope
    this.#relation = left === found.node ? found.relation : null
  }

  expression(given: unknown): ExprNode | null {
    const raw = Expression.raw(given)
    return raw === null ? null : storedAs(resolveExpression(this.#scope, raw), this.left.field)
  }

  query(given: unknown, limitedToOne: boolean): QueryNode | null {
    const state = queryStateOf(given)
    if (state === null) return null
    assertOuter(this.#scope, state)
    assertNestable(state)
    return subquery(state, this.#relation, limitedToOne, this.label)
  }

  literal(given: unknown): unknown {
    const key = this.#relation === null ? undefined : instanceKey(given, this.#relation, this.label)
    return key ?? this.left.field.check(given, this.label)
  }
}

/** The key of a model instance that stands for it; undefined if the value is no instance. */
export function instanceKey(value: unknown, relation: RelationMeta, label: string): unknown {
  const view = instanceView(value)
  if (view === null) return undefined
  const column = keyFor(relation, view.model)
  if (column === null) {
    throw new InvalidValueError(
      `${label} takes an instance of ${relation.to.name}, got one of ${view.model.name}.`,
    )
  }
  const key = view.valueOf(column)
  if (key === null || key === undefined) {
    throw new InvalidValueError(`${label}: the ${view.model.name} must be saved before it is used.`)
  }
  return key
}

/** The column that stands for rows of `model` in a lookup of a relation; null if they cannot. */
function keyFor(relation: RelationMeta, model: ModelMeta): ColumnMeta | null {
  const isForward = relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
  if (model.table === relation.to.table) {
    return isForward ? relation.targetColumn : model.primaryKey
  }
  // Where the relation is the model's own key, its rows have that key too.
  const isOwnKey = isForward && relation.keyColumn === relation.from.primaryKey
  return isOwnKey && model.table === relation.from.table ? model.primaryKey : null
}

/** A queryset on the right-hand side: its one column; a model's instances stand for their key. */
function subquery(
  state: QueryState,
  relation: RelationMeta | null,
  limitedToOne: boolean,
  label: string,
): QueryNode {
  if (limitedToOne && state.limit !== 1) {
    throw new InvalidValueError(
      `${label}: the queryset must be limited to one row, with slice(0, 1).`,
    )
  }
  const { projection, model } = state
  if (projection.kind !== 'instances') {
    const [column] = projection.columns
    if (column === undefined || projection.columns.length !== 1) {
      throw new InvalidValueError(`${label}: the queryset must have exactly one column.`)
    }
    return Object.freeze({ kind: 'query', state, exists: false, field: column.node.field })
  }
  const column = relation === null ? model.primaryKey : keyFor(relation, model)
  if (column === null) {
    throw new InvalidValueError(
      `${label} takes a queryset of ${relation?.to.name}, got one of ${model.name}.`,
    )
  }
  const node = columnRef(column)
  const columns = Object.freeze([Object.freeze({ name: column.name, node })])
  const narrowed = withProjection(state, (position) =>
    Object.freeze({ kind: 'flat', columns, position }),
  )
  return Object.freeze({ kind: 'query', state: narrowed, exists: false, field: column.field })
}

/** An expression with its names resolved. */
export function resolveExpression(scope: Scope, raw: RawExpression): ExprNode {
  switch (raw.kind) {
    case 'path':
      return resolveWhole(scope, raw.path).node
    case 'value':
      return literalParam(raw.value, null)
    case 'arithmetic': {
      const [left, right] = resolvePair(scope, raw)
      const field = arithmeticField(raw.operator, left.field, right.field)
      const args = Object.freeze([left, right])
      return Object.freeze({ kind: 'func', name: raw.operator, args, field })
    }
    case 'aggregate':
      return resolveAggregate(scope, raw)
    case 'func':
    case 'case':
    case 'window':
      return resolveParts(raw, {
        expression: (part) => resolveExpression(scope, part),
        condition: (part) => resolveCondition(scope, part),
      })
    case 'outer':
      return Object.freeze({
        kind: 'outer',
        raw: Object.freeze({ kind: 'path', path: raw.path, depth: 1 }),
        levels: raw.levels,
        field: OUTPUT.integer,
      })
    case 'query':
      return resolveQuery(scope, raw.query, raw.exists)
    default: {
      const condition = resolveCondition(scope, raw.condition)
      return Object.freeze({ kind: 'condition', condition, field: OUTPUT.boolean })
    }
  }
}

type Arithmetic = Extract<RawExpression, { readonly kind: 'arithmetic' }>

/** Two operands, of which a literal takes the type of the other. */
function resolvePair(scope: Scope, raw: Arithmetic): readonly [ExprNode, ExprNode] {
  const { left, right, operator } = raw
  const isSum = operator === 'add' || operator === 'sub'
  // Twice a length of time is one, a length of time and two is not.
  const beside = ({ field }: ExprNode): ColumnField | null =>
    field.family === 'duration' && !isSum ? null : field
  if (left.kind === 'value' && right.kind !== 'value') {
    const other = resolveExpression(scope, right)
    return [literalParam(left.value, beside(other)), other]
  }
  const first = resolveExpression(scope, left)
  if (right.kind === 'value') return [first, literalParam(right.value, beside(first))]
  return [first, resolveExpression(scope, right)]
}

function resolveAggregate(scope: Scope, raw: RawAggregate): AggregateNode {
  const input = raw.input === null ? null : resolveExpression(scope, raw.input)
  if (input !== null && containsAggregate(input)) {
    throw new FieldError(`${raw.name}() cannot be computed of an aggregate.`)
  }
  const field = aggregateField(raw.name, input?.field ?? null)
  return Object.freeze({
    kind: 'aggregate',
    name: raw.name,
    input,
    distinct: raw.distinct,
    sample: raw.sample,
    filter: raw.filter === null ? null : resolveCondition(scope, raw.filter),
    default: resolveDefault(scope, raw.default, field),
    delimiter: raw.delimiter === null ? null : resolveExpression(scope, raw.delimiter),
    ordering: resolveOrder(scope, raw, input),
    field,
  })
}

/** With `distinct`, values can only be in their own order. */
function resolveOrder(
  scope: Scope,
  { name, ordering, distinct }: RawAggregate,
  input: ExprNode | null,
): readonly OrderNode[] {
  const resolved = ordering.map(({ expression, descending, nulls }) => {
    const node = resolveExpression(scope, expression)
    if (containsAggregate(node))
      throw new FieldError(`${name}() cannot be ordered by an aggregate.`)
    if (distinct && (input === null || !isSamePath(node, input))) {
      throw new FieldError(`${name}() with distinct can be ordered by its own values only.`)
    }
    return Object.freeze({ node, descending, nulls })
  })
  return Object.freeze(resolved)
}

function isSamePath(a: ExprNode, b: ExprNode): boolean {
  if (a.kind !== 'ref' || b.kind !== 'ref') return isSameNode(a, b)
  const isAlong = a.hops.every((hop, at) => hop === b.hops[at])
  return a.column === b.column && a.hops.length === b.hops.length && isAlong
}

function resolveDefault(
  scope: Scope,
  raw: RawExpression | null,
  field: AggregateNode['field'],
): ExprNode | null {
  if (raw === null) return null
  if (raw.kind === 'value' && Array.isArray(raw.value)) {
    return Object.freeze({ kind: 'param', value: field.check(raw.value, 'The default'), field })
  }
  return raw.kind === 'value' ? literalParam(raw.value, field) : resolveExpression(scope, raw)
}

function assertOuter(scope: Scope, state: QueryState): void {
  assertOuterPaths(state, (raw) => resolveExpression(scope, raw))
}

/** `Subquery(querySet)` and `Exists(querySet)`. */
function resolveQuery(scope: Scope, query: object, exists: boolean): QueryNode {
  const what = exists ? 'Exists()' : 'Subquery()'
  const state = queryStateOf(query)
  if (state === null) throw new InvalidValueError(`${what} takes a queryset.`)
  assertOuter(scope, state)
  assertNestable(state)
  if (exists) return Object.freeze({ kind: 'query', state, exists, field: OUTPUT.boolean })
  return subquery(state, null, false, what)
}
