/** A database with a few tables of a story's own, empty before each, that tells what it is sent. */
import type { Knex } from 'knex'
import { type ConnectOptions, connect, type Database, expectQueries } from '../../../lib/index.ts'
import type { Dialect, FreshDatabase, TestDatabase } from '../../support/databases.ts'

export interface Schema {
  readonly db: Database
  readonly dialect: Dialect
  /** Puts rows into a table, past the ORM. */
  insert(table: string, ...rows: object[]): Promise<void>
  /** All rows of a table, in the order of some columns. */
  rows(table: string, ...order: string[]): Promise<object[]>
  /** The values of the first column of a table in order: what is left of it. */
  left(table: string, column?: string): Promise<unknown[]>
  /** What `work` resolves to; fails unless it sent so many statements, transactions aside. */
  sends<T>(count: number, work: () => T | PromiseLike<T>): Promise<T>
  /** The SQL of the statements that `work` sends, transactions included. */
  sqlOf(work: () => unknown): Promise<string[]>
}

/** `create` makes the tables of the models. */
export function useSchema(
  kind: TestDatabase,
  models: ConnectOptions['models'],
  create: (knex: Knex, dialect: Dialect) => PromiseLike<void>,
): Schema {
  let fresh: FreshDatabase | undefined
  let db: Database | undefined
  let tables: readonly string[] = []
  let sent: string[] = []

  before(async () => {
    fresh = await kind.create()
    db = connect(fresh.config, { models })
    await create(db.knex, kind.dialect)
    tables = await tablesOf(db.knex, kind.dialect)
    db.knex.on('query', ({ sql }: { sql: string }) => {
      sent.push(sql)
    })
  })
  beforeEach(async () => {
    await empty(opened().knex, kind.dialect, tables)
  })
  after(async () => {
    await db?.close({ timeoutMs: 1000 })
    await fresh?.drop()
  })

  const opened = (): Database => {
    if (db === undefined) throw new Error('The database is not open yet.')
    return db
  }
  return {
    get db() {
      return opened()
    },
    dialect: kind.dialect,
    async insert(table, ...rows) {
      await opened().knex.batchInsert(table, rows, 100)
    },
    async rows(table, ...order) {
      const rows = (await opened().knex(table).orderBy(order)) as object[]
      return rows.map((row) => ({ ...row }))
    },
    async left(table, column = 'id') {
      return (await opened().knex(table).orderBy(column).pluck(column)) as unknown[]
    },
    async sends(count, work) {
      return await expectQueries(count, work)
    },
    async sqlOf(work) {
      sent = []
      await work()
      return sent
    },
  }
}

/** BEGIN, COMMIT, SAVEPOINT … */
export function isControl(sql: string): boolean {
  return /^(begin|commit|rollback|savepoint|release)/i.test(sql)
}

async function tablesOf(knex: Knex, dialect: Dialect): Promise<string[]> {
  if (dialect === 'sqlite') {
    return await knex('sqlite_master')
      .where({ type: 'table' })
      .whereNot('name', 'like', 'sqlite_%')
      .pluck('name')
  }
  return await knex('pg_tables').where({ schemaname: 'public' }).pluck('tablename')
}

async function empty(knex: Knex, dialect: Dialect, tables: readonly string[]): Promise<void> {
  if (dialect === 'postgresql') {
    await knex.raw(`truncate ${tables.map((table) => `"${table}"`).join(', ')} restart identity`)
    return
  }
  await knex.transaction(async (transaction) => {
    await transaction.raw('pragma defer_foreign_keys = on')
    for (const table of tables) await transaction(table).delete()
  })
}
