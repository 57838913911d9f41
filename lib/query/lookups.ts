import { types } from 'node:util'
import { FieldError, ImproperlyConfigured, InvalidValueError } from '../errors.ts'
import type { ColumnField, Family } from '../fields/column-field.ts'
import { shownName } from '../util/shown-name.ts'
import { assertWithin } from './limits.ts'
import type { ConditionTree, ExprNode, LookupTree, QueryNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import { isJsonPath, transformNames } from './transforms.ts'
import { yearSpan } from './years.ts'

/** What a lookup is asked for, and how it may read its value. */
export interface LookupRequest {
  readonly lookup: string
  readonly left: ExprNode
  /** Never undefined; null only for the lookups that say so. */
  readonly value: unknown
  readonly label: string
  /** The node of an expression; null of anything else. */
  expression(value: unknown): ExprNode | null
  /** The node of a queryset; null of anything else. */
  query(value: unknown, limitedToOne: boolean): QueryNode | null
  /** The canonical value of a literal, or of a model instance. */
  literal(value: unknown): unknown
}

/** A lookup: the kinds of values it is for, and what its value means. */
export interface LookupRule {
  readonly kinds: ReadonlySet<Kind>
  readonly takesNull?: boolean
  resolve(request: LookupRequest): ConditionTree
}

/** Families, and the two things that are no column but can be looked up. */
export type Kind = Family | 'jsonPath' | 'relation'

export const NOTHING: ConditionTree = Object.freeze({ kind: 'constant', value: false, of: null })
export const EVERYTHING: ConditionTree = Object.freeze({ kind: 'constant', value: true, of: null })

const ORDERED: readonly Kind[] = [
  'text',
  'number',
  'bigint',
  'decimal',
  'date',
  'dateTime',
  'time',
  'duration',
  'jsonPath',
]
const ALL: ReadonlySet<Kind> = new Set([
  ...ORDERED,
  'boolean',
  'uuid',
  'json',
  'binary',
  'relation',
])
const ARRAY: ReadonlySet<Kind> = new Set(['array'])
const RANGE: ReadonlySet<Kind> = new Set(['range'])
const OVERLAPPING: ReadonlySet<Kind> = new Set([...ARRAY, ...RANGE])
const EQUAL: ReadonlySet<Kind> = new Set([...ALL, ...OVERLAPPING, 'searchVector'])
const PRESENT: ReadonlySet<Kind> = new Set([...EQUAL, 'searchQuery'])
const SEVERAL: ReadonlySet<Kind> = new Set([...ALL, ...OVERLAPPING])
const COMPARED: ReadonlySet<Kind> = new Set([...ORDERED, 'relation', 'array'])
const RANGED: ReadonlySet<Kind> = new Set([...ORDERED, 'array'])
const TEXTUAL: ReadonlySet<Kind> = new Set(['text', 'jsonPath'])
/** PostgreSQL searches text only. */
const WORDS: ReadonlySet<Kind> = new Set(['text', 'searchVector'])
const LETTERS: ReadonlySet<Kind> = new Set(['text'])
const CONTAINING: ReadonlySet<Kind> = new Set(['text', 'json', 'jsonPath', ...OVERLAPPING])
const CONTAINED: ReadonlySet<Kind> = new Set(['json', 'jsonPath', ...OVERLAPPING])
const JSON_KINDS: ReadonlySet<Kind> = new Set(['json', 'jsonPath'])

/** Every lookup by its name in keys; `compile/lookups.ts` has the SQL under the same name. */
export const LOOKUPS: ReadonlyMap<string, LookupRule> = new Map<string, LookupRule>([
  ['exact', { kinds: EQUAL, takesNull: true, resolve: resolveExact }],
  ['iexact', { kinds: TEXTUAL, takesNull: true, resolve: resolvePattern }],
  ['contains', { kinds: CONTAINING, resolve: resolveContains }],
  ['icontains', { kinds: TEXTUAL, resolve: resolvePattern }],
  ['startswith', { kinds: TEXTUAL, resolve: resolvePattern }],
  ['istartswith', { kinds: TEXTUAL, resolve: resolvePattern }],
  ['endswith', { kinds: TEXTUAL, resolve: resolvePattern }],
  ['iendswith', { kinds: TEXTUAL, resolve: resolvePattern }],
  ['regex', { kinds: TEXTUAL, resolve: resolveRegex }],
  ['iregex', { kinds: TEXTUAL, resolve: resolveRegex }],
  ['search', { kinds: WORDS, resolve: resolvePattern }],
  ['trigramSimilar', { kinds: LETTERS, resolve: resolvePattern }],
  ['trigramWordSimilar', { kinds: LETTERS, resolve: resolvePattern }],
  ['in', { kinds: SEVERAL, resolve: resolveIn }],
  ['gt', { kinds: COMPARED, resolve: resolveComparison }],
  ['gte', { kinds: COMPARED, resolve: resolveComparison }],
  ['lt', { kinds: COMPARED, resolve: resolveComparison }],
  ['lte', { kinds: COMPARED, resolve: resolveComparison }],
  ['range', { kinds: RANGED, resolve: resolveRange }],
  ['isnull', { kinds: PRESENT, resolve: resolveIsNull }],
  ['containedBy', { kinds: CONTAINED, resolve: resolveContains }],
  ['overlap', { kinds: OVERLAPPING, resolve: resolveContains }],
  ['fullyLt', { kinds: RANGE, resolve: resolveOfRange }],
  ['fullyGt', { kinds: RANGE, resolve: resolveOfRange }],
  ['notLt', { kinds: RANGE, resolve: resolveOfRange }],
  ['notGt', { kinds: RANGE, resolve: resolveOfRange }],
  ['adjacentTo', { kinds: RANGE, resolve: resolveOfRange }],
  ['hasKey', { kinds: JSON_KINDS, resolve: resolveHasKey }],
  ['hasKeys', { kinds: JSON_KINDS, resolve: resolveHasKeys }],
  ['hasAnyKeys', { kinds: JSON_KINDS, resolve: resolveHasKeys }],
])

const custom = new Map<string, LookupRule>()

/**
 * Adds a lookup, or replaces one that was added before.
 *
 * @throws ImproperlyConfigured if the ORM has one of that name
 */
export function addLookup(name: string, rule: LookupRule): void {
  if (LOOKUPS.has(name)) throw new ImproperlyConfigured(`There is a lookup '${name}' already.`)
  custom.set(name, rule)
}

/** What decides which lookups a node takes. */
export function kindOf(node: ExprNode, endsInRelation: boolean): Kind {
  if (endsInRelation) return 'relation'
  return isJsonPath(node) ? 'jsonPath' : node.field.family
}

/** The rule of a lookup on values of a kind; null if there is none. */
export function lookupRule(name: string, kind: Kind): LookupRule | null {
  const rule = LOOKUPS.get(name) ?? custom.get(name)
  return rule?.kinds.has(kind) ? rule : null
}

/** The error for a lookup or transform that values of this kind do not have. */
export function unknownLookup(name: string, kind: Kind, label: string): FieldError {
  const all = [...LOOKUPS, ...custom]
  const names = all.filter(([, rule]) => rule.kinds.has(kind)).map(([lookup]) => lookup)
  if (kind !== 'jsonPath' && kind !== 'relation') names.push(...transformNames(kind))
  return new FieldError(
    `Unsupported lookup '${shownName(name)}' in ${label}. Choices are: ${names.join(', ')}.`,
  )
}

/** A lookup as data. */
export function lookupTree(
  lookup: string,
  left: ExprNode,
  right: readonly ExprNode[],
  flag = true,
): LookupTree {
  return Object.freeze({ kind: 'lookup', lookup, left, right: Object.freeze(right), flag })
}

/** No value can match. */
function nothing(left: ExprNode): ConditionTree {
  return Object.freeze({ kind: 'constant', value: false, of: left })
}

/** Every value matches, which NULL is not. */
function anything(left: ExprNode): ConditionTree {
  return lookupTree('isnull', left, [], false)
}

/** A bound value of the same kind as `field`'s. */
export function param(value: unknown, field: ColumnField): ExprNode {
  return Object.freeze({ kind: 'param', value, field })
}

function resolveExact(request: LookupRequest): ConditionTree {
  const { left, value } = request
  if (value === null) {
    if (left.field.family !== 'json') return lookupTree('isnull', left, [])
    return lookupTree('exact', left, [param(null, OUTPUT.jsonValue)])
  }
  // As in Django, where a document is never compared as a whole.
  if (left.field.family === 'searchVector') return textTree('search', request)
  const query = request.query(value, true)
  if (query !== null) return lookupTree('exact', left, [query])
  return resolveComparison(request)
}

const OVERFLOW: Readonly<Record<string, { readonly above: boolean; readonly below: boolean }>> = {
  exact: { above: false, below: false },
  gt: { above: false, below: true },
  gte: { above: false, below: true },
  lt: { above: true, below: false },
  lte: { above: true, below: false },
}

function resolveComparison(request: LookupRequest): ConditionTree {
  const { left, lookup, value } = request
  const expression = request.expression(value)
  if (expression !== null) return lookupTree(lookup, left, [expression])
  const literal = request.literal(value)
  if (lookup === 'exact' && !left.field.inRange(literal)) return nothing(left)
  const side = outside(left.field, literal)
  if (side !== null) return OVERFLOW[lookup]?.[side] ? anything(left) : nothing(left)
  return yearSpan(lookup, left, [literal]) ?? lookupTree(lookup, left, [param(literal, left.field)])
}

/** On which side of what an integer column can hold a value lies. */
function outside(field: ColumnField, value: unknown): 'above' | 'below' | null {
  if (field.inRange(value)) return null
  const { range } = field.type
  if (range === undefined) {
    throw new InvalidValueError('An item of the array is beyond what the column can hold.')
  }
  return (value as number | bigint) > range[1] ? 'above' : 'below'
}

function resolveRange(request: LookupRequest): ConditionTree {
  const { left, value, label } = request
  if (!Array.isArray(value) || value.length !== 2) {
    throw new InvalidValueError(`${label} takes [from, to].`)
  }
  const literals: unknown[] = []
  const right = value.map((bound: unknown) => {
    assertPresent(bound, label)
    const expression = request.expression(bound)
    if (expression !== null) return expression
    const literal = request.literal(bound)
    literals.push(literal)
    return param(literal, left.field)
  })
  if (literals.length < 2) return lookupTree('range', left, right)
  const [from, to] = literals
  if (outside(left.field, from) === 'above' || outside(left.field, to) === 'below') {
    return nothing(left)
  }
  const clamped = literals.map((literal) => param(clamp(left.field, literal), left.field))
  return yearSpan('range', left, literals) ?? lookupTree('range', left, clamped)
}

/** The nearest value that an integer column can hold. */
function clamp(field: ColumnField, value: unknown): unknown {
  const side = outside(field, value)
  if (side === null || field.type.range === undefined) return value
  const bound = field.type.range[side === 'above' ? 1 : 0]
  return typeof value === 'bigint' ? bound : Number(bound)
}

function resolveIn(request: LookupRequest): ConditionTree {
  const { left, value, label } = request
  const query = request.query(value, false)
  if (query !== null) return lookupTree('in', left, [query])
  if (!Array.isArray(value)) {
    throw new InvalidValueError(`${label} takes an array or a queryset.`)
  }
  const expressions: ExprNode[] = []
  const values = new Map<unknown, unknown>()
  for (const item of value as readonly unknown[]) {
    if (item === null) continue
    assertPresent(item, label)
    const expression = request.expression(item)
    if (expression !== null) {
      expressions.push(expression)
      continue
    }
    const literal = request.literal(item)
    if (left.field.inRange(literal)) values.set(identity(literal), literal)
  }
  const list = Object.freeze([...values.values()])
  if (expressions.length > 0) {
    const params = list.map((literal) => param(literal, left.field))
    return lookupTree('inExpressions', left, [...expressions, ...params])
  }
  if (list.length === 0) return nothing(left)
  return lookupTree('in', left, [Object.freeze({ kind: 'list', values: list, field: left.field })])
}

/** What two equal values have in common. */
function identity(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.getTime()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return JSON.stringify(value, jsonItem)
}

/** JSON has no bigints, and null for what is no number. */
function jsonItem(_key: string, item: unknown): unknown {
  return typeof item === 'bigint' || Number.isNaN(item) ? String(item) : item
}

function resolvePattern(request: LookupRequest): ConditionTree {
  return textTree(request.lookup, request)
}

function resolveRegex(request: LookupRequest): ConditionTree {
  const tree = resolvePattern(request)
  const [pattern] = tree.kind === 'lookup' ? tree.right : []
  if (pattern?.kind === 'param') {
    assertWithin('pattern', String(pattern.value).length, 'The length of a regular expression')
  }
  return tree
}

function textTree(lookup: string, request: LookupRequest): ConditionTree {
  const { left, value, label } = request
  if (value === null) {
    const isText = !isJsonPath(left) || lookup === 'iexact'
    if (isText) return lookupTree('isnull', left, [])
    return lookupTree('exact', left, [param(null, OUTPUT.jsonValue)])
  }
  const expression = request.expression(value)
  if (expression !== null) return lookupTree(lookup, left, [expression])
  return lookupTree(lookup, left, [param(OUTPUT.text.check(value, label), OUTPUT.text)])
}

function resolveContains(request: LookupRequest): ConditionTree {
  const { left, lookup } = request
  if (left.field.family === 'array') return resolveItems(request)
  if (left.field.family === 'range') return resolveOfRange(request)
  if (left.field.family !== 'json') return resolvePattern(request)
  const name = lookup === 'contains' ? 'jsonContains' : 'jsonContainedBy'
  const right =
    request.expression(request.value) ??
    param(OUTPUT.jsonValue.check(request.value, request.label), OUTPUT.jsonValue)
  return lookupTree(name, left, [right])
}

const ITEM_LOOKUPS: Readonly<Record<string, string>> = {
  contains: 'arrayContains',
  containedBy: 'arrayContainedBy',
  overlap: 'arrayOverlap',
}

/** Lookups of what is in an array; what no item can be is left out where it does not matter. */
function resolveItems(request: LookupRequest): ConditionTree {
  const { left, lookup, value, label } = request
  const { field } = left
  const name = ITEM_LOOKUPS[lookup] ?? lookup
  const expression = request.expression(value)
  if (expression !== null) {
    if (expression.field.family === 'array') return lookupTree(name, left, [expression])
    throw new InvalidValueError(`${label} takes an array, or an expression that gives one.`)
  }
  const items = request.literal(value) as readonly unknown[]
  if (field.inRange(items)) return lookupTree(name, left, [param(items, field)])
  if (lookup === 'contains') return nothing(left)
  const possible = items.filter((item) => field.inRange([item]))
  return lookupTree(name, left, [param(Object.freeze(possible), field)])
}

/** Lookups of a range and another of its kind, or of a value that may be in it. */
function resolveOfRange(request: LookupRequest): ConditionTree {
  const { left, lookup, value, label } = request
  const { field } = left
  const bound = lookup === 'contains' ? field.bound : undefined
  const name = `range:${lookup}`
  const expression = request.expression(value)
  if (expression !== null) {
    const { family, type } = expression.field
    // A number with a fraction would be rounded.
    const isItem = family === bound?.family && (family !== 'number' || type.range !== undefined)
    if (isItem || expression.field.name === field.name) return lookupTree(name, left, [expression])
    throw new InvalidValueError(`${label} takes a range of its kind, or an expression of one.`)
  }
  if (bound !== undefined && (typeof value !== 'object' || types.isDate(value))) {
    const item = bound.check(value, label)
    return bound.inRange(item) ? lookupTree(name, left, [param(item, bound)]) : nothing(left)
  }
  const range = request.literal(value)
  const refusal = field.type.limit?.(range)
  if (refusal !== undefined) throw new InvalidValueError(`${label} ${refusal.message}.`)
  return lookupTree(name, left, [param(range, field)])
}

function resolveHasKey(request: LookupRequest): ConditionTree {
  const key = OUTPUT.text.check(request.value, request.label)
  return lookupTree('hasKeys', request.left, [
    Object.freeze({ kind: 'list', values: Object.freeze([key]), field: OUTPUT.text }),
  ])
}

function resolveHasKeys(request: LookupRequest): ConditionTree {
  const { value, label, lookup, left } = request
  if (!Array.isArray(value)) throw new InvalidValueError(`${label} takes an array of keys.`)
  const keys = new Set(value.map((key: unknown) => OUTPUT.text.check(key, label)))
  if (keys.size === 0) return lookup === 'hasKeys' ? anything(left) : nothing(left)
  return lookupTree(lookup, left, [
    Object.freeze({ kind: 'list', values: Object.freeze([...keys]), field: OUTPUT.text }),
  ])
}

function resolveIsNull(request: LookupRequest): ConditionTree {
  if (typeof request.value !== 'boolean') {
    throw new InvalidValueError(`${request.label} takes true or false.`)
  }
  return lookupTree('isnull', request.left, [], request.value)
}

function assertPresent(value: unknown, label: string): void {
  if (value === undefined) throw new InvalidValueError(`${label} cannot be undefined.`)
  if (value === null) throw new InvalidValueError(`${label} cannot take null; use isnull.`)
}
