import { isDeepStrictEqual } from 'node:util'
import knexModule from 'knex'
import { connect } from '../../lib/index.ts'
import type { Soak } from './soak.ts'
import { createNaps, startNaps, unreadIn } from './starts.ts'

const ACQUIRE_MS = 1000
const POOL = 10
const MOST_SKEW = 10
const DEADLINE_MS = 60_000

/** Each takes 50 ms on a pool of 10; only PostgreSQL can be told to take its time. */
export const starts: Soak = {
  name: 'starts',
  goal: 'G9',
  counts: 'querysets started at once on a pool of 10',
  full: 1000,
  on: ({ dialect }) => dialect === 'postgresql',
  async run(run) {
    const fresh = await run.kind.create()
    const knex = knexModule.default(fresh.config)
    const pool = { min: 0, max: POOL }
    const db = connect({ ...fresh.config, pool, acquireConnectionTimeout: ACQUIRE_MS })
    try {
      await createNaps(knex)
      const work = startNaps(db, knex, run.goal)
      const { failed, skew, inFlight } = await run.within(DEADLINE_MS, 'the starts', work)
      run.tried(run.goal)
      console.log(`at most ${inFlight} in flight, at most ${skew} from their turn`)
      for (const each of failed) run.found('wrong', each)
      if (skew > MOST_SKEW) run.found('wrong', `one was ${skew} from its turn`)
      if (inFlight > POOL) run.found('wrong', `${inFlight} were running at once`)
      if (db.knex.client.pool.numUsed() > 0) run.found('leaked', 'a connection stayed in use')
    } finally {
      await db.close({ timeoutMs: 500 })
      await knex.destroy()
      await fresh.drop()
    }
  },
}

export const unread: Soak = {
  name: 'unread',
  goal: 'G9',
  counts: 'failed starts that nobody read, each reported once',
  full: 1000,
  async run(run) {
    const fresh = await run.kind.create()
    try {
      const told = await run.within(DEADLINE_MS, 'a program', unreadIn(fresh.config, run.goal))
      run.tried(run.goal)
      const due = { reports: run.goal, codes: ['DATABASE'] }
      if (!isDeepStrictEqual(told, due)) run.found('wrong', `it reported ${JSON.stringify(told)}`)
    } finally {
      await fresh.drop()
    }
  },
}
