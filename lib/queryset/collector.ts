import { compileDelete } from '../compile/delete.ts'
import { compileUpdate } from '../compile/update.ts'
import type { Database } from '../database/runner.ts'
import { ProtectedError, RestrictedError } from '../errors.ts'
import type { Columns } from '../hydrate/instance.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { resolveAssignments } from '../query/assignments.ts'
import type { QueryState } from '../query/nodes.ts'
import { withValuesList } from '../query/projection.ts'
import { Q } from '../query/q.ts'
import { initialState, patchState, withExclude, withFilter } from '../query/state.ts'
import { type AnyOf, Collected, type DoomedRow } from './collected.ts'
import { deletionOrder } from './collector-order.ts'
import { byChild, type DeletionRule, rulesOf } from './collector-rules.ts'
import { isHeard, type Phase, tell } from './listeners.ts'
import type { OnProgress } from './progress.ts'
import { limitsOf, readRows, withinLimits } from './read-rows.ts'
import { countedWrite } from './version.ts'

/** How many rows were deleted, and of which model or join table; none that had no rows. */
export type DeletionReport = [total: number, byModel: Record<string, number>]

/** The instance of the only row of a query. */
export interface KnownInstance {
  readonly instance: Columns
  /** What rules must know of the row; undefined where the instance does not have all of it. */
  readonly row: DoomedRow | undefined
}

/** Options of `delete()` of a queryset. */
export interface DeleteOptions {
  /**
   * Told after every statement that deletes, with how many rows are gone so far, those of other models
   * too; what it throws brings all of them back. `total` is null: nobody has counted them.
   */
  readonly onProgress?: OnProgress | undefined
}

/** What there is to a deletion beside its rows. */
interface Deleting {
  readonly known: KnownInstance | undefined
  readonly onProgress: OnProgress | undefined
}

/**
 * Deletes all rows of a query, and does with the rows that refer to them what their foreign keys
 * say (`onDelete`), whether or not the database would do it too. One statement where nothing can
 * refer to the rows and nobody listens to their deletion, else as many as it takes in one
 * transaction. A row that is `known` is not looked for.
 *
 * Source: Django's `Collector`. Other than there, rows are deleted in an order that holds when
 * foreign keys are checked at once.
 *
 * @throws ProtectedError, RestrictedError with the rows in the way in `objects`; nothing is deleted.
 */
export async function deleteCollected(
  db: Database,
  state: QueryState,
  { known, onProgress }: Deleting,
): Promise<DeletionReport> {
  const deletion = new Deletion(db, state, onProgress)
  const isUnknown = isUnseen(state.model)
  const work = () => (isUnknown ? deletion.deleteUnseen(state) : deletion.run(known))
  if (isUnknown && onProgress === undefined) await work()
  else await withinLimits(db, state, () => db.atomic(work))
  return deletion.report
}

/** Whether its rows can be deleted without looking at them. */
function isUnseen(model: ModelMeta): boolean {
  return rulesOf(model).isLeaf && !isHeard(model, 'delete')
}

/** One deletion under way. */
class Deletion {
  readonly #db: Database
  readonly #state: QueryState
  readonly #endsAt: number | null
  readonly #onProgress: OnProgress | undefined
  readonly #collected = new Collected()
  readonly #counts = new Map<string, number>()
  /** Of the rows whose deletion somebody listens to. */
  readonly #instances = new Map<DoomedRow, Columns>()

  constructor(db: Database, state: QueryState, onProgress: OnProgress | undefined) {
    this.#db = db
    this.#onProgress = onProgress
    this.#state = state
    this.#endsAt = state.timeoutMs === null ? null : performance.now() + state.timeoutMs
  }

  get report(): DeletionReport {
    const counts = [...this.#counts].filter(([, count]) => count > 0)
    return [counts.reduce((sum, [, count]) => sum + count, 0), Object.fromEntries(counts)]
  }

  async run(known: KnownInstance | undefined): Promise<void> {
    const rows = known?.row ? [known.row] : await this.#find(this.#state)
    if (known !== undefined && isHeard(this.#state.model, 'delete')) {
      for (const row of rows) this.#instances.set(row, known.instance)
    }
    await this.#collect(rows)
    const doomed = this.#collected.doomed()
    await this.#assertFree('protect', new Map())
    await this.#assertFree('restrict', doomed)
    const { models, cut } = deletionOrder(doomed.keys())
    for (const model of models) await this.#tell('pre', model)
    await this.#findByOtherKeys(doomed, cut)
    await this.#detach(doomed, cut)
    for (const [join, rows] of this.#collected.joins()) await this.#delete(join, rows)
    for (const model of models) {
      await this.#delete(model, doomed.get(model) as AnyOf)
      await this.#tell('post', model)
    }
  }

  /** Deletes rows that nothing refers to. */
  async deleteUnseen(state: QueryState): Promise<void> {
    this.#counts.set(state.model.name, await this.#deleteAll(state))
    await this.#progressed()
  }

  /** Follows `cascade` from rows to rows, as long as there may be others that refer to those. */
  async #collect(rows: readonly DoomedRow[]): Promise<void> {
    const { model } = this.#state
    const pending = new Map([[model, this.#collected.add(model, rows)]])
    for (const [parent, fresh] of pending) {
      pending.delete(parent)
      if (fresh.length === 0) continue
      const { keys, columns } = rulesOf(parent)
      const cascades = keys.filter(({ onDelete }) => onDelete === 'cascade')
      for (const [child, rules] of byChild(cascades)) {
        if (isUnseen(child)) continue
        const referring = new Map(
          rules.map(({ key, target }) => [key, fresh.map((row) => row[columns.indexOf(target)])]),
        )
        const found = await this.#find(this.#rows(child, referring))
        const added = this.#collected.add(child, found)
        pending.set(child, [...(pending.get(child) ?? []), ...added])
      }
    }
  }

  /** Rows that are known by a key only would be lost when that is cut. */
  async #findByOtherKeys(
    doomed: Map<ModelMeta, AnyOf>,
    cut: ReadonlySet<RelationMeta>,
  ): Promise<void> {
    const unseen = [...cut].map(({ from }) => from).filter((from) => !this.#collected.has(from))
    for (const model of new Set(unseen)) {
      this.#collected.add(model, await this.#find(this.#rows(model, doomed.get(model) as AnyOf)))
      doomed.set(model, this.#collected.doomed().get(model) as AnyOf)
    }
  }

  /** What rules must know of the rows of a query. */
  async #find(state: QueryState): Promise<readonly DoomedRow[]> {
    const plain = patchState(state, { ordering: [], selectRelated: new Map(), lock: null })
    const { columns } = rulesOf(state.model)
    if (isHeard(state.model, 'delete')) return await this.#findInstances(plain, columns)
    const names = columns.map(({ name }) => name)
    const { rows } = await readRows(this.#db.current(), withValuesList(plain, names))
    return rows as readonly DoomedRow[]
  }

  async #findInstances(state: QueryState, columns: readonly ColumnMeta[]): Promise<DoomedRow[]> {
    const { rows } = await readRows(this.#db.current(), patchState(state, { loadMask: null }))
    return (rows as Columns[]).map((instance) => {
      const row = columns.map(({ name }) => instance[name])
      this.#instances.set(row, instance)
      return row
    })
  }

  async #tell(phase: Phase, model: ModelMeta): Promise<void> {
    if (this.#instances.size === 0) return
    for (const row of this.#collected.rowsOf(model)) {
      const instance = this.#instances.get(row)
      if (instance === undefined) continue
      await tell(this.#db, model, 'delete', phase, { kind: 'delete', instance })
    }
  }

  /** @throws ProtectedError, RestrictedError when rows refer that stay. */
  async #assertFree(
    onDelete: 'protect' | 'restrict',
    doomed: ReadonlyMap<ModelMeta, AnyOf>,
  ): Promise<void> {
    const objects: object[] = []
    const keys: string[] = []
    const models = new Set<string>()
    for (const rule of this.#collected.rules.filter((each) => each.onDelete === onDelete)) {
      const referring = this.#without(this.#referring(rule), doomed.get(rule.child))
      const { rows } = await readRows(this.#db.current(), referring)
      if (rows.length === 0) continue
      for (const row of rows) objects.push(row as object)
      keys.push(`${rule.child.name}.${rule.relation.name} (${rows.length})`)
      models.add(rule.child.name)
    }
    if (objects.length === 0) return
    const BlockedError = onDelete === 'protect' ? ProtectedError : RestrictedError
    throw new BlockedError(
      `Cannot delete rows of ${this.#state.model.name}: others refer to them, or to rows that ` +
        `would be deleted with them, by ${keys.join(', ')}, whose onDelete is '${onDelete}'. ` +
        `Delete these rows of ${[...models].join(', ')} first, or let them refer to others; the ` +
        'error has them as its objects.',
      objects,
    )
  }

  /** Does `setNull` and `setDefault`, and cuts the keys that no order of deletion can satisfy. */
  async #detach(
    doomed: ReadonlyMap<ModelMeta, AnyOf>,
    cut: ReadonlySet<RelationMeta>,
  ): Promise<void> {
    const isDone = new Set<RelationMeta>()
    for (const rule of this.#collected.rules) {
      const { onDelete, relation, child, key } = rule
      if (onDelete !== 'setNull' && onDelete !== 'setDefault') continue
      const isCut = onDelete === 'setNull' && cut.has(relation)
      if (isCut) isDone.add(relation)
      const staying = this.#without(this.#referring(rule), isCut ? undefined : doomed.get(child))
      await this.#update(staying, key, onDelete === 'setNull' ? null : key.makeDefault())
    }
    for (const relation of cut) {
      const { from, keyColumn } = relation
      if (isDone.has(relation) || keyColumn === null) continue
      const going = this.#rows(from, doomed.get(from) as AnyOf)
      const referring = withFilter(going, [{ [`${keyColumn.name}__isnull`]: false }])
      await this.#update(referring, keyColumn, null)
    }
  }

  async #update(state: QueryState, key: ColumnMeta, value: unknown): Promise<void> {
    const { dialect } = this.#db
    const statement = compileUpdate(
      state,
      resolveAssignments(state, { [key.name]: value, ...countedWrite(state.model) }),
      dialect,
    )
    if (statement !== null) await this.#db.current().run(statement, limitsOf(state))
  }

  async #delete(model: ModelMeta, rows: AnyOf): Promise<void> {
    const count = await this.#deleteAll(this.#rows(model, rows))
    // Rows that ON DELETE CASCADE takes while their statement runs are no rows of it on SQLite,
    // where nobody else can have deleted them since they were found.
    const isShort = this.#db.dialect === 'sqlite' && count > 0 && refersToItself(model)
    const real = isShort ? Math.max(count, this.#collected.countOf(model)) : count
    this.#counts.set(model.name, (this.#counts.get(model.name) ?? 0) + real)
    await this.#progressed()
  }

  async #progressed(): Promise<void> {
    if (this.#onProgress === undefined) return
    const [done] = this.report
    await this.#onProgress({ done, total: null })
  }

  async #deleteAll(state: QueryState): Promise<number> {
    const statement = compileDelete(state, this.#db.dialect)
    if (statement === null) return 0
    return (await this.#db.current().run(statement, limitsOf(state))).count
  }

  /** The rows whose keys a rule is for. */
  #referring(rule: DeletionRule): QueryState {
    return this.#rows(rule.child, new Map([[rule.key, this.#collected.targets(rule)]]))
  }

  /** A query for rows of a model, in the time that is left. */
  #rows(model: ModelMeta, rows: AnyOf): QueryState {
    const { signal } = this.#state
    const leftMs = (this.#endsAt ?? 0) - performance.now()
    const timeoutMs = this.#endsAt === null ? null : Math.max(1, Math.ceil(leftMs))
    const all = patchState(initialState(model), { signal, timeoutMs })
    return withFilter(all, [anyOf(rows)])
  }

  #without(state: QueryState, rows: AnyOf | undefined): QueryState {
    return rows === undefined ? state : withExclude(state, [anyOf(rows)])
  }
}

function anyOf(rows: AnyOf): unknown {
  return Q.or(...[...rows].map(([{ name }, values]) => ({ [`${name}__in`]: values })))
}

function refersToItself({ columns, table }: ModelMeta): boolean {
  return columns.some(({ relation }) => relation?.to.table === table)
}
