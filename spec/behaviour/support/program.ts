/** A program of this folder in a process of its own, given the configuration of a database. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Knex } from 'knex'

const run = promisify(execFile)

/** What the program printed; `flags` are Node's. */
export async function runProgram(
  file: string,
  config: Knex.Config,
  ...flags: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const program = fileURLToPath(new URL(file, import.meta.url))
  return await run(process.execPath, ['--import', 'tsx', ...flags, program, JSON.stringify(config)])
}
