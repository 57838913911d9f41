/** Many querysets that are started at once: in which order they run, how many of them, and how they end. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Knex } from 'knex'
import { AsyncManager, type Database, fields, Model, Value } from '../../lib/index.ts'

/** A view whose row takes 50 ms. */
class Nap extends Model('naps', { nap: fields.text() }) {
  static objects = new AsyncManager(Nap)
}

const NAP_SECONDS = 0.05
const LOOK_EVERY_MS = 20

export async function createNaps(knex: Knex): Promise<void> {
  await knex.raw(`create view naps as select 1 as id, pg_sleep(${NAP_SECONDS})::text as nap`)
}

export interface StartedResult {
  /** How many were sent. */
  readonly sent: number
  readonly failed: readonly string[]
  /** How far from its turn one was sent at most; when a busy server takes it up is not ours. */
  readonly skew: number
  /** How many were seen running on the server at once. */
  readonly inFlight: number
}

/** Starts so many, then reads all of them; `knex` looks on from outside. */
export async function startNaps(db: Database, knex: Knex, count: number): Promise<StartedResult> {
  const sent: number[] = []
  const note = ({ bindings }: { readonly bindings: readonly unknown[] }) =>
    sent.push(Number(bindings[0]))
  const failed: string[] = []
  let inFlight = 0
  const look = async (): Promise<void> => {
    const { rows } = await knex.raw(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and state = 'active' and query like '%"naps"%'
         and pid <> pg_backend_pid()`,
    )
    inFlight = Math.max(inFlight, rows[0].n)
  }
  db.knex.on('query', note)
  const started = Array.from({ length: count }, (_, asked) =>
    Nap.objects
      .using(db)
      .annotate({ asked: Value(asked) })
      .startFetch(),
  )
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  await Promise.all(
    started.map(async (naps) => {
      try {
        await naps
      } catch (error) {
        failed.push(String(error))
      }
    }),
  )
  clearInterval(timer)
  db.knex.removeListener('query', note)
  const skews = sent.map((asked, at) => Math.abs(at - asked))
  return { sent: sent.length, failed, skew: Math.max(...skews), inFlight }
}

const PROGRAM = fileURLToPath(new URL('./support/unread-starts.ts', import.meta.url))
const run = promisify(execFile)

/** What a program reports that starts so many queries which fail, and reads none; rejects if it crashes. */
export async function unreadIn(config: Knex.Config, count: number): Promise<unknown> {
  const { stdout } = await run(
    process.execPath,
    [
      '--unhandled-rejections=strict',
      '--import',
      'tsx',
      PROGRAM,
      JSON.stringify(config),
      String(count),
    ],
    { timeout: 60_000 },
  )
  return JSON.parse(stdout)
}
