import { compileSelect } from '../compile/select.ts'
import type { Runner } from '../database/runner.ts'
import { FieldError, NotSupportedError } from '../errors.ts'
import type { QueryState } from '../query/nodes.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { limitsOf } from './read-rows.ts'

/** Options of `explain()`. All but `analyze` are PostgreSQL's words for what the plan is to tell. */
export interface ExplainOptions {
  /** Runs the query and tells the real times. PostgreSQL only. @default false */
  readonly analyze?: boolean
  /** PostgreSQL only. @default 'text' */
  readonly format?: 'text' | 'json' | 'xml' | 'yaml'
  /** The columns of each step. */
  readonly verbose?: boolean
  /** @default true */
  readonly costs?: boolean
  /** Settings that differ from the server's own. */
  readonly settings?: boolean
  /** Reads of pages; with `analyze`. */
  readonly buffers?: boolean
  /** Writes to the log; with `analyze`. */
  readonly wal?: boolean
  /** Times of each step; with `analyze`. @default true */
  readonly timing?: boolean
  /** @default true with `analyze` */
  readonly summary?: boolean
}

const FLAGS = [
  ...(['analyze', 'verbose', 'costs', 'settings'] as const),
  ...(['buffers', 'wal', 'timing', 'summary'] as const),
]
const OPTIONS: OptionNames<ExplainOptions> = {
  analyze: true,
  format: true,
  verbose: true,
  costs: true,
  settings: true,
  buffers: true,
  wal: true,
  timing: true,
  summary: true,
}
const FORMATS: ReadonlySet<unknown> = new Set(['text', 'json', 'xml', 'yaml'])

/**
 * The database's plan for a query, a line for each step; no plan where nothing is sent.
 *
 * @throws FieldError for other options than these
 * @throws NotSupportedError for options that the database does not have
 */
export async function explain(
  runner: Runner,
  state: QueryState,
  options: ExplainOptions,
): Promise<string> {
  const words = wordsOf(options)
  const query = compileSelect(state, runner.db.dialect)
  if (query === null) return ''
  const isPostgres = runner.db.dialect === 'postgresql'
  if (words.length > 0 && !isPostgres) {
    const [name = 'analyze'] = Object.keys(options)
    throw new NotSupportedError(`explain({ ${name} }) needs PostgreSQL.`)
  }
  const list = words.length === 0 ? '' : `(${words.join(', ')}) `
  const prefix = isPostgres ? `explain ${list}` : 'explain query plan '
  // Kept as a prepared statement, an EXPLAIN of SQLite would keep its locks.
  const { sql, bindings, wants, writes } = query
  const statement = { sql: prefix + sql, bindings, wants, writes }
  const { rows } = await runner.run(statement, limitsOf(state))
  return rows.map((row) => asText(row[row.length - 1])).join('\n')
}

/** The options as words of SQL, which come from this file only. */
function wordsOf(options: ExplainOptions): string[] {
  const own = readOptions('explain()', options, OPTIONS)
  const { format } = own
  const words = FLAGS.flatMap((name) => {
    const value: unknown = own[name]
    if (value === undefined || value === false)
      return value === undefined || name === 'analyze' ? [] : [`${name} false`]
    if (value === true) return [name]
    throw new FieldError(`The option ${name} of explain() is true or false.`)
  })
  if (format !== undefined && !FORMATS.has(format)) {
    throw new FieldError(`The format of explain() is one of: ${[...FORMATS].join(', ')}.`)
  }
  return format === undefined ? words : [...words, `format ${format}`]
}

function asText(cell: unknown): string {
  return typeof cell === 'object' ? JSON.stringify(cell, null, 2) : String(cell)
}
