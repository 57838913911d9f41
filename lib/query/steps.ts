import type { Step, Steps } from './nodes.ts'

/** The steps in the order in which they were taken. */
export function stepsOf(steps: Steps | null): readonly Step[] {
  const ordered: Step[] = new Array<Step>(steps?.length ?? 0)
  for (let at = steps; at !== null; at = at.previous) ordered[at.length - 1] = at.step
  return ordered
}
