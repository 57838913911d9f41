import type { Runner } from '../database/runner.ts'
import { NotLoadedError } from '../errors.ts'
import { type Columns, instanceOrigin, remember } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { farColumn, nearColumn, withFarKeys, withFarRows } from '../query/related-rows.ts'
import { initialState, patchState, withOrdering } from '../query/state.ts'
import { databaseOf } from './databases.ts'
import { fetchRows } from './fetch.ts'
import { batchOf, type PeerLoad, PeerQuestion, rememberedFor } from './peers.ts'
import { limitedForGet, onlyRow } from './single.ts'

/**
 * The query for the far rows of one instance's relation. They are looked for where the instance
 * came from, and know it where the way back leads to one row.
 */
export function farRows(instance: Columns, relation: RelationMeta, key: unknown): QueryState {
  return withFarRows(allFarRows(instance, relation), relation, key, {
    near: { relation, instance, key },
  })
}

/** All rows of the model at the far end, where the instance came from. */
function allFarRows(instance: Columns, relation: RelationMeta): QueryState {
  const origin = instanceOrigin(instance)
  const database = origin?.database ?? null
  return patchState(initialState(relation.to), { database, fetchMode: origin?.fetchMode ?? null })
}

/**
 * The one row at the far end of an instance's relation; null where there need not be one. One query
 * loads it for all instances of the same result, each of which gets its own when it asks.
 *
 * @throws NotLoadedError where the instance's fetch mode is 'raise'.
 */
export async function loadRelated(
  instance: Columns,
  relation: RelationMeta,
  key: unknown,
): Promise<object | null> {
  assertFetchable(instance, relation)
  const shared = await loadWithPeers(instance, relation, key)
  const far = shared === null ? await loadAlone(instance, relation, key) : shared.value
  remember(instance, relation.name, far)
  const { inverse } = relation
  if (far !== null && !inverse.toMany && !inverse.isHidden) remember(far, inverse.name, instance)
  return far
}

function assertFetchable(instance: Columns, { from, name }: RelationMeta): void {
  if (instanceOrigin(instance)?.fetchMode !== 'raise') return
  throw new NotLoadedError(
    `Fetching of ${from.name}.${name} is blocked by fetchMode('raise'): load it with the rows, by ` +
      `selectRelated('${name}') or prefetchRelated('${name}') on the queryset.`,
  )
}

async function loadAlone(
  instance: Columns,
  relation: RelationMeta,
  key: unknown,
): Promise<Columns | null> {
  const query = limitedForGet(farRows(instance, relation, key))
  const rows = (await fetchRows(databaseOf(query).current(), query)) as Columns[]
  const isOptional = relation.kind === 'reverseOneToOne' && rows.length === 0
  return isOptional ? null : onlyRow(query, rows)
}

function loadWithPeers(
  instance: Columns,
  relation: RelationMeta,
  key: unknown,
): Promise<{ readonly value: Columns | null } | null> | null {
  const column = nearColumn(relation)
  const batch = batchOf(instance, column, key)
  if (batch === null) return null
  const question = rememberedFor(
    batch,
    relation,
    () =>
      new PeerQuestion<Columns | null>(batch.keysOf(column), { patience: 0, isRepeatable: false }),
  )
  const query = withOrdering(allFarRows(instance, relation), [])
  const runner = databaseOf(query).current()
  return question.ask(key, runner, (keys) => loadAll(runner, query, relation, keys))
}

function loadAll(
  runner: Runner,
  query: QueryState,
  relation: RelationMeta,
  keys: readonly unknown[],
): PeerLoad<Columns | null> {
  const load = async (): Promise<Map<unknown, Columns | null>> => {
    const rows = await fetchRows(runner, withFarKeys(query, relation, keys))
    return byKey(relation, rows as Columns[], keys)
  }
  return { tables: [relation.to.table], found: load() }
}

/** The far rows by the keys that were asked for; without what only asking alone gives the error for. */
function byKey(
  relation: RelationMeta,
  rows: readonly Columns[],
  keys: readonly unknown[],
): Map<unknown, Columns | null> {
  const name = farColumn(relation)?.name ?? ''
  const isOptional = relation.kind === 'reverseOneToOne'
  const found = new Map<unknown, Columns | null>(isOptional ? keys.map((key) => [key, null]) : [])
  const unseen = new Set<unknown>(keys)
  const twice: unknown[] = []
  for (const row of rows) {
    const key = row[name]
    if (unseen.delete(key)) found.set(key, row)
    else if (found.has(key)) twice.push(key)
    // The database has another idea of which keys are equal: only it can tell whose row this is.
    else return new Map()
  }
  for (const key of twice) found.delete(key)
  return found
}
