import { ImproperlyConfigured } from '../errors.ts'
import type { ColumnField, Family } from '../fields/column-field.ts'
import type { ExprNode, FuncNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'

/** A step of a path that computes something of a column: `publishedAt__year`. */
export interface TransformRule {
  readonly families: ReadonlySet<Family>
  /** How its result is read. */
  readonly output: ColumnField
}

/** A transform of users: a function of the value, which is its first argument. */
export interface CustomTransform {
  readonly families: ReadonlySet<Family>
  apply(node: ExprNode): FuncNode
}

const CALENDAR: ReadonlySet<Family> = new Set<Family>(['date', 'dateTime'])
const CLOCK: ReadonlySet<Family> = new Set<Family>(['dateTime', 'time'])
const INSTANT: ReadonlySet<Family> = new Set<Family>(['dateTime'])
const ARRAY: ReadonlySet<Family> = new Set<Family>(['array'])
const RANGE: ReadonlySet<Family> = new Set<Family>(['range'])

/** Every transform by its name in paths; `compile/transforms.ts` has the SQL under the same name. */
export const TRANSFORMS: ReadonlyMap<string, TransformRule> = new Map<string, TransformRule>([
  ['date', { families: INSTANT, output: OUTPUT.date }],
  ['time', { families: INSTANT, output: OUTPUT.time }],
  ['year', { families: CALENDAR, output: OUTPUT.integer }],
  ['isoYear', { families: CALENDAR, output: OUTPUT.integer }],
  ['quarter', { families: CALENDAR, output: OUTPUT.integer }],
  ['month', { families: CALENDAR, output: OUTPUT.integer }],
  ['week', { families: CALENDAR, output: OUTPUT.integer }],
  ['day', { families: CALENDAR, output: OUTPUT.integer }],
  ['weekDay', { families: CALENDAR, output: OUTPUT.integer }],
  ['isoWeekDay', { families: CALENDAR, output: OUTPUT.integer }],
  ['hour', { families: CLOCK, output: OUTPUT.integer }],
  ['minute', { families: CLOCK, output: OUTPUT.integer }],
  ['second', { families: CLOCK, output: OUTPUT.integer }],
  ['len', { families: ARRAY, output: OUTPUT.integer }],
  ['isEmpty', { families: RANGE, output: OUTPUT.boolean }],
  ['lowerInc', { families: RANGE, output: OUTPUT.boolean }],
  ['lowerInf', { families: RANGE, output: OUTPUT.boolean }],
  ['upperInc', { families: RANGE, output: OUTPUT.boolean }],
  ['upperInf', { families: RANGE, output: OUTPUT.boolean }],
])

const custom = new Map<string, CustomTransform>()

/**
 * Adds a transform, or replaces one that was added before.
 *
 * @throws ImproperlyConfigured if the ORM has one of that name
 */
export function addTransform(name: string, transform: CustomTransform): void {
  if (TRANSFORMS.has(name))
    throw new ImproperlyConfigured(`There is a transform '${name}' already.`)
  custom.set(name, transform)
}

/** The node that `name` makes of `node`; null if it cannot be applied to values of that kind. */
export function transformed(node: ExprNode, name: string): FuncNode | null {
  const rule = TRANSFORMS.get(name)
  if (rule?.families.has(node.field.family)) {
    return Object.freeze({ kind: 'func', name, args: Object.freeze([node]), field: rule.output })
  }
  if (node.field.family === 'json') return jsonKey(node, name)
  const { item, bound } = node.field
  if (item !== undefined) return arrayPart(node, item, name)
  if (bound !== undefined && RANGE_ENDS.includes(name)) return rangeEnd(node, bound, name)
  const added = custom.get(name)
  return added?.families.has(node.field.family) ? added.apply(node) : null
}

const INDEX = /^\d{1,9}$/
const SLICE = /^\d{1,9}_\d{1,9}$/

/** An item of an array, from 0, or those from one to before another; digits are part of the name. */
function arrayPart(node: ExprNode, item: ColumnField, part: string): FuncNode | null {
  const args = Object.freeze([node])
  if (INDEX.test(part)) {
    return Object.freeze({ kind: 'func', name: `ArrayIndex:${Number(part)}`, args, field: item })
  }
  if (!SLICE.test(part)) return null
  const bounds = part.split('_').map(Number).join(':')
  return Object.freeze({ kind: 'func', name: `ArraySlice:${bounds}`, args, field: node.field })
}

/** Lookups of text under the same names have other SQL. */
const RANGE_ENDS: readonly string[] = ['startswith', 'endswith']

function rangeEnd(node: ExprNode, bound: ColumnField, end: string): FuncNode {
  return Object.freeze({
    kind: 'func',
    name: end === 'startswith' ? 'RangeLower' : 'RangeUpper',
    args: Object.freeze([node]),
    field: bound,
  })
}

/** Whether a node is a value inside a JSON column. */
export function isJsonPath(node: ExprNode): node is FuncNode {
  return node.kind === 'func' && node.name === 'jsonPath'
}

/**
 * One more key of a path into JSON. All keys are one bound value.
 *
 * @throws InvalidValueError for text that a database cannot hold: it is no key of any value
 */
function jsonKey(node: ExprNode, key: string): FuncNode {
  OUTPUT.text.check(key, 'A key of JSON in a path')
  const inner = isJsonPath(node) ? node : null
  const base = inner?.args[0] ?? node
  const before = inner?.args[1]
  const keys = before?.kind === 'list' ? [...before.values, key] : [key]
  const list: ExprNode = Object.freeze({
    kind: 'list',
    values: Object.freeze(keys),
    field: OUTPUT.text,
  })
  return Object.freeze({
    kind: 'func',
    name: 'jsonPath',
    args: Object.freeze([base, list]),
    field: OUTPUT.json,
  })
}

/** The names of the transforms that values of a kind have, for messages. */
export function transformNames(family: Family): string[] {
  const all = [...TRANSFORMS, ...custom]
  const names = all.filter(([, rule]) => rule.families.has(family)).map(([name]) => name)
  return family === 'range' ? [...names, ...RANGE_ENDS] : names
}
