/** W4: 200 authors, all their books, all tags of each: loaded and walked through. */
import {
  type Bench,
  expectEqual,
  PER_LONG_OPERATION,
  repeat,
  timeEach,
  type Workload,
} from '../workload.ts'

export const nested: Workload = {
  id: 'W4',
  title: 'nested load',
  metrics: PER_LONG_OPERATION,
  check: async (bench) => {
    const { session, sizes } = bench
    const tally = await session.nested(authorsOf(bench))
    expectEqual('authors', tally.authors, authorsOf(bench))
    expectEqual('tags', tally.tags, tally.books * sizes.tagsPerBook)
    if (tally.books === 0) throw new Error('no books')
  },
  measure: (bench) => timeEach(repeat(bench, 8), () => bench.session.nested(authorsOf(bench))),
}

function authorsOf({ sizes }: Bench): number {
  return sizes.authors / 5
}
