/** W9: 64 workers on a pool of 10, each by turns a lookup and a join. */

import type { Session } from '../contestant.ts'
import { COUNTRIES } from '../data.ts'
import { expectEqual, repeat, type Workload } from '../workload.ts'

const WORKERS = 64

export const throughput: Workload = {
  id: 'W9',
  title: '64 workers on a pool of 10',
  metrics: [
    { key: 'rate', title: 'throughput', unit: 'ops/s', better: 'higher' },
    { key: 'p99', title: 'p99', unit: 'ms', better: 'lower' },
    { key: 'cpu', title: 'CPU', unit: 'µs', better: 'lower' },
  ],
  check: async ({ session }) => {
    expectEqual('id', (await session.byKey(3)).id, 3)
  },
  measure: async (bench) => {
    const operations = repeat(bench, 4_000)
    const latencies: number[] = []
    let next = 0
    const cpuBefore = process.cpuUsage()
    const before = performance.now()
    const worker = async (): Promise<void> => {
      while (next < operations) {
        const start = performance.now()
        await operation(bench.session, next++, bench.sizes.books)
        latencies.push(performance.now() - start)
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, worker))
    const seconds = (performance.now() - before) / 1e3
    const { user, system } = process.cpuUsage(cpuBefore)
    return {
      rate: operations / seconds,
      p99: latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
      cpu: (user + system) / operations,
    }
  },
}

async function operation(session: Session, nth: number, books: number): Promise<void> {
  if (nth % 2 === 0) await session.byKey(1 + ((nth * 37) % books))
  else await session.joined(COUNTRIES[nth % COUNTRIES.length] as string, 200 + (nth % 400))
}
