/** What transactions side by side see of each other; 20,000 at each level in `npm run test:soak`. */
import { expect } from 'chai'
import knexModule, { type Knex } from 'knex'
import { connect, type Database } from '../../lib/index.ts'
import { anomaliesAt, createLists, levelsOn } from '../soak/isolation.ts'
import { databases, describeOnEach, type FreshDatabase } from '../support/databases.ts'

const SEED = 1
const DEADLINE_MS = 20_000

describeOnEach(
  'transactions that read lists and append to them (G8)',
  (kind) => {
    let fresh: FreshDatabase
    let knex: Knex
    let db: Database
    before(async () => {
      fresh = await kind.create()
      knex = knexModule.default(fresh.config)
      await createLists(knex)
      db = connect(fresh.config)
    })
    after(async () => {
      await db.close({ timeoutMs: 500 })
      await knex.destroy()
      await fresh.drop()
    })

    for (const [round, { isolation, forbids, shows }] of levelsOn[kind.dialect].entries()) {
      const not = forbids.join(', ')
      it(`${isolation}: no ${not}${shows.map((each) => `, but ${each}`).join('')}`, async function () {
        this.timeout(DEADLINE_MS)
        const anomalies = await anomaliesAt({ db, knex }, isolation, round, SEED)
        expect(forbids.map((name) => anomalies[name])).to.deep.equal(forbids.map(() => 0))
        for (const name of shows) expect(anomalies[name]).to.be.greaterThan(0)
        expect(anomalies.committed).to.be.greaterThan(0)
      })
    }
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)
