/** Work on a bad network and its ledger; 5,000 runs in `npm run test:soak`. */
import { expect } from 'chai'
import { FaultRuns } from '../soak/faults.ts'
import { createEntries } from '../soak/ledger.ts'
import { openFaulty } from '../soak/support/faulty.ts'
import { databases, describeOnEach } from '../support/databases.ts'

const TIMES_EACH = 2
const SEED = 1
const DEADLINE_MS = 30_000

describeOnEach(
  'work while connections are cut, killed, silent and refused (G5)',
  (kind) => {
    it('keeps what was acknowledged, and nothing of what was refused', async function () {
      this.timeout(DEADLINE_MS)
      const at = await openFaulty(kind)
      try {
        await createEntries(at.knex)
        const runs = new FaultRuns(at)
        const found: unknown[] = []
        for (let round = 0; round < runs.kinds * TIMES_EACH; round += 1) {
          const result = await runs.run(round, SEED)
          for (const each of result.found) found.push([result.trouble, ...each])
        }
        found.push(...(await runs.ledger.check(at.knex)))
        expect(found).to.deep.equal([])
        const { acknowledged, refused } = runs.ledger
        expect([acknowledged > 0, refused > 0]).to.deep.equal([true, true])
      } finally {
        await at.close()
      }
    })
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)
