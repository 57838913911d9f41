import type { ColumnField, Family } from '../fields/column-field.ts'
import type { ExprNode, SelectPlan } from '../query/nodes.ts'

/** What a column's values must not be to come through a JSON text of SQLite as they are. */
export type CellForm = 'any' | 'no float'

/** Kinds that are text, and in a column of another type floats: SQLite makes one of the JSON 1.5. */
const FLOATING: ReadonlySet<Family> = new Set<Family>(['decimal', 'json'])
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
  if (isFloat(field) || field.family === 'binary') return undefined
  if (isStored) return FLOATING.has(field.family) ? 'no float' : 'any'
  return field.type.plain === 'integer' || field.type.plain === 'boolean' ? 'any' : undefined
}

function isFloat({ type }: ColumnField): boolean {
  return type.plain === 'number'
}
