import { compileAggregate } from '../compile/aggregates.ts'
import { compileCount, compileExists, compileSelect } from '../compile/select.ts'
import type { RunLimits, Runner } from '../database/runner.ts'
import type { DialectName } from '../fields/dialect.ts'
import { type Columns, remember } from '../hydrate/instance.ts'
import { hydrate } from '../hydrate/rows.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import { emptyAggregates } from '../query/aggregate-spec.ts'
import type { NamedNode, QueryState } from '../query/nodes.ts'
import { originOf } from './databases.ts'
import type { Sql } from './types.ts'

/** The instance whose related rows a query asks for. */
export interface Near {
  readonly relation: RelationMeta
  readonly instance: Columns
}

/** The rows of a query, as its projection wants them: one statement, or none for no rows. */
export async function fetchRows(runner: Runner, state: QueryState): Promise<unknown[]> {
  const query = compileSelect(state, runner.db.dialect)
  if (query === null) return []
  const { rows } = await runner.run(query, limitsOf(state))
  const made = hydrate(query.shape, rows, originOf(runner.db))
  if (state.hints !== null && query.shape.kind === 'instances') rememberNear(state, made as Columns[])
  return made
}

/** Rows that were asked of one instance know it, where the way back leads to one row. */
function rememberNear(state: QueryState, rows: readonly Columns[]): void {
  const { near } = state.hints as { readonly near?: Near }
  if (near === undefined || near.relation.inverse.toMany) return
  for (const row of rows) remember(row, near.relation.inverse.name, near.instance)
}

/** How many rows a query has: one `count(*)`. */
export async function fetchCount(runner: Runner, state: QueryState): Promise<number> {
  const query = compileCount(state, runner.db.dialect)
  if (query === null) return 0
  const { rows } = await runner.run(query, limitsOf(state))
  return Number(rows[0]?.[0])
}

/** Whether a query has any row: one `limit 1`. */
export async function fetchExists(runner: Runner, state: QueryState): Promise<boolean> {
  const query = compileExists(state, runner.db.dialect)
  if (query === null) return false
  const { rows } = await runner.run(query, limitsOf(state))
  return rows.length > 0
}

/** The values of aggregates over a query's rows, by name. */
export async function fetchAggregate(
  runner: Runner,
  state: QueryState,
  aggregates: readonly NamedNode[],
): Promise<Record<string, unknown>> {
  const query = compileAggregate(state, aggregates, runner.db.dialect)
  if (query === null) return emptyAggregates(aggregates)
  const { rows } = await runner.run(query, limitsOf(state))
  return hydrate(query.shape, rows, originOf(runner.db))[0] as Record<string, unknown>
}

/** The statement that fetching the rows would send. */
export function sqlOf(state: QueryState, dialect: DialectName): Sql {
  const query = compileSelect(state, dialect)
  return query === null ? { sql: '', bindings: [] } : { sql: query.sql, bindings: query.bindings }
}

/** `timeout()` and `signal()` of a query. */
export function limitsOf(state: QueryState): RunLimits {
  return { timeoutMs: state.timeoutMs ?? undefined, signal: state.signal ?? undefined }
}
