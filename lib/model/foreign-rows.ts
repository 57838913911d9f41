import { FieldError, ObjectDoesNotExist } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import { type Columns, Instance } from '../hydrate/instance.ts'
import type { ColumnMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { withFarRows } from '../query/related-rows.ts'
import { initialState, withExclude, withFilter } from '../query/state.ts'
import * as creating from '../queryset/create.ts'
import { updateRows } from '../queryset/write.ts'
import { type NearSide, type Options, type RelatedRows, targetKeys } from './related-rows.ts'

/** The rows that refer to an instance by a foreign key of theirs: changing which they are sets it. */
export class ForeignRows implements RelatedRows {
  readonly #near: NearSide

  constructor(near: NearSide) {
    this.#near = near
  }

  async add(targets: readonly unknown[]): Promise<void> {
    const { relation, instance } = this.#near
    const keys = targetKeys(relation, relation.to.primaryKey, targets)
    if (keys.length === 0) return
    await this.#point(withFilter(initialState(relation.to), [{ pk__in: keys }]), this.#near.key)
    for (const target of instancesOf(targets)) {
      assign(relation.to, target, relation.inverse.name, instance)
    }
  }

  async remove(targets: readonly unknown[]): Promise<void> {
    const { relation, key } = this.#near
    this.#assertNullable('remove')
    for (const target of instancesOf(targets)) {
      if (this.#column.field.equals(target[this.#column.name] ?? null, key)) continue
      throw new ObjectDoesNotExist(
        `This ${relation.to.name} is not among the ${relation.name} of this ${relation.from.name}.`,
      )
    }
    const keys = targetKeys(relation, relation.to.primaryKey, targets)
    await this.#point(withFilter(this.#rows(), [{ pk__in: keys }]), null)
    for (const target of instancesOf(targets)) assign(relation.to, target, this.#column.name, null)
  }

  async set(targets: readonly unknown[], options: Options): Promise<void> {
    const { relation, db } = this.#near
    const keys = targetKeys(relation, relation.to.primaryKey, targets)
    await db.atomic(async () => {
      const gone =
        options['clear'] === true ? this.#rows() : withExclude(this.#rows(), [{ pk__in: keys }])
      if (this.#column.null) await this.#point(gone, null)
      await this.add(targets)
    })
  }

  async clear(): Promise<void> {
    this.#assertNullable('clear')
    await this.#point(this.#rows(), null)
  }

  async create(values: Options): Promise<object> {
    return await creating.create(this.#near.db, this.#near.relation.to, this.#owned(values))
  }

  async bulkCreate(rows: readonly object[], options: Options): Promise<object[]> {
    const { db, relation, instance } = this.#near
    const owned = rows.map((row) => {
      if (!Instance.is(row)) return this.#owned(row as Options)
      assign(relation.to, row as Columns, relation.inverse.name, instance)
      return row
    })
    return await creating.bulkCreate(db, relation.to, owned, options)
  }

  async getOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    return await creating.getOrCreate(this.#near.db, this.#rows(), where, {
      defaults: this.#owned(options['defaults']),
    })
  }

  async updateOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { defaults = {}, createDefaults = defaults } = options
    return await creating.updateOrCreate(this.#near.db, this.#rows(), where, {
      defaults: defaults as Options,
      createDefaults: this.#owned(createDefaults),
    })
  }

  get #column(): ColumnMeta {
    return this.#near.relation.keyColumn as ColumnMeta
  }

  #rows(): QueryState {
    const { relation, key } = this.#near
    return withFarRows(initialState(relation.to), relation, key)
  }

  #owned(values: unknown): Options {
    return { ...(values as Options | undefined), [this.#column.relation?.name ?? '']: this.#near.instance }
  }

  async #point(rows: QueryState, key: unknown): Promise<void> {
    await updateRows(this.#near.db.current(), rows, { [this.#column.name]: key })
  }

  #assertNullable(verb: string): void {
    if (this.#column.null) return
    const { relation } = this.#near
    throw new FieldError(
      `${relation.from.name}.${relation.name} has no ${verb}(): ` +
        `${relation.to.name}.${this.#column.name} cannot be null. Delete the rows, or give them to another.`,
    )
  }
}

function instancesOf(targets: readonly unknown[]): Columns[] {
  return targets.filter((target): target is Columns => Instance.is(target))
}

