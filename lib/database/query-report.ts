import type { CapturedQuery, Recording, UnconsumedQuery } from './capture.ts'

const SHOWN_QUERIES = 50
const SHOWN_SQL = 300
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu

/** The same statement, sent again and again from the same place. */
export interface RepeatedQuery {
  readonly sql: string
  readonly database: string
  readonly callSite: string
  /** How often it was sent. */
  readonly times: number
}

/** One line, of bounded length. */
function lineOf(sql: string): string {
  const line = sql.replace(CONTROL, ' ').trim()
  return line.length > SHOWN_SQL ? `${line.slice(0, SHOWN_SQL)}…` : line
}

function at(callSite: string): string {
  return callSite === '' ? 'from an unknown place' : `at ${callSite.replace(CONTROL, ' ')}`
}

function queryLine(query: CapturedQuery, index: number): string {
  const { background, callSite, durationMs, failed, rows, sql } = query
  const answer = failed ? 'failed' : `${rows} ${rows === 1 ? 'row' : 'rows'}`
  const where = background ? `started ${at(callSite)}` : at(callSite)
  return `  ${index + 1}. ${lineOf(sql)} (${answer}, ${durationMs.toFixed(1)} ms) ${where}`
}

/**
 * The statements as lines of text, without values.
 *
 * @example queryLines(report.queries).join('\n')
 */
export function queryLines(queries: readonly CapturedQuery[]): string[] {
  const lines = queries.slice(0, SHOWN_QUERIES).map(queryLine)
  const more = queries.length - SHOWN_QUERIES
  return more > 0 ? [...lines, `  … and ${more} more`] : lines
}

function repeatedIn(queries: readonly CapturedQuery[], least: number): RepeatedQuery[] {
  const groups = new Map<string, RepeatedQuery>()
  for (const { callSite, database, kind, sql } of queries) {
    if (kind !== 'query') continue
    const key = JSON.stringify([database, callSite, sql])
    const times = (groups.get(key)?.times ?? 0) + 1
    groups.set(key, { sql, database, callSite, times })
  }
  return [...groups.values()].filter(({ times }) => times >= least)
}

/** What `captureQueries()` gives: what a piece of work gave, sent and left behind. */
export class QueryReport<T> {
  /** What the work resolved to. */
  readonly result: T
  /** Every statement, in the order in which they were sent. */
  readonly queries: readonly CapturedQuery[]
  /** Statements that were sent several times from one place: the N+1 problem. */
  readonly repeated: readonly RepeatedQuery[]
  readonly #recording: Recording

  /** @param least from how many times on a statement counts as repeated. */
  constructor(result: T, recording: Recording, counted: readonly CapturedQuery[], least: number) {
    this.result = result
    this.queries = Object.freeze(counted)
    this.repeated = Object.freeze(repeatedIn(this.queries, least))
    this.#recording = recording
  }

  /** Starts whose answer nobody has asked for until now. */
  get unconsumed(): readonly UnconsumedQuery[] {
    return this.#recording.unconsumed
  }

  /** All of it as text, without values. */
  get formatted(): string {
    const { queries, repeated, unconsumed } = this
    const head = queries.length === 1 ? '1 query' : `${queries.length} queries`
    const lines = [head, ...queryLines(queries)]
    if (repeated.length > 0) lines.push('Repeated (N+1):')
    for (const { callSite, sql, times } of repeated) {
      lines.push(`  ${times} times ${at(callSite)}: ${lineOf(sql)}`)
    }
    if (unconsumed.length > 0) lines.push('Started, and never read:')
    for (const { callSite, what } of unconsumed) lines.push(`  ${what} ${at(callSite)}`)
    return lines.join('\n')
  }
}
