/** `npm run bench`: leads the contestants through the rounds, prints the table and writes it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, describeRevision } from './build.ts'
import { FULL, QUICK } from './data.ts'
import { openDatabase, type TestDatabase } from './databases.ts'
import { entriesFor, type Programs, versionsOf } from './entries.ts'
import { installPeers } from './install.ts'
import { type DatabaseKind, type Options, readOptions, USAGE } from './options.ts'
import { profileAll } from './profile.ts'
import { type Line, linesOf } from './ratios.ts'
import { contestantNamed } from './registry.ts'
import { toMarkdown, writeReport } from './report.ts'
import { type Progress, runRounds } from './rounds.ts'
import { Runner } from './runner.ts'
import { selectWorkloads } from './workloads/all.ts'

const TITLES: Readonly<Record<DatabaseKind, string>> = {
  postgresql: 'PostgreSQL',
  sqlite: 'SQLite',
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    console.log(USAGE)
    return
  }
  if (needsPeers(options)) installPeers()
  const programs: Programs = {
    current: build(options.revision),
    older: new Map(options.against.map((revision) => [revision, build(revision)])),
  }
  if (options.micro) {
    const program = fileURLToPath(new URL('micro.js', pathToFileURL(programs.current)))
    execFileSync(process.execPath, [program], { stdio: 'inherit' })
    return
  }
  if (options.profile) {
    await profileAll(options, programs)
    return
  }
  for (const kind of options.databases) {
    if (kind === 'sqlite' && options.delayMs > 0) continue
    const database = await openDatabase(kind, options.quick ? QUICK : FULL, options.delayMs)
    try {
      await runOn(kind, database, options, programs)
    } finally {
      await database.stop()
    }
  }
}

async function runOn(
  kind: DatabaseKind,
  database: TestDatabase,
  options: Options,
  programs: Programs,
): Promise<void> {
  const entries = entriesFor(kind, options.only, programs)
  const runners = entries.map(({ label, contestant, driver, program }) => {
    return new Runner(label, program, {
      contestant,
      driver,
      ...database.locationFor(label),
      sizes: options.quick ? QUICK : FULL,
      effort: options.quick ? 0.3 : 1,
    })
  })
  const lines: Line[] = []
  const failures = new Map<string, string[]>()
  const progress = progressOf(options, failures)
  for (const workload of selectWorkloads(options.workloads)) {
    if (workload.databases?.includes(kind) === false) continue
    const results = await runRounds(workload, runners, options.rounds, progress)
    lines.push(...linesOf(kind, workload, results))
  }
  await Promise.all(runners.map((runner) => runner.stop()))
  const delay = options.delayMs > 0 ? `-${options.delayMs}ms` : ''
  const report = {
    title: `${database.version}${options.delayMs > 0 ? `, round trips ${options.delayMs} ms longer` : ''}`,
    name: `${kind}${delay}`,
    isPartial: isPartial(options),
    options,
    labels: entries.map(({ label }) => label),
    versions: { asynchrormous: describeRevision(options.revision), ...versionsOf(entries) },
    lines,
    failures: [...failures].map(([failure, ids]) => `${failure} (${ids.join(', ')})`),
  }
  console.log(`\r${toMarkdown(report)}`)
  console.log(`${TITLES[kind]}: written to ${writeReport(report)}`)
}

/** Only peers need more than this repository's own packages. */
function needsPeers({ only, profile, micro }: Options): boolean {
  if (only === null) return !profile && !micro
  return only.some((name) => contestantNamed(name).isPeer)
}

function isPartial({ quick, only, workloads, against }: Options): boolean {
  return quick || only !== null || workloads !== null || against.length > 0
}

/** One line that is written over again; failures stay. */
function progressOf({ rounds }: Options, failures: Map<string, string[]>): Progress {
  return {
    step: (workload, round, label) => {
      if (!process.stderr.isTTY) return
      const text = `${workload.id} ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${label}`
      process.stderr.write(`\r${text.padEnd(78)}\r`)
    },
    failed: (workload, label, message) => {
      const failure = `${label}: ${message.split('\n')[0]}`
      const before = failures.get(failure)
      if (before === undefined) {
        console.error(`\n${workload.id}, ${label}: ${message}`)
        failures.set(failure, [workload.id])
      } else if (!before.includes(workload.id)) {
        before.push(workload.id)
      }
    },
  }
}

await main()
