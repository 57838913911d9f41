/** Prototypes that are to be polluted, and one that is; more of both in `npm run test:soak`. */
import { expect } from 'chai'
import { connect } from '../../lib/index.ts'
import { useStage } from '../behaviour/support/stage.ts'
import { openPolluter } from '../soak/pollution.ts'
import { harmOf, payloadOf } from '../soak/prototypes.ts'
import { createNovels, refillNovels } from '../soak/support/novels.ts'
import { describeOnEach } from '../support/databases.ts'

const PAYLOADS = 40
const ONE_OF = 15
/** Which once made a difference. */
const KNOWN = ['analyze', 'batchSize', 'cells', 'dropped', 'lines', 'onProgress', 'queryset']
const MORE_KNOWN = ['repeated', 'signal', 'toAttr', 'isAdmin']

describeOnEach('prototypes (G4, S23, S24)', (kind) => {
  const stage = useStage(kind)

  it('stay as they are, whatever JSON is handed over', async () => {
    void stage.db
    const harm: string[] = []
    for (let seed = 0; seed < PAYLOADS; seed += 1) harm.push(...(await harmOf(payloadOf(seed))))
    expect(harm).to.deep.equal([])
  })
})

describeOnEach('a polluted Object.prototype (G4, S24)', (kind) => {
  it('changes nothing that is sent, and no answer', async function () {
    this.timeout(60_000)
    const fresh = await kind.create()
    const db = connect(fresh.config, { onUnconsumedError: () => undefined })
    try {
      await createNovels(db.knex)
      await refillNovels(db.knex)
      const polluter = await openPolluter(db)
      const some = polluter.names.filter((_, at) => at % ONE_OF === 0)
      const wrong: string[] = []
      for (const [at, name] of [...KNOWN, ...MORE_KNOWN, ...some].entries()) {
        for (const each of await polluter.differences(name, at)) wrong.push(`${name}: ${each}`)
      }
      expect(wrong).to.deep.equal([])
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  })
})
