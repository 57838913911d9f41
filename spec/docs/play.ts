/**
 * Runs programs of README.md, each on the rows of the tour in a database of its own:
 * `node --import tsx play.ts`, with a list of `Play`s in PLAYS. Prints a list of failures, null
 * where there was none.
 */
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import type { Knex } from 'knex'
import { Checker } from './checker.ts'

export interface Play {
  /** The path of the program. */
  readonly program: string
  readonly config: Knex.Config
}

/** `shop.ts` beside the program: the tour's own modules, and the library as a user has it. */
interface Shop {
  open(config: Knex.Config): { readonly knex: Knex; close(): Promise<void> }
  fill(): Promise<void>
}

async function play({ program, config }: Play): Promise<void> {
  const folder = dirname(program)
  const { fill, open } = await load<Shop>(join(folder, 'shop.ts'))
  const db = open(config)
  try {
    await db.knex.migrate.latest({ directory: join(folder, 'migrations'), loadExtensions: ['.ts'] })
    await fill()
    Object.assign(globalThis, { docs: new Checker(db.knex) })
    await load(program)
  } finally {
    await db.close()
  }
}

async function load<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(path).href)) as T
}

const failures: (string | null)[] = []
for (const each of JSON.parse(process.env['PLAYS'] ?? '[]') as Play[]) {
  const failed = await play(each).then(() => null, inspect)
  failures.push(failed)
}
// Said outright: a program that failed half-way leaves a database open.
process.stdout.write(`\n${JSON.stringify(failures)}`, () => process.exit())
