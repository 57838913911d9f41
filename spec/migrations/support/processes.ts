/** Starts processes that migrate, and looks at what they left. */
import { spawn } from 'node:child_process'
import knexModule, { type Knex } from 'knex'
import type { Dialect } from '../../support/databases.ts'
import type { Outcome, Task } from './migrating-process.ts'

const PROGRAM = new URL('./migrating-process.ts', import.meta.url).pathname

export interface Ended extends Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** Runs one to its end, its own or the one it was told. */
export function migrating(task: Task): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MIGRATING: JSON.stringify(task) },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ ...(stdout && JSON.parse(stdout)), code, signal, stderr })
    })
  })
}

const SCHEMA: Record<Dialect, string> = {
  sqlite: `select name, sql from sqlite_master
    where name not like 'sqlite_%' and name not like 'knex_%' order by name`,
  postgresql: `select concat_ws(' ', table_name, column_name, data_type, column_default) as name
    from information_schema.columns where table_schema = 'public' and table_name not like 'knex_%'
    union all select indexdef from pg_indexes
    where schemaname = 'public' and tablename not like 'knex_%' order by 1`,
}

export interface Left {
  readonly schema: readonly object[]
  readonly rows: Readonly<Record<string, number>>
  readonly migrations: readonly string[]
  readonly lock: readonly object[]
}

/** All that is in the database: its schema, how many rows, what knex recorded, and its lock. */
export async function leftIn(config: Knex.Config, dialect: Dialect): Promise<Left> {
  const knex = knexModule.default(config)
  try {
    const raw = await knex.raw(SCHEMA[dialect])
    const rows: Record<string, number> = {}
    for (const table of ['authors', 'notes', 'books']) {
      if (!(await knex.schema.hasTable(table))) continue
      rows[table] = Number((await knex(table).count({ n: '*' }))[0]?.['n'])
    }
    return {
      schema: (dialect === 'sqlite' ? raw : raw.rows).map((row: object) => ({ ...row })),
      rows,
      migrations: await knex('knex_migrations').orderBy('name').pluck('name'),
      lock: await knex('knex_migrations_lock').select('is_locked', 'asynchrormous'),
    }
  } finally {
    await knex.destroy()
  }
}
