/** What is measured, and the two ways to measure it. */

import type { Session } from './contestant.ts'
import type { Sizes } from './data.ts'
import type { DatabaseKind } from './options.ts'

/** What a workload has to do with. */
export interface Bench {
  readonly session: Session
  readonly sizes: Sizes
  readonly database: DatabaseKind
  /** 1, or less for a quick run: what repetitions are multiplied by. */
  readonly effort: number
  /** Empties `draft`. */
  clearDrafts(): Promise<void>
}

/** Numbers by the key of their metric. */
export type Measures = Readonly<Record<string, number>>

export interface Metric {
  readonly key: string
  readonly title: string
  readonly unit: 'µs' | 'ms' | 'ops/s' | 'MB' | '×'
  readonly better: 'lower' | 'higher'
  /** How a number becomes the one shown in `unit`. @default 1 */
  readonly scale?: number
  /** Where the number is compared with a floor already, and needs no driver to compare with. */
  readonly absolute?: boolean
}

export interface Workload {
  readonly id: string
  readonly title: string
  readonly metrics: readonly Metric[]
  /** Where there are other connections than 10. */
  readonly poolSize?: number
  /** Where each measure needs a process that has done nothing before. */
  readonly freshProcess?: boolean
  readonly databases?: readonly DatabaseKind[]
  /** Whether a contestant can take part. @default it can */
  offers?(session: Session): boolean
  /** Does the work once. @throws Error where what comes back is not what is in the tables */
  check(bench: Bench): Promise<void>
  measure(bench: Bench): Promise<Measures>
}

/** Time and processor time of one operation, in µs. */
export const PER_OPERATION: readonly Metric[] = [
  { key: 'time', title: '', unit: 'µs', better: 'lower' },
  { key: 'cpu', title: 'CPU', unit: 'µs', better: 'lower' },
]

/** The same, shown in milliseconds. */
export const PER_LONG_OPERATION: readonly Metric[] = [
  { key: 'time', title: '', unit: 'ms', better: 'lower', scale: 1e-3 },
  { key: 'cpu', title: 'CPU', unit: 'ms', better: 'lower', scale: 1e-3 },
]

/** The processor's caches are somebody else's after a pause: a fifth of the work is not counted. */
const WOKEN_BY = 5

/**
 * Runs an operation so many times, one after the other: the median of the times, and the processor
 * time of all of them by their number. `between` is not counted.
 */
export async function timeEach(
  times: number,
  operation: (nth: number) => PromiseLike<unknown>,
  between?: () => Promise<void>,
): Promise<Measures> {
  for (let nth = 0; nth < times / WOKEN_BY; nth++) {
    await operation(nth)
    await between?.()
  }
  const samples: number[] = []
  let cpu = 0
  let cpuBefore = process.cpuUsage()
  for (let nth = 0; nth < times; nth++) {
    const before = performance.now()
    await operation(nth)
    samples.push((performance.now() - before) * 1e3)
    if (between === undefined) continue
    cpu += cpuSince(cpuBefore)
    await between()
    cpuBefore = process.cpuUsage()
  }
  // Asking for it takes microseconds, too many for each lookup.
  cpu += cpuSince(cpuBefore)
  return { time: median(samples), cpu: cpu / times }
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Runs a synchronous operation in batches, since a clock does not see a single one. */
export function timeBatches(
  batches: number,
  size: number,
  operation: (nth: number) => unknown,
): Measures {
  for (let nth = 0; nth < (batches * size) / WOKEN_BY; nth++) operation(nth)
  const samples: number[] = []
  const cpuBefore = process.cpuUsage()
  for (let batch = 0; batch < batches; batch++) {
    const before = performance.now()
    for (let nth = 0; nth < size; nth++) operation(batch * size + nth)
    samples.push(((performance.now() - before) * 1e3) / size)
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  return { time: median(samples), cpu: (user + system) / (batches * size) }
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** At least once. */
export function repeat({ effort }: Bench, times: number): number {
  return Math.max(1, Math.round(times * effort))
}

/** @throws Error where two values differ. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}
