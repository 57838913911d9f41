import type { ColumnField, Family } from '../fields/column-field.ts'
import type { ExprNode, SelectPlan } from '../query/nodes.ts'

/** What most values of a column are; every column of SQLite may hold others. */
export type CellForm = 'text' | 'number'

const NUMBERS: ReadonlySet<Family> = new Set<Family>(['number', 'boolean', 'duration'])
/** As many arguments a function of SQLite takes at least. */
const MOST_CELLS = 100

/**
 * How the columns of a query go into one JSON text a result, which `sqlite3` hands over in a
 * fraction of the time that single values take; undefined where one of them cannot. JSON knows no
 * bytes, SQLite writes 15 digits of a float into it, and what its JSON functions made would be part
 * of the text, not a text in it.
 */
export function cellsOf({ select }: SelectPlan): readonly CellForm[] | undefined {
  if (select.length > MOST_CELLS) return undefined
  const cells = select.map(cellOf)
  return cells.includes(undefined) ? undefined : (cells as readonly CellForm[])
}

function cellOf(node: ExprNode): CellForm | undefined {
  const { field } = node
  const isStored = node.kind === 'column' && node.source.model !== null
  if (!fitsJson(field)) return undefined
  if (isStored) return NUMBERS.has(field.family) ? 'number' : 'text'
  return field.type.plain === 'integer' || field.type.plain === 'boolean' ? 'number' : undefined
}

/** Whether SQLite gives a column's values in JSON, and reads them from it, as they are. */
export function fitsJson({ family, type }: ColumnField): boolean {
  return family !== 'binary' && type.plain !== 'number'
}
