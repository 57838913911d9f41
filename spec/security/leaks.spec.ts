/** No error tells the value that provoked it; 10,000 of them in `npm run test:soak`. */
import { expect } from 'chai'
import { useStage } from '../behaviour/support/stage.ts'
import { leakOf, markerOf, provocations } from '../soak/leaks.ts'
import { randomOf } from '../soak/support/random.ts'
import { describeOnEach } from '../support/databases.ts'

describeOnEach('errors and the values that provoke them (G17, S62)', (kind) => {
  const stage = useStage(kind)
  const random = randomOf(1)

  for (const provocation of provocations) {
    if ((provocation.on ?? kind.dialect) !== kind.dialect) continue
    it(`${provocation.what}: told without the value`, async () => {
      void stage.db
      expect(await leakOf(provocation, markerOf(random))).to.deep.equal([])
    })
  }
})
