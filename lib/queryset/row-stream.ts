import {
  closeCursor,
  cursorName,
  declareCursor,
  dropSpool,
  fetchCursor,
  fetchSpooled,
  spool,
} from '../compile/cursor.ts'
import { type CompiledSelect, compileSelect } from '../compile/select.ts'
import { continuing, type RunLimits, type Runner } from '../database/runner.ts'
import { onRollback } from '../database/transaction.ts'
import { type KeyOrder, lastOf, pageOf } from '../query/key-order.ts'
import type { QueryState } from '../query/nodes.ts'

type Rows = readonly (readonly unknown[])[]

/** The rows of a query, some at a time; fewer than asked for are the last ones. */
export interface RowStream {
  next(count: number): Promise<Rows>
  /** Lets the database forget the rest. Only needed on a connection that is used further. */
  close(): Promise<void>
}

/** Where the statements of a stream run, which may differ each time, and their limits. */
export interface StreamPlace {
  runner(): Runner
  /** The same for rows: behind the first chunk, what is sent goes on with it. */
  reader(): Runner
  /** Where it was opened: what runs there is in no savepoint or transaction of the loop's. */
  readonly home: Runner
  readonly limits: RunLimits
  /** What others write meanwhile, the loop's own statements too, is not seen. */
  readonly isOfOneMoment: boolean
}

/** Rows by a cursor of PostgreSQL: as they are when it is opened. */
export function cursorStream(place: StreamPlace, query: CompiledSelect): RowStream {
  const name = cursorName()
  let isOpen = false
  return {
    async next(count) {
      if (!isOpen) await place.runner().run(declareCursor(name, query), place.limits)
      isOpen = true
      return (await place.reader().run(fetchCursor(name, count), place.limits)).rows
    },
    async close() {
      if (isOpen) await place.runner().run(closeCursor(name), place.limits)
    },
  }
}

/** Rows by pages, each behind the last key of the one before. */
export function keyedStream(place: StreamPlace, order: KeyOrder): RowStream {
  const { field } = order.state.model.primaryKey
  let behind: unknown
  let upTo: unknown
  const read = async (state: QueryState, runner: Runner): Promise<Rows> => {
    const query = compileSelect(state, runner.db.dialect)
    return query === null ? [] : (await runner.run(query, place.limits)).rows
  }
  const keyOf = (row: Rows[number] | undefined): unknown =>
    field.fromDb(row?.[order.offset], place.home.db.dialect)
  return {
    async next(count) {
      const isFirst = behind === undefined
      const rows = await read(pageOf(order, { behind, upTo }, count), place.reader())
      behind = keyOf(rows.at(-1))
      if (isFirst && !place.isOfOneMoment && rows.length === count) {
        // Else a loop that adds rows behind those it reads would never end.
        upTo = keyOf((await read(lastOf(order), continuing(place.runner())))[0])
      }
      return rows
    },
    close: async () => undefined,
  }
}

/** Rows by a temporary table that they are written to first. */
export function spooledStream(place: StreamPlace, query: CompiledSelect): RowStream {
  const name = cursorName()
  const drop = (runner: Runner): Promise<unknown> => runner.run(dropSpool(name), place.limits)
  let isOpen = false
  let after = 0
  return {
    async next(count) {
      if (!isOpen) await place.runner().run(spool(name, query), place.limits)
      isOpen = true
      const { rows } = await place.reader().run(fetchSpooled(name, after, count), place.limits)
      after += rows.length
      return rows
    },
    async close() {
      if (!isOpen) return
      const here = place.runner()
      // What rolls back around the end of the loop brings the table back.
      if (here !== place.home) onRollback(here.db, () => void drop(place.home).catch(() => {}))
      await drop(here)
    },
  }
}

/** Rows that are read at once, where the database has no other way. */
export function wholeStream(place: StreamPlace, query: CompiledSelect): RowStream {
  let rows: Rows | undefined
  let after = 0
  return {
    async next(count) {
      rows ??= (await place.runner().run(query, place.limits)).rows
      after += count
      return rows.slice(after - count, after)
    },
    close: async () => undefined,
  }
}
