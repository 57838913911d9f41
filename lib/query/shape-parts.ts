import type { ColumnField } from '../fields/column-field.ts'
import type { QueryState } from './nodes.ts'

let lastId = 0
const ids = new WeakMap<object, number>()

/** A number for a piece of metadata (a model, column, field or relation): its part of a key. */
export function idOf(metadata: object): number {
  let id = ids.get(metadata)
  if (id === undefined) {
    lastId += 1
    id = lastId
    ids.set(metadata, id)
  }
  return id
}

/** Which rows a query has, apart from its conditions. */
export function flagsOf({ isNone, reversed, distinct, offset, limit }: QueryState): string {
  const window = limit === null ? '.' : limit === 0 ? '0' : 'l'
  const rows = `${isNone ? '0' : '.'}${reversed ? 'r' : '.'}${distinct === true ? 'd' : '.'}`
  return `${rows}${offset > 0 ? 'o' : '.'}${window}`
}

/** JSON is compared in other ways for each kind of value. */
export function kindOfValue(value: unknown, field: ColumnField): string {
  if (field.family !== 'json') return '.'
  if (value === null) return 'n'
  return typeof value === 'boolean' ? String(value) : typeof value
}
