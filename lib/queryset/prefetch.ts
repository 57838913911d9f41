import { compileSelect } from '../compile/select.ts'
import { compileSlices } from '../compile/slices.ts'
import type { Runner } from '../database/runner.ts'
import { distinctKeys, toMapKey } from '../fields/key.ts'
import { type Columns, related, remember } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { farColumn, nearColumn, withFarKeys } from '../query/related-rows.ts'
import { initialState, isSliced, patchState } from '../query/state.ts'
import { databaseOf } from './databases.ts'
import { type PrefetchHop, type PrefetchPath, propertiesOf } from './prefetch-paths.ts'
import { type KeyedRows, readRows } from './read-rows.ts'

export type { PrefetchPath } from './prefetch-paths.ts'

/** Loads what a query prefetches with its rows; nothing where they are no instances. */
export async function loadPrefetches(
  runner: Runner,
  state: QueryState,
  rows: readonly unknown[],
): Promise<void> {
  const paths = state.prefetch as readonly PrefetchPath[]
  if (paths.length === 0 || state.projection.kind !== 'instances') return
  await prefetch(runner, rows as readonly Columns[], paths, state)
}

/** What the queries for related rows have in common with the one that wants them. */
export type Inherited = Pick<QueryState, 'timeoutMs' | 'signal' | 'fetchMode'>

/** Loads relations of instances along paths: one query for each step, whatever their number. */
export async function prefetch(
  runner: Runner,
  instances: readonly Columns[],
  paths: readonly PrefetchPath[],
  inherited: Inherited,
): Promise<void> {
  const done = new Map<string, readonly Columns[]>()
  for (const { hops, query } of paths) {
    let level = instances
    for (const [index, hop] of hops.entries()) {
      const name = propertiesOf(hops.slice(0, index + 1))
      const own = index === hops.length - 1 ? query : null
      const far = { ...hop, query: own, inherited }
      level = done.get(name) ?? (await loadStep(runner, level, far))
      done.set(name, level)
    }
  }
}

/** One step of a path, and how the rows at its end are asked for. */
interface Step extends PrefetchHop {
  readonly query: QueryState | null
  readonly inherited: Inherited
}

/** The instances one step further, each once; loaded where they are not there already. */
async function loadStep(
  runner: Runner,
  near: readonly Columns[],
  step: Step,
): Promise<readonly Columns[]> {
  const missing = step.query === null ? near.filter((instance) => !isLoaded(instance, step)) : near
  const loaded = missing.length > 0 ? await load(runner, missing, step) : []
  if (missing.length === near.length) return loaded
  return [...new Set(near.flatMap((instance) => loadedBy(instance, step)))]
}

function isLoaded(instance: Columns, { relation, property }: PrefetchHop): boolean {
  if (property !== relation.name) return Object.hasOwn(instance, property)
  return related(instance, relation.name) !== undefined
}

/** What an instance has at the other end of a step, as a list. */
function loadedBy(instance: Columns, { relation, property }: PrefetchHop): readonly Columns[] {
  const kept =
    property === relation.name
      ? related(instance, relation.name)
      : (instance[property] as object | readonly object[] | null)
  if (kept === undefined || kept === null) return []
  return (Array.isArray(kept) ? kept : [kept]) as readonly Columns[]
}

/** Loads what is one step further, and puts it on the near instances. */
async function load(
  runner: Runner,
  near: readonly Columns[],
  step: Step,
): Promise<readonly Columns[]> {
  const { name, field } = nearColumn(step.relation)
  const keys = distinctKeys(
    field,
    near.map((instance) => instance[name]),
  )
  const far = await readFar(runner, step, keys)
  const groups = groupByKey(step.relation, far)
  for (const instance of near) {
    keep(instance, step, groups.get(toMapKey(field, instance[name])) ?? [])
  }
  return far.rows as readonly Columns[]
}

/** The far rows of many near keys, with what their own query prefetches. */
async function readFar(
  runner: Runner,
  { relation, query, inherited }: Step,
  keys: readonly unknown[],
): Promise<KeyedRows> {
  const asked = query ?? initialState(relation.to)
  if (keys.length === 0 || asked.isNone) return { rows: [], nearKeys: null }
  const own = asked.database === null ? runner : databaseOf(asked).current()
  const sliced = isSliced(asked)
  const far = patchState(withFarKeys(asked, relation, keys, sliced), {
    timeoutMs: asked.timeoutMs ?? inherited.timeoutMs,
    signal: asked.signal ?? inherited.signal,
    fetchMode: asked.fetchMode ?? inherited.fetchMode,
  })
  const found = await readRows(own, far, sliced ? compileSlices : compileSelect)
  await loadPrefetches(own, far, found.rows)
  return found
}

function groupByKey(
  relation: RelationMeta,
  { rows, nearKeys }: KeyedRows,
): Map<unknown, Columns[]> {
  const { name } = farColumn(relation) ?? nearColumn(relation)
  const { field } = nearColumn(relation)
  const groups = new Map<unknown, Columns[]>()
  rows.forEach((row, at) => {
    const instance = row as Columns
    const key = toMapKey(field, nearKeys === null ? instance[name] : nearKeys[at])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [instance])
    else group.push(instance)
  })
  // A list that grew has room for 16 more, which would be kept as long as the instances.
  for (const [key, group] of groups) groups.set(key, group.slice())
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
