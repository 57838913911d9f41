import { exactIn, ZONES } from './exactness.ts'
import type { Soak } from './soak.ts'

export const exactness: Soak = {
  name: 'exactness',
  goal: 'G12',
  counts: 'values of seven kinds written and read under four time zones',
  full: 10_000,
  on: ({ name }) => name !== 'SQLite memory',
  async run(run) {
    const fresh = await run.kind.create()
    try {
      for (const zone of ZONES) {
        if (run.leftMs === 0) return
        const options = { count: run.goal, seed: run.seed }
        const { tried, wrong, examples } = await exactIn(fresh.config, zone, options)
        run.tried(tried)
        for (let n = 0; n < wrong; n += 1) run.found('wrong', `${zone}: ${examples[n] ?? ''}`)
      }
    } finally {
      await fresh.drop()
    }
  },
}
