import { type Columns, instanceState, remember } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFarRows } from '../query/related-rows.ts'
import { initialState, patchState } from '../query/state.ts'
import { databaseOf } from './databases.ts'
import { fetchRows } from './fetch.ts'
import { limitedForGet, onlyRow } from './single.ts'

/**
 * The query for the far rows of one instance's relation. They are looked for where the instance
 * came from, and know it where the way back leads to one row.
 */
export function farRows(instance: Columns, relation: RelationMeta, key: unknown): QueryState {
  const database = instanceState(instance).origin?.database ?? null
  return withFarRows(
    patchState(initialState(relation.to), { database, hints: { near: { relation, instance } } }),
    relation,
    key,
  )
}

/** The one row at the far end of an instance's relation; null where there need not be one. */
export async function loadRelated(
  instance: Columns,
  relation: RelationMeta,
  key: unknown,
): Promise<object | null> {
  const query = limitedForGet(farRows(instance, relation, key))
  const rows = (await fetchRows(databaseOf(query).current(), query)) as Columns[]
  const isOptional = relation.kind === 'reverseOneToOne' && rows.length === 0
  const far = isOptional ? null : onlyRow(query, rows)
  remember(instance, relation.name, far)
  return far
}
