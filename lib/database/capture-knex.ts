import type { Knex } from 'knex'
import { type EndOfStatement, noteStatement } from './capture.ts'
import { openDatabases } from './registry.ts'
import type { Statement } from './runner.ts'
import { isOwnEvent } from './tracing.ts'

const CONTROL = /^\s*(begin|commit|rollback|savepoint|release)\b/i

/** What knex tells of a statement of its own; the rest of it is not needed here. */
interface KnexEvent {
  readonly __knexQueryUid: string
  readonly sql: string
  readonly bindings?: readonly unknown[] | undefined
}

function statementOf({ sql, bindings = [] }: KnexEvent): Statement {
  return { sql, bindings, wants: 'count', writes: false, isControl: CONTROL.test(sql) }
}

/** Tells the recordings of what plain knex sends; gives what ends that. */
function listenTo(knex: Knex, database: string): () => void {
  const sent = new Map<string, EndOfStatement>()
  const onQuery = (event: KnexEvent) => {
    if (isOwnEvent(event)) return
    const statement = statementOf(event)
    const end = noteStatement(database, statement)
    // knex tells no end of those that begin and end its transactions.
    if (statement.isControl) end?.({ rows: [], count: 0 })
    else if (end !== undefined) sent.set(event.__knexQueryUid, end)
  }
  const onEnd = ({ __knexQueryUid: id }: KnexEvent, count?: number) => {
    sent.get(id)?.(count === undefined ? undefined : { rows: [], count })
    sent.delete(id)
  }
  const onResponse = (response: unknown, event: KnexEvent) => {
    const affected = typeof response === 'number' ? response : 0
    onEnd(event, Array.isArray(response) ? response.length : affected)
  }
  const onError = (_: unknown, event: KnexEvent) => onEnd(event)
  knex.on('query', onQuery).on('query-response', onResponse).on('query-error', onError)
  return () => {
    knex.removeListener('query', onQuery)
    knex.removeListener('query-response', onResponse)
    knex.removeListener('query-error', onError)
  }
}

const heard = new Map<Knex, () => void>()
let listeners = 0

/**
 * Hears what plain knex sends to the databases that are open now, for the recordings.
 *
 * @returns what ends it.
 * @example
 * const stop = hearKnex()
 */
export function hearKnex(): () => void {
  listeners += 1
  for (const { knex, name } of openDatabases()) {
    if (!heard.has(knex)) heard.set(knex, listenTo(knex, name))
  }
  return () => {
    listeners -= 1
    if (listeners > 0) return
    for (const stop of heard.values()) stop()
    heard.clear()
  }
}
