import type { ColumnMeta } from '../meta/model-meta.ts'
import type { Dialect } from './dialects/dialect.ts'
import { assertHeld, notSupported } from './dialects/shared.ts'
import { type Fragment, list, quoted, sql } from './fragment.ts'

/**
 * Columns of the rows that a statement wrote; with the table's name before them where others could
 * be called alike.
 *
 * @throws NotSupportedError where the database gives nothing back
 */
export function returningClause(
  verb: string,
  returning: readonly ColumnMeta[],
  dialect: Dialect,
  table?: Fragment,
): Fragment {
  const { quote } = dialect
  if (!dialect.canReturn) throw notSupported(`${verb} that gives back columns`, dialect.name)
  const columns = returning.map(({ column, field }, index) => {
    assertHeld(field, dialect.name)
    const name = quoted(column, quote)
    const expression = table === undefined ? name : sql`${table}.${name}`
    const isText = dialect.name === 'sqlite' && field.family === 'bigint'
    return isText ? sql`cast(${expression} as text) as ${quoted(`c${index}`, quote)}` : expression
  })
  return sql`returning ${list(columns)}`
}
