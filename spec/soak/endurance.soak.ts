import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { FaultRuns } from './faults.ts'
import { createEntries } from './ledger.ts'
import type { Soak } from './soak.ts'
import { openFaulty } from './support/faulty.ts'
import { growthPerMinute, type Sample } from './support/slope.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const DEADLINE_MS = 10_000
const LOOKED_EVERY_MS = 5000
const WARM_UP = 1 / 3
/** Less than this tells nothing about a minute. */
const FEWEST_SECONDS = 90
const MOST_BYTES_PER_MINUTE = 2 ** 20
const MOST_HANDLES_PER_MINUTE = 1
const SECONDS = 600

/** The runs of `faults`, for so long that what is never given back is seen. */
export const endurance: Soak = {
  name: 'endurance',
  goal: 'G16',
  counts: 'operations in trouble, in flat memory with flat handles',
  full: SECONDS,
  on: ({ name }) => name !== 'SQLite memory',
  async run(run) {
    const at = await openFaulty(run.kind)
    const startedAt = Date.now()
    const endsAt = startedAt + Math.min(run.goal * 1000, run.leftMs)
    const bytes: Sample[] = []
    const handles: Sample[] = []
    try {
      await createEntries(at.knex)
      const runs = new FaultRuns(at)
      for (let round = 0, lookedAt = startedAt; Date.now() < endsAt; round += 1) {
        const work = runs.run(round, run.seed)
        const { trouble, found } = await run.within(DEADLINE_MS, `run ${round}`, work)
        for (const [finding, each] of found) run.found(finding, `${trouble}: ${each}`)
        if (Date.now() < lookedAt + LOOKED_EVERY_MS) continue
        lookedAt = Date.now()
        for (const each of await runs.ledger.settle(at.knex)) run.found('lost', each)
        collectGarbage()
        const seconds = (Date.now() - startedAt) / 1000
        bytes.push({ seconds, value: process.memoryUsage().rss })
        handles.push({ seconds, value: process.getActiveResourcesInfo().length })
      }
      const { acknowledged, refused } = runs.ledger
      run.tried(acknowledged + refused)
      const [first, last] = [bytes[Math.floor(bytes.length * WARM_UP)], bytes[bytes.length - 1]]
      if (first === undefined || last === undefined) return
      const warm = ({ seconds }: Sample) => seconds >= first.seconds
      const grown = growthPerMinute(bytes.filter(warm))
      const opened = growthPerMinute(handles.filter(warm))
      const rss = `${(last.value / 2 ** 20).toFixed(0)} MiB at the end`
      const slope = `${(grown / 2 ** 20).toFixed(2)} MiB and ${opened.toFixed(2)} handles a minute`
      console.log(`${rss}, ${slope}; ${acknowledged} acknowledged, ${refused} refused`)
      if (last.seconds - first.seconds < FEWEST_SECONDS) return
      if (grown > MOST_BYTES_PER_MINUTE) run.found('leaked', `${slope} more`)
      if (opened > MOST_HANDLES_PER_MINUTE) run.found('leaked', `${slope} more`)
    } finally {
      await at.close()
    }
  },
}
