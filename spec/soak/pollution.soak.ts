import { connect } from '../../lib/index.ts'
import { migrate } from '../support/databases.ts'
import { openPolluter, VALUES_EACH } from './pollution.ts'
import { harmOf, payloadOf } from './prototypes.ts'
import type { Soak } from './soak.ts'
import { createNovels, refillNovels } from './support/novels.ts'

const DEADLINE_MS = 30_000

export const pollution: Soak = {
  name: 'pollution',
  goal: 'G4',
  counts: 'properties on Object.prototype, under each of which 40 calls send the same SQL',
  full: 1000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config, { onUnconsumedError: () => undefined })
    try {
      await createNovels(db.knex)
      await refillNovels(db.knex)
      const polluter = await openPolluter(db)
      for (const round of run.rounds()) {
        const name = polluter.names[Math.floor(round / VALUES_EACH) % polluter.names.length] ?? ''
        const work = polluter.differences(name, round)
        for (const each of await run.within(DEADLINE_MS, name, work)) {
          run.found('wrong', `Object.prototype.${name}: ${each}`)
        }
      }
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}

export const prototypes: Soak = {
  name: 'prototypes',
  goal: 'G4',
  counts: 'payloads that lead to a prototype, to each of 22 entries',
  full: 1000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config)
    try {
      await migrate(db.knex)
      for (const round of run.rounds()) {
        const text = payloadOf(run.seed * 1_000_003 + round)
        for (const each of await run.within(DEADLINE_MS, text, harmOf(text))) {
          run.found('wrong', `${each}, by ${text}`)
        }
      }
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
