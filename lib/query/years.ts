import type { ConditionTree, ExprNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'

const MIN_YEAR = 1
const MAX_YEAR = 9999
const DAY_MS = 86_400_000

/**
 * A comparison of a year as a comparison of the column itself, so that an index on it is used:
 * `at__year: 2020` becomes from 2020-01-01 to before 2021-01-01. Null where it does not apply.
 */
export function yearSpan(
  lookup: string,
  left: ExprNode,
  literals: readonly unknown[],
): ConditionTree | null {
  if (left.kind !== 'func' || (left.name !== 'year' && left.name !== 'isoYear')) return null
  const [inner] = left.args
  const [year, lastYear = year] = literals
  if (inner === undefined || !isYear(year) || !isYear(lastYear)) return null
  const startOf = left.name === 'year' ? startOfYear : startOfIsoYear
  const bound = (at: number): ExprNode => dayParam(startOf(at), inner)
  switch (lookup) {
    case 'exact':
    case 'range':
      return tree('span', inner, [bound(year), bound(lastYear + 1)])
    case 'gt':
      return tree('gte', inner, [bound(year + 1)])
    case 'gte':
      return tree('gte', inner, [bound(year)])
    case 'lt':
      return tree('lt', inner, [bound(year)])
    case 'lte':
      return tree('lt', inner, [bound(year + 1)])
    default:
      return null
  }
}

/** A year that has a following one which can be written. */
function isYear(value: unknown): value is number {
  return typeof value === 'number' && value > MIN_YEAR && value < MAX_YEAR
}

function tree(lookup: string, left: ExprNode, right: readonly ExprNode[]): ConditionTree {
  return Object.freeze({ kind: 'lookup', lookup, left, right: Object.freeze(right), flag: true })
}

function dayParam(ms: number, inner: ExprNode): ExprNode {
  const isDate = inner.field.family === 'date'
  const value = isDate ? new Date(ms).toISOString().slice(0, 10) : new Date(ms)
  const field = isDate || inner.field.family === 'dateTime' ? inner.field : OUTPUT.dateTime
  return Object.freeze({ kind: 'param', value, field })
}

function startOfYear(year: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, 0, 1)
  return date.getTime()
}

/** The Monday of the week that has January 4th in it. */
function startOfIsoYear(year: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, 0, 4)
  return date.getTime() - ((date.getUTCDay() + 6) % 7) * DAY_MS
}
