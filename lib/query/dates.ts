import { FieldError } from '../errors.ts'
import { readOptions } from '../util/options.ts'
import { annotate } from './annotations.ts'
import { Expression, F } from './expression.ts'
import { Trunc, TruncDate, type TruncKind } from './functions/dates.ts'
import type { Need } from './needs.ts'
import type { ExprNode, QueryState } from './nodes.ts'
import { resolveWhole } from './paths.ts'
import { resolveExpression } from './resolve.ts'
import { assertNotCombined, patchState, scopeOf, withDistinct, withFilter } from './state.ts'
import { withProjection } from './state-record.ts'

/** What `dates()` cuts days down to. */
export type DateKind = 'year' | 'month' | 'week' | 'day'

/** What `datetimes()` cuts instants down to. */
export type DateTimeKind = DateKind | 'hour' | 'minute' | 'second'

/** Options of `dates()`. */
export interface DatesOptions {
  /** @default 'asc' */
  readonly order?: 'asc' | 'desc'
}

/** Options of `datetimes()`. */
export interface DateTimesOptions extends DatesOptions {
  /** The IANA time zone whose years, months, … they are. @default 'UTC' */
  readonly tzinfo?: string
}

const DATE_KINDS: readonly unknown[] = ['year', 'month', 'week', 'day']
const DATETIME_KINDS: readonly unknown[] = [...DATE_KINDS, 'hour', 'minute', 'second']

/** No name that anyone could have given. */
const NAME = '~at'

/**
 * The days on which the rows have a date, cut down, each once and in order.
 *
 * @throws FieldError for a path that is no date, and for other kinds and options
 */
export function withDates(
  state: QueryState,
  path: string,
  kind: DateKind,
  options: DatesOptions,
): QueryState {
  const family = familyOf(state, path)
  const isDate = family === 'date' || family === 'dateTime'
  if (!isDate) throw new FieldError(`dates() takes a path to dates or instants.`)
  assertKind('dates()', kind, DATE_KINDS)
  const { order = 'asc' } = readOptions('dates()', options, { order: true })
  assertOrder('dates()', order)
  const days = family === 'date' ? F(path) : TruncDate(path)
  return listed(state, path, Trunc(days, kind as TruncKind), order, 'dates()')
}

/** The instants at which rows have one, cut down, each once and in order. */
export function withDateTimes(
  state: QueryState,
  path: string,
  kind: DateTimeKind,
  options: DateTimesOptions,
): QueryState {
  if (familyOf(state, path) !== 'dateTime') {
    throw new FieldError('datetimes() takes a path to instants.')
  }
  assertKind('datetimes()', kind, DATETIME_KINDS)
  const own = readOptions('datetimes()', options, { order: true, tzinfo: true })
  const { order = 'asc', tzinfo } = own
  assertOrder('datetimes()', order)
  const zone = tzinfo === undefined ? undefined : { tzinfo }
  return listed(state, path, Trunc(path, kind as TruncKind, zone), order, 'datetimes()')
}

/** Source: Django's `QuerySet.dates`, `datetimes`. */
function listed(
  state: QueryState,
  path: string,
  expression: Expression<unknown, Need>,
  order: 'asc' | 'desc',
  verb: string,
): QueryState {
  assertNotCombined(state, verb)
  const raw = Expression.raw(expression)
  if (raw === null) throw new TypeError('Trunc() gives an expression.')
  const resolved = resolveExpression(scopeOf(state), raw)
  const { field } = resolved
  const named = annotate(withFilter(state, [{ [`${path}__isnull`]: false }]), NAME, resolved, false)
  const node: ExprNode = Object.freeze({ kind: 'annotation', name: NAME, field })
  const columns = Object.freeze([Object.freeze({ name: NAME, node })])
  const flat = withProjection(withDistinct(named, null), (position) =>
    Object.freeze({ kind: 'flat', columns, position }),
  )
  const term = Object.freeze({ node, descending: order === 'desc', nulls: null })
  return patchState(flat, { ordering: Object.freeze([term]), reversed: false })
}

function familyOf(state: QueryState, path: unknown): string {
  if (typeof path !== 'string') throw new FieldError('dates() and datetimes() take a path.')
  return resolveWhole(scopeOf(state), path).node.field.family
}

function assertKind(verb: string, kind: unknown, kinds: readonly unknown[]): void {
  if (!kinds.includes(kind)) throw new FieldError(`${verb} takes one of: ${kinds.join(', ')}.`)
}

function assertOrder(verb: string, order: unknown): void {
  if (order === 'asc' || order === 'desc') return
  throw new FieldError(`The order of ${verb} is 'asc' or 'desc'.`)
}
