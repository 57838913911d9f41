import { expect } from 'chai'
import { useStage } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'
import { benignTwins, COLUMNS, hostileValues, type Twins, triedBadly } from './support/values.ts'

/** A bounded sample; `npm run test:soak -- values` tries more. */
const EACH = 120
const SEED = 20260202

describeOnEach('hostile values', (kind) => {
  const stage = useStage(kind)
  const sent: string[] = []
  const onQuery = ({ sql }: { sql: string }) => {
    sent.push(sql)
  }
  let twins: Twins

  before(() => {
    stage.db.knex.on('query', onQuery)
  })

  beforeEach(async () => {
    twins = await benignTwins(sent)
  })

  after(() => {
    stage.db.knex.removeListener('query', onQuery)
    console.log(`      ${COLUMNS.length * EACH * 4} hostile values tried`)
  })

  for (const [at, name] of COLUMNS.entries()) {
    it(`G2 ${name} gives back what it was given, or refuses it before any SQL`, async () => {
      const met: string[] = []
      for (const value of hostileValues(EACH, SEED + at)) {
        const problem = await triedBadly(name, value, sent, twins)
        if (problem !== undefined) met.push(problem)
      }
      expect(met).to.eql([])
    })
  }
})
