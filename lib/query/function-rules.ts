import type { ColumnField } from '../fields/column-field.ts'
import { commonField } from './expression-types.ts'
import type { ExprNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'

/** A function of SQL; `compile/functions.ts` has its text under the same name. */
export interface FunctionRule {
  /** How its result is read. */
  readonly output: (args: readonly ExprNode[]) => ColumnField
  /** Whether the argument at an index is of one type with others, which a literal then takes. */
  readonly isAlike?: (index: number) => boolean
  /** It belongs into `Window()`. */
  readonly overWindow?: boolean
}

const toInteger = (): ColumnField => OUTPUT.integer
const toFloat = (): ColumnField => OUTPUT.float
const toFirst = ([first]: readonly ExprNode[]): ColumnField => first?.field ?? OUTPUT.text

/** Every function by its name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['coalesce', { output: (args) => commonField('Coalesce()', args), isAlike: () => true }],
  ['rowNumber', { output: toInteger, overWindow: true }],
  ['rank', { output: toInteger, overWindow: true }],
  ['denseRank', { output: toInteger, overWindow: true }],
  ['percentRank', { output: toFloat, overWindow: true }],
  ['cumeDist', { output: toFloat, overWindow: true }],
  ['ntile', { output: toInteger, overWindow: true }],
  ['lag', { output: toFirst, isAlike: (index) => index !== 1, overWindow: true }],
  ['lead', { output: toFirst, isAlike: (index) => index !== 1, overWindow: true }],
  ['firstValue', { output: toFirst, overWindow: true }],
  ['lastValue', { output: toFirst, overWindow: true }],
  ['nthValue', { output: toFirst, overWindow: true }],
])
