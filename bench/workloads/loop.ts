/** W4.loop: the author of each of 1,000 books, in a plain loop, against the best eager load. */
import { PER_LONG_OPERATION, repeat, timeEach, type Workload } from '../workload.ts'

const BOOKS = 1_000

export const loop: Workload = {
  id: 'W4.loop',
  title: 'authors of 1,000 books in a loop',
  metrics: PER_LONG_OPERATION,
  offers: (session) => session.authorNames !== undefined,
  check: async ({ session }) => {
    if (((await session.authorNames?.(BOOKS)) ?? 0) <= BOOKS) throw new Error('names are missing')
  },
  measure: (bench) =>
    timeEach(repeat(bench, 10), async () => await bench.session.authorNames?.(BOOKS)),
}
