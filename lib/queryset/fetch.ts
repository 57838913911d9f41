import { compileAggregate } from '../compile/aggregates.ts'
import { compileCount, compileExists, compileSelect } from '../compile/select.ts'
import type { Runner } from '../database/runner.ts'
import type { DialectName } from '../fields/dialect.ts'
import { hydrate } from '../hydrate/rows.ts'
import { emptyAggregates } from '../query/aggregate-spec.ts'
import type { NamedNode, QueryState } from '../query/nodes.ts'
import { originOf } from './databases.ts'
import { loadPrefetches } from './prefetch.ts'
import { limitsOf, readRows } from './read-rows.ts'
import type { Sql } from './types.ts'

/** The rows of a query, as its projection wants them, with what is to be prefetched. */
export async function fetchRows(runner: Runner, state: QueryState): Promise<unknown[]> {
  const { rows } = await readRows(runner, state)
  if (state.prefetch.length > 0) await loadPrefetches(runner, state, rows)
  return rows as unknown[]
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
