/** Every workload, in the order of the table. */
import type { Workload } from '../workload.ts'
import { byKey } from './by-key.ts'
import { count, exists } from './counts.ts'
import { iterate } from './iterate.ts'
import { build, buildNew, join } from './join.ts'
import { loop } from './loop.ts'
import { nested } from './nested.ts'
import { lookups, page } from './page.ts'
import { hundredRows, oneRow, tenThousandRows } from './rows.ts'
import { throughput } from './throughput.ts'
import { createEach, insertMany } from './writes.ts'

export const workloads: readonly Workload[] = [
  byKey,
  oneRow,
  hundredRows,
  tenThousandRows,
  join,
  nested,
  loop,
  insertMany,
  createEach,
  count,
  exists,
  build,
  buildNew,
  page,
  lookups,
  throughput,
  iterate,
]

/** Those whose id is one asked for, or begins with it and a dot. */
export function selectWorkloads(asked: readonly string[] | null): readonly Workload[] {
  if (asked === null) return workloads
  return asked.flatMap((part) => {
    const found = workloads.filter(({ id }) => id === part || id.startsWith(`${part}.`))
    if (found.length > 0) return found
    throw new Error(
      `No workload '${part}'. There are: ${workloads.map(({ id }) => id).join(', ')}.`,
    )
  })
}
