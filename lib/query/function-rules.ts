import type { ColumnField } from '../fields/column-field.ts'
import type { ExprNode } from './nodes.ts'
import { OUTPUT } from './outputs.ts'

/** A function of windows; `compile/function-sql.ts` has its text under the same name. */
export interface FunctionRule {
  /** How its result is read. */
  readonly output: (args: readonly ExprNode[]) => ColumnField
  /** Whether the argument at an index is of one type with others, which a literal then takes. */
  readonly isAlike?: (index: number) => boolean
}

const toInteger = (): ColumnField => OUTPUT.integer
const toFloat = (): ColumnField => OUTPUT.float
const toFirst = ([first]: readonly ExprNode[]): ColumnField => first?.field ?? OUTPUT.text

/** Every function of windows by its name; the others are in `functions/`. */
export const FUNCTIONS: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['rowNumber', { output: toInteger }],
  ['rank', { output: toInteger }],
  ['denseRank', { output: toInteger }],
  ['percentRank', { output: toFloat }],
  ['cumeDist', { output: toFloat }],
  ['ntile', { output: toInteger }],
  ['lag', { output: toFirst, isAlike: (index) => index !== 1 }],
  ['lead', { output: toFirst, isAlike: (index) => index !== 1 }],
  ['firstValue', { output: toFirst }],
  ['lastValue', { output: toFirst }],
  ['nthValue', { output: toFirst }],
])
