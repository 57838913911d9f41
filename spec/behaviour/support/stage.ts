/** A migrated database for a story, with a few rows, that counts the statements it is sent. */
import type { Knex } from 'knex'
import { type ConnectOptions, connect, type Database, expectQueries } from '../../../lib/index.ts'
import {
  type Dialect,
  type FreshDatabase,
  migrate,
  type TestDatabase,
} from '../../support/databases.ts'

export interface Stage {
  readonly db: Database
  readonly dialect: Dialect
  /** For a second connection of the story's own. Not for SQLite in memory. */
  readonly config: Knex.Config
  /** What `work` resolves to; fails unless it sent so many statements, in the background too. */
  sends<T>(count: number, work: () => T | PromiseLike<T>): Promise<T>
  /** The SQL of the statements that `work` sends. */
  sqlOf(work: () => unknown): Promise<string[]>
  /** Waits until so many statements of the present `sends` were answered, well or badly. */
  answered(count: number): Promise<void>
}

export interface StageOptions {
  readonly connect?: ConnectOptions
  readonly pool?: Knex.PoolConfig
}

/** Opens a database for the stories of a `describe`; each begins with the same rows. */
export function useStage(kind: TestDatabase, options: StageOptions = {}): Stage {
  let fresh: FreshDatabase | undefined
  let db: Database | undefined
  let sent: string[] = []
  let answers = 0

  before(async () => {
    fresh = await kind.create()
    const pool = { ...fresh.config.pool, ...options.pool }
    // Most stories leave failed starts unread on purpose: no warnings on the screen.
    db = connect({ ...fresh.config, pool }, { onUnconsumedError: () => {}, ...options.connect })
    await migrate(db.knex)
    db.knex.on('query', ({ sql }: { sql: string }) => {
      sent.push(sql)
    })
    db.knex.on('query-response', () => {
      answers += 1
    })
    db.knex.on('query-error', () => {
      answers += 1
    })
  })
  beforeEach(async () => {
    await refill(opened().knex, kind.dialect)
  })
  after(async () => {
    await db?.close({ timeoutMs: 1000 })
    await fresh?.drop()
  })

  const opened = (): Database => {
    if (db === undefined) throw new Error('The stage is not open yet.')
    return db
  }
  const listen = async <T>(work: () => T | PromiseLike<T>): Promise<T> => {
    sent = []
    answers = 0
    return await work()
  }
  return {
    get db() {
      return opened()
    },
    get config() {
      opened()
      return fresh?.config ?? {}
    },
    dialect: kind.dialect,
    async sends(count, work) {
      return await listen(() => expectQueries(count, work, { transactions: true }))
    },
    async sqlOf(work) {
      await listen(work)
      return sent
    },
    async answered(count) {
      await until(() => answers >= count)
      // What was answered is settled when the microtasks behind it have run.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const BOOKS = [
  ['Emma', 474, '1815-12-23', 'live', 1],
  ['Persuasion', 249, '1817-12-20', 'draft', 1],
  ['Middlemarch', 880, '1871-12-01', 'live', 2],
  ['Silas Marner', 240, '1861-04-02', null, 2],
] as const

async function refill(knex: Knex, dialect: Dialect): Promise<void> {
  await knex.schema.dropTableIfExists('ghosts')
  if (dialect === 'postgresql') {
    await knex.raw(
      'truncate authors, books, tags, books_tags, samples, optional_samples restart identity cascade',
    )
  } else {
    for (const table of ['books_tags', 'books', 'tags', 'authors', 'samples', 'optional_samples']) {
      await knex(table).delete()
    }
    await knex('sqlite_sequence').delete()
  }
  await knex('authors').insert([
    { name: 'Jane', email: 'jane@example.org', born_on: '1775-12-16', mentor_id: null },
    { name: 'Mary Ann', email: null, born_on: '1819-11-22', mentor_id: 1 },
    { name: 'Charlotte', email: 'lotte@example.org', born_on: null, mentor_id: 1 },
  ])
  await knex('books').insert(
    BOOKS.map(([title, pages, day, status, author]) => ({
      title,
      pages,
      published_at: dialect === 'postgresql' ? `${day} 09:30:00.125+00` : `${day} 09:30:00.125`,
      status,
      price: null,
      data: null,
      author_id: author,
    })),
  )
}

/** Makes the table of `Ghost`, so that what failed before works now. */
export async function createGhosts({ db }: Stage, ...names: string[]): Promise<void> {
  await db.knex.schema.createTable('ghosts', (table) => {
    table.increments()
    table.string('name', 50).notNullable()
  })
  for (const name of names) await db.knex('ghosts').insert({ name })
}

/** How many statements `iterator()` sends that asks for so many chunks, by key, outside a transaction. */
export function streamed({ db, dialect }: Stage, chunks: number): number {
  // BEGIN and ROLLBACK, and DECLARE; the only connection of SQLite in memory is not held, so that
  // where the rows end is asked for when there are more than the first.
  if (dialect === 'postgresql') return chunks + 3
  if (db.poolMax > 1) return chunks + 2
  return chunks > 1 ? chunks + 1 : chunks
}

/** Looks again until it is so; mocha's timeout is the end of it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
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

/** What a call threw at once, before it could give a promise. */
export function thrown(call: () => unknown): Error & { code?: string } {
  try {
    const result = call()
    // Otherwise a rejection nobody waits for ends the run with something less clear.
    if (result instanceof Promise) result.catch(() => {})
  } catch (error) {
    return error as Error
  }
  throw new Error('It did not throw.')
}
