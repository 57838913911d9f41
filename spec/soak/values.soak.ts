import { connect } from '../../lib/index.ts'
import { benignTwins, COLUMNS, hostileValues, triedBadly } from '../security/support/values.ts'
import { migrate } from '../support/databases.ts'
import type { Soak } from './soak.ts'

/** Written in three ways and asked for in one. */
const WAYS = 4
const BATCH = 50

export const values: Soak = {
  name: 'values',
  goal: 'G2',
  counts: 'hostile values',
  full: 100_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config)
    const sent: string[] = []
    try {
      await migrate(db.knex)
      db.knex.on('query', ({ sql }: { sql: string }) => {
        sent.push(sql)
      })
      const twins = await benignTwins(sent)
      const each = COLUMNS.length * BATCH * WAYS
      for (let round = 0; round * each < run.goal && run.leftMs > 0; round += 1) {
        for (const value of hostileValues(BATCH, run.seed + round)) {
          for (const name of COLUMNS) {
            const problem = await triedBadly(name, value, sent, twins)
            if (problem !== undefined) run.found('wrong', problem)
          }
        }
        run.tried(each)
      }
      if (({} as { polluted?: unknown }).polluted !== undefined) run.found('wrong', 'a prototype')
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
