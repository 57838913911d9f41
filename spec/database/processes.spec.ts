/** Several processes on one SQLite file, and one that is killed while it writes. */
import { expect } from 'chai'
import { databases, describeOnEach } from '../support/databases.ts'
import { read, useDatabase, write } from './helpers.ts'
import { createPairs, ended, killWriter, startWriter } from './support/writers.ts'

const INCREMENTS = 200
/** A bounded sample; `npm run test:soak -- kills` does more. */
const KILLS = 3

describeOnEach(
  'several processes on one SQLite file',
  (kind) => {
    const at = useDatabase(kind)
    const filename = () => (at.fresh.config.connection as { filename: string }).filename

    it(`2 × ${INCREMENTS} increments: no error, none lost (F44)`, async () => {
      const { db } = at
      await write(db.current(), 'create table counter (n integer not null)')
      await write(db.current(), 'insert into counter values (0)')
      const both = [1, 2].map(() =>
        ended(startWriter(filename(), 'increments', String(INCREMENTS))),
      )
      for (const { code, errors } of await Promise.all(both)) {
        expect([code, errors]).to.deep.equal([0, ''])
      }
      expect(await read(db.current(), 'select n from counter')).to.deep.equal([[2 * INCREMENTS]])
    })

    it('kill -9 of one that writes: what it acknowledged is there, and no half (F46)', async () => {
      const { db } = at
      await createPairs(db)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        expect(await killWriter(db, filename(), 20 * kill)).to.deep.equal([])
      }
    })
  },
  databases.filter(({ name }) => name === 'SQLite file'),
)
