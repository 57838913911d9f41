import { InvalidValueError } from '../errors.ts'
import { type Columns, Instance } from '../hydrate/instance.ts'
import { metaOf } from '../meta/meta.ts'
import type { HasFields } from '../meta/row-types.ts'
import type { Term } from '../query/check-types.ts'
import { initialState } from '../query/state.ts'
import { databaseOfInstance } from './databases.ts'
import { prefetch } from './prefetch.ts'
import { addPrefetches } from './prefetch-paths.ts'
import type { CheckPrefetches, WithPrefetched } from './prefetch-types.ts'

/**
 * Loads the rows at the far ends of these relations for instances that are there already: one query
 * for each step of a path, and none for what they have. Gives the same instances, typed as after
 * `prefetchRelated()`.
 *
 * @throws FieldError for a name that is no relation, InvalidValueError for instances of several
 * models; before any SQL.
 * @example
 * const [author] = await prefetchRelatedObjects([await Author.objects.get({ id: 1 })], 'books__tags')
 */
export async function prefetchRelatedObjects<
  M extends HasFields<object>,
  const Ps extends readonly Term[],
>(instances: readonly M[], ...paths: CheckPrefetches<M, Ps>): Promise<WithPrefetched<M, M, Ps>[]> {
  const [first] = instances as unknown as readonly Columns[]
  if (first === undefined) return []
  if (!Instance.is(first)) throw notInstances()
  const meta = metaOf(first.constructor)
  for (const instance of instances) if (!(instance instanceof meta.modelClass)) throw notInstances()
  const resolved = addPrefetches(initialState(meta), paths)
  const runner = databaseOfInstance(first, meta).current()
  await prefetch(runner, instances as unknown as Columns[], resolved, initialState(meta))
  return [...instances] as unknown as WithPrefetched<M, M, Ps>[]
}

function notInstances(): InvalidValueError {
  return new InvalidValueError('prefetchRelatedObjects() takes instances of one model.')
}
