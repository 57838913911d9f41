import knexModule, { type Knex } from 'knex'
import { openDatabase } from '../../lib/database/database.ts'
import { abortAtRandom } from './aborts.ts'
import type { Soak } from './soak.ts'

const IDLE_WITHIN_MS = 200

export const aborts: Soak = {
  name: 'aborts',
  goal: 'G10',
  counts: 'aborts at random moments, after each of which the server is idle',
  full: 1000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = openDatabase({ ...fresh.config, pool: { min: 0, max: 1 } }, { name: 'soak' })
    const server = run.kind.dialect === 'postgresql' ? knexModule.default(fresh.config) : undefined
    try {
      for (const _ of run.rounds()) {
        const onEnd = () => (server === undefined ? Promise.resolve(0) : busyFor(server))
        const work = abortAtRandom(db, onEnd)
        const { outcome, next, ended } = await run.within(10_000, 'an aborted query', work)
        if (outcome !== 'finished' && outcome !== 'AbortError') run.found('wrong', outcome)
        if (JSON.stringify(next) !== '[[5]]') run.found('wrong', `then ${JSON.stringify(next)}`)
        if (ended > IDLE_WITHIN_MS) run.found('hung', `the server went on for ${ended} ms`)
      }
      if (db.knex.client.pool.numUsed() > 0) run.found('leaked', 'a connection stayed in use')
    } finally {
      await db.close({ timeoutMs: 500 })
      await server?.destroy()
      await fresh.drop()
    }
  },
}

/** For how many milliseconds the server still works on anything of this database. */
async function busyFor(server: Knex): Promise<number> {
  const since = performance.now()
  for (;;) {
    const { rows } = await server.raw(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'",
    )
    if (rows[0].n === 0) return Math.round(performance.now() - since)
  }
}
