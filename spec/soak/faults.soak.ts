import { FaultRuns } from './faults.ts'
import { createEntries } from './ledger.ts'
import type { Soak } from './soak.ts'
import { openFaulty } from './support/faulty.ts'

const DEADLINE_MS = 10_000

export const faults: Soak = {
  name: 'faults',
  goal: 'G5',
  counts: 'runs of six workers in trouble: cut, killed, silent, refused',
  full: 5000,
  // To be undone by SQLite itself a connection is given up, and with it a database in memory.
  on: ({ name }) => name !== 'SQLite memory',
  async run(run) {
    const at = await openFaulty(run.kind)
    const escaped = (error: unknown) => run.found('wrong', `nobody caught ${String(error)}`)
    process.on('unhandledRejection', escaped)
    try {
      await createEntries(at.knex)
      const runs = new FaultRuns(at)
      for (const round of run.rounds()) {
        const what = `run ${round}`
        const { trouble, found } = await run.within(DEADLINE_MS, what, runs.run(round, run.seed))
        for (const [finding, each] of found) run.found(finding, `${what}, ${trouble}: ${each}`)
      }
      for (const each of await runs.ledger.check(at.knex)) run.found('lost', `at the end ${each}`)
      const { acknowledged, refused } = runs.ledger
      console.log(`${acknowledged} operations were acknowledged, ${refused} refused`)
    } finally {
      process.off('unhandledRejection', escaped)
      await at.close()
    }
  },
}
