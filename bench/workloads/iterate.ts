/** W10: memory that iterating over 100,000 rows adds. */
import { expectEqual, type Workload } from '../workload.ts'

const MB = 1024 * 1024

export const iterate: Workload = {
  id: 'W10',
  title: 'iterate 100,000 rows',
  freshProcess: true,
  metrics: [
    { key: 'added', title: 'memory added at the peak', unit: 'MB', better: 'lower' },
    { key: 'peak', title: 'peak', unit: 'MB', better: 'lower' },
    { key: 'time', title: 'time', unit: 'ms', better: 'lower', scale: 1e-3 },
  ],
  check: async ({ session }) => {
    expectEqual('id', (await session.byKey(3)).id, 3)
  },
  measure: async ({ session, sizes }) => {
    // A connection, and the code for one.
    await session.byKey(3)
    globalThis.gc?.()
    const rss = process.memoryUsage.rss()
    let peak = rss
    let seen = 0
    const before = performance.now()
    await session.eachReview((rating) => {
      if (rating > 0) seen++
      if (seen % 1_000 === 0) peak = Math.max(peak, process.memoryUsage.rss())
    })
    const time = (performance.now() - before) * 1e3
    expectEqual('rows', seen, sizes.reviews)
    return { added: (peak - rss) / MB, peak: peak / MB, time }
  },
}
