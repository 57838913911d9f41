/** The databases of a run: made, filled, and gone afterwards. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import sqlite3 from 'sqlite3'
import { startPostgres } from '../spec/support/postgres.ts'
import { type PlainRow, type Sizes, tablesOf } from './data.ts'
import type { DatabaseKind } from './options.ts'
import { startProxy } from './proxy.ts'
import { createStatements } from './schema.ts'

export interface Location {
  /** As contestants reach it. */
  readonly location: string
  /** Without delay. */
  readonly directLocation: string
}

export interface TestDatabase {
  /** For one contestant. */
  locationFor(label: string): Location
  readonly version: string
  stop(): Promise<void>
}

type Execute = (sql: string, values?: readonly unknown[]) => Promise<unknown>

const ROWS_PER_STATEMENT = 10_000

export async function openDatabase(
  kind: DatabaseKind,
  sizes: Sizes,
  delayMs: number,
): Promise<TestDatabase> {
  return kind === 'postgresql' ? await openPostgres(sizes, delayMs) : await openSqlite(sizes)
}

async function openPostgres(sizes: Sizes, delayMs: number): Promise<TestDatabase> {
  const server = await startPostgres()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const execute: Execute = (sql, values) => client.query(sql, values && [...values])
  for (const statement of createStatements('postgresql')) await execute(statement)
  for (const [table, rows] of tablesOf(sizes)) {
    for (const batch of batches(rows)) {
      const sql = `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`
      await execute(sql.replace('*', Object.keys(rows[0] ?? {}).join(', ')), [
        JSON.stringify(batch),
      ])
    }
  }
  // Nothing may start by itself during a measure.
  await execute('alter system set autovacuum = off')
  // As for any disk without moving parts; else plans of W3 are at the edge of reading whole tables.
  await execute('alter system set random_page_cost = 1.1')
  await execute('select pg_reload_conf()')
  await execute('vacuum analyze')
  await execute('checkpoint')
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  await client.end()
  const proxied = new URL(server.url)
  const proxy = delayMs > 0 ? await startProxy(Number(proxied.port), delayMs) : null
  if (proxy !== null) proxied.port = String(proxy.port)
  return {
    locationFor: () => ({ location: proxied.href, directLocation: server.url }),
    version: `PostgreSQL ${rows[0]?.server_version}`,
    stop: async () => {
      await proxy?.stop()
      await server.stop()
    },
  }
}

async function openSqlite(sizes: Sizes): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'asynchrormous-bench-'))
  const seed = join(directory, 'seed.sqlite')
  const db = new sqlite3.Database(seed)
  const execute: Execute = (sql, values = []) =>
    new Promise((resolve, reject) => {
      db.all(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)))
    })
  // As our own connect() and most applications have it; kept in the file.
  await execute('pragma journal_mode = wal')
  for (const statement of createStatements('sqlite')) await execute(statement)
  for (const [table, rows] of tablesOf(sizes)) {
    const columns = Object.keys(rows[0] ?? {})
    const values = columns.map((column) => `value ->> '${column}'`)
    const sql = `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from json_each(?)`
    for (const batch of batches(rows)) await execute(sql, [JSON.stringify(batch)])
  }
  await execute('analyze')
  await execute('pragma wal_checkpoint(truncate)')
  const [row] = (await execute('select sqlite_version() as version')) as { version: string }[]
  await new Promise((resolve) => db.close(resolve))
  return {
    locationFor: (label) => {
      const location = join(directory, `${label.replace(/\W+/g, '-')}.sqlite`)
      copyFileSync(seed, location)
      return { location, directLocation: location }
    },
    version: `SQLite ${row?.version}`,
    stop: async () => rmSync(directory, { recursive: true, force: true }),
  }
}

function batches(rows: readonly PlainRow[]): readonly (readonly PlainRow[])[] {
  const count = Math.ceil(rows.length / ROWS_PER_STATEMENT)
  return Array.from({ length: count }, (_, nth) =>
    rows.slice(nth * ROWS_PER_STATEMENT, (nth + 1) * ROWS_PER_STATEMENT),
  )
}
