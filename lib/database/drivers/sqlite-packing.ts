import { remembered } from '../../util/remembered.ts'
import type { Statement } from '../runner.ts'
import { steadyText } from './sqlite-statements.ts'

type Cells = NonNullable<Statement['cells']>
type Rows = readonly (readonly unknown[])[]

/** So few rows take longer as a text. */
const FEW_ROWS = 3
/** Longer texts may be more than a string of JavaScript holds. */
const LONGEST_TEXT = 2 ** 28
/** A value that JSON has no form for, too many of them, or an SQLite older than this. */
const CANNOT_PACK =
  /JSON cannot hold BLOB|string or blob too big|no such function: (octet_length|iif|json_)/

const packings = new WeakMap<Cells, Packing>()

/**
 * The rows of one statement as a JSON text, whose values SQLite puts together: `sqlite3` makes
 * single values one by one, by a call into V8 for each.
 */
export class Packing {
  readonly sql: string
  #rowsBefore = Number.POSITIVE_INFINITY
  #cannot = false

  constructor(sql: string, cells: Cells) {
    this.sql = packedText(sql, cells)
  }

  /** Whether the next run is to be packed: not where the last one had few rows. */
  get isDue(): boolean {
    return !this.#cannot && this.#rowsBefore > FEW_ROWS
  }

  /** How many rows there were. */
  note(count: number): void {
    this.#rowsBefore = count
  }

  /** The rows of an answer; undefined where they were too many, and are to be read as they are. */
  rowsOf([answer]: readonly object[]): Rows | undefined {
    const { packed } = answer as { packed: string | null }
    if (packed === null) {
      this.#cannot = true
      return undefined
    }
    const rows = JSON.parse(packed) as Rows
    this.note(rows.length)
    return rows
  }

  /** Whether a run failed only because it was packed; none is packed from then on. */
  failedBy(error: unknown): boolean {
    if (!(error instanceof Error && CANNOT_PACK.test(error.message))) return false
    this.#cannot = true
    return true
  }
}

/** The packing of a statement whose columns have a form in JSON. */
export function packingOf(statement: Statement): Packing | undefined {
  const { sql, cells } = statement
  if (!Object.hasOwn(statement, 'cells')) return undefined
  return cells && remembered(packings, cells, () => new Packing(sql, cells))
}

function packedText(sql: string, cells: Cells): string {
  const names = cells.map((_, at) => `c${at}`)
  const values = names.map((name, at) => guarded(name, cells[at]))
  const text = `json_group_array(json_array(${values.join(', ')}))`
  const rows = nameNotIn(sql)
  // LIMIT keeps what a view or a generated column made by JSON functions a text.
  return (
    `with ${rows}(${names.join(', ')}) as (${steadyText(sql)}) ` +
    `select iif(octet_length(packed) < ${LONGEST_TEXT}, packed, null) as packed ` +
    `from (select ${text} as packed from (select * from ${rows} limit -1))`
  )
}

/**
 * In place of a float, of which JSON has 15 digits only, and of bytes, which may happen to be JSON,
 * a value that JSON refuses: the statement is then run as it is. Any column of SQLite may hold them.
 * Text is found fast: it is more than all numbers and less than all bytes.
 */
function guarded(name: string, cell: Cells[number] | undefined): string {
  const text = cell === 'text' ? `when ${name} collate binary between '' and x'' then ${name} ` : ''
  return `case ${text}when typeof(${name}) in ('real', 'blob') then zeroblob(0) else ${name} end`
}

/** A table of the statement may have any name. */
function nameNotIn(sql: string): string {
  const text = sql.toLowerCase()
  let name = 'packed_rows'
  while (text.includes(name)) name += '_'
  return name
}
