/** A signal that aborts at a random moment, and the statement after it. */
import type { Database } from '../../lib/database/runner.ts'
import { read, readWithin } from '../database/helpers.ts'
import type { Dialect } from '../support/databases.ts'

/** Some of them end by themselves; others would go on for a while. */
const BOUNDED: Record<Dialect, string> = {
  postgresql: 'select 1 as one from pg_sleep(0.01 + (random() > 0.5)::int * 2)',
  sqlite:
    'with recursive c(x) as (select 1 union all select x + 1 from c where x < 60000) select max(x) as one from c',
}

interface Aborted<E> {
  /** How the statement ended. */
  readonly outcome: string
  /** What `onEnd` gave. */
  readonly ended: E
  /** What the next one on a pool of one answered. */
  readonly next: unknown
}

/** Aborts a statement; looks by `onEnd` when it has ended, and asks something else. */
export async function abortAtRandom<E>(db: Database, onEnd: () => Promise<E>): Promise<Aborted<E>> {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), Math.random() * 30)
  const sql = BOUNDED[db.dialect as Dialect]
  const outcome = await readWithin({ signal: controller.signal }, db.current(), sql).then(
    () => 'finished',
    (error: Error) => error.name,
  )
  const ended = await onEnd()
  return { outcome, ended, next: await read(db.current(), 'select 5 as five') }
}
