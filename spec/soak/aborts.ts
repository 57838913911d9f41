/** A signal that aborts at a random moment, and the statement after it. */
import type { Database } from '../../lib/database/runner.ts'
import { read, readWithin } from '../database/helpers.ts'
import type { Dialect } from '../support/databases.ts'

const BOUNDED: Record<Dialect, string> = {
  postgresql: 'select 1 as one from pg_sleep(0.02)',
  sqlite:
    'with recursive c(x) as (select 1 union all select x + 1 from c where x < 60000) select max(x) as one from c',
}

/** How the statement ended, and what the next one on a pool of one answered. */
export async function abortAtRandom(db: Database): Promise<[outcome: string, next: unknown]> {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), Math.random() * 30)
  const sql = BOUNDED[db.dialect as Dialect]
  const outcome = await readWithin({ signal: controller.signal }, db.current(), sql).then(
    () => 'finished',
    (error: Error) => error.name,
  )
  return [outcome, await read(db.current(), 'select 5 as five')]
}
