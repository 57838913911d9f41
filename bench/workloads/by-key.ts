/** W1: one row by its primary key. */
import { expectEqual, PER_OPERATION, repeat, timeEach, type Workload } from '../workload.ts'

export const byKey: Workload = {
  id: 'W1',
  title: 'get by key',
  metrics: PER_OPERATION,
  check: async ({ session }) => {
    expectEqual('id', (await session.byKey(17)).id, 17)
  },
  measure: (bench) => {
    const { session, sizes } = bench
    return timeEach(repeat(bench, 1_000), (nth) => session.byKey(1 + ((nth * 37) % sizes.books)))
  },
}
