import type { DialectName } from '../fields/dialect.ts'
import { compilingKnex } from './clients.ts'
import { Bound, type Fragment } from './fragment.ts'

/** One statement as a driver takes it; what `database/` runs. */
export interface CompiledStatement {
  /** `$1` on PostgreSQL, `?` elsewhere. */
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly wants: 'rows' | 'count'
  readonly writes: boolean
  /** The table whose rows it writes. */
  readonly table?: string | undefined
}

interface Text {
  readonly sql: string
  readonly bindings: readonly unknown[]
}

/** The driver's form of text in knex's raw form, with its values encoded. */
export function finishText(text: Text, dialect: DialectName): Text {
  // Only knex's PostgreSQL client replaces `\?` by itself, when it numbers the placeholders.
  const native = compilingKnex(dialect).client.positionBindings(text.sql) as string
  const bindings = text.bindings.map((binding) =>
    binding instanceof Bound ? binding.encode(binding.value) : binding,
  )
  return {
    sql: dialect === 'postgresql' ? native : native.replaceAll('\\?', '?'),
    bindings,
  }
}

/** A statement of a fragment. */
export function statementOf(
  fragment: Fragment,
  dialect: DialectName,
  kind: Omit<CompiledStatement, keyof Text>,
): CompiledStatement {
  return { ...finishText({ sql: fragment.sql, bindings: fragment.bound }, dialect), ...kind }
}
