import { FieldError } from '../errors.ts'
import { readOptions } from '../util/options.ts'
import { functionOf, type Operand, type OperandPaths, type OperandValue } from './conditional.ts'
import { Expression, pathExpression } from './expression.ts'
import type { Need } from './needs.ts'
import { type OrderInput, type OrderPaths, readOrder } from './order-terms.ts'
import type { Frame, RawExpression } from './raw.ts'

/** The rows near a row that a window is over; made by `RowRange` and `ValueRange`. */
export class WindowFrame {
  readonly #frame: Frame

  constructor(frame: Frame) {
    this.#frame = Object.freeze(frame)
    Object.freeze(this)
  }

  /** What a value was made of; null if it is no frame. */
  static raw(value: unknown): Frame | null {
    return typeof value === 'object' && value !== null && #frame in value ? value.#frame : null
  }
}

/**
 * So many rows before and after each row; null is all of them, 0 the row itself.
 *
 * @example RowRange(-1, 1) // rows between 1 preceding and 1 following
 */
export function RowRange(start: number | null = null, end: number | null = null): WindowFrame {
  return frameOf('rows', start, end)
}

/** The rows whose ordering value is within such a distance. */
export function ValueRange(start: number | null = null, end: number | null = null): WindowFrame {
  return frameOf('range', start, end)
}

function frameOf(unit: Frame['unit'], start: number | null, end: number | null): WindowFrame {
  for (const bound of [start, end]) {
    if (bound !== null && !Number.isSafeInteger(bound)) {
      throw new FieldError('The bounds of a frame are whole numbers or null.')
    }
  }
  if (start !== null && end !== null && start > end) {
    throw new FieldError('The start of a frame cannot be after its end.')
  }
  return new WindowFrame({ unit, start, end })
}

/** Options of `Window()`. */
export interface WindowOptions<Part, Order> {
  /** Each combination of these values has a window of its own. */
  readonly partitionBy?: readonly Part[]
  /** In which order rows are taken. */
  readonly orderBy?: readonly Order[]
  /** Which rows near a row; without it the database's choice: up to this row if there is an order. */
  readonly frame?: WindowFrame
}

/**
 * An aggregate or a ranking function over rows near each row, without grouping them. Filtering on it
 * asks the condition around the query, as Django does.
 *
 * @example
 * Book.objects.annotate({
 *   rank: Window(Rank(), { partitionBy: ['author'], orderBy: ['-pages'] }),
 * }).filter({ rank__lte: 3 })
 */
export function Window<
  T,
  P extends Need = never,
  const Part extends string | Expression<unknown, Need> = never,
  const Order extends OrderInput = never,
>(
  expression: Expression<T, P>,
  options: WindowOptions<Part, Order> = {},
): Expression<T, P | OperandPaths<Part> | OrderPaths<Order>> {
  const input = Expression.raw(expression)
  if (input === null) throw new FieldError('Window() takes an expression: Window(Rank(), { … }).')
  const own: WindowOptions<unknown, unknown> = readOptions('Window()', options, OPTIONS)
  const { partitionBy = [], orderBy = [], frame } = own
  const partition = [partitionBy].flat().map(readPart)
  const ordering = [orderBy].flat().map(readOrder)
  const range = frame === undefined ? null : WindowFrame.raw(frame)
  if (frame !== undefined && range === null) {
    throw new FieldError('The frame of a Window() is a RowRange() or a ValueRange().')
  }
  const depths = [...partition, ...ordering.map((order) => order.expression)].map(
    (raw) => raw.depth,
  )
  return new Expression(
    Object.freeze({
      kind: 'window',
      input,
      partition: Object.freeze(partition),
      ordering: Object.freeze(ordering),
      frame: range,
      depth: 1 + Math.max(input.depth, ...depths),
    }),
  )
}

const OPTIONS = { partitionBy: true, orderBy: true, frame: true } as const

function readPart(part: unknown): RawExpression {
  return Expression.raw(part) ?? pathExpression(part)
}

/** The place of a row in its window, from 1. */
export function RowNumber(): Expression<number> {
  return functionOf('rowNumber', [])
}

/** The same, where equal rows share a place and the next ones are left out. */
export function Rank(): Expression<number> {
  return functionOf('rank', [])
}

/** The same, where equal rows share a place and no place is left out. */
export function DenseRank(): Expression<number> {
  return functionOf('denseRank', [])
}

/** The rank from 0 to 1. */
export function PercentRank(): Expression<number> {
  return functionOf('percentRank', [])
}

/** The share of rows up to this one, above 0 to 1. */
export function CumeDist(): Expression<number> {
  return functionOf('cumeDist', [])
}

/** In which of so many parts of about equal size a row is, from 1. */
export function Ntile(parts: number): Expression<number> {
  assertPositive(parts, 'Ntile()')
  return functionOf('ntile', [parts])
}

/** Options of `Lag` and `Lead`. */
export interface OffsetOptions<D> {
  /** How many rows away. @default 1 */
  readonly offset?: number
  /** The value where there is no such row; NULL without it. */
  readonly default?: D
}

/** The value of an earlier row. */
export function Lag<const I extends Operand, D extends Operand = null>(
  input: I,
  options: OffsetOptions<D> = {},
): Expression<OperandValue<I> | OperandValue<D>, OperandPaths<I> | OperandPaths<D>> {
  return shifted('lag', input, options)
}

/** The value of a later row. */
export function Lead<const I extends Operand, D extends Operand = null>(
  input: I,
  options: OffsetOptions<D> = {},
): Expression<OperandValue<I> | OperandValue<D>, OperandPaths<I> | OperandPaths<D>> {
  return shifted('lead', input, options)
}

function shifted<T, P extends Need>(
  name: 'lag' | 'lead',
  input: unknown,
  options: OffsetOptions<unknown>,
): Expression<T, P> {
  const verb = name === 'lag' ? 'Lag()' : 'Lead()'
  const own = readOptions(verb, options, { offset: true, default: true })
  const { offset = 1, default: otherwise } = own
  assertPositive(offset, `The offset of ${verb}`)
  const fallback = otherwise === undefined ? [] : [otherwise]
  return functionOf(name, [input, offset, ...fallback])
}

/** The value of the first row of the frame. */
export function FirstValue<const I extends Operand>(
  input: I,
): Expression<OperandValue<I> | null, OperandPaths<I>> {
  return functionOf('firstValue', [input])
}

/** The value of the last row of the frame. */
export function LastValue<const I extends Operand>(
  input: I,
): Expression<OperandValue<I> | null, OperandPaths<I>> {
  return functionOf('lastValue', [input])
}

/** The value of the nth row of the frame, from 1. */
export function NthValue<const I extends Operand>(
  input: I,
  nth = 1,
): Expression<OperandValue<I> | null, OperandPaths<I>> {
  assertPositive(nth, 'The place of NthValue()')
  return functionOf('nthValue', [input, nth])
}

function assertPositive(value: unknown, what: string): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return
  throw new FieldError(`${what} must be a whole number of 1 or more.`)
}
