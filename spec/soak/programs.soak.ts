import fc from 'fast-check'
import { connect } from '../../lib/index.ts'
import { differencesOf, type Node, programs as programsOf } from './programs.ts'
import type { Soak } from './soak.ts'
import { createNovels } from './support/novels.ts'

const DEADLINE_MS = 10_000

export const programs: Soak = {
  name: 'programs',
  goal: 'G7',
  counts: 'programs of nested, parallel and started work against a model',
  full: 10_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config, { onUnconsumedError: () => undefined })
    await createNovels(db.knex)
    const check = async (program: readonly Node[]): Promise<void> => {
      if (run.leftMs === 0) return
      run.tried(1)
      const what = JSON.stringify(program)
      const wrong = await run.within(DEADLINE_MS, what, differencesOf(db, program))
      if (wrong.length > 0) throw new Error(wrong.join('; '))
    }
    try {
      await fc.assert(fc.asyncProperty(programsOf, check), { numRuns: run.goal, seed: run.seed })
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
