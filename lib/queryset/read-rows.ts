import { compileSelect } from '../compile/select.ts'
import type { Database, RunLimits, Runner } from '../database/runner.ts'
import { currentFrame } from '../database/transaction.ts'
import { TransactionError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import { type Columns, remember } from '../hydrate/instance.ts'
import { hydrate } from '../hydrate/rows.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { InstanceShape, QueryState, RowShape } from '../query/nodes.ts'
import { NEAR_KEY } from '../query/related-rows.ts'
import { originOf } from './databases.ts'

/** The instance whose related rows a query asks for. */
export interface Near {
  readonly relation: RelationMeta
  readonly instance: Columns
  readonly key: unknown
}

/** Rows, and for each the near side's key where the query was made to tell it. */
export interface KeyedRows {
  readonly rows: readonly unknown[]
  readonly nearKeys: readonly unknown[] | null
}

/** Runs a query and makes its rows: one statement, or none for no rows. */
export async function readRows(
  runner: Runner,
  state: QueryState,
  compile: typeof compileSelect = compileSelect,
): Promise<KeyedRows> {
  const query = compile(state, runner.db.dialect)
  if (query === null) return { rows: [], nearKeys: null }
  assertLockable(runner.db, state)
  const { rows } = await runner.run(query, limitsOf(state))
  const { shape, keyOf } = splitNearKey(query.shape, state)
  const made = makeRows(runner.db, state, shape, rows)
  const dialect = runner.db.dialect
  const nearKeys = keyOf && rows.map((row) => keyOf.field.fromDb(row[keyOf.offset], dialect))
  return { rows: made, nearKeys: nearKeys ?? null }
}

/**
 * Refuses to lock rows outside a transaction, where the lock would be gone at once; on SQLite too,
 * which has none, so that what works there works on PostgreSQL.
 *
 * @throws TransactionError
 */
export function assertLockable(db: Database, { lock }: QueryState): void {
  if (lock === null || currentFrame(db) !== undefined) return
  throw new TransactionError(
    'selectForUpdate() locks rows until a transaction ends: call it in atomic().',
  )
}

/** What rows of raw values become; they know the instance they were asked of. */
export function makeRows(
  db: Database,
  state: QueryState,
  shape: RowShape,
  rows: readonly (readonly unknown[])[],
): unknown[] {
  const made = hydrate(shape, rows, originOf(db, state.fetchMode))
  if (state.hints !== null && shape.kind === 'instances') rememberNear(state, made as Columns[])
  return made
}

/** `timeout()` and `signal()` of a query. */
export function limitsOf(state: QueryState): RunLimits {
  return { timeoutMs: state.timeoutMs ?? undefined, signal: state.signal ?? undefined }
}

/**
 * Runs writes of several statements, or of instances, within the `timeout()` and `signal()` of a
 * query: what covers all of them makes them one transaction.
 */
export function withinLimits<T>(
  db: Database,
  { timeoutMs, signal }: QueryState,
  work: () => Promise<T>,
): Promise<T> {
  if (timeoutMs === null && signal === null) return work()
  return db.atomic(work, { timeout: timeoutMs ?? undefined, signal: signal ?? undefined })
}

/** The same for each of several statements, which have its time together from now on. */
export function timeLeft(state: QueryState): () => RunLimits {
  const { timeoutMs } = state
  if (timeoutMs === null) return () => limitsOf(state)
  const endsAt = performance.now() + timeoutMs
  return () => ({
    ...limitsOf(state),
    timeoutMs: Math.max(1, Math.ceil(endsAt - performance.now())),
  })
}

/** Where a row has the near side's key. */
interface KeyPlace {
  readonly field: ColumnField
  readonly offset: number
}

/** The near side's key is for us, not for what the rows become. */
function splitNearKey(
  shape: RowShape,
  { projection }: QueryState,
): { readonly shape: RowShape; readonly keyOf: KeyPlace | undefined } {
  if (shape.kind !== 'instances') {
    const columns = projection.kind === 'instances' ? [] : projection.columns
    const offset = columns.length - 1
    const last = columns[offset]
    if (last?.name !== NEAR_KEY) return { shape, keyOf: undefined }
    return { shape: withoutLast(shape), keyOf: { field: last.node.field, offset } }
  }
  const keyOf = shape.annotations.find(({ name }) => name === NEAR_KEY)
  if (keyOf === undefined) return { shape, keyOf }
  const annotations = shape.annotations.filter((annotation) => annotation !== keyOf)
  return { shape: { ...shape, annotations, repeats: true }, keyOf }
}

function withoutLast(shape: Exclude<RowShape, InstanceShape>): RowShape {
  if (shape.kind === 'flat') return shape
  const fields = shape.fields.slice(0, -1)
  if (shape.kind === 'valuesList') return { ...shape, fields }
  return { ...shape, fields, names: shape.names.slice(0, -1) }
}

/** Rows that were asked of one instance know it, where the way back leads to one row. */
function rememberNear(state: QueryState, rows: readonly Columns[]): void {
  const { near } = state.hints as { readonly near?: Near }
  if (near === undefined || near.relation.inverse.toMany) return
  for (const row of rows) remember(row, near.relation.inverse.name, near.instance)
}
