import { compilePeerCounts, compilePeerKeys } from '../compile/peers.ts'
import { compileSelect } from '../compile/select.ts'
import { compileSlices } from '../compile/slices.ts'
import type { CompiledStatement } from '../compile/statement.ts'
import type { Runner } from '../database/runner.ts'
import type { Batch } from '../hydrate/batch.ts'
import { type Columns, Instance, remember } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { isSameApartFromWhose, isSharable, withPeerRows } from '../query/peers.ts'
import { planSelect } from '../query/plan.ts'
import { nearColumn } from '../query/related-rows.ts'
import { isOrdered, isSliced, patchState } from '../query/state.ts'
import { tablesOf } from '../query/tables.ts'
import { databaseOf } from './databases.ts'
import { batchOf, type PeerLoad, PeerQuestion, rememberedFor } from './peers.ts'
import { loadPrefetches, type PrefetchPath } from './prefetch.ts'
import { limitsOf, type Near, readRows } from './read-rows.ts'
import type { Question } from './result-cache.ts'
import { withEnd } from './single.ts'

type Shared = 'rows' | 'first' | 'count' | 'exists'

/** A question that was asked of the related rows of one of a result's instances. */
interface Asked {
  readonly kind: Shared
  readonly state: QueryState
  readonly question: PeerQuestion<unknown>
}

/** How many different questions a batch remembers for each relation. */
const MAX_ASKED = 8

/**
 * The answer to a question about the related rows of one instance. The second time that an equal
 * question comes from the same result, the rest of the result is answered by the same query.
 * Everything else is asked `alone`.
 */
export function askPeers<T>(
  question: Question,
  state: QueryState,
  alone: () => Promise<T>,
): Promise<T> {
  const { near } = (state.hints ?? {}) as { readonly near?: Near }
  if (near === undefined) return alone()
  const shared = sharedAnswer(question, state, near)
  return shared === null ? alone() : orAlone(shared, state, near, alone)
}

function sharedAnswer(
  kind: Question,
  state: QueryState,
  near: Near,
): Promise<{ readonly value: unknown } | null> | null {
  const query = kind === 'first' ? withEnd(state, 'first', isOrdered(state)) : state
  if (!isShared(kind, query)) return null
  const column = nearColumn(near.relation)
  const batch = batchOf(near.instance, column, near.key)
  if (batch === null) return null
  const asked = askedBefore(batch, near.relation, kind, query)
  const runner = databaseOf(query).current()
  return asked.ask(near.key, runner, (keys) => loadAll(runner, kind, query, near.relation, keys))
}

function isShared(kind: Question, state: QueryState): kind is Shared {
  if (!isSharable(state)) return false
  if (kind === 'rows' || kind === 'first') return true
  if (kind === 'count') return !isSliced(state) && state.distinct === false
  return kind === 'exists' && !isSliced(state)
}

async function orAlone<T>(
  shared: Promise<{ readonly value: unknown } | null>,
  state: QueryState,
  near: Near,
  alone: () => Promise<T>,
): Promise<T> {
  const answer = await shared
  if (answer === null) return await alone()
  const { inverse } = near.relation
  if (state.projection.kind === 'instances' && !inverse.toMany) {
    for (const row of [answer.value].flat()) {
      if (Instance.is(row)) remember(row as Columns, inverse.name, near.instance)
    }
  }
  return answer.value as T
}

/** The question as it was asked before, of the same or of another instance of the batch. */
function askedBefore(
  batch: Batch,
  relation: RelationMeta,
  kind: Shared,
  state: QueryState,
): PeerQuestion<unknown> {
  const all = rememberedFor(batch, relation, (): Asked[] => [])
  const at = all.findIndex(
    (asked) => asked.kind === kind && isSameApartFromWhose(asked.state, state),
  )
  const [known] = at < 0 ? [] : all.splice(at, 1)
  const asked = known ?? {
    kind,
    // Not what knows the instance: it would be kept as long as the batch.
    state: patchState(state, { hints: null }),
    question: new PeerQuestion(batch.keysOf(nearColumn(relation)), {
      patience: 1,
      isRepeatable: true,
    }),
  }
  all.push(asked)
  if (all.length > MAX_ASKED) all.shift()
  return asked.question
}

function loadAll(
  runner: Runner,
  kind: Shared,
  state: QueryState,
  relation: RelationMeta,
  keys: readonly unknown[],
): PeerLoad<unknown> {
  const query = withPeerRows(state, relation, keys)
  return { tables: tablesRead(query), found: answers(runner, kind, query, relation, keys) }
}

async function answers(
  runner: Runner,
  kind: Shared,
  query: QueryState,
  relation: RelationMeta,
  keys: readonly unknown[],
): Promise<Map<unknown, unknown>> {
  if (kind === 'rows') return await rowsByKey(runner, query, keys)
  if (kind === 'first') {
    const groups = await rowsByKey(runner, query, keys)
    return new Map([...groups].map(([key, [row = null]]) => [key, row]))
  }
  const { dialect } = runner.db
  const isCount = kind === 'count'
  const statement = isCount ? compilePeerCounts(query, dialect) : compilePeerKeys(query, dialect)
  const found = new Map<unknown, unknown>(keys.map((key) => [key, isCount ? 0 : false]))
  const { field } = nearColumn(relation)
  for (const row of statement === null ? [] : await rowsOf(runner, statement, query)) {
    const key = field.fromDb(row[0], dialect)
    if (!found.has(key)) return new Map()
    found.set(key, isCount ? Number(row[1]) : true)
  }
  return found
}

async function rowsOf(
  runner: Runner,
  statement: CompiledStatement,
  query: QueryState,
): Promise<readonly (readonly unknown[])[]> {
  return (await runner.run(statement, limitsOf(query))).rows
}

async function rowsByKey(
  runner: Runner,
  query: QueryState,
  keys: readonly unknown[],
): Promise<Map<unknown, unknown[]>> {
  const compile = isSliced(query) ? compileSlices : compileSelect
  const { rows, nearKeys } = await readRows(runner, query, compile)
  await loadPrefetches(runner, query, rows)
  const found = new Map<unknown, unknown[]>(keys.map((key) => [key, []]))
  for (const [at, row] of rows.entries()) {
    const group = found.get(nearKeys?.[at])
    // The database has another idea of which keys are equal: only it can tell whose row this is.
    if (group === undefined) return new Map()
    group.push(row)
  }
  return found
}

/** The tables that a query and its prefetches read. */
function tablesRead(query: QueryState): Set<string> {
  const tables = new Set(tablesOf(planSelect(query).plan))
  for (const { hops, query: own } of query.prefetch as readonly PrefetchPath[]) {
    for (const { relation } of hops) for (const { table } of relation.steps) tables.add(table)
    if (own !== null) for (const table of tablesRead(own)) tables.add(table)
  }
  return tables
}
