import { InvalidValueError, NotLoadedError } from '../errors.ts'
import { type Columns, forget, related } from '../hydrate/instance.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import { nearColumn } from '../query/related-rows.ts'
import { databaseOfInstance } from '../queryset/databases.ts'
import {
  type AnyQuerySetClass,
  installForwarding,
  OPEN,
  type Opener,
} from '../queryset/forwarding.ts'
import { farRows } from '../queryset/load-related.ts'
import { defaultQuerySetClass } from '../queryset/manager.ts'
import { withRows } from '../queryset/queryset.ts'
import { ForeignRows } from './foreign-rows.ts'
import { JoinedRows } from './joined-rows.ts'
import type { RelatedRows } from './related-rows.ts'

type AnyQuerySet = {
  update(values: object): Promise<number>
  bulkUpdate(...given: readonly unknown[]): Promise<number>
  delete(...given: readonly unknown[]): Promise<unknown>
}
type Options = Readonly<Record<string, unknown>>

/**
 * The rows at the far end of an instance's to-many relation: a manager whose querysets start from
 * them, and the ways to change which they are.
 */
class RelatedRowsManager implements Opener {
  readonly #instance: Columns
  readonly #relation: RelationMeta

  constructor(instance: Columns, relation: RelationMeta) {
    this.#instance = instance
    this.#relation = relation
  }

  [OPEN](): object {
    const querySetClass = defaultQuerySetClass(this.#relation.to)
    const key = this.#key()
    const loaded = this.#loaded()
    // Of rows that are there most querysets are only read.
    const rows = () => farRows(this.#instance, this.#relation, key)
    return loaded === undefined
      ? new querySetClass(rows())
      : withRows(new querySetClass(rows), loaded)
  }

  /** Where the rows are loaded already, a queryset that has them. */
  all(): object {
    return this[OPEN]()
  }

  /** The rows where they are loaded already: `for (const book of author.books)`. */
  [Symbol.iterator](): IterableIterator<object> {
    return this.#known()[Symbol.iterator]()
  }

  get length(): number {
    return this.#known().length
  }

  async update(values: object): Promise<number> {
    return await this.#changeAll((rows) => rows.update(values))
  }

  async bulkUpdate(...given: readonly unknown[]): Promise<number> {
    return await this.#changeAll((rows) => rows.bulkUpdate(...given))
  }

  async delete(...given: readonly unknown[]): Promise<unknown> {
    return await this.#changeAll((rows) => rows.delete(...given))
  }

  async add(...targets: readonly unknown[]): Promise<void> {
    await this.#change((rows) => rows.add(targets))
  }

  async remove(...targets: readonly unknown[]): Promise<void> {
    await this.#change((rows) => rows.remove(targets))
  }

  async set(targets: readonly unknown[], options: Options = {}): Promise<void> {
    await this.#change((rows) => rows.set(targets, options))
  }

  async clear(): Promise<void> {
    await this.#change((rows) => rows.clear())
  }

  async create(values: Options, options: Options = {}): Promise<object> {
    return await this.#change((rows) => rows.create(values, options))
  }

  async bulkCreate(values: unknown, options: Options = {}): Promise<object[] | number> {
    return await this.#change((rows) => rows.bulkCreate(values, options))
  }

  async getOrCreate(where: Options, options: Options = {}): Promise<[object, boolean]> {
    return await this.#change((rows) => rows.getOrCreate(where, options))
  }

  async updateOrCreate(where: Options, options: Options = {}): Promise<[object, boolean]> {
    return await this.#change((rows) => rows.updateOrCreate(where, options))
  }

  /** Changes which rows there are; what was loaded of them is then out of date. */
  async #change<T>(work: (rows: RelatedRows) => Promise<T>): Promise<T> {
    const relation = this.#relation
    const instance = this.#instance
    const db = databaseOfInstance(instance, relation.to)
    const near = { db, instance, relation, key: this.#key() }
    try {
      return await work(relation.through === null ? new ForeignRows(near) : new JoinedRows(near))
    } finally {
      this.#forget()
    }
  }

  async #changeAll<T>(work: (rows: AnyQuerySet) => Promise<T>): Promise<T> {
    try {
      return await work(this[OPEN]() as AnyQuerySet)
    } finally {
      this.#forget()
    }
  }

  #forget(): void {
    forget(this.#instance, this.#relation.name)
  }

  #key(): unknown {
    const { from, name } = this.#relation
    const key = this.#instance[nearColumn(this.#relation).name]
    if (key !== null && key !== undefined) return key
    throw new InvalidValueError(`${from.name}.${name} needs a saved instance: save it first.`)
  }

  #loaded(): readonly object[] | undefined {
    return related(this.#instance, this.#relation.name) as readonly object[] | undefined
  }

  #known(): readonly object[] {
    const { from, name } = this.#relation
    const loaded = this.#loaded()
    if (loaded !== undefined) return loaded
    throw new NotLoadedError(
      `${from.name}.${name} is not loaded: use prefetchRelated('${name}') on the queryset, or ` +
        `await instance.${name}.all().`,
    )
  }
}

const classes = new WeakMap<AnyQuerySetClass, typeof RelatedRowsManager>()

/** The manager of an instance's related rows; it has the methods of their model's own querysets. */
export function relatedManager(instance: Columns, relation: RelationMeta): object {
  const querySetClass = defaultQuerySetClass(relation.to)
  let managerClass = classes.get(querySetClass)
  if (managerClass === undefined) {
    managerClass = class RelatedManager extends RelatedRowsManager {}
    installForwarding(managerClass.prototype, querySetClass)
    classes.set(querySetClass, managerClass)
  }
  return new managerClass(instance, relation)
}
