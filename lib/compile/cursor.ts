import type { CompiledStatement } from './statement.ts'

let opened = 0

/** A name for a cursor or a temporary table, which nothing else in this process has. */
export function cursorName(): string {
  opened += 1
  return `asynchrormous_${opened}`
}

/** Opens a cursor of PostgreSQL over the rows of a query; it ends with its transaction. */
export function declareCursor(name: string, query: CompiledStatement): CompiledStatement {
  const { sql, bindings } = query
  return { sql: `declare "${name}" no scroll cursor for ${sql}`, bindings, ...COMMAND }
}

/** The next rows of a cursor. */
export function fetchCursor(name: string, count: number): CompiledStatement {
  return { sql: `fetch ${count} from "${name}"`, bindings: [], wants: 'rows', writes: false }
}

/** Forgets a cursor before its transaction does. */
export function closeCursor(name: string): CompiledStatement {
  return { sql: `close "${name}"`, bindings: [], ...COMMAND }
}

/** Writes the rows of a query to a temporary table of SQLite, in their order. */
export function spool(name: string, query: CompiledStatement): CompiledStatement {
  const { sql, bindings } = query
  return { sql: `create temp table "${name}" as ${sql}`, bindings, ...COMMAND }
}

/** The next rows of a temporary table, behind as many. */
export function fetchSpooled(name: string, after: number, count: number): CompiledStatement {
  return {
    sql: `select * from temp."${name}" where _rowid_ > ? and _rowid_ <= ? order by _rowid_`,
    bindings: [after, after + count],
    wants: 'rows',
    writes: false,
    repeated: true,
  }
}

/** Drops a temporary table, where it is there. */
export function dropSpool(name: string): CompiledStatement {
  return { sql: `drop table if exists temp."${name}"`, bindings: [], ...COMMAND }
}

/** A statement without rows, which must not be sent twice. */
const COMMAND = { wants: 'count', writes: true } as const
