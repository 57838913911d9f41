import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AsyncManager, connect, fields, Model, Sum } from '../../lib/index.ts'
import type { Soak } from './soak.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const LOOKED_EVERY = 50_000
const MOST_BYTES = 60 * 2 ** 20

class Measured extends Model('measured', { sensor: fields.text(), value: fields.integer() }) {
  static objects = new AsyncManager(Measured)
}

/** All rows in one call, of which none may stay in memory; then again, given up at the last row. */
export const bulkCreate: Soak = {
  name: 'bulk-create',
  goal: 'G13',
  counts: 'rows inserted in flat memory',
  full: 1_000_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config, { name: 'soak' })
    const rows = Measured.objects.using('soak')
    let base = 0
    let most = 0
    const onProgress = ({ done }: { readonly done: number }): void => {
      if (run.leftMs === 0) throw new Error('The time is up.')
      if (done % LOOKED_EVERY !== 0) return
      collectGarbage()
      const { heapUsed } = process.memoryUsage()
      base = base === 0 ? heapUsed : base
      most = Math.max(most, heapUsed - base)
    }
    try {
      const id = run.kind.dialect === 'sqlite' ? 'integer' : 'serial'
      await db.knex.raw(`create table measured (id ${id} primary key, sensor text, value integer)`)
      const startedAt = Date.now()
      const count = await rows.bulkCreate(upTo(run.goal), { onProgress })
      run.tried(count)
      const seconds = (Date.now() - startedAt) / 1000
      console.log(
        `${count} rows in ${seconds.toFixed(1)} s, ${(most / 2 ** 20).toFixed(1)} MiB kept`,
      )
      if (most > MOST_BYTES) run.found('wrong', `${most} bytes were kept`)
      const isThere = async (): Promise<boolean> => {
        const { sum } = await rows.aggregate({ sum: Sum('value') })
        return (await rows.count()) === run.goal && sum === (run.goal * (run.goal + 1)) / 2
      }
      if (count !== run.goal || !(await isThere())) run.found('lost', `of ${count} rows`)
      const failed = rows.bulkCreate(failing(run.goal / 10), { onProgress })
      const error = await failed.then(
        () => null,
        (reason: unknown) => reason,
      )
      if (!(error instanceof RangeError)) run.found('wrong', `it ended with ${error}`)
      if (!(await isThere())) run.found('lost', 'a call that failed left rows')
      if (db.knex.client.pool.numUsed() > 0) run.found('leaked', 'a connection stayed in use')
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}

function* upTo(goal: number): Generator<{ sensor: string; value: number }> {
  for (let value = 1; value <= goal; value += 1) yield { sensor: `sensor ${value % 100}`, value }
}

async function* failing(goal: number): AsyncGenerator<{ sensor: string; value: number }> {
  yield* upTo(goal)
  throw new RangeError('the source is broken')
}
