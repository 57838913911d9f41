import { FieldError } from '../errors.ts'
import { distinctKeys, toMapKey } from '../fields/key.ts'
import type { ThroughMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFlat } from '../query/projection.ts'
import { Q } from '../query/q.ts'
import { initialState, withFilter } from '../query/state.ts'
import { BULK_CREATE_OPTIONS } from '../queryset/bulk-options.ts'
import * as creating from '../queryset/create.ts'
import { bulkCreateFrom } from '../queryset/create-stream.ts'
import { fetchRows } from '../queryset/fetch.ts'
import type { InsertOptions } from '../queryset/insert.ts'
import { insertPairs } from '../queryset/insert-pairs.ts'
import { telling } from '../queryset/listeners.ts'
import { farRows } from '../queryset/load-related.ts'
import { deleteRows } from '../queryset/write.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { assertValues } from '../util/shapes.ts'
import { type NearSide, type Options, type RelatedRows, targetKeys } from './related-rows.ts'

const THROUGH: OptionNames<Options> = { throughDefaults: true }

/** The rows that a join table connects with an instance: changing which they are writes that table. */
export class JoinedRows implements RelatedRows {
  readonly #near: NearSide

  constructor(near: NearSide) {
    this.#near = near
  }

  async add(targets: readonly unknown[]): Promise<void> {
    const { options, rows } = splitOptions(targets)
    const { throughDefaults } = readOptions('add()', options, THROUGH)
    const values = this.#values(throughDefaults)
    const keys = this.#keys(rows)
    if (keys.length === 0) return
    const before = await this.#connected(keys)
    await this.#connect(this.#without(keys, before), values)
  }

  async remove(targets: readonly unknown[]): Promise<void> {
    const keys = this.#keys(targets)
    if (keys.length > 0) await this.#disconnect(keys)
  }

  async set(targets: readonly unknown[], options: Options): Promise<void> {
    const { db } = this.#near
    const { clear, throughDefaults } = readOptions('set()', options, { clear: 'flag', ...THROUGH })
    const values = this.#values(throughDefaults)
    const keys = this.#keys(targets)
    if (keys.length === 0) return await this.clear()
    if (clear === true) {
      return await db.atomic(async () => {
        await this.clear()
        await this.#connect(keys, values)
      })
    }
    const before = await this.#connected()
    const gone = this.#without(before, keys)
    const added = this.#without(keys, before)
    const write = async (): Promise<void> => {
      if (gone.length > 0) await this.#disconnect(gone)
      await this.#connect(added, values)
    }
    await (gone.length > 0 && added.length > 0 ? db.atomic(write) : write())
  }

  async clear(): Promise<void> {
    await this.#disconnect(null)
  }

  async create(values: Options, options: Options): Promise<object> {
    const { db, relation } = this.#near
    const { throughDefaults } = readOptions('create()', options, THROUGH)
    const through = this.#values(throughDefaults)
    return await db.atomic(async () => {
      const created = await creating.create(db, relation.to, values)
      await this.#connect(this.#keys([created]), through)
      return created
    })
  }

  async bulkCreate(rows: unknown, options: Options): Promise<object[] | number> {
    const { db, relation } = this.#near
    const names = { ...BULK_CREATE_OPTIONS, ...THROUGH }
    const { throughDefaults, ...inserting } = readOptions('bulkCreate()', options, names)
    const through = this.#values(throughDefaults)
    const connect = (created: readonly object[]): Promise<void> =>
      this.#connect(this.#keys(created), through)
    if (!Array.isArray(rows)) return await bulkCreateFrom(db, relation.to, rows, inserting, connect)
    return await db.atomic(async () => {
      const created = await creating.bulkCreate(db, relation.to, rows, inserting as InsertOptions)
      await connect(created)
      return created
    })
  }

  async getOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { db } = this.#near
    const names = { ...creating.GET_OPTIONS, ...THROUGH }
    const { throughDefaults, ...creatingOptions } = readOptions('getOrCreate()', options, names)
    const through = this.#values(throughDefaults)
    return await db.atomic(async () => {
      const found = await creating.getOrCreate(db, this.#rows(), where, creatingOptions)
      if (found[1]) await this.#connect(this.#keys([found[0]]), through)
      return found
    })
  }

  async updateOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { db } = this.#near
    const names = { ...creating.UPDATE_OPTIONS, ...THROUGH }
    const { throughDefaults, ...creatingOptions } = readOptions('updateOrCreate()', options, names)
    const through = this.#values(throughDefaults)
    return await db.atomic(async () => {
      const found = await creating.updateOrCreate(db, this.#rows(), where, creatingOptions)
      if (found[1]) await this.#connect(this.#keys([found[0]]), through)
      return found
    })
  }

  get #through(): ThroughMeta {
    return this.#near.relation.through as ThroughMeta
  }

  #rows(): QueryState {
    const { instance, relation, key } = this.#near
    return farRows(instance, relation, key)
  }

  #keys(targets: readonly unknown[]): unknown[] {
    const { relation } = this.#near
    return targetKeys(relation, relation.targetColumn, targets)
  }

  /** Those of `keys` that are not among `others`. */
  #without(keys: readonly unknown[], others: readonly unknown[]): unknown[] {
    const { field } = this.#through.far
    const taken = new Set(others.map((key) => toMapKey(field, key)))
    return keys.filter((key) => !taken.has(toMapKey(field, key)))
  }

  /** The keys at the far end that are connected already. */
  async #connected(keys?: readonly unknown[]): Promise<unknown[]> {
    const { near, far, model } = this.#through
    const where = { [near.name]: this.#near.key, ...(keys && { [`${far.name}__in`]: keys }) }
    const query = withFlat(withFilter(initialState(model), [where]), far.name)
    return distinctKeys(far.field, await fetchRows(this.#near.db.current(), query))
  }

  async #connect(keys: readonly unknown[], values: Options): Promise<void> {
    const { db, key } = this.#near
    if (keys.length === 0) return
    const through = this.#through
    const pairs = keys.map((far) => [key, far] as const)
    // Oneself is one's own friend once, not twice.
    const others = through.symmetrical ? this.#without(keys, [key]) : []
    const all = [...pairs, ...others.map((far) => [far, key] as const)]
    await this.#telling('add', keys, () => insertPairs(db, through, all, values))
  }

  /** Deletes the rows between this instance and those with the keys, or all. */
  async #disconnect(keys: readonly unknown[] | null): Promise<void> {
    const { near, far, model, symmetrical } = this.#through
    const { db, key } = this.#near
    const between = (from: string, to: string): Options => ({
      [from]: key,
      ...(keys !== null && { [`${to}__in`]: keys }),
    })
    const forward = between(near.name, far.name)
    const where = symmetrical ? Q.or(forward, between(far.name, near.name)) : forward
    await this.#telling(keys === null ? 'clear' : 'remove', keys, () =>
      deleteRows(db.current(), withFilter(initialState(model), [where])),
    )
  }

  async #telling(
    action: 'add' | 'remove' | 'clear',
    keys: readonly unknown[] | null,
    write: () => Promise<unknown>,
  ): Promise<void> {
    const { db, instance, relation } = this.#near
    const event = { kind: 'm2m', action, instance, relation: relation.name, keys }
    await telling(db, relation.from, 'm2m', event, write)
  }

  /** The columns of a through model that a new row between the two is given. */
  #values(throughDefaults: unknown = {}): Options {
    assertValues(throughDefaults, 'throughDefaults')
    const { isModel, model } = this.#through
    if (Object.keys(throughDefaults).length > 0 && !isModel) {
      throw new FieldError(
        `throughDefaults needs a through model with columns of its own; ${model.table} has none.`,
      )
    }
    return throughDefaults as Options
  }
}

/** `add(tag, { throughDefaults: { … } })`: a plain object at the end is options. */
function splitOptions(targets: readonly unknown[]): { options: Options; rows: readonly unknown[] } {
  const last = targets[targets.length - 1]
  if (!isPlainObject(last)) return { options: {}, rows: targets }
  return { options: last as Options, rows: targets.slice(0, -1) }
}
