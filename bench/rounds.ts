/** Rounds in which every contestant has its turn, so that what slows the machine slows them all. */
import type { Runner } from './runner.ts'
import type { Measures, Workload } from './workload.ts'

/** What one contestant measured in each round; null where it did not take part. */
export type Series = readonly (Measures | null)[]

/** By contestant's label. */
export type WorkloadResults = ReadonlyMap<string, Series>

export interface Progress {
  step(workload: Workload, round: number, label: string): void
  failed(workload: Workload, label: string, message: string): void
}

/** Runs one workload: a warm-up of all, then the rounds, each in another order. */
export async function runRounds(
  workload: Workload,
  runners: readonly Runner[],
  rounds: number,
  progress: Progress,
): Promise<WorkloadResults> {
  const results = new Map<string, (Measures | null)[]>()
  for (const runner of runners) {
    progress.step(workload, 0, runner.label)
    if (await hasTurn(workload, runner, progress)) results.set(runner.label, [])
  }
  for (let round = 0; round < rounds; round++) {
    const taking = runners.filter(({ label }) => results.has(label))
    for (const runner of rotated(taking, round)) {
      progress.step(workload, round + 1, runner.label)
      results.get(runner.label)?.push(await measure(workload, runner, progress))
    }
  }
  return results
}

async function hasTurn(workload: Workload, runner: Runner, progress: Progress): Promise<boolean> {
  const answer = await runner.run({ task: 'prepare', workload: workload.id })
  if (answer.kind === 'failed') progress.failed(workload, runner.label, answer.message)
  return answer.kind === 'done'
}

async function measure(
  workload: Workload,
  runner: Runner,
  progress: Progress,
): Promise<Measures | null> {
  if (workload.freshProcess) await runner.stop()
  const answer = await runner.run({ task: 'measure', workload: workload.id })
  if (answer.kind === 'failed') progress.failed(workload, runner.label, answer.message)
  return answer.kind === 'done' ? answer.measures : null
}

/** Another one first each time: the second may find the server's caches warm. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % Math.max(1, items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}
