/**
 * W8: a page of 8 queries of 5 ms each beside 25 ms of other work, against the longer of the two;
 * and 8 lookups over one connection, against one of them.
 */
import type { Session } from '../contestant.ts'
import { expectEqual, type Metric, median, repeat, timeEach, type Workload } from '../workload.ts'

const IDS = [1, 2, 3, 4, 5, 6, 7, 8]

function metricsOf(title: string): readonly Metric[] {
  return [
    { key: 'floors', title, unit: '×', better: 'lower', absolute: true },
    { key: 'time', title: 'time', unit: 'ms', better: 'lower', scale: 1e-3 },
  ]
}

export const page: Workload = {
  id: 'W8',
  title: 'page of 8 queries beside other work',
  metrics: metricsOf('times the floor'),
  check: async ({ session }) => {
    expectEqual('books', (await runPage(session)).length, IDS.length)
  },
  measure: async (bench) => {
    const { session } = bench
    const times = repeat(bench, 6)
    const longest = await timeEach(times, () => session.slow(1))
    const work = await timeEach(times, otherWork)
    const { time } = await timeEach(times, () => runPage(session))
    return asFloors(time, Math.max(longest['time'] ?? 0, work['time'] ?? 0))
  },
}

export const lookups: Workload = {
  id: 'W8.one',
  title: '8 lookups, one connection',
  metrics: metricsOf('times one lookup'),
  poolSize: 1,
  check: async ({ session }) => {
    expectEqual('books', (await runLookups(session)).length, IDS.length)
  },
  measure: async (bench) => {
    const { session } = bench
    const times = repeat(bench, 100)
    const one = await timeEach(times, (nth) => session.byKey(1 + nth))
    const { time } = await timeEach(times, () => runLookups(session))
    return asFloors(time, one['time'] ?? 0)
  },
}

function asFloors(time: number | undefined, floor: number) {
  return { time: time ?? Number.NaN, floors: (time ?? Number.NaN) / floor }
}

async function runPage(session: Session): Promise<readonly unknown[]> {
  if (session.page !== undefined) return await session.page(IDS, otherWork)
  const books: unknown[] = []
  for (const id of IDS) books.push(await session.slow(id))
  await otherWork()
  return books
}

async function runLookups(session: Session): Promise<readonly unknown[]> {
  if (session.lookups !== undefined) return await session.lookups(IDS)
  const books: unknown[] = []
  for (const id of IDS) books.push(await session.byKey(id))
  return books
}

/** 25 ms: five pieces of which half is computing, half waiting for somebody else. */
async function otherWork(): Promise<void> {
  for (let piece = 0; piece < 5; piece++) {
    const end = performance.now() + 2.5
    while (performance.now() < end) median([3, 1, 2])
    await new Promise((resolve) => setTimeout(resolve, 2.5))
  }
}
