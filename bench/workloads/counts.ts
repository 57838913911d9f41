/** W6: count and exists, of books of an author. */
import { expectEqual, PER_OPERATION, repeat, timeEach, type Workload } from '../workload.ts'

export const count: Workload = {
  id: 'W6',
  title: 'count',
  metrics: PER_OPERATION,
  check: async ({ session }) => {
    expectEqual('pages', await session.count(1, 100_000), 0)
    expectEqual('some', (await session.count(1, 0)) > 0, true)
  },
  measure: (bench) => {
    const { session, sizes } = bench
    return timeEach(repeat(bench, 800), (nth) => session.count(1 + (nth % sizes.authors), nth))
  },
}

export const exists: Workload = {
  id: 'W6.exists',
  title: 'exists',
  metrics: PER_OPERATION,
  check: async ({ session }) => {
    expectEqual('none', await session.exists(1, 100_000), false)
    expectEqual('some', await session.exists(1, 0), true)
  },
  measure: (bench) => {
    const { session, sizes } = bench
    return timeEach(repeat(bench, 800), (nth) => session.exists(1 + (nth % sizes.authors), nth))
  },
}
