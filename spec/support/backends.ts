/** Other connections of a database, on PostgreSQL, where specs of other databases run beside. */
import type { Knex } from 'knex'

/**
 * Ends the connections to the database of `knex` that are so, but for the one it asks on; says how
 * many. Those of other databases are other specs', which may be running beside.
 *
 * @param isSo a condition on `pg_stat_activity`.
 * @example
 * await endBackends(db.knex, "state = 'idle in transaction'")
 */
export async function endBackends(knex: Knex, isSo: string): Promise<number> {
  const { rows } = await knex.raw(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and ${isSo}`,
  )
  return rows.length
}
