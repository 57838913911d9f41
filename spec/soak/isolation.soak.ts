import knexModule from 'knex'
import { connect } from '../../lib/index.ts'
import { anomaliesAt, BATCH, createLists, levelsOn } from './isolation.ts'
import type { Soak } from './soak.ts'
import { TESTED } from './support/faulty.ts'

const DEADLINE_MS = 60_000

export const isolation: Soak = {
  name: 'isolation',
  goal: 'G8',
  counts: 'transactions at three levels, looked through for circles',
  full: 60_000,
  // A connection beside the only one is needed to look.
  on: ({ name }) => name !== 'SQLite memory',
  async run(run) {
    const fresh = await run.kind.create()
    const knex = knexModule.default(fresh.config)
    const config = { ...fresh.config, pool: { min: 0, max: 10 }, log: { warn: () => undefined } }
    await createLists(knex)
    const connection = Object.assign({}, fresh.config.connection, { application_name: TESTED })
    const db = connect({ ...config, connection })
    const levels = levelsOn[run.kind.dialect]
    const sums = levels.map(() => ({ committed: 0, lostUpdates: 0, dirtyReads: 0, cycles: 0 }))
    try {
      for (let round = 0; round * BATCH < run.goal && run.leftMs > 0; round += 1) {
        const at = round % levels.length
        const { isolation, forbids } = levels[at] as (typeof levels)[number]
        const work = anomaliesAt({ db, knex }, isolation, round, run.seed)
        const anomalies = await run.within(DEADLINE_MS, `a batch at ${isolation}`, work)
        run.tried(BATCH)
        for (const name of forbids) {
          const finding = name === 'lostUpdates' ? 'lost' : 'wrong'
          if (anomalies[name] > 0) run.found(finding, `${isolation}: ${anomalies[name]} ${name}`)
        }
        const sum = sums[at]
        if (sum === undefined) continue
        for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += anomalies[name]
      }
      for (const [at, { isolation, shows }] of levels.entries()) {
        console.log(`${isolation}: ${JSON.stringify(sums[at])}`)
        for (const name of shows) {
          if (sums[at]?.[name] === 0) run.found('wrong', `no ${name} at ${isolation} were noticed`)
        }
      }
    } finally {
      await db.close({ timeoutMs: 500 })
      await knex.destroy()
      await fresh.drop()
    }
  },
}
