/** Processes that write to an SQLite file, and what became of it when one was killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Database } from '../../../lib/database/runner.ts'
import { read, write } from '../helpers.ts'

const WORKER = fileURLToPath(new URL('./writing-process.ts', import.meta.url))

export interface Written {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

/** Starts one: `<file> increments|rows <count>`. */
export function startWriter(...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', WORKER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What one told, when it has ended. */
export function ended(child: ChildProcess, onLine?: (lines: number) => void): Promise<Written> {
  let out = ''
  let errors = ''
  child.stdout?.on('data', (data) => {
    out += data
    onLine?.(out.split('\n').length - 1)
  })
  child.stderr?.on('data', (data) => {
    errors += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      // What follows the last line end was not told to the end.
      resolve({ code, lines: out.split('\n').slice(0, -1), errors })
    })
  })
}

/** Makes the table of `killWriter`. */
export async function createPairs(db: Database): Promise<void> {
  await write(db.current(), 'create table pairs (id integer not null, half integer not null)')
}

/**
 * Kills a process (-9) after it has acknowledged so many transactions of two rows each.
 *
 * @returns what is not as it must be; empty when all is well.
 */
export async function killWriter(db: Database, filename: string, after: number): Promise<string[]> {
  const wrong: string[] = []
  await write(db.current(), 'delete from pairs')
  const child = startWriter(filename, 'rows', '1000000')
  const { lines } = await ended(child, (told) => {
    if (told >= after) child.kill('SIGKILL')
  })
  const rows = await read(db.current(), 'select id, count(*) from pairs group by id order by id')
  const saved = new Set(rows.map(([id]) => String(id)))
  const lost = lines.filter((line) => !saved.has(line))
  if (lost.length > 0) wrong.push(`lost: ${lost.length} of ${lines.length} acknowledged`)
  const halves = rows.filter(([, rowsOfOne]) => rowsOfOne !== 2)
  if (halves.length > 0) wrong.push(`${halves.length} are half saved`)
  // At most the one that was under way was saved without a word.
  if (rows.length - lines.length > 1) wrong.push(`${rows.length} saved of ${lines.length}`)
  if (lines.length < after) wrong.push(`it ended after ${lines.length}`)
  const [[integrity] = []] = await read(db.current(), 'pragma integrity_check')
  if (integrity !== 'ok') wrong.push(String(integrity))
  return wrong
}
