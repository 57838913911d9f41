/** W2: 1, 100 and 10,000 books as objects. */
import {
  expectEqual,
  PER_LONG_OPERATION,
  PER_OPERATION,
  repeat,
  timeEach,
  type Workload,
} from '../workload.ts'

export const oneRow = rows('W2.1', 1, 1_000)
export const hundredRows = rows('W2.100', 100, 300)
export const tenThousandRows = rows('W2.10k', 10_000, 8)

function rows(id: string, asked: number, times: number): Workload {
  return {
    id,
    title: `${asked.toLocaleString('en')} ${asked === 1 ? 'row' : 'rows'}`,
    metrics: asked > 1_000 ? PER_LONG_OPERATION : PER_OPERATION,
    check: async ({ session, sizes }) => {
      const books = await session.books(asked)
      expectEqual('rows', books.length, Math.min(asked, sizes.books))
      expectEqual('last id', books.at(-1)?.id, books.length)
    },
    measure: (bench) => timeEach(repeat(bench, times), () => bench.session.books(asked)),
  }
}
