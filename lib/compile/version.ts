import type { ModelMeta } from '../meta/model-meta.ts'
import type { Dialect } from './dialects/dialect.ts'
import { type Fragment, quoted, sql } from './fragment.ts'

/** What SET has besides where rows of a model count their writes. */
export function countedVersion(
  { version, table }: ModelMeta,
  { name, quote }: Dialect,
): readonly Fragment[] {
  if (version === null) return []
  const column = quoted(version.column, quote)
  const known = sql`${quoted(table, quote)}.${column}`
  return [sql`${name === 'mysql' ? known : column} = (${known} + 1)`]
}
