import { connect } from '../../lib/index.ts'
import { metBadly, NAMES, sqlOf, VALUES } from '../security/support/attacks.ts'
import { hostileTexts } from '../security/support/payloads.ts'
import { migrate } from '../support/databases.ts'
import type { Soak } from './soak.ts'

export const injection: Soak = {
  name: 'injection',
  goal: 'G1',
  counts: 'hostile names and values',
  full: 25_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config)
    let sent = 0
    try {
      await migrate(db.knex)
      await db.knex.schema.createTable('canary', (table) => {
        table.string('secret')
      })
      await db.knex('canary').insert({ secret: 'alive' })
      db.knex.on('query', () => {
        sent += 1
      })
      const each = NAMES.length + VALUES.length
      const benign = VALUES.map((attack) => sqlOf(attack, 'x'))
      for (const text of hostileTexts(Math.ceil(run.goal / each), run.seed)) {
        if (run.leftMs <= 0) break
        for (const attack of NAMES) {
          const problem = await metBadly(attack, text, () => sent)
          if (problem !== undefined) run.found('wrong', problem)
        }
        for (const [at, attack] of VALUES.entries()) {
          const sql = sqlOf(attack, text)
          if (sql === undefined) continue
          const isParted = attack.call.includes('__[x]') && text.includes('__')
          if (sql !== benign[at] && !isParted) run.found('wrong', `${attack.call}: ${text}`)
          await (attack.run(text) as PromiseLike<unknown>)
        }
        run.tried(each)
      }
      const left = await db.knex('canary').pluck('secret')
      if (left.join() !== 'alive') run.found('lost', 'the canary')
      if (({} as { polluted?: unknown }).polluted !== undefined) run.found('wrong', 'a prototype')
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
