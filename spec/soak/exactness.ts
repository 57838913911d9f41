/** Values by chance, written and read under several time zones, each in a process of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Knex } from 'knex'

/** West and east of Greenwich, by half an hour, and one that skipped a day. */
export const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'] as const

const PROGRAM = fileURLToPath(new URL('./support/exact-values.ts', import.meta.url))
const run = promisify(execFile)

export interface Exactness {
  /** How many values were written. */
  readonly tried: number
  /** How many did not come back as they were. */
  readonly wrong: number
  readonly examples: readonly string[]
}

/** Writes and reads so many values of each kind in a zone, and reads those of the zone before. */
export async function exactIn(
  config: Knex.Config,
  zone: (typeof ZONES)[number],
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Exactness> {
  const before = ZONES[ZONES.indexOf(zone) - 1]
  const args = [JSON.stringify(config), String(count), String(seed), zone]
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', PROGRAM, ...args, ...(before === undefined ? [] : [before])],
    { env: { ...process.env, TZ: zone } },
  )
  return JSON.parse(stdout) as Exactness
}
