/** The process of one contestant: does what it is told over IPC, one workload at a time. */
import { DATABASE_OF, type Driver, type Open, type Session } from './contestant.ts'
import type { Sizes } from './data.ts'
import { type Drafts, openDrafts } from './drafts.ts'
import { type ProfileSummary, profileOf } from './profiler.ts'
import { contestantNamed, loadContestant } from './registry.ts'
import type { Bench, Measures, Workload } from './workload.ts'
import { workloads } from './workloads/all.ts'

/** What a process is started with, as JSON. */
export interface Assignment {
  readonly contestant: string
  readonly driver: Driver
  readonly location: string
  /** The same database without delay. */
  readonly directLocation: string
  readonly sizes: Sizes
  readonly effort: number
}

export type Task = 'prepare' | 'measure' | 'profile'

export interface Request {
  readonly task: Task
  readonly workload: string
  /** Where a profile goes. */
  readonly file?: string
}

export type Answer =
  | { readonly kind: 'done'; readonly measures: Measures }
  | {
      readonly kind: 'profiled'
      readonly summary: ProfileSummary
      /** Of one operation, without the profiler; null where a workload does not measure it. */
      readonly cpuUs: number | null
    }
  | { readonly kind: 'not offered' }
  | { readonly kind: 'failed'; readonly message: string }

const POOL_SIZE = 10
const WARM_UP_MS = 1_500
const PROFILED = 10

class Worker {
  readonly #assignment: Assignment
  readonly #open: Open
  readonly #drafts: Drafts
  #session: Session | null = null
  #poolSize = 0

  constructor(assignment: Assignment, open: Open, drafts: Drafts) {
    this.#assignment = assignment
    this.#open = open
    this.#drafts = drafts
  }

  /** Measures are taken after the first task, which also checks and warms up. */
  async run({ task, workload: id, file = '' }: Request): Promise<Answer> {
    const workload = workloads.find((one) => one.id === id)
    if (workload === undefined) throw new Error(`no workload ${id}`)
    const bench = await this.#benchFor(workload)
    if (workload.offers?.(bench.session) === false) return { kind: 'not offered' }
    if (task === 'measure') {
      // Not a whole one: that takes optimised code with it, as no server does every tenth of a second.
      globalThis.gc?.({ type: 'minor' })
      return { kind: 'done', measures: await workload.measure(bench) }
    }
    await workload.check(bench)
    if (!workload.freshProcess) await warmUp(workload, bench)
    if (task === 'profile') return await profile(workload, bench, file)
    return { kind: 'done', measures: {} }
  }

  async close(): Promise<void> {
    await this.#session?.close()
    await this.#drafts.close()
  }

  async #benchFor({ poolSize = POOL_SIZE }: Workload): Promise<Bench> {
    const { driver, sizes, effort, location } = this.#assignment
    if (this.#session === null || this.#poolSize !== poolSize) {
      await this.#session?.close()
      this.#session = await this.#open(driver, { location, poolSize })
      this.#poolSize = poolSize
    }
    return {
      session: this.#session,
      sizes,
      effort,
      database: DATABASE_OF[driver],
      clearDrafts: () => this.#drafts.clear(),
    }
  }
}

/** Once, and then for long enough for V8 to have optimised what it will. */
async function warmUp(workload: Workload, bench: Bench): Promise<void> {
  const end = performance.now() + WARM_UP_MS * bench.effort
  do await workload.measure(bench)
  while (performance.now() < end)
}

async function profile(workload: Workload, bench: Bench, file: string): Promise<Answer> {
  const { cpu = null } = await workload.measure(bench)
  const work = async (): Promise<void> => {
    for (let nth = 0; nth < PROFILED; nth++) await workload.measure(bench)
  }
  return { kind: 'profiled', summary: await profileOf(work, file), cpuUs: cpu }
}

async function main(): Promise<void> {
  const assignment = JSON.parse(process.argv[2] ?? '') as Assignment
  const open = await loadContestant(contestantNamed(assignment.contestant))
  const kind = DATABASE_OF[assignment.driver]
  const drafts = await openDrafts(kind, assignment.directLocation)
  const worker = new Worker(assignment, open, drafts)
  let queue = Promise.resolve()
  process.on('message', (request: Request) => {
    queue = queue.then(async () => {
      const answer = await worker.run(request).catch(failed)
      process.send?.(answer)
    })
  })
  process.on('disconnect', () => {
    queue.then(() => worker.close()).finally(() => process.exit())
  })
}

function failed(error: unknown): Answer {
  return { kind: 'failed', message: error instanceof Error ? (error.stack ?? '') : String(error) }
}

await main()
