import type { DialectName } from '../fields/dialect.ts'
import { metaOf } from '../meta/meta.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { registerInstanceReader } from '../query/hooks.ts'
import type { FetchMode } from '../query/nodes.ts'
import type { Batch } from './batch.ts'
import type { Fill } from './fill.ts'

/** Where the instances of one result came from; they share one, so it costs a pointer each. */
export interface Origin {
  readonly database: string
  readonly dialect: DialectName
  readonly fetchMode: FetchMode
  /** What the instances of the result share; null of one that is by itself. */
  readonly batch: Batch | null
}

/** What is at the other end of a relation: an instance, none, or a list of them. */
type Far = object | readonly object[] | null

/**
 * Far instances by relation name. An object of a class, which takes a third of the room of a Map
 * and has nothing of Object's: no relation is called 'constructor'.
 */
class Related {
  [relation: string]: Far | undefined
}
Object.setPrototypeOf(Related.prototype, null)

/** A row, and how its values get on the instance that is made of it. */
export interface RowSource {
  readonly origin: Origin
  readonly fill: Fill
  row: readonly unknown[]
  /** What the instance remembers of the row. */
  stored: readonly unknown[]
}

/** The row of the next instance to be made, for the length of one constructor call. */
let filling: RowSource | null = null

/** What an instance knows of itself beside its columns, for the functions below. */
interface StateAccess {
  origin(instance: Instance): Origin | null
  stored(instance: Instance): readonly unknown[] | null
  setRow(instance: Instance, origin: Origin | null, stored: readonly unknown[] | null): void
  related(instance: Instance): Related | null
  setRelated(instance: Instance, related: Related | null): void
}

let state: StateAccess

/**
 * What every instance of a model is: own data properties for its columns, and a state that neither
 * `console.log` nor `{ ...instance }` shows. The state is in the instance itself: an object beside
 * it took a third of the time in which rows become instances.
 */
export class Instance {
  /** Null until it was read from a database or written to one. */
  #origin: Origin | null
  /**
   * What the database holds, in the driver's form, by column index; undefined where it was not
   * loaded. Null while no row is there.
   */
  #stored: readonly unknown[] | null
  /** Related instances by relation name, as far as they were loaded or assigned. */
  #related: Related | null

  constructor() {
    const source = filling
    filling = null
    this.#related = null
    this.#origin = source === null ? null : source.origin
    this.#stored = source === null ? null : source.stored
    source?.fill(this as unknown as Record<string, unknown>, source.row)
  }

  /** Whether `value` is an instance of a model; looks like one is not enough. */
  static is(value: unknown): value is Instance {
    return typeof value === 'object' && value !== null && #stored in value
  }

  static {
    state = {
      origin: (instance) => instance.#origin,
      stored: (instance) => instance.#stored,
      setRow: (instance, origin, stored) => {
        instance.#origin = origin
        instance.#stored = stored
      },
      related: (instance) => instance.#related,
      setRelated: (instance, related) => {
        instance.#related = related
      },
    }
  }
}

registerInstanceReader((value) =>
  Instance.is(value)
    ? {
        model: metaOf(value.constructor),
        valueOf: (column) => (value as Columns)[column.name],
      }
    : null,
)

/** Where an instance was read from or written to; null while it was neither. */
export function instanceOrigin(instance: Instance): Origin | null {
  return state.origin(instance)
}

/** Its row as the database holds it, in the driver's form, by column index; null while there is none. */
export function storedRow(instance: Instance): readonly unknown[] | null {
  return state.stored(instance)
}

/** Whether a row of it is in a database. */
export function isSaved(instance: Instance): boolean {
  return state.stored(instance) !== null
}

/** From now on its row is this one, or none. */
export function setRow(
  instance: Instance,
  origin: Origin | null,
  stored: readonly unknown[] | null,
): void {
  state.setRow(instance, origin, stored)
}

/** An instance as what it is to the rooms that read and write columns by name. */
export type Columns = Instance & Record<string, unknown>

/**
 * Makes an instance through its class's own constructor, which is called without arguments, so
 * that class fields and getters of subclasses work on rows as they do on `new` ones.
 */
export function makeInstance(meta: ModelMeta, source: RowSource): Columns {
  filling = source
  try {
    return new meta.modelClass() as Columns
  } finally {
    filling = null
  }
}

/** The columns whose values differ from what the database holds; all of them on a new instance. */
export function changedColumns(meta: ModelMeta, instance: Columns): ColumnMeta[] {
  const stored = state.stored(instance)
  const origin = state.origin(instance)
  if (stored === null || origin === null) return [...meta.columns]
  return meta.columns.filter((column) => {
    const raw = stored[column.index]
    if (raw === undefined && !Object.hasOwn(instance, column.name)) return false
    const value = instance[column.name]
    if (raw === undefined) return value !== undefined
    return !column.field.equals(column.field.fromDb(raw, origin.dialect), value ?? null)
  })
}

/**
 * Remembers that the database holds these values of `columns`: the instance's present ones, or
 * those that were sent, where it may have been changed since.
 */
export function markStored(
  instance: Columns,
  origin: Origin,
  columns: readonly ColumnMeta[],
  meta: ModelMeta,
  values: Readonly<Record<string, unknown>> = instance,
): void {
  const before = state.stored(instance)
  const stored = before === null ? meta.columns.map(() => undefined as unknown) : [...before]
  for (const column of columns) {
    const value = values[column.name] ?? null
    stored[column.index] = column.field.toDb(value, origin.dialect)
  }
  markInserted(instance, origin, stored)
}

/** Remembers that the database holds a new row, all columns of which are given in its form. */
export function markInserted(instance: Columns, origin: Origin, stored: readonly unknown[]): void {
  const before = state.origin(instance)
  state.setRow(instance, before?.database === origin.database ? before : origin, stored)
}

/** The value of a column as the database holds it; undefined where that is not known. */
export function storedValue(instance: Columns, { index, field }: ColumnMeta): unknown {
  const origin = state.origin(instance)
  const raw = state.stored(instance)?.[index]
  return raw === undefined || origin === null ? undefined : field.fromDb(raw, origin.dialect)
}

/** From now on the instance is loaded for by itself, and knows nothing of its relations. */
export function leaveBatch(instance: Columns): void {
  state.setRelated(instance, null)
  const origin = state.origin(instance)
  if (origin?.batch) state.setRow(instance, { ...origin, batch: null }, state.stored(instance))
}

/** Remembers that `far`, or nothing, is at the other end of a relation of `near`. */
export function remember(near: Columns, relation: string, far: Far): void {
  const known = state.related(near)
  if (known !== null) {
    known[relation] = far
    return
  }
  const first = new Related()
  first[relation] = far
  state.setRelated(near, first)
}

/** What is at the other end of a relation as far as it is known; undefined where it is not. */
export function related(near: Instance, relation: string): Far | undefined {
  return state.related(near)?.[relation]
}

/** What is at the other end of a relation is not known any more. */
export function forget(near: Instance, relation: string): void {
  const known = state.related(near)
  if (known !== null) known[relation] = undefined
}
