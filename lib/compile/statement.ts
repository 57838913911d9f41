import type { DialectName } from '../fields/dialect.ts'
import type { RowShape } from '../query/nodes.ts'
import type { CellForm } from './cells.ts'
import { compilingKnex } from './clients.ts'
import type { Bound, Fragment } from './fragment.ts'

/** One statement as a driver takes it; what `database/` runs. */
export interface CompiledStatement {
  /** `$1` on PostgreSQL, `?` elsewhere. */
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly wants: 'rows' | 'count'
  readonly writes: boolean
  /** The table whose rows it writes. */
  readonly table?: string | undefined
  /** Its text was asked for before, with other values: worth preparing. */
  readonly repeated?: boolean | undefined
  /** How its columns go into one JSON text of SQLite, where they can. */
  readonly cells?: readonly CellForm[] | undefined
}

/** A statement whose values are still to be encoded. */
export interface Draft extends Omit<CompiledStatement, 'bindings' | 'repeated'> {
  readonly bound: readonly Bound[]
  /** How its rows are read. */
  readonly shape?: RowShape | undefined
}

/** The driver's form of text in knex's raw form. */
export function nativeText(text: string, dialect: DialectName): string {
  // Only knex's PostgreSQL client replaces `\?` by itself, when it numbers the placeholders.
  const native = compilingKnex(dialect).client.positionBindings(text) as string
  return dialect === 'postgresql' ? native : native.replaceAll('\\?', '?')
}

const PLACEHOLDER = /"(?:[^"]|"")*"|'(?:[^']|'')*'|(?<![\w$])\$(\d+)/g

/** A fragment as a statement. */
export function draftOf(
  { sql, bound }: Fragment,
  dialect: DialectName,
  kind: Omit<Draft, 'sql' | 'bound'>,
): Draft {
  // Said outright: an object without them would have what is on `Object.prototype`.
  const none = { table: undefined, shape: undefined, cells: undefined }
  const draft = { ...none, sql: nativeText(sql, dialect), bound, ...kind }
  return dialect === 'postgresql' ? withShared(draft) : draft
}

/**
 * The same statement with one placeholder for each shared value, in however many places it is: else
 * PostgreSQL could not know that two expressions with it are the same, as GROUP BY and DISTINCT ask.
 */
function withShared(draft: Draft): Draft {
  const { sql, bound } = draft
  if (bound.some(({ isList }) => isList)) return draft
  const kept: Bound[] = []
  const places = bound.map((each) => {
    const at = each.isShared ? kept.findIndex((known) => isSame(known, each)) : -1
    return at < 0 ? kept.push(each) : at + 1
  })
  if (kept.length === bound.length) return draft
  const text = sql.replace(PLACEHOLDER, (whole: string, number: string | undefined) =>
    number === undefined ? whole : `$${places[Number(number) - 1]}`,
  )
  return { ...draft, sql: text, bound: kept }
}

function isSame(known: Bound, { leaf, encode }: Bound): boolean {
  return known.isShared && known.leaf === leaf && known.encode === encode
}
