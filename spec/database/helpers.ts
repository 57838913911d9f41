/** Statements by hand, as the compiler would give them, and a database opened for a suite. */
import { type OpenOptions, openDatabase } from '../../lib/database/database.ts'
import type { Database, RunLimits, Runner, Statement } from '../../lib/database/runner.ts'
import type { Dialect, FreshDatabase, TestDatabase } from '../support/databases.ts'

/** With `?` for each binding, whatever the database. */
export function read(runner: Runner, sql: string, ...bindings: unknown[]): Promise<unknown[][]> {
  return readWithin({}, runner, sql, ...bindings)
}

export async function readWithin(
  limits: RunLimits,
  runner: Runner,
  sql: string,
  ...bindings: unknown[]
): Promise<unknown[][]> {
  const { rows } = await runner.run(statement(runner.db.dialect, sql, bindings, false), limits)
  return rows.map((row) => [...row])
}

export async function write(runner: Runner, sql: string, ...bindings: unknown[]): Promise<number> {
  const { count } = await runner.run(statement(runner.db.dialect, sql, bindings, true))
  return count
}

export function statement(
  dialect: string,
  sql: string,
  bindings: readonly unknown[],
  writes: boolean,
): Statement {
  let position = 0
  const placed =
    dialect === 'postgresql'
      ? sql.replaceAll('?', () => {
          position += 1
          return `$${position}`
        })
      : sql
  return { sql: placed, bindings, wants: writes ? 'count' : 'rows', writes }
}

/** A statement that takes long inside the database itself. */
export function slowSql(dialect: Dialect): string {
  return dialect === 'postgresql'
    ? 'select 1 as one from pg_sleep(60)'
    : 'with recursive c(x) as (select 1 union all select x + 1 from c where x < 1e12) select max(x) as one from c'
}

/** Opens a database before each spec and closes it after. */
export function useDatabase(
  kind: TestDatabase,
  options: OpenOptions & { max?: number; acquireMs?: number } = {},
): { readonly db: Database; readonly fresh: FreshDatabase } {
  let db: Database | undefined
  let fresh: FreshDatabase | undefined
  beforeEach(async () => {
    fresh = await kind.create()
    const { max, acquireMs, ...rest } = options
    const pool = max === undefined ? { ...fresh.config.pool } : { min: 0, max }
    db = openDatabase(
      {
        ...fresh.config,
        pool,
        ...(acquireMs === undefined ? {} : { acquireConnectionTimeout: acquireMs }),
      },
      rest,
    )
    await write(db.current(), 'create table item (id integer primary key, name text not null)')
  })
  afterEach(async () => {
    await db?.close({ timeoutMs: 500 })
    await fresh?.drop()
  })
  const opened = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('not opened')
    return value
  }
  return {
    get db() {
      return opened(db)
    },
    get fresh() {
      return opened(fresh)
    },
  }
}

export async function insert(db: Database, id: number, name = `item ${id}`): Promise<void> {
  await write(db.current(), 'insert into item (id, name) values (?, ?)', id, name)
}

/** What is saved, as seen from outside any transaction. */
export async function savedIds(db: Database): Promise<number[]> {
  const rows = await read(db.current(), 'select id from item order by id')
  return rows.map(([id]) => Number(id))
}

/** What a promise rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It resolved.')
}

/** What became of each, in a word. */
export async function outcomes(all: readonly PromiseLike<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(all)
  return settled.map((one) => (one.status === 'fulfilled' ? 'fulfilled' : one.reason.name))
}

/** Looks again until it is so; mocha's timeout is the end of it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
}

export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
