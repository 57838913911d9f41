/** What is written comes back, whatever the time zones; 10,000 values of each kind in `npm run test:soak`. */
import { expect } from 'chai'
import { exactIn, ZONES } from '../soak/exactness.ts'
import { databases, describeOnEach } from '../support/databases.ts'

const COUNT = 100
const KINDS = 7

describeOnEach(
  'values that are written under one time zone and read under another (G12)',
  (kind) => {
    it('are the same', async function () {
      this.timeout(60_000)
      const fresh = await kind.create()
      try {
        for (const zone of ZONES.slice(0, 2)) {
          const told = await exactIn(fresh.config, zone, { count: COUNT, seed: 1 })
          expect(told).to.deep.equal({ tried: COUNT * KINDS, wrong: 0, examples: [] })
        }
      } finally {
        await fresh.drop()
      }
    })
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)
