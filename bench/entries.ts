/** Who takes part on a database: a contestant once for each of its drivers. */
import { existsSync, readFileSync } from 'node:fs'
import { DATABASE_OF, type Driver } from './contestant.ts'
import type { DatabaseKind } from './options.ts'
import { BASE, type Contestant, contestantNamed, contestants, OURS } from './registry.ts'

/** What takes part in a run. */
export interface Entry {
  /** The compiled program of its process. */
  readonly program: string
  readonly label: string
  readonly contestant: string
  readonly driver: Driver
  readonly packages: readonly string[]
}

/** Compiled programs: that of everybody, and those of older revisions of ours by name. */
export interface Programs {
  readonly current: string
  readonly older: ReadonlyMap<string, string>
}

/** Those asked for by name, the one that ratios refer to, and older ones of ours. */
export function entriesFor(
  kind: DatabaseKind,
  only: readonly string[] | null,
  { current, older }: Programs,
): readonly Entry[] {
  const asked = only === null ? null : [...only, BASE[kind]].map(contestantNamed)
  const entries = contestants
    .filter((contestant) => asked?.includes(contestant) ?? true)
    .flatMap((contestant) => entriesOf(contestant, kind, current))
  const before = [...older].flatMap(([revision, program]) =>
    entriesOf(contestantNamed(OURS), kind, program).map((entry) => ({
      ...entry,
      label: `${entry.label} ${revision}`,
    })),
  )
  return [...before, ...entries]
}

function entriesOf(
  { name, drivers, packages }: Contestant,
  kind: DatabaseKind,
  program: string,
): readonly Entry[] {
  return drivers
    .filter((driver) => DATABASE_OF[driver] === kind && [...packages, driver].every(isInstalled))
    .map((driver) => ({
      label: driver === 'better-sqlite3' && name !== driver ? `${name} (better)` : name,
      contestant: name,
      driver,
      packages: [...packages, driver],
      program,
    }))
}

/** The versions of the packages behind the entries. */
export function versionsOf(entries: readonly Entry[]): Record<string, string> {
  const names = new Set(entries.flatMap(({ packages }) => packages))
  const versions = [...names].flatMap((name) => {
    const file = packageFile(name)
    if (file === null) return []
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
    return [[name, version] as const]
  })
  return Object.fromEntries(versions)
}

function isInstalled(name: string): boolean {
  return packageFile(name) !== null
}

/** Of the benchmarks' own packages first, as Node finds them. */
function packageFile(name: string): string | null {
  const candidates = ['./node_modules/', '../node_modules/'].map(
    (folder) => new URL(`${folder}${name}/package.json`, import.meta.url),
  )
  return candidates.find((file) => existsSync(file))?.pathname ?? null
}
