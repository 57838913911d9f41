/** The n-th statement of an operation fails, for every n: nothing is half saved, leaked or stuck. */
import { expect } from 'chai'
import { operations, runFailure } from '../soak/failures.ts'
import { type Faulty, faultsOn, openFaulty } from '../soak/support/faulty.ts'
import { createNovels } from '../soak/support/novels.ts'
import { databases, describeOnEach } from '../support/databases.ts'

/** Each of these waits for a timeout: every third here, all of them in `npm run test:soak`. */
const HANGING = 3
const DEADLINE_MS = 30_000

describeOnEach(
  'an operation whose n-th statement fails (G6)',
  (kind) => {
    let at: Faulty
    before(async () => {
      at = await openFaulty(kind)
      await createNovels(at.knex)
    })
    after(() => at.close())

    for (const operation of Object.keys(operations)) {
      it(operation, async function () {
        this.timeout(DEADLINE_MS)
        const found: unknown[] = []
        for (const fault of faultsOn[kind.dialect]) {
          for (let n = 1, isPast = false; !isPast; n += fault === 'hang' ? HANGING : 1) {
            const result = await runFailure(at, { operation, fault, n })
            isPast = result.isPast
            for (const each of [...result.wrong, ...result.leaked]) found.push([fault, n, each])
          }
        }
        expect(found).to.deep.equal([])
      })
    }
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)

describeOnEach(
  'a nested atomic whose RELEASE fails',
  (kind) => {
    it('is undone, whatever the transaction around it goes on to commit', async () => {
      const at = await openFaulty(kind)
      try {
        await createNovels(at.knex)
        // BEGIN, insert, SAVEPOINT, insert, and then RELEASE.
        const run = { operation: 'a nested atomic that fails and is let go', fault: 'reject', n: 5 }
        expect(await runFailure(at, run)).to.deep.equal({ wrong: [], leaked: [], isPast: false })
        expect(await at.knex('writers').orderBy('name').pluck('name')).to.include.members(['Rob'])
        expect(await at.knex('writers').where({ name: 'Sue' })).to.deep.equal([])
      } finally {
        await at.close()
      }
    })
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)
