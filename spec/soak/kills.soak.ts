import { openDatabase } from '../../lib/database/database.ts'
import { createPairs, killWriter } from '../database/support/writers.ts'
import type { Soak } from './soak.ts'

const DEADLINE_MS = 60_000

export const kills: Soak = {
  name: 'kills',
  goal: 'F46',
  counts: 'kills of a process that writes',
  full: 20,
  on: ({ name }) => name === 'SQLite file',
  async run(run) {
    const fresh = await run.kind.create()
    const { filename } = fresh.config.connection as { filename: string }
    const db = openDatabase(fresh.config, { name: 'soak' })
    try {
      await createPairs(db)
      for (const round of run.rounds()) {
        const killed = killWriter(db, filename, 1 + ((run.seed + round * 37) % 200))
        for (const what of await run.within(DEADLINE_MS, 'a killed process', killed)) {
          run.found(what.startsWith('lost') ? 'lost' : 'wrong', what)
        }
      }
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
