import { FieldError } from '../errors.ts'
import type { DialectName } from '../fields/dialect.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { idOf } from '../query/shape.ts'
import { emitterOf } from './builder.ts'
import { finished, once, type ShapeKey } from './cache.ts'
import { dialectOf } from './clients.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { Emitter } from './emitter.ts'
import { type Fragment, keyword, list, quoted, sql } from './fragment.ts'
import { arePlain, isUnnested, rowsClause, rowsPerInsert } from './insert-rows.ts'
import { returningClause } from './returning.ts'
import { type CompiledStatement, type Draft, draftOf } from './statement.ts'
import { countedVersion } from './version.ts'

/** What happens to a row that clashes with one that is there. */
export type InsertConflict =
  | { readonly action: 'ignore' }
  | {
      readonly action: 'update'
      /** The unique columns that clash. */
      readonly target: readonly ColumnMeta[]
      /** The columns that take the new row's values. */
      readonly update: readonly ColumnMeta[]
    }

/** New rows, whose values are canonical, null, or expressions. */
export interface InsertSpec {
  readonly model: ModelMeta
  readonly columns: readonly ColumnMeta[]
  readonly rows: readonly (readonly unknown[])[]
  /** The rows are as in `Into`. */
  readonly isEncoded?: boolean | undefined
  /** Columns of the new rows that are wanted back, in this order. */
  readonly returning: readonly ColumnMeta[]
  readonly conflict?: InsertConflict | undefined
}

/**
 * INSERT of any number of rows in one statement; columns that are not named get what the database
 * makes.
 *
 * @throws NotSupportedError where the database cannot give back what is wanted
 */
export function compileInsert(spec: InsertSpec, dialectName: DialectName): CompiledStatement {
  const compile = (): Draft => draftInsert(spec, dialectName)
  const shape = shapeOfInsert(spec, dialectName)
  return shape === null ? once(compile) : finished('insert', shape, dialectName, compile)
}

/** Of rows of values whose text is likely to come again; null for others. */
function shapeOfInsert(spec: InsertSpec, dialect: DialectName): ShapeKey | null {
  const { model, columns, rows, isEncoded, returning, conflict } = spec
  const isMany = rows.length > 1
  const isAny = isMany && isUnnested(spec, dialect)
  // Of each number of rows another text: only the one that long lists are cut into is kept.
  if (isMany && !isAny && rows.length !== rowsPerInsert(spec, false, dialect)) return null
  if (!arePlain(rows)) return null
  const clash = conflict?.action === 'update' ? [conflict.target, conflict.update] : []
  const lists = [columns, returning, ...clash].map(idsOf)
  const count = isAny ? 'n' : rows.length
  return {
    key: `${idOf(model)}${conflict?.action ?? ''}:${lists.join(':')}:${count}${isEncoded ? 'e' : ''}`,
    leaves: [isMany ? rows : (rows[0] ?? [])],
  }
}

const idsOfLists = new WeakMap<readonly ColumnMeta[], string>()

/** Remembered by the list, which is mostly the same one for all inserts into a table. */
function idsOf(columns: readonly ColumnMeta[]): string {
  let ids = idsOfLists.get(columns)
  if (ids === undefined) {
    ids = columns.map(idOf).join('.')
    idsOfLists.set(columns, ids)
  }
  return ids
}

function draftInsert(spec: InsertSpec, dialectName: DialectName): Draft {
  const dialect = dialectOf(dialectName)
  const { model, rows, returning } = spec
  if (rows.length === 0) throw new FieldError(`There are no rows to insert into ${model.name}.`)
  const parts = [insertClause(spec, dialect, emitterOf(dialectName))]
  parts.push(...conflictClause(spec, dialect))
  if (returning.length > 0) parts.push(returningClause('INSERT', returning, dialect))
  return draftOf(list(parts, ' '), dialectName, {
    wants: returning.length > 0 ? 'rows' : 'count',
    writes: true,
    table: model.table,
  })
}

function insertClause(spec: InsertSpec, dialect: Dialect, emitter: Emitter): Fragment {
  const { model, columns, rows, conflict } = spec
  const ignore = dialect.name === 'mysql' && conflict?.action === 'ignore' ? 'ignore ' : ''
  const into = sql`insert ${keyword(ignore)}into ${quoted(model.table, dialect.quote)}`
  if (columns.length === 0 && rows.length === 1 && dialect.name !== 'mysql') {
    return sql`${into} default values`
  }
  return sql`${into} ${rowsClause(spec, rows, emitter)}`
}

function conflictClause({ model, conflict }: InsertSpec, dialect: Dialect): readonly Fragment[] {
  const { name, quote } = dialect
  if (conflict === undefined) return []
  if (conflict.action === 'ignore') {
    return name === 'mysql' ? [] : [keyword('on conflict do nothing')]
  }
  const updates = conflict.update.map(({ column }) => {
    const target = quoted(column, quote)
    return name === 'mysql'
      ? sql`${target} = values(${target})`
      : sql`${target} = excluded.${target}`
  })
  updates.push(...countedVersion(model, dialect))
  if (name === 'mysql') return [sql`on duplicate key update ${list(updates)}`]
  const target = list(conflict.target.map(({ column }) => quoted(column, quote)))
  return [sql`on conflict (${target}) do update set ${list(updates)}`]
}
