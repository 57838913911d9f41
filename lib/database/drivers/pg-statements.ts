import { createHash } from 'node:crypto'
import { LruMap } from '../../util/lru-map.ts'
import type { DriverConnection } from './driver.ts'
import type { NamedStatement } from './pg-query.ts'

/** Longer than any cache of shapes: a text that is dropped here only gets its first name again. */
const NAMES = 5000
/** PostgreSQL cuts names after 63 bytes. */
const PREFIX = 'asynchrormous_'

interface Named {
  readonly name: string
  readonly generation: number
}

const names = new LruMap<string, Named>(NAMES)

/** The name of a statement: a hash of its text, so that it means the same on every connection. */
function nameOf(text: string): string {
  return (names.get(text) ?? rename(text, 0)).name
}

/** Gives a text another name, under which every connection prepares it anew. */
function rename(text: string, generation: number): Named {
  const hash = createHash('sha256').update(`${generation} ${text}`).digest('hex').slice(0, 40)
  const named = { name: PREFIX + hash, generation }
  names.set(text, named)
  return named
}

/** What a connection of PostgreSQL has prepared: as many statements as it is told, the latest. */
export class PgStatements {
  readonly #kept: LruMap<string, NamedStatement>
  #dropped: Set<string> = new Set()

  constructor(size: number) {
    this.#kept = new LruMap(size, (_, name) => this.#dropped.add(name))
  }

  /** The statement of a text; the server learns of it when it is first sent. */
  statementOf(text: string): NamedStatement {
    const name = nameOf(text)
    let statement = this.#kept.get(name)
    if (statement === undefined) {
      statement = { name, parsers: null }
      this.#kept.set(name, statement)
      // The server still has it.
      this.#dropped.delete(name)
    }
    return statement
  }

  /**
   * The names of statements that had to make room; each is given once.
   *
   * @param used those that are in use now, and are given the next time.
   */
  takeDropped(used: readonly (NamedStatement | null)[] = NONE): readonly string[] {
    if (this.#dropped.size === 0) return NONE
    const busy = new Set(used.map((statement) => statement?.name))
    const dropped = [...this.#dropped].filter((name) => !busy.has(name))
    for (const name of dropped) this.#dropped.delete(name)
    return dropped
  }

  /** Prepares a text anew, on every connection: what the server has under its name is no use. */
  renew(text: string): void {
    rename(text, (names.get(text)?.generation ?? 0) + 1)
  }

  /** The connection has lost all its statements: DISCARD ALL, or another server behind a pooler. */
  forgetAll(): void {
    this.#kept.clear()
  }
}

const NONE: readonly never[] = []

const ofConnections = new WeakMap<DriverConnection, PgStatements>()

/** What a connection has prepared. */
export function statementsOf(connection: DriverConnection, size: number): PgStatements {
  let statements = ofConnections.get(connection)
  if (statements === undefined) {
    statements = new PgStatements(size)
    ofConnections.set(connection, statements)
  }
  return statements
}

const STALE: ReadonlySet<unknown> = new Set([
  '26000', // a statement of this name does not exist
  '42P05', // one of this name exists already: another client's, behind a pooler
])

/**
 * Whether an error says that what the server has prepared is no use any more; the statement itself
 * has not begun to run then.
 */
export function isStaleStatement(error: unknown): boolean {
  const { code, routine } = error as { readonly code?: unknown; readonly routine?: unknown }
  // 'cached plan must not change result type': its message may be in any language.
  if (code === '0A000') return routine === 'RevalidateCachedQuery'
  return STALE.has(code)
}

/** Whether the connection may have lost all its statements, and not only this one. */
export function isForgetful(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === '26000'
}
