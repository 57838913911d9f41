import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import type { QueryState } from './nodes.ts'

/** What this room needs to know of a model instance that is used as a value. */
export interface InstanceView {
  readonly model: ModelMeta
  /** Null for an instance that was not saved. */
  valueOf(column: ColumnMeta): unknown
}

type ReadInstance = (value: object) => InstanceView | null
type ReadQuery = (value: object) => QueryState | null

let readInstance: ReadInstance = () => null
let readQuery: ReadQuery = () => null

/**
 * The model room says how to recognise its instances; by a private brand, never by shape.
 * Called once, when that room is loaded. Gives what was said before.
 */
export function registerInstanceReader(read: ReadInstance): ReadInstance {
  const before = readInstance
  readInstance = read
  return before
}

/**
 * The queryset room says how to recognise its querysets; by a private brand, never by shape. Gives
 * what was said before.
 */
export function registerQueryReader(read: ReadQuery): ReadQuery {
  const before = readQuery
  readQuery = read
  return before
}

/** The view of a model instance; null of anything else. */
export function instanceView(value: unknown): InstanceView | null {
  return typeof value === 'object' && value !== null ? readInstance(value) : null
}

/** The state of a queryset; null of anything else. */
export function queryStateOf(value: unknown): QueryState | null {
  return typeof value === 'object' && value !== null ? readQuery(value) : null
}
