/** What a file of `spec/soak/` is made of, and what it found. */
import type { TestDatabase } from '../support/databases.ts'

/** What can be wrong with a run: all four must stay 0. */
export const findings = ['wrong', 'lost', 'leaked', 'hung'] as const

/**
 * `wrong`: an answer, an error or a saved state that it must not be; `lost`: a write that was
 * acknowledged is gone, or one that was refused is there; `leaked`: a connection or a transaction
 * stayed open; `hung`: not over within its deadline.
 */
export type Finding = (typeof findings)[number]

/** One run of a soak on one database. */
export interface SoakRun {
  readonly kind: TestDatabase
  /** Of this run; printed, so that it can be given again. */
  readonly seed: number
  /** How many are to be tried: the full count, scaled. */
  readonly goal: number
  /** How long it may still take; for what counts by itself. */
  readonly leftMs: number
  /** 0, 1, 2 … until the goal is reached or the time is up; each counts as tried. */
  rounds(): Iterable<number>
  /** Adds to what was tried, where `rounds()` does not fit. */
  tried(count: number): void
  /** Something is not as it must be. The first of each kind is printed with what it was. */
  found(finding: Finding, what: string): void
  /** Rejects, and counts as hung, when the work takes longer. */
  within<T>(ms: number, what: string, work: PromiseLike<T>): Promise<T>
}

/** A long test. A file of `spec/soak/` that ends with `.soak.ts` exports one or several. */
export interface Soak {
  /** By which it is asked for on the command line: `aborts`. */
  readonly name: string
  /** The row of the goal figures: `G10`. */
  readonly goal: string
  /** What is counted: `aborts at random moments`. */
  readonly counts: string
  /** How many of them at `--scale=1`, on each database. */
  readonly full: number
  /** On which databases it runs. @default each */
  readonly on?: (kind: TestDatabase) => boolean
  run(run: SoakRun): Promise<void>
}

/** What is printed of one soak on one database. */
export interface Tally {
  readonly soak: Soak
  readonly database: string
  readonly seconds: number
  readonly tried: number
  readonly found: Readonly<Record<Finding, number>>
  readonly examples: readonly string[]
}

/** Runs one soak on one database, for at most so long. */
export async function tallyOf(
  soak: Soak,
  kind: TestDatabase,
  options: { readonly scale: number; readonly seed: number; readonly ms: number },
): Promise<Tally> {
  const startedAt = Date.now()
  const found = { wrong: 0, lost: 0, leaked: 0, hung: 0 }
  const examples: string[] = []
  let tried = 0
  const goal = Math.max(1, Math.round(soak.full * options.scale))
  const note = (finding: Finding, what: string) => {
    if (found[finding] === 0) examples.push(`${soak.name} [${kind.name}] ${finding}: ${what}`)
    found[finding] += 1
  }
  const run: SoakRun = {
    kind,
    seed: options.seed,
    goal,
    get leftMs() {
      return Math.max(0, startedAt + options.ms - Date.now())
    },
    *rounds() {
      for (let round = 0; round < goal && this.leftMs > 0; round += 1) {
        tried += 1
        yield round
      }
    },
    tried(count) {
      tried += count
    },
    found: note,
    async within(ms, what, work) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          note('hung', what)
          reject(new Error(`${what}: not over after ${ms} ms`))
        }, ms)
      })
      try {
        return await Promise.race([work, late])
      } finally {
        clearTimeout(timer)
      }
    },
  }
  try {
    await soak.run(run)
  } catch (error) {
    note('wrong', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const seconds = (Date.now() - startedAt) / 1000
  return { soak, database: kind.name, seconds, tried, found, examples }
}

/** The table at the end: one line for each soak and database, and one for all. */
export function tableOf(tallies: readonly Tally[]): string {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, each) => total + of(each), 0)
  const header = ['goal', 'soak', 'database', 'tried', 'what', ...findings, 'seconds']
  const rows = tallies.map(({ soak, database, tried, found, seconds }) => [
    soak.goal,
    soak.name,
    database,
    String(tried),
    soak.counts,
    ...findings.map((finding) => String(found[finding])),
    seconds.toFixed(1),
  ])
  const total = [
    '',
    'all',
    '',
    String(sum(({ tried }) => tried)),
    '',
    ...findings.map((finding) => String(sum(({ found }) => found[finding]))),
    sum(({ seconds }) => seconds).toFixed(1),
  ]
  const lines = [header, ...rows, total]
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  )
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}
