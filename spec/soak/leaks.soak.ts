import { connect } from '../../lib/index.ts'
import { migrate } from '../support/databases.ts'
import { leakOf, markerOf, provocations } from './leaks.ts'
import type { Soak } from './soak.ts'
import { randomOf } from './support/random.ts'

const DEADLINE_MS = 10_000

export const leaks: Soak = {
  name: 'leaks',
  goal: 'G17',
  counts: 'errors looked through for the value that provoked them',
  full: 10_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect({ ...fresh.config, log: { warn: () => undefined } })
    const random = randomOf(run.seed)
    const due = provocations.filter(({ on = run.kind.dialect }) => on === run.kind.dialect)
    try {
      await migrate(db.knex)
      await db.knex('authors').insert([{ name: 'Jane' }, { name: 'Ann' }])
      await db
        .knex('books')
        .insert({ title: 'Emma', pages: 1, published_at: new Date(0), author_id: 1 })
      for (const round of run.rounds()) {
        const provocation = due[round % due.length]
        if (provocation === undefined) return
        const { what } = provocation
        const found = await run.within(DEADLINE_MS, what, leakOf(provocation, markerOf(random)))
        for (const each of found ?? ['no error']) run.found('wrong', `${what}: ${each}`)
      }
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
