import { compileSelect } from '../compile/select.ts'
import type { Runner } from '../database/runner.ts'
import { FieldError, NotSupportedError } from '../errors.ts'
import type { QueryState } from '../query/nodes.ts'
import { limitsOf } from './read-rows.ts'

/** Options of `explain()`. */
export interface ExplainOptions {
  /** Runs the query and tells the real times. PostgreSQL only. @default false */
  readonly analyze?: boolean
}

/**
 * The database's plan for a query, a line for each step; no plan where nothing is sent.
 *
 * @throws FieldError for other options than these
 */
export async function explain(
  runner: Runner,
  state: QueryState,
  options: ExplainOptions,
): Promise<string> {
  if (Object.keys(options).some((name) => name !== 'analyze')) {
    throw new FieldError('explain() has no such option. Options are: analyze.')
  }
  const { analyze = false } = options
  const query = compileSelect(state, runner.db.dialect)
  if (query === null) return ''
  const isPostgres = runner.db.dialect === 'postgresql'
  if (analyze && !isPostgres) {
    throw new NotSupportedError('explain({ analyze: true }) needs PostgreSQL.')
  }
  const prefix = isPostgres ? (analyze ? 'explain (analyze) ' : 'explain ') : 'explain query plan '
  // Not prepared: on SQLite an EXPLAIN holds its locks until it is gone.
  const statement = { ...query, sql: prefix + query.sql, repeated: false }
  const { rows } = await runner.run(statement, limitsOf(state))
  return rows.map((row) => String(row[row.length - 1])).join('\n')
}
