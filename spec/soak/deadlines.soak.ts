import knexModule from 'knex'
import { allCalls } from './calls.ts'
import { endedBehind, obstacles, openFar, TIMEOUT_MS } from './deadlines.ts'
import type { Soak } from './soak.ts'
import { createNovels } from './support/novels.ts'

/** What a call may take beyond its timeout. */
const GRACE_MS = 250
const DEADLINE_MS = 10_000

export const deadlines: Soak = {
  name: 'deadlines',
  goal: 'G11',
  counts: 'calls with a timeout behind FIN, RST, a black hole, a full pool',
  full: 5000,
  on: ({ dialect }) => dialect === 'postgresql',
  async run(run) {
    const fresh = await run.kind.create()
    const knex = knexModule.default(fresh.config)
    await createNovels(knex)
    await knex.destroy()
    const far = await openFar(fresh)
    const kinds = Object.keys(obstacles)
    const late: number[] = []
    try {
      for (const round of run.rounds()) {
        const obstacle = kinds[round % kinds.length] ?? ''
        const [name] = allCalls[Math.floor(round / kinds.length) % allCalls.length] ?? ['']
        const what = `${name} behind ${obstacle}`
        const ended = await run.within(DEADLINE_MS, what, endedBehind(far, obstacle, [name]))
        for (const { ms, wrong } of ended) {
          late.push(ms - TIMEOUT_MS)
          if (wrong !== undefined) run.found('wrong', `${what}: ${wrong}`)
          if (ms > TIMEOUT_MS + GRACE_MS) run.found('hung', `${what}: ${ms.toFixed(0)} ms`)
        }
        if (far.db.knex.client.pool.numUsed() > 0) run.found('leaked', `a connection by ${what}`)
      }
      console.log(`at most ${Math.max(...late).toFixed(0)} ms late, of ${allCalls.length} calls`)
    } finally {
      await far.close()
      await fresh.drop()
    }
  },
}
