import type { Database } from '../database/runner.ts'
import { IntegrityError, InvalidValueError, ObjectDoesNotExist } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import { type Columns, Instance } from '../hydrate/instance.ts'
import { namedColumn } from '../meta/columns.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { withLock } from '../query/lock.ts'
import type { QueryState } from '../query/nodes.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { assertValues } from '../util/shapes.ts'
import { type BulkCreateOptions, toInsertOptions } from './bulk-options.ts'
import { fetchRows } from './fetch.ts'
import { type InsertOptions, insertInstances } from './insert.ts'
import { telling } from './listeners.ts'
import { atRow } from './new-rows.ts'
import { limitedForGet, onlyRow, withGet } from './single.ts'
import type { GetOrCreateOptions, UpdateOrCreateOptions } from './types.ts'

/** What the model room gives instances, as this room needs it. */
interface Savable extends Columns {
  save(options: { readonly using: Database }): Promise<void>
}

type Values = Readonly<Record<string, unknown>>

/** The names of the options of `getOrCreate()`. */
export const GET_OPTIONS: OptionNames<GetOrCreateOptions<Values>> = { defaults: true }

/** The names of the options of `updateOrCreate()`. */
export const UPDATE_OPTIONS: OptionNames<UpdateOrCreateOptions<Values>> = {
  defaults: true,
  createDefaults: true,
}

/** Which of all rows of a `bulkCreate()` are inserted now. */
type RowsPart = Required<Pick<InsertOptions, 'firstIndex' | 'dropped'>>

const WHOLE = { firstIndex: 0, dropped: undefined }

/** Makes and saves an instance, through its own `save()`. */
export async function create(db: Database, meta: ModelMeta, values: object): Promise<Columns> {
  const instance = construct(meta, values)
  await instance.save({ using: db })
  return instance
}

/** Inserts many rows, given as create inputs or new instances, in as few statements as possible. */
export async function bulkCreate(
  db: Database,
  meta: ModelMeta,
  rows: readonly object[],
  options: BulkCreateOptions,
  part: RowsPart = WHOLE,
): Promise<Columns[]> {
  const instances = rows.map((row, at) => newInstance(meta, row, part.firstIndex + at))
  const inserting = { ...toInsertOptions(meta, options), ...part }
  if (instances.length === 0) return []
  await telling(db, meta, 'save', { kind: 'bulkCreate', instances }, () =>
    insertInstances(db, meta, instances, inserting),
  )
  return instances
}

/**
 * The instance of a row that is one of many: an instance itself, or made of a create input.
 *
 * @throws ValidationError that names the row by its index.
 * @throws InvalidValueError for what is neither.
 */
export function newInstance(meta: ModelMeta, row: unknown, index: number): Columns {
  if (typeof row !== 'object' || row === null) {
    throw new InvalidValueError(
      `bulkCreate() of ${meta.name} takes objects of values, or instances; rows[${index}] is neither.`,
    )
  }
  if (!Instance.is(row)) return atRow(meta, index, () => construct(meta, row))
  if (row instanceof meta.modelClass) return row as Columns
  throw new InvalidValueError(
    `bulkCreate() of ${meta.name} was given an instance of another model.`,
  )
}

/** The row that matches, and whether it had to be created. */
export async function getOrCreate(
  db: Database,
  state: QueryState,
  where: Values,
  options: GetOrCreateOptions<Values>,
): Promise<[Columns, boolean]> {
  const { defaults = {} } = readOptions('getOrCreate()', options, GET_OPTIONS)
  assertNames(state.model, defaults, 'defaults of getOrCreate()')
  const query = limitedForGet(withGet(state, [where]))
  const find = async (): Promise<Columns> =>
    onlyRow(query, (await fetchRows(db.current(), query)) as Columns[])
  try {
    return [await find(), false]
  } catch (error) {
    if (!(error instanceof ObjectDoesNotExist)) throw error
  }
  try {
    const values = { ...plainLookups(where), ...called(defaults) }
    return [await db.atomic(() => create(db, state.model, values)), true]
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error
    // Somebody else may have created it meanwhile; if not, the error stands.
    return [await find().catch(() => rethrow(error)), false]
  }
}

/** Updates the row that matches, or creates it; in one transaction. */
export async function updateOrCreate(
  db: Database,
  state: QueryState,
  where: Values,
  options: UpdateOrCreateOptions<Values>,
): Promise<[Columns, boolean]> {
  const own = readOptions('updateOrCreate()', options, UPDATE_OPTIONS)
  const { defaults = {}, createDefaults = defaults } = own
  assertNames(state.model, defaults, 'defaults of updateOrCreate()')
  assertNames(state.model, createDefaults, 'createDefaults of updateOrCreate()')
  withGet(state, [where])
  return await db.atomic(async () => {
    const creating = { defaults: createDefaults }
    const [instance, isNew] = await getOrCreate(db, lockable(state), where, creating)
    if (isNew) return [instance, true]
    for (const [name, value] of Object.entries(called(defaults))) {
      assign(state.model, instance, name, value)
    }
    await (instance as Savable).save({ using: db })
    return [instance, false]
  })
}

/**
 * The same query, which keeps others from writing the row until the transaction ends; as it is where
 * its rows are not simply those of a table.
 */
function lockable(state: QueryState): QueryState {
  const { combination, groupBy, distinct, annotations } = state
  const isPlain = combination === null && groupBy === null && distinct === false
  if (!isPlain || annotations.size > 0 || state.lock !== null) return state
  return withLock(state, { of: ['self'] })
}

function construct(meta: ModelMeta, values: object): Savable {
  return new meta.modelClass(values) as Savable
}

/** A wrong name is told by the first call, not by the first that creates a row. */
function assertNames(meta: ModelMeta, values: unknown, what: string): void {
  assertValues(values, what)
  for (const name of Object.keys(values)) namedColumn(meta, name)
}

/** The lookups that say what a new row's column is: those without a `__`. */
function plainLookups(where: Values): Values {
  return Object.fromEntries(
    Object.entries(where).flatMap(([key, value]) => {
      const name = key.endsWith('__exact') ? key.slice(0, -'__exact'.length) : key
      return name.includes('__') ? [] : [[name, value]]
    }),
  )
}

function called(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'function' ? (value as () => unknown)() : value,
    ]),
  )
}

function rethrow(error: unknown): never {
  throw error
}
