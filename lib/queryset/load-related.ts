import { type Columns, type Instance, instanceState } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import { initialState, withFilter } from '../query/state.ts'
import { databaseOfInstance } from './databases.ts'
import { fetchRows } from './fetch.ts'
import { limitedForGet, onlyRow } from './single.ts'

/** The row that a forward relation of an instance refers to by `key`. One query. */
export async function loadRelated(
  instance: Columns,
  relation: RelationMeta,
  key: unknown,
): Promise<Instance> {
  const { to, targetColumn } = relation
  const using = instanceState(instance).origin?.database
  const db = databaseOfInstance(instance, to, using)
  const query = limitedForGet(withFilter(initialState(to), [{ [targetColumn.name]: key }]))
  return onlyRow(query, (await fetchRows(db.current(), query)) as Instance[])
}
