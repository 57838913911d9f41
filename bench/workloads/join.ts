/** W3: filter with a join, ordered, limit 50; W7: the SQL of it, without sending it. */
import type { BookCondition } from '../contestant.ts'
import { COUNTRIES } from '../data.ts'
import {
  expectEqual,
  PER_OPERATION,
  repeat,
  timeBatches,
  timeEach,
  type Workload,
} from '../workload.ts'

export const join: Workload = {
  id: 'W3',
  title: 'filter with join',
  metrics: PER_OPERATION,
  check: async ({ session, sizes }) => {
    const books = await session.joined('DM', 300)
    // A tenth of the data has one author a country.
    if (sizes.books > 10_000) expectEqual('rows', books.length, 50)
    expectEqual(
      'all long',
      books.every(({ pages }) => pages > 300),
      true,
    )
  },
  measure: (bench) => {
    const { session } = bench
    return timeEach(repeat(bench, 400), (nth) => session.joined(country(nth), 200 + (nth % 400)))
  },
}

export const build: Workload = {
  id: 'W7',
  title: 'build + compile, seen shape',
  metrics: PER_OPERATION,
  offers: (session) => session.build !== undefined,
  check: async ({ session }) => {
    expectEqual('is SQL', session.build?.('DM', 300).toLowerCase().startsWith('select'), true)
  },
  measure: async (bench) => {
    const { session } = bench
    return timeBatches(repeat(bench, 80), 250, (nth) => session.build?.(country(nth), nth))
  },
}

/** Counts on over all measures of a process, so that no shape ever comes twice. */
let shape = 0

export const buildNew: Workload = {
  id: 'W7.new',
  title: 'build + compile, new shape',
  metrics: PER_OPERATION,
  offers: (session) => session.buildNew !== undefined,
  check: async ({ session }) => {
    const sql = session.buildNew?.([{ column: 'pages', operator: 'gt', value: 1 }])
    expectEqual('is SQL', sql?.toLowerCase().startsWith('select'), true)
  },
  measure: async (bench) => {
    const { session } = bench
    return timeBatches(repeat(bench, 20), 100, () => session.buildNew?.(conditionsOf(shape++)))
  },
}

function country(nth: number): string {
  return COUNTRIES[nth % COUNTRIES.length] as string
}

const COLUMNS = ['id', 'pages', 'authorId'] as const

/** Eight conditions that spell a number in base 6: nearly two million shapes. */
function conditionsOf(number: number): readonly BookCondition[] {
  return Array.from({ length: 8 }, (_, digit) => {
    const choice = Math.floor(number / 6 ** digit) % 6
    return {
      column: COLUMNS[choice >> 1] as BookCondition['column'],
      operator: choice % 2 === 0 ? 'gt' : 'lt',
      value: number,
    }
  })
}
