import type { ColumnField } from './column-field.ts'

/**
 * A primitive that is the same for two values of a column if they are the same to the database, so
 * that rows can be found by it in a Map: texts of a uuid in whatever case, bytes, instants.
 */
export function toMapKey(field: ColumnField, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (field.family === 'text') return value
  if (field.family === 'number' && typeof value === 'number') return value
  const canonical = field.check(value)
  if (canonical instanceof Date) return canonical.getTime()
  if (canonical instanceof Uint8Array) return Buffer.from(canonical).toString('hex')
  return typeof canonical === 'object' ? JSON.stringify(canonical) : canonical
}

/** Values of a column, each once. */
export function distinctKeys(field: ColumnField, values: Iterable<unknown>): unknown[] {
  const found = new Map<unknown, unknown>()
  for (const value of values) {
    if (value === null || value === undefined) continue
    const key = toMapKey(field, value)
    if (!found.has(key)) found.set(key, value)
  }
  return [...found.values()]
}
