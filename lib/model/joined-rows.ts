import { FieldError } from '../errors.ts'
import type { ThroughMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFlat } from '../query/projection.ts'
import { withFarRows } from '../query/related-rows.ts'
import { initialState, withFilter } from '../query/state.ts'
import { isPlainObject } from '../util/plain-object.ts'
import * as creating from '../queryset/create.ts'
import { fetchRows } from '../queryset/fetch.ts'
import { insertPairs } from '../queryset/insert-pairs.ts'
import { deleteRows } from '../queryset/write.ts'
import { type NearSide, type Options, type RelatedRows, targetKeys } from './related-rows.ts'

/** The rows that a join table connects with an instance: changing which they are writes that table. */
export class JoinedRows implements RelatedRows {
  readonly #near: NearSide

  constructor(near: NearSide) {
    this.#near = near
  }

  async add(targets: readonly unknown[]): Promise<void> {
    const { options, rows } = splitOptions(targets)
    const keys = this.#keys(rows)
    if (keys.length > 0) await this.#near.db.atomic(() => this.#connect(keys, options))
  }

  async remove(targets: readonly unknown[]): Promise<void> {
    const keys = this.#keys(targets)
    if (keys.length === 0) return
    await this.#disconnect((far) => ({ [`${far}__in`]: keys }))
  }

  async set(targets: readonly unknown[], options: Options): Promise<void> {
    const keys = this.#keys(targets)
    await this.#near.db.atomic(async () => {
      if (options['clear'] === true) await this.clear()
      const before = await this.#connected()
      const gone = before.filter((key) => !keys.includes(key))
      await this.remove(gone)
      const added = keys.filter((key) => !before.includes(key))
      if (added.length > 0) await this.#connect(added, options)
    })
  }

  async clear(): Promise<void> {
    await this.#disconnect(() => ({}))
  }

  async create(values: Options, options: Options): Promise<object> {
    const { db, relation } = this.#near
    return await db.atomic(async () => {
      const created = await creating.create(db, relation.to, values)
      await this.#connect(this.#keys([created]), options)
      return created
    })
  }

  async bulkCreate(rows: readonly object[], options: Options): Promise<object[]> {
    const { db, relation } = this.#near
    return await db.atomic(async () => {
      const created = await creating.bulkCreate(db, relation.to, rows, {})
      await this.#connect(this.#keys(created), options)
      return created
    })
  }

  async getOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { db } = this.#near
    return await db.atomic(async () => {
      const found = await creating.getOrCreate(db, this.#rows(), where, options)
      if (found[1]) await this.#connect(this.#keys([found[0]]), options)
      return found
    })
  }

  async updateOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { db } = this.#near
    return await db.atomic(async () => {
      const found = await creating.updateOrCreate(db, this.#rows(), where, options)
      if (found[1]) await this.#connect(this.#keys([found[0]]), options)
      return found
    })
  }

  get #through(): ThroughMeta {
    return this.#near.relation.through as ThroughMeta
  }

  #rows(): QueryState {
    const { relation, key } = this.#near
    return withFarRows(initialState(relation.to), relation, key)
  }

  #keys(targets: readonly unknown[]): unknown[] {
    return targetKeys(this.#near.relation, this.#near.relation.to.primaryKey, targets)
  }

  /** The keys at the far end that are connected already. */
  async #connected(keys?: readonly unknown[]): Promise<unknown[]> {
    const { near, far, model } = this.#through
    const where = { [near.name]: this.#near.key, ...(keys && { [`${far.name}__in`]: keys }) }
    const query = withFlat(withFilter(initialState(model), [where]), far.name)
    return await fetchRows(this.#near.db.current(), query)
  }

  async #connect(keys: readonly unknown[], options: Options): Promise<void> {
    const { db, key } = this.#near
    const through = this.#through
    const before = await this.#connected(keys)
    const pairs = keys.filter((far) => !before.includes(far)).map((far) => [key, far] as const)
    const mirrored = through.symmetrical ? pairs.map(([near, far]) => [far, near] as const) : []
    const values = throughDefaults(through, options)
    await insertPairs(db, through, [...pairs, ...mirrored], values)
  }

  async #disconnect(where: (far: string) => Options): Promise<void> {
    const { near, far, model, symmetrical } = this.#through
    const { db, key } = this.#near
    const sides = symmetrical ? [near, far] : [near]
    await db.atomic(async () => {
      for (const side of sides) {
        const other = side === near ? far : near
        const gone = withFilter(initialState(model), [{ [side.name]: key, ...where(other.name) }])
        await deleteRows(db.current(), gone)
      }
    })
  }
}

/** `add(tag, { throughDefaults: { … } })`: a plain object at the end is options. */
function splitOptions(targets: readonly unknown[]): { options: Options; rows: readonly unknown[] } {
  const last = targets[targets.length - 1]
  if (!isPlainObject(last)) return { options: {}, rows: targets }
  return { options: last as Options, rows: targets.slice(0, -1) }
}

function throughDefaults({ isModel, model }: ThroughMeta, options: Options): Options {
  const { throughDefaults = {} } = options
  if (Object.keys(throughDefaults as Options).length > 0 && !isModel) {
    throw new FieldError(
      `throughDefaults needs a through model with columns of its own; ${model.table} has none.`,
    )
  }
  return throughDefaults as Options
}

