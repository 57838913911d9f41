import type { Knex } from 'knex'
import { MigrationInterruptedError } from '../errors.ts'
import type { Held } from './lock.ts'

/** Which way a migration is run. */
export type Direction = 'up' | 'down'

/** knex's tables, as its configuration names them. */
export interface Tables {
  readonly tableName: string
  readonly schemaName: string | null
}

interface LockRow {
  readonly is_locked: number
  readonly asynchrormous?: string | null
}

/** In knex's lock table, so that `knex migrate:unlock`, which makes its row anew, forgets it too. */
const COLUMN = 'asynchrormous'
/** A run has begun and nothing of it is half done: a lock that is left with it is nobody's. */
const BEGUN = 'begun'

/**
 * What is under way, written where it outlives the process: knex records a migration only after it is
 * committed, and leaves no trace of one without a transaction that did not finish.
 *
 * All of it runs while the lock is held, so that what it finds was left by somebody who is gone.
 */
export class Journal {
  readonly #held: Held
  readonly #tables: Tables

  constructor(held: Held, tables: Tables) {
    this.#held = held
    this.#tables = tables
  }

  /**
   * Puts right what a process left that died: records what was done, frees knex's lock if it was
   * taken under ours. One that was taken by knex alone stays.
   *
   * @throws MigrationInterruptedError when a migration without a transaction did not finish.
   * @example
   * await journal.begin(['20260101000000_books.ts'])
   */
  async begin(completed: readonly string[]): Promise<void> {
    const [row] = (await this.#lockTable().select('*')) as LockRow[]
    if (row !== undefined && !(COLUMN in row)) await this.#addColumn()
    const left = row?.asynchrormous ?? null
    if (left !== null) await this.#finish(left, completed)
    await this.#write(BEGUN, left === null ? {} : { is_locked: 0 })
  }

  /** What knex is to call around each migration, on the connection or in its transaction. */
  around(direction: Direction, nameOf: (migration: unknown) => string): Required<Hooks> {
    return {
      beforeEach: async (knexOrTrx, migrations) => {
        if (isTransaction(knexOrTrx)) return
        await this.#write(`running ${direction} ${migrations.map(nameOf).join()}`)
      },
      afterEach: async (_knexOrTrx, migrations) => {
        await this.#write(`done ${direction} ${migrations.map(nameOf).join()}`)
      },
    }
  }

  /** Nothing is under way any more. */
  async end(): Promise<void> {
    await this.#write(null)
  }

  /** As `end()`, after a failure, which may have left a migration half done. */
  async giveUp(): Promise<void> {
    // The connection may be what failed; then it stays for the next run.
    await this.#lockTable()
      .where({ [COLUMN]: BEGUN })
      .update({ [COLUMN]: null })
      .catch(() => {})
  }

  async #finish(left: string, completed: readonly string[]): Promise<void> {
    const [, state, direction, name] = /^(running|done) (up|down) (.*)$/s.exec(left) ?? []
    if (name === undefined || completed.includes(name) === (direction === 'up')) return
    if (state === 'running') throw interrupted(name, direction as Direction, this.#tables)
    const record = this.#table(this.#tables.tableName)
    if (direction === 'down') {
      await record.where({ name }).del()
      return
    }
    const [latest] = (await this.#table(this.#tables.tableName).max({ batch: 'batch' })) as [
      { batch: number | null },
    ]
    await record.insert({ name, batch: (latest.batch ?? 0) + 1, migration_time: new Date() })
  }

  async #write(text: string | null, more: object = {}): Promise<void> {
    await this.#lockTable().update({ [COLUMN]: text, ...more })
  }

  #lockTable(): Knex.QueryBuilder {
    return this.#table(`${this.#tables.tableName}_lock`)
  }

  #table(name: string): Knex.QueryBuilder {
    const { schemaName } = this.#tables
    return this.#held.on((knex) =>
      schemaName === null ? knex.table(name) : knex.withSchema(schemaName).table(name),
    )
  }

  async #addColumn(): Promise<void> {
    const { schemaName, tableName } = this.#tables
    await this.#held.on(({ schema }) =>
      (schemaName === null ? schema : schema.withSchema(schemaName)).alterTable(
        `${tableName}_lock`,
        (table) => {
          table.text(COLUMN)
        },
      ),
    )
  }
}

/** Hooks of knex's migrator. */
export type Hooks = Pick<Knex.MigratorConfigWithLifecycleHooks, 'beforeEach' | 'afterEach'>

/** Whether it is a transaction of knex, which is a function too. */
export function isTransaction(knexOrTrx: object): boolean {
  return (knexOrTrx as { isTransaction?: boolean }).isTransaction === true
}

function interrupted(name: string, direction: Direction, { tableName }: Tables): Error {
  const unlock = '"knex migrate:unlock", or knex.migrate.forceFreeMigrationsLock(),'
  const what =
    direction === 'up'
      ? `Migration ${name} did not finish: it runs without a transaction, and its process died or it ` +
        'failed, so part of it may be in the database. Take that part away, or let its up() run over ' +
        `it; then call ${unlock} and migrate again. If all of it is there, insert its name into ` +
        `${tableName} instead.`
      : `Migration ${name} was not rolled back to the end: it runs without a transaction, and its ` +
        'process died or it failed, so part of it may be gone. Bring that part back, or let its ' +
        `down() run over it; then call ${unlock} and roll back again. If all of it is gone, delete ` +
        `its row from ${tableName} instead.`
  return new MigrationInterruptedError(what)
}
