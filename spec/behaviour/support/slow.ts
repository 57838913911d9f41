/** Tables whose rows take the database as long as a story wants. */
import pg from 'pg'
import { AsyncManager, fields, Model } from '../../../lib/index.ts'
import type { Stage } from './stage.ts'

/** PostgreSQL: its one row is there once nobody holds the gate. */
export class Gated extends Model('gated', { name: fields.text() }) {
  static objects = new AsyncManager(Gated)
}

/** Its one row takes a while that no spec waits for on PostgreSQL, and some ticks on SQLite. */
export class Slow extends Model('slow', { name: fields.text() }) {
  static objects = new AsyncManager(Slow)
}

const GATE = 4711

/** Makes the views behind `Gated` and `Slow`. */
export async function createSlow({ db, dialect }: Stage, rows = 400_000): Promise<void> {
  if (dialect === 'sqlite') {
    await db.knex.raw('drop view if exists slow')
    await db.knex.raw(
      `create view slow as
         with recursive c(x) as (select 1 union all select x + 1 from c where x < ${rows})
         select max(x) as id, 'slow' as name from c`,
    )
    return
  }
  await db.knex.raw(
    "create or replace view slow as select 1 as id, 'slow'::text as name from pg_sleep(60)",
  )
  await db.knex.raw(
    `create or replace view gated as
       select 1 as id, 'open'::text as name from pg_advisory_xact_lock_shared(${GATE})`,
  )
}

export interface Gate {
  /** How many statements the server is running that wait for the gate. */
  waiting(): Promise<number>
  open(): Promise<void>
  end(): Promise<void>
}

/** Closes the gate of `Gated`, from a connection of its own. */
export async function closeGate({ config }: Stage): Promise<Gate> {
  const client = new pg.Client(config.connection as pg.ClientConfig)
  await client.connect()
  await client.query('select pg_advisory_lock($1)', [GATE])
  return {
    async waiting() {
      const { rows } = await client.query(
        `select count(*)::int as n from pg_stat_activity
         where datname = current_database() and state = 'active' and wait_event_type = 'Lock'
           and query like '%"gated"%'`,
      )
      return (rows[0] as { n: number }).n
    },
    async open() {
      await client.query('select pg_advisory_unlock_all()')
    },
    end: () => client.end(),
  }
}
