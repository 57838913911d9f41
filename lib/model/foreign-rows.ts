import { FieldError } from '../errors.ts'
import { assign } from '../hydrate/assign.ts'
import { type Columns, Instance, instanceOrigin, markStored } from '../hydrate/instance.ts'
import { errorsOf } from '../meta/model-errors.ts'
import type { ColumnMeta } from '../meta/model-meta.ts'
import type { QueryState } from '../query/nodes.ts'
import { initialState, withExclude, withFilter } from '../query/state.ts'
import * as creating from '../queryset/create.ts'
import { assertIterable, bulkCreateFrom } from '../queryset/create-stream.ts'
import { farRows } from '../queryset/load-related.ts'
import { defaultQuerySetClass } from '../queryset/manager.ts'
import { restoreOnRollback } from '../queryset/restore.ts'
import { knownVersion } from '../queryset/version.ts'
import { updateRows } from '../queryset/write.ts'
import { readOptions } from '../util/options.ts'
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
    this.#restoreOnRollback(targets)
    await this.#point(withFilter(initialState(relation.to), [{ pk__in: keys }]), this.#near.key)
    this.#tell(targets, instance)
  }

  async remove(targets: readonly unknown[]): Promise<void> {
    const { relation, key } = this.#near
    this.#assertNullable('remove')
    const keys = targetKeys(relation, relation.to.primaryKey, targets)
    for (const target of instancesOf(targets)) {
      if (this.#column.field.equals(target[this.#column.name] ?? null, key)) continue
      throw new (errorsOf(relation.to).DoesNotExist)(
        `This ${relation.to.name} is not among the ${relation.name} of this ${relation.from.name}.`,
      )
    }
    if (keys.length === 0) return
    this.#restoreOnRollback(targets)
    await this.#point(withFilter(this.#rows(), [{ pk__in: keys }]), null)
    this.#tell(targets, null)
  }

  async set(targets: readonly unknown[], options: Options): Promise<void> {
    const { relation, db } = this.#near
    const { clear } = readOptions('set()', options, { clear: 'flag' })
    const keys = targetKeys(relation, relation.to.primaryKey, targets)
    // Django's answer: rows that must belong to somebody stay where they are.
    if (!this.#column.null) return await this.add(targets)
    if (keys.length === 0) return await this.clear()
    const gone = clear === true ? this.#rows() : withExclude(this.#rows(), [{ pk__in: keys }])
    await db.atomic(async () => {
      await this.#point(gone, null)
      await this.add(targets)
    })
  }

  async clear(): Promise<void> {
    this.#assertNullable('clear')
    await this.#point(this.#rows(), null)
  }

  async create(values: Options, options: Options): Promise<object> {
    readOptions('create()', options, {})
    return await creating.create(this.#near.db, this.#near.relation.to, this.#owned(values))
  }

  async bulkCreate(rows: unknown, options: Options): Promise<object[] | number> {
    const { db, relation, instance } = this.#near
    const owned = (row: unknown): object => {
      if (typeof row !== 'object' || row === null) return row as never
      if (!Instance.is(row)) return this.#owned(row)
      assign(relation.to, row as Columns, relation.inverse.name, instance)
      return row
    }
    if (!Array.isArray(rows)) {
      assertIterable(relation.to, rows)
      return await bulkCreateFrom(db, relation.to, each(rows, owned), options)
    }
    return await creating.bulkCreate(db, relation.to, rows.map(owned), options)
  }

  async getOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const { defaults } = readOptions('getOrCreate()', options, creating.GET_OPTIONS)
    return await creating.getOrCreate(this.#near.db, this.#rows(), where, {
      defaults: this.#owned(defaults),
    })
  }

  async updateOrCreate(where: Options, options: Options): Promise<[object, boolean]> {
    const own = readOptions('updateOrCreate()', options, creating.UPDATE_OPTIONS)
    const { defaults = {}, createDefaults = defaults } = own
    return await creating.updateOrCreate(this.#near.db, this.#rows(), where, {
      defaults: defaults as Options,
      createDefaults: this.#owned(createDefaults),
    })
  }

  get #column(): ColumnMeta {
    return this.#near.relation.keyColumn as ColumnMeta
  }

  #rows(): QueryState {
    const { instance, relation, key } = this.#near
    return farRows(instance, relation, key)
  }

  #owned(values: unknown): Options {
    return {
      ...(values as Options | undefined),
      [this.#column.relation?.name ?? '']: this.#near.instance,
    }
  }

  async #point(rows: QueryState, key: unknown): Promise<void> {
    const querySetClass = defaultQuerySetClass(this.#near.relation.to)
    const values = { [this.#column.name]: key }
    await updateRows(this.#near.db.current(), rows, values, (state) => new querySetClass(state))
  }

  /**
   * Before they are written: it may be undone while the answer is on its way.
   *
   * @throws NotLoadedError, ValidationError for a version that cannot be counted on from.
   */
  #restoreOnRollback(targets: readonly unknown[]): void {
    const { db, relation } = this.#near
    for (const target of instancesOf(targets)) {
      if (instanceOrigin(target) === null) continue
      knownVersion(relation.to, target)
      restoreOnRollback(db, relation.to, target)
    }
  }

  /** Lets instances know what the database holds now: saving them has nothing to write. */
  #tell(targets: readonly unknown[], near: Columns | null): void {
    const { relation } = this.#near
    for (const target of instancesOf(targets)) {
      const origin = instanceOrigin(target)
      assign(relation.to, target, relation.inverse.name, near)
      if (origin === null) continue
      const { version } = relation.to
      // It is as new, or as stale, as it was before its row counted this write.
      if (version !== null) target[version.name] = (target[version.name] as number) + 1
      const columns = version === null ? [this.#column] : [this.#column, version]
      markStored(target, origin, columns, relation.to)
    }
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

async function* each(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  change: (row: unknown) => object,
): AsyncGenerator<object> {
  for await (const row of rows) yield change(row)
}

function instancesOf(targets: readonly unknown[]): Columns[] {
  return targets.filter((target): target is Columns => Instance.is(target))
}
