import type { Runner } from '../database/runner.ts'
import { type Columns, instanceState, remember } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { farColumn, nearColumn, withFarKeys } from '../query/related-rows.ts'
import { initialState, patchState } from '../query/state.ts'
import { type PrefetchHop, type PrefetchPath, propertiesOf } from './prefetch-paths.ts'
import { type KeyedRows, readRows } from './read-rows.ts'

export type { PrefetchPath } from './prefetch-paths.ts'

/** Loads relations of instances along paths: one query for each step, whatever their number. */
export async function prefetch(
  runner: Runner,
  instances: readonly Columns[],
  paths: readonly PrefetchPath[],
): Promise<void> {
  const done = new Map<string, readonly Columns[]>()
  for (const { hops, query } of paths) {
    let level = instances
    for (const [index, hop] of hops.entries()) {
      const name = propertiesOf(hops.slice(0, index + 1))
      const own = index === hops.length - 1 ? query : null
      level = done.get(name) ?? (await loadStep(runner, level, hop, own))
      done.set(name, level)
    }
  }
}

/** The instances one step further, loaded unless all of them are there already. */
async function loadStep(
  runner: Runner,
  near: readonly Columns[],
  hop: PrefetchHop,
  query: QueryState | null,
): Promise<readonly Columns[]> {
  const missing = near.filter((instance) => query !== null || !isLoaded(instance, hop))
  if (missing.length > 0) await load(runner, missing, hop, query)
  return near.flatMap((instance) => loadedBy(instance, hop))
}

function isLoaded(instance: Columns, { relation, property }: PrefetchHop): boolean {
  if (property !== relation.name) return Object.hasOwn(instance, property)
  return instanceState(instance).related?.has(relation.name) === true
}

/** What an instance has at the other end of a step, as a list. */
function loadedBy(instance: Columns, { relation, property }: PrefetchHop): readonly Columns[] {
  const kept =
    property === relation.name
      ? instanceState(instance).related?.get(relation.name)
      : (instance[property] as object | readonly object[] | null)
  if (kept === undefined || kept === null) return []
  return (Array.isArray(kept) ? kept : [kept]) as readonly Columns[]
}

async function load(
  runner: Runner,
  near: readonly Columns[],
  hop: PrefetchHop,
  query: QueryState | null,
): Promise<void> {
  const { relation } = hop
  const key = nearColumn(relation).name
  const keys = new Set(near.map((instance) => instance[key] ?? null))
  keys.delete(null)
  const found = await readFar(runner, relation, query ?? initialState(relation.to), [...keys])
  const groups = groupByKey(relation, found)
  const { offset = 0, limit = null } = query ?? {}
  for (const instance of near) {
    const group = groups.get(instance[key]) ?? []
    const rows = group.slice(offset, limit === null ? undefined : offset + limit)
    keep(instance, hop, rows)
  }
}

/** The far rows of many near keys, with what their own query prefetches. */
async function readFar(
  runner: Runner,
  relation: RelationMeta,
  query: QueryState,
  keys: readonly unknown[],
): Promise<KeyedRows> {
  if (keys.length === 0 || query.isNone) return { rows: [], nearKeys: null }
  // A slice is taken for each near row, once its rows are together.
  const whole = patchState(query, { offset: 0, limit: null })
  const found = await readRows(runner, withFarKeys(whole, relation, keys))
  const paths = query.prefetch as readonly PrefetchPath[]
  if (paths.length > 0) await prefetch(runner, found.rows as readonly Columns[], paths)
  return found
}

function groupByKey(
  relation: RelationMeta,
  { rows, nearKeys }: KeyedRows,
): Map<unknown, Columns[]> {
  const column = farColumn(relation)
  const groups = new Map<unknown, Columns[]>()
  rows.forEach((row, at) => {
    const instance = row as Columns
    const key = column === null ? nearKeys?.[at] : instance[column.name]
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [instance])
    else group.push(instance)
  })
  return groups
}

/** Puts far rows on a near instance, and it on them where the way back leads to one row. */
function keep(near: Columns, { relation, property }: PrefetchHop, rows: readonly Columns[]): void {
  const kept = relation.toMany ? rows : (rows[0] ?? null)
  if (property === relation.name) remember(near, relation.name, kept)
  else near[property] = kept
  if (relation.inverse.toMany || relation.inverse.isHidden) return
  for (const row of rows) remember(row, relation.inverse.name, near)
}
