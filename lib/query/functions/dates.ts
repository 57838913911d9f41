import { FieldError, InvalidValueError } from '../../errors.ts'
import type { ColumnField } from '../../fields/column-field.ts'
import type { Expression } from '../expression.ts'
import type { ExprNode } from '../nodes.ts'
import { OUTPUT } from '../outputs.ts'
import { transformed } from '../transforms.ts'
import { call, operand } from './call.ts'
import { type Call, calledOutside, type FunctionRule, funcNode } from './rule.ts'
import type { Operand, PathsIn, Returns, ValueIn } from './types.ts'
import { type ZoneOptions, zoneOf } from './zone-name.ts'

/** What `Extract()` takes out of a date or time. */
export type DatePart = 'isoYear' | 'weekDay' | 'isoWeekDay' | TruncKind

/** What `Trunc()` cuts a date or time down to. */
export type TruncKind = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second'

const KINDS: readonly TruncKind[] = [
  ...(['year', 'quarter', 'month', 'week', 'day'] as const),
  ...(['hour', 'minute', 'second'] as const),
]
const PARTS: readonly DatePart[] = [...KINDS, 'isoYear', 'weekDay', 'isoWeekDay']

/** A function that takes a number out of a date or time. */
export type PartFunction = <const I extends Operand>(
  value: I,
  options?: ZoneOptions,
) => Returns<number, I>

/** A function that cuts a date or time down: of an instant a `Date`, of a day 'YYYY-MM-DD'. */
export type TruncFunction = <const I extends Operand>(
  value: I,
  options?: ZoneOptions,
) => Expression<ValueIn<I>, PathsIn<I>>

function part(name: DatePart): PartFunction {
  return (value, options) => Extract(value, name, options)
}

function trunc(kind: TruncKind): TruncFunction {
  return (value, options) => Trunc(value, kind, options)
}

/**
 * A number of a date or time, in UTC unless `tzinfo` names another time zone. SQLite knows the
 * clocks of a zone from 1900 to 2100.
 *
 * @throws FieldError for a part that there is not
 * @example Book.objects.values({ year: Extract('publishedAt', 'year', { tzinfo: 'Asia/Tokyo' }) })
 */
export function Extract<const I extends Operand>(
  value: I,
  part: DatePart,
  options?: ZoneOptions,
): Returns<number, I> {
  if (!PARTS.includes(part)) {
    throw new FieldError(`Extract() takes one of: ${PARTS.join(', ')}.`)
  }
  const zone = zoneOf(options, 'Extract()')
  return call('Extract', [operand(value, 'Extract()')], { part, zone })
}

/**
 * The year.
 *
 * @example Author.objects.values({ year: ExtractYear('bornOn') }) // PostgreSQL: extract(year from …)
 */
export const ExtractYear: PartFunction = part('year')

/**
 * The year that the week of ISO 8601 counts for.
 *
 * @example Author.objects.values({ year: ExtractIsoYear('bornOn') })
 */
export const ExtractIsoYear: PartFunction = part('isoYear')

/**
 * The quarter of the year, from 1 to 4.
 *
 * @example Author.objects.values({ quarter: ExtractQuarter('bornOn') })
 */
export const ExtractQuarter: PartFunction = part('quarter')

/**
 * The month, from 1 to 12.
 *
 * @example Author.objects.values({ month: ExtractMonth('bornOn') })
 */
export const ExtractMonth: PartFunction = part('month')

/**
 * The week of ISO 8601, from 1 to 53.
 *
 * @example Author.objects.values({ week: ExtractWeek('bornOn') })
 */
export const ExtractWeek: PartFunction = part('week')

/**
 * The day of the month.
 *
 * @example Author.objects.values({ day: ExtractDay('bornOn') })
 */
export const ExtractDay: PartFunction = part('day')

/**
 * The day of the week, from Sunday 1 to Saturday 7.
 *
 * @example Author.objects.values({ day: ExtractWeekDay('bornOn') })
 */
export const ExtractWeekDay: PartFunction = part('weekDay')

/**
 * The day of the week, from Monday 1 to Sunday 7.
 *
 * @example Author.objects.values({ day: ExtractIsoWeekDay('bornOn') })
 */
export const ExtractIsoWeekDay: PartFunction = part('isoWeekDay')

/**
 * The hour, from 0 to 23.
 *
 * @example Book.objects.values({ hour: ExtractHour('publishedAt', { tzinfo: 'Asia/Tokyo' }) })
 */
export const ExtractHour: PartFunction = part('hour')

/**
 * The minute of the hour.
 *
 * @example Book.objects.values({ minute: ExtractMinute('publishedAt') })
 */
export const ExtractMinute: PartFunction = part('minute')

/**
 * The whole second of the minute.
 *
 * @example Book.objects.values({ second: ExtractSecond('publishedAt') })
 */
export const ExtractSecond: PartFunction = part('second')

/**
 * A date or time cut down to the start of its year, month, hour …, in UTC unless `tzinfo` names
 * another time zone. A time of day has only hours, minutes and seconds, a date no such.
 *
 * @throws FieldError for a kind that there is not
 * @example Book.objects.values({ month: Trunc('publishedAt', 'month') }) // date_trunc('month', …)
 */
export function Trunc<const I extends Operand>(
  value: I,
  kind: TruncKind,
  options?: ZoneOptions,
): Expression<ValueIn<I>, PathsIn<I>> {
  if (!KINDS.includes(kind)) throw new FieldError(`Trunc() takes one of: ${KINDS.join(', ')}.`)
  const zone = zoneOf(options, 'Trunc()')
  return call('Trunc', [operand(value, 'Trunc()')], { part: kind, zone })
}

/**
 * The start of the year.
 *
 * @example Book.objects.values({ year: TruncYear('publishedAt') })
 */
export const TruncYear: TruncFunction = trunc('year')

/**
 * The start of the quarter.
 *
 * @example Book.objects.values({ quarter: TruncQuarter('publishedAt') })
 */
export const TruncQuarter: TruncFunction = trunc('quarter')

/**
 * The start of the month.
 *
 * @example Book.objects.values({ month: TruncMonth('publishedAt', { tzinfo: 'Europe/Berlin' }) })
 */
export const TruncMonth: TruncFunction = trunc('month')

/**
 * The start of the week: its Monday.
 *
 * @example Book.objects.values({ week: TruncWeek('publishedAt') })
 */
export const TruncWeek: TruncFunction = trunc('week')

/**
 * The start of the day, as an instant; `TruncDate` gives the day itself.
 *
 * @example Book.objects.values({ day: TruncDay('publishedAt') })
 */
export const TruncDay: TruncFunction = trunc('day')

/**
 * The start of the hour.
 *
 * @example Book.objects.values({ hour: TruncHour('publishedAt') })
 */
export const TruncHour: TruncFunction = trunc('hour')

/**
 * The start of the minute.
 *
 * @example Book.objects.values({ minute: TruncMinute('publishedAt') })
 */
export const TruncMinute: TruncFunction = trunc('minute')

/**
 * The start of the second.
 *
 * @example Book.objects.values({ second: TruncSecond('publishedAt') })
 */
export const TruncSecond: TruncFunction = trunc('second')

/**
 * The day of an instant: 'YYYY-MM-DD'.
 *
 * @example Book.objects.values({ day: TruncDate('publishedAt', { tzinfo: 'Europe/Berlin' }) })
 */
export function TruncDate<const I extends Operand>(
  value: I,
  options?: ZoneOptions,
): Returns<string, I> {
  const zone = zoneOf(options, 'TruncDate()')
  return call('Extract', [operand(value, 'TruncDate()')], { part: 'date', zone })
}

/**
 * The time of day of an instant: 'HH:MM:SS'.
 *
 * @example Book.objects.values({ at: TruncTime('publishedAt') })
 */
export function TruncTime<const I extends Operand>(
  value: I,
  options?: ZoneOptions,
): Returns<string, I> {
  const zone = zoneOf(options, 'TruncTime()')
  return call('Extract', [operand(value, 'TruncTime()')], { part: 'time', zone })
}

/**
 * The present, as the database knows it: when the statement started.
 *
 * @example Book.objects.filter({ publishedAt__lte: Now() })
 */
export function Now(): Expression<Date> {
  return call('Now', [])
}

interface Option {
  readonly part: string
  readonly zone: string | null
}

function zoneParam(node: ExprNode, zone: string, name: string): ExprNode {
  if (node.field.family !== 'dateTime') {
    throw new InvalidValueError(`${name}(): tzinfo is for instants, not for a day or a time.`)
  }
  return Object.freeze({ kind: 'param', value: zone, field: OUTPUT.text })
}

function resolveValue(given: Call): ExprNode {
  const [raw] = given.args
  if (raw === undefined) throw new FieldError(`${given.name}() takes a value.`)
  return given.resolve(raw, null)
}

const PART_FIELDS: Readonly<Record<string, ColumnField>> = { date: OUTPUT.date, time: OUTPUT.time }

function extract(given: Call): ExprNode {
  const { part: name, zone } = given.option as Option
  const node = resolveValue(given)
  if (node.kind === 'outer') return calledOutside(given, node, PART_FIELDS[name] ?? OUTPUT.integer)
  const { family } = node.field
  if (name === family && zone === null) return node
  const local =
    zone === null
      ? node
      : funcNode('InZone', [node, zoneParam(node, zone, 'Extract')], OUTPUT.dateTime)
  const found = family === 'json' ? null : transformed(local, name)
  if (found === null) {
    throw new FieldError(`Extract() of '${name}' does not take values of the family '${family}'.`)
  }
  return found
}

const CLOCK: ReadonlySet<string> = new Set(['hour', 'minute', 'second'])

function truncate(given: Call): ExprNode {
  const { part: kind, zone } = given.option as Option
  const node = resolveValue(given)
  if (node.kind === 'outer') return calledOutside(given, node, OUTPUT.dateTime)
  const { family } = node.field
  const isFine = family === 'dateTime' || (CLOCK.has(kind) ? family === 'time' : family === 'date')
  if (!isFine) {
    throw new FieldError(`Trunc() to '${kind}' does not take values of the family '${family}'.`)
  }
  const args = zone === null ? [node] : [node, zoneParam(node, zone, 'Trunc')]
  return funcNode(`Trunc:${kind}`, args, family === 'dateTime' ? OUTPUT.dateTime : node.field)
}

/** The rules of the functions of this file. */
export const DATE_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Extract', extract],
  ['Trunc', truncate],
  ['Now', (given) => funcNode(given.name, [], OUTPUT.dateTime)],
])
