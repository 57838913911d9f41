/** Many querysets that are started at once; 1,000 of them in `npm run test:soak`. */
import { expect } from 'chai'
import knexModule from 'knex'
import { connect } from '../../lib/index.ts'
import { createNaps, startNaps, unreadIn } from '../soak/starts.ts'
import { databases, describeOnEach } from '../support/databases.ts'

const COUNT = 100
const POOL = 10
const DEADLINE_MS = 30_000

describeOnEach(
  'querysets that are started at once (G9)',
  (kind) => {
    it('all succeed in their order, however short the wait for a connection may be', async function () {
      this.timeout(DEADLINE_MS)
      const fresh = await kind.create()
      const knex = knexModule.default(fresh.config)
      const pool = { min: 0, max: POOL }
      const db = connect({ ...fresh.config, pool, acquireConnectionTimeout: 250 })
      try {
        await createNaps(knex)
        const { sent, failed, skew, inFlight } = await startNaps(db, knex, COUNT)
        expect(failed).to.deep.equal([])
        expect(sent).to.equal(COUNT)
        expect(skew).to.be.at.most(POOL)
        expect(inFlight).to.be.at.most(POOL - 1)
      } finally {
        await db.close({ timeoutMs: 500 })
        await knex.destroy()
        await fresh.drop()
      }
    })
  },
  databases.filter(({ dialect }) => dialect === 'postgresql'),
)

describeOnEach('querysets that are started, fail and are not read (G9)', (kind) => {
  it('are reported once each, and the process goes on to its end', async function () {
    this.timeout(DEADLINE_MS)
    const fresh = await kind.create()
    try {
      const due = { reports: COUNT, codes: ['DATABASE'] }
      expect(await unreadIn(fresh.config, COUNT)).to.deep.equal(due)
    } finally {
      await fresh.drop()
    }
  })
})
