/** Random programs of transactions against a model; 10,000 of them in `npm run test:soak`. */
import { expect } from 'chai'
import fc from 'fast-check'
import { connect, type Database } from '../../lib/index.ts'
import { differencesOf, programs } from '../soak/programs.ts'
import { createNovels } from '../soak/support/novels.ts'
import { describeOnEach, type FreshDatabase } from '../support/databases.ts'

const RUNS = 60

describeOnEach('programs of nested, parallel and started transactions (G7)', (kind) => {
  let fresh: FreshDatabase
  let db: Database
  before(async () => {
    fresh = await kind.create()
    db = connect(fresh.config, { onUnconsumedError: () => undefined })
    await createNovels(db.knex)
  })
  after(async () => {
    await db.close({ timeoutMs: 500 })
    await fresh.drop()
  })

  it(`save what a model says: ${RUNS} of them`, async () => {
    const check = async (program: Parameters<typeof differencesOf>[1]) => {
      expect(await differencesOf(db, program)).to.deep.equal([])
    }
    await fc.assert(fc.asyncProperty(programs, check), { numRuns: RUNS })
  })
})
