import { openDatabase } from '../../lib/database/database.ts'
import { abortAtRandom } from './aborts.ts'
import type { Soak } from './soak.ts'

export const aborts: Soak = {
  name: 'aborts',
  goal: 'G10',
  counts: 'aborts at random moments',
  full: 1000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = openDatabase({ ...fresh.config, pool: { min: 0, max: 1 } }, { name: 'soak' })
    try {
      for (const _ of run.rounds()) {
        const [outcome, next] = await run.within(10_000, 'an aborted query', abortAtRandom(db))
        if (outcome !== 'finished' && outcome !== 'AbortError') run.found('wrong', outcome)
        if (JSON.stringify(next) !== '[[5]]') run.found('wrong', `then ${JSON.stringify(next)}`)
      }
      if (db.knex.client.pool.numUsed() > 0) run.found('leaked', 'a connection stayed in use')
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
