import { failureRuns, runFailure } from './failures.ts'
import type { Soak } from './soak.ts'
import { openFaulty } from './support/faulty.ts'
import { createNovels } from './support/novels.ts'

const DEADLINE_MS = 10_000

export const failures: Soak = {
  name: 'failures',
  goal: 'G6',
  counts: 'operations whose n-th statement fails',
  full: 5000,
  // To be undone by SQLite itself a connection is given up, and with it a database in memory.
  on: ({ name }) => name !== 'SQLite memory',
  async run(run) {
    const at = await openFaulty(run.kind)
    try {
      await createNovels(at.knex)
      let runs = failureRuns(at.db.dialect)
      let isPast: boolean | undefined
      for (const _ of run.rounds()) {
        let next = runs.next(isPast)
        if (next.done) {
          runs = failureRuns(at.db.dialect)
          next = runs.next()
        }
        if (next.done) return
        const { operation, fault, n } = next.value
        const what = `${operation}, statement ${n}: ${fault}`
        const result = await run.within(DEADLINE_MS, what, runFailure(at, next.value))
        for (const each of result.wrong) run.found('wrong', `${what}: ${each}`)
        for (const each of result.leaked) run.found('leaked', `${what}: ${each}`)
        isPast = result.isPast
      }
    } finally {
      await at.close()
    }
  },
}
