import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AsyncManager, connect, fields, Model } from '../../lib/index.ts'
import type { Soak } from './soak.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const LOOKED_EVERY = 50_000
const MOST_BYTES = 60 * 2 ** 20

class Reading extends Model('readings', { sensor: fields.text(), value: fields.integer() }) {
  static objects = new AsyncManager(Reading)
}

const SERIES = {
  postgresql: 'from generate_series(1, :goal) as s(n)',
  sqlite:
    'from (with recursive s(n) as (select 1 union all select n + 1 from s where n < :goal) select n from s)',
}

/** One round over all rows, by key and by another column: how much memory was kept above the start. */
export const iterator: Soak = {
  name: 'iterator',
  goal: 'G13',
  counts: 'rows iterated in flat memory',
  full: 1_000_000,
  async run(run) {
    const fresh = await run.kind.create()
    const db = connect(fresh.config, { name: 'soak' })
    try {
      const id = run.kind.dialect === 'sqlite' ? 'integer' : 'serial'
      await db.knex.raw(`create table readings (id ${id} primary key, sensor text, value integer)`)
      const series = SERIES[run.kind.dialect]
      await db.knex.raw(
        `insert into readings (sensor, value) select 'sensor ' || (n % 100), n ${series}`,
        { goal: run.goal },
      )
      for (const order of ['id', 'sensor'] as const) {
        const rows = Reading.objects.using('soak').orderBy(order)
        let count = 0
        let sum = 0
        let base = 0
        for await (const row of rows.iterator()) {
          count += 1
          sum += row.value
          if (count % LOOKED_EVERY !== 0) continue
          collectGarbage()
          const { heapUsed } = process.memoryUsage()
          base = base === 0 ? heapUsed : base
          if (heapUsed - base > MOST_BYTES) run.found('wrong', `${heapUsed - base} bytes were kept`)
          if (run.leftMs === 0) break
        }
        run.tried(count)
        if (run.leftMs === 0) return
        if (count !== run.goal) run.found('lost', `${run.goal - count} rows by ${order}`)
        if (sum !== (run.goal * (run.goal + 1)) / 2) run.found('wrong', `the sum by ${order}`)
      }
      if (db.knex.client.pool.numUsed() > 0) run.found('leaked', 'a connection stayed in use')
    } finally {
      await db.close({ timeoutMs: 500 })
      await fresh.drop()
    }
  },
}
