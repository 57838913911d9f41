/** From numbers of single rounds to one ratio each. */

import type { DatabaseKind } from './options.ts'
import { BASE, SECOND_BASE } from './registry.ts'
import type { WorkloadResults } from './rounds.ts'
import { type Metric, median, type Workload } from './workload.ts'

/** One contestant's result for one metric. */
export interface Cell {
  /** In the metric's unit; the median of the rounds. */
  readonly value: number
  /** To the base; the median of the rounds' ratios. Null where there is no base. */
  readonly ratio: number | null
  /** The lowest and the highest ratio of a round. */
  readonly spread: readonly [number, number] | null
}

export interface Line {
  readonly workload: string
  readonly title: string
  readonly metric: Metric
  /** The contestant that the ratios refer to. */
  readonly base: string | null
  readonly cells: Readonly<Record<string, Cell>>
}

/** A line for each metric. */
export function linesOf(
  kind: DatabaseKind,
  workload: Workload,
  results: WorkloadResults,
): readonly Line[] {
  const base = [BASE[kind], SECOND_BASE].find((label) => results.has(label)) ?? null
  return workload.metrics.map((metric) => ({
    workload: workload.id,
    title: metric.title === '' ? workload.title : `${workload.title}: ${metric.title}`,
    metric,
    base: metric.absolute ? null : base,
    cells: Object.fromEntries(
      [...results.keys()].map((label) => [label, cellOf(results, metric, label, base)]),
    ),
  }))
}

function cellOf(
  results: WorkloadResults,
  { key, scale = 1, absolute }: Metric,
  label: string,
  base: string | null,
): Cell {
  const mine = numbersOf(results, label, key)
  const value = median(mine.filter(Number.isFinite)) * scale
  if (absolute) return { value, ratio: null, spread: null }
  const others = base === null ? [] : numbersOf(results, base, key)
  const ratios = mine
    .map((one, round) => one / (others[round] ?? Number.NaN))
    .filter(Number.isFinite)
  if (ratios.length === 0) return { value, ratio: null, spread: null }
  return { value, ratio: median(ratios), spread: [Math.min(...ratios), Math.max(...ratios)] }
}

function numbersOf(results: WorkloadResults, label: string, key: string): readonly number[] {
  return (results.get(label) ?? []).map((measures) => measures?.[key] ?? Number.NaN)
}
