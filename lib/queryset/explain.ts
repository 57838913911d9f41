import { compileSelect } from '../compile/select.ts'
import type { Runner } from '../database/runner.ts'
import { NotSupportedError } from '../errors.ts'
import type { QueryState } from '../query/nodes.ts'
import { limitsOf } from './read-rows.ts'

/** Options of `explain()`. */
export interface ExplainOptions {
  /** Runs the query and tells the real times. PostgreSQL only. @default false */
  readonly analyze?: boolean
}

/** The database's plan for a query, a line for each step; no plan where nothing is sent. */
export async function explain(
  runner: Runner,
  state: QueryState,
  { analyze = false }: ExplainOptions,
): Promise<string> {
  const query = compileSelect(state, runner.db.dialect)
  if (query === null) return ''
  const isPostgres = runner.db.dialect === 'postgresql'
  if (analyze && !isPostgres) {
    throw new NotSupportedError('explain({ analyze: true }) needs PostgreSQL.')
  }
  const prefix = isPostgres ? (analyze ? 'explain (analyze) ' : 'explain ') : 'explain query plan '
  const { rows } = await runner.run({ ...query, sql: prefix + query.sql }, limitsOf(state))
  return rows.map((row) => String(row[row.length - 1])).join('\n')
}
