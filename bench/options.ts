/** What the command line of `npm run bench` may say. */
import { parseArgs } from 'node:util'

export type DatabaseKind = 'postgresql' | 'sqlite'

export interface Options {
  /** Contestants by name; null: all of them. */
  readonly only: readonly string[] | null
  /** Workloads by id or by the beginning of one; null: all of them. */
  readonly workloads: readonly string[] | null
  readonly databases: readonly DatabaseKind[]
  readonly rounds: number
  /** A tenth of the data and a third of the repetitions: for a first look. */
  readonly quick: boolean
  /** What each round trip to PostgreSQL is made to take in addition. */
  readonly delayMs: number
  /** Instead of a table: where the time goes, by V8's profiler. */
  readonly profile: boolean
  /** Ours as it was at these revisions of git, as contestants of their own. */
  readonly against: readonly string[]
  /** Ours as it was at a revision, instead of as it is on the disk. */
  readonly revision: string | null
  /** Instead of a table: what single steps cost, without a database. */
  readonly micro: boolean
  readonly help: boolean
}

export const USAGE = `npm run bench -- [options]

  --quick               a tenth of the data, fewer repetitions, 3 rounds
  --only a,b            these contestants (and the bare driver, which the ratios need)
  --workload W1,W3      these workloads; W2 means W2.1, W2.100 and W2.10k
  --database postgresql,sqlite
  --rounds n            interleaved rounds (7; 3 when quick)
  --delay ms            delay every round trip to PostgreSQL by a proxy on loopback
  --against rev,rev     ours as it was at revisions of git, too
  --revision rev        ours as it was at a revision, not as it is on the disk
  --profile             where our time goes instead; with --only, another contestant's
  --micro               what building, compiling and making rows cost instead
  --help`

const DATABASES: readonly DatabaseKind[] = ['postgresql', 'sqlite']

/** @throws Error for an option there is none of, or a value that makes no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      workload: { type: 'string' },
      database: { type: 'string' },
      rounds: { type: 'string' },
      delay: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      against: { type: 'string' },
      revision: { type: 'string' },
      micro: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    only: listOf(values.only),
    workloads: listOf(values.workload),
    databases: (listOf(values.database) ?? DATABASES).map(databaseOf),
    rounds: numberOf('rounds', values.rounds, values.quick ? 3 : 7),
    quick: values.quick,
    delayMs: numberOf('delay', values.delay, 0),
    profile: values.profile,
    against: listOf(values.against) ?? [],
    revision: values.revision ?? null,
    micro: values.micro,
    help: values.help,
  }
}

function listOf(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

function databaseOf(name: string): DatabaseKind {
  const found = DATABASES.find(
    (kind) => kind.startsWith(name) || (name === 'pg' && kind === 'postgresql'),
  )
  if (found === undefined) {
    throw new Error(`--database takes ${DATABASES.join(' and ')}, not '${name}'.`)
  }
  return found
}

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`--${name} takes a number, not '${text}'.`)
}
