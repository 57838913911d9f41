/** W5: 10,000 rows at once; 1,000 one by one in a transaction. */
import { newBooks } from '../data.ts'
import { type Bench, PER_LONG_OPERATION, repeat, timeEach, type Workload } from '../workload.ts'

export const insertMany: Workload = {
  id: 'W5',
  title: 'insert 10,000',
  metrics: PER_LONG_OPERATION,
  check: async (bench) => {
    await bench.session.insertMany(newBooks(100, bench.sizes.authors))
    await bench.clearDrafts()
  },
  measure: (bench) => {
    const books = newBooks(10_000, bench.sizes.authors)
    return timeEach(repeat(bench, 3), () => bench.session.insertMany(books), bench.clearDrafts)
  },
}

export const createEach: Workload = {
  id: 'W5.each',
  title: '1,000 creates in a transaction',
  metrics: PER_LONG_OPERATION,
  check: async (bench) => {
    await bench.session.createEach(newBooks(10, bench.sizes.authors))
    await bench.clearDrafts()
  },
  measure: (bench: Bench) => {
    const books = newBooks(1_000, bench.sizes.authors)
    return timeEach(repeat(bench, 3), () => bench.session.createEach(books), bench.clearDrafts)
  },
}
