import { FieldError } from '../errors.ts'
import type { ColumnField, Family } from '../fields/column-field.ts'
import { listOf } from '../fields/list.ts'
import type { ExprNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import type { AggregateName, ArithmeticOperator, RawExpression } from './raw.ts'

const NUMERIC: ReadonlySet<Family> = new Set<Family>(['number', 'bigint', 'decimal', 'duration'])

/** How the result of arithmetic is read: floats win over decimals, those over integers. */
export function arithmeticField(
  operator: ArithmeticOperator,
  left: ColumnField,
  right: ColumnField,
): ColumnField {
  for (const { family } of [left, right]) {
    if (!NUMERIC.has(family)) {
      throw new FieldError(`${operator}() needs numbers, got a value of the family '${family}'.`)
    }
  }
  if (operator === 'pow' || isFloat(left) || isFloat(right)) return OUTPUT.float
  for (const family of ['decimal', 'bigint', 'duration'] as const) {
    if (left.family === family) return generic(left)
    if (right.family === family) return generic(right)
  }
  return OUTPUT.integer
}

function generic(field: ColumnField): ColumnField {
  if (field.family === 'decimal') return OUTPUT.decimal
  return field.family === 'bigint' ? OUTPUT.bigint : field
}

/** How an aggregate's result is read. */
export function aggregateField(name: AggregateName, input: ColumnField | null): ColumnField {
  if (name === 'count' || input === null) return OUTPUT.integer
  if (name === 'min' || name === 'max' || name === 'anyValue') return input
  const collected = collectedField(name, input)
  if (collected !== null) return collected
  if (!NUMERIC.has(input.family)) {
    throw new FieldError(`${name}() needs numbers, got a value of the family '${input.family}'.`)
  }
  if (name === 'avg' && input.family === 'decimal') return OUTPUT.decimal
  if (name === 'avg' && input.family === 'duration') return input
  if (name !== 'sum' || isFloat(input)) return OUTPUT.float
  if (input.family === 'number') return OUTPUT.integer
  return generic(input)
}

/** How values that are put in a row are read, and what is said of booleans; null of the others. */
function collectedField(name: AggregateName, input: ColumnField): ColumnField | null {
  const { family } = input
  switch (name) {
    case 'arrayAgg':
      return listOf(input)
    case 'stringAgg':
      if (family === 'text') return OUTPUT.text
      throw new FieldError(
        `StringAgg() needs text, got a value of the family '${family}': use Cast() to fields.text().`,
      )
    case 'jsonAgg':
      if (JSON_FAMILIES.has(family)) return OUTPUT.json
      throw new FieldError(
        `JSONAgg() takes text, numbers, booleans and JSON, got a value of the family '${family}'.`,
      )
    case 'boolAnd':
    case 'boolOr':
      if (family === 'boolean') return OUTPUT.boolean
      throw new FieldError(`${name}() needs booleans, got a value of the family '${family}'.`)
    default:
      return null
  }
}

const JSON_FAMILIES: ReadonlySet<Family> = new Set<Family>(['text', 'number', 'boolean', 'json'])

/** A number as people write it: 1.19 beside a decimal is meant as one. */
const DIGITS = /^-?\d+(?:\.\d+)?$/

/**
 * A literal in an expression, bound. It takes the type of what it is computed with where that is
 * exact: text beside a decimal is a decimal, a whole number beside a bigint is one.
 */
export function literalParam(value: unknown, beside: ColumnField | null): ExprNode {
  const [canonical, field] = typed(value, beside)
  return Object.freeze({ kind: 'param', value: canonical, field })
}

function typed(value: unknown, beside: ColumnField | null): readonly [unknown, ColumnField] {
  if (value === null) return [null, beside ?? OUTPUT.text]
  switch (beside?.family) {
    case 'decimal':
      if (typeof value === 'string') return [OUTPUT.decimal.check(value), OUTPUT.decimal]
      if (DIGITS.test(String(value)) && typeof value !== 'boolean') {
        return [OUTPUT.decimal.check(String(value)), OUTPUT.decimal]
      }
      break
    case 'bigint':
      if (Number.isSafeInteger(value)) return [BigInt(value as number), OUTPUT.bigint]
      break
    case 'duration':
      if (Number.isSafeInteger(value)) return [value, beside]
      break
    case 'date':
    case 'time':
    case 'uuid':
      if (typeof value === 'string') return [beside.check(value), beside]
      break
    case 'dateTime':
      if (value instanceof Date) return [value, beside]
      break
    default:
  }
  return byType(value)
}

function byType(value: unknown): readonly [unknown, ColumnField] {
  switch (typeof value) {
    case 'string':
      return [OUTPUT.text.check(value), OUTPUT.text]
    case 'bigint':
      return [OUTPUT.bigint.check(value), OUTPUT.bigint]
    case 'boolean':
      return [value, OUTPUT.boolean]
    case 'number':
      return [
        value,
        OUTPUT.integer.inRange(value) && Number.isInteger(value) ? OUTPUT.integer : OUTPUT.float,
      ]
    default:
      return [OUTPUT.dateTime.check(value), OUTPUT.dateTime]
  }
}

/** Expressions of one type; literals among them take the type of the others. */
export function resolveAlike(
  raws: readonly RawExpression[],
  resolve: (raw: RawExpression) => ExprNode,
): readonly ExprNode[] {
  const known = raws.map((raw) => (raw.kind === 'value' ? null : resolve(raw)))
  const beside = known.find((node) => node !== null)?.field ?? null
  return raws.map((raw, at) => {
    if (raw.kind !== 'value') return known[at] as ExprNode
    const others = raws.flatMap((other) =>
      other.kind === 'value' && other.value !== null ? [literalParam(other.value, beside)] : [],
    )
    const type = beside ?? (raw.value === null ? others[0]?.field : null) ?? null
    return literalParam(raw.value, type)
  })
}

/**
 * How a value that may be any of several is read: floats win over decimals, those over integers.
 *
 * @throws FieldError for values that have nothing in common
 */
export function commonField(what: string, nodes: readonly ExprNode[]): ColumnField {
  const fields = nodes
    .filter((node) => node.kind !== 'outer' && !(node.kind === 'param' && node.value === null))
    .map(({ field }) => field)
  const [first = nodes[0]?.field ?? OUTPUT.text] = fields
  if (fields.every(({ family }) => family === first.family)) {
    return withoutNull(fields.find(isFloat) ?? first)
  }
  if (fields.every(({ family }) => NUMERIC.has(family) && family !== 'duration')) {
    if (fields.some(isFloat)) return OUTPUT.float
    return fields.some(({ family }) => family === 'decimal') ? OUTPUT.decimal : OUTPUT.bigint
  }
  const families = [...new Set(fields.map(({ family }) => family))].join(', ')
  throw new FieldError(`${what} takes values of one type, got ${families}. Use Cast().`)
}

/** The same kind of values, for results that may be NULL; JSON's null is then NULL. */
export function withoutNull(field: ColumnField): ColumnField {
  switch (field.name) {
    case 'auto':
    case 'integer':
    case 'smallInteger':
      return OUTPUT.integer
    case 'json':
      return OUTPUT.json
    default:
      return field
  }
}

function isFloat(field: ColumnField): boolean {
  return field.name === 'float'
}

/**
 * An instant in the form in which a column of SQLite stores it; anything else as it is. What is of
 * the query around is asked for in that form.
 */
export function storedAs(node: ExprNode, to: ColumnField): ExprNode {
  const { family, storage = 'text' } = to
  const { field } = node
  if (family === 'dateTime' && node.kind === 'outer') return Object.freeze({ ...node, field: to })
  if (family !== 'dateTime' || field.family !== 'dateTime') return node
  if (storage === (field.storage ?? 'text')) return node
  const isText = storage === 'text'
  return Object.freeze({
    kind: 'func',
    name: isText ? 'InstantText' : 'InstantMs',
    args: Object.freeze([node]),
    field: isText ? OUTPUT.dateTime : OUTPUT.epochMs,
  })
}
