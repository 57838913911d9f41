/**
 * A process that migrates, as an application does when it starts: `MIGRATING` is a `Task`. Prints what
 * came of it as JSON; ends with 0, with 1 after an error, or by `kill -9` at the statement it is told.
 */
import { createRequire } from 'node:module'
import knexModule, { type Knex } from 'knex'
import { migrate } from '../../../lib/migrations/migrate.ts'
import { type SourceName, sources } from './sources.ts'

export interface Task {
  /** One after the other. */
  readonly configs: readonly Knex.Config[]
  readonly source: SourceName
  readonly verb?: 'latest' | 'rollback'
  /**
   * Before the nth statement, or the first with a text in it, or when that was sent and not answered.
   */
  readonly kill?: { readonly at: number | string; readonly when: 'before' | 'sent' }
}

export interface Outcome {
  /** On each of the databases. */
  readonly ran?: readonly (readonly string[])[]
  readonly statements?: number
  readonly error?: { readonly name: string; readonly message: string }
}

type Query = { readonly sql: string }

interface Queries {
  _query(connection: unknown, query: Query): Promise<unknown>
}

const { configs, source, verb = 'latest', kill }: Task = JSON.parse(process.env['MIGRATING'] ?? '')
const dialects = { pg: 'postgres', sqlite3: 'sqlite3' }
let statements = 0

/** knex's own client, which counts what every knex made with it sends. */
function countingClient({ client }: Knex.Config): typeof Knex.Client {
  const require = createRequire(import.meta.url)
  const dialect = dialects[client as keyof typeof dialects]
  const Base = require(`knex/lib/dialects/${dialect}/index.js`) as new () => Queries
  class Counting extends Base {
    override async _query(connection: unknown, query: Query): Promise<unknown> {
      statements += 1
      const isIt =
        typeof kill?.at === 'string' ? query.sql.includes(kill.at) : kill?.at === statements
      if (isIt && kill?.when === 'before') await dead()
      const answer = super._query(connection, query)
      if (isIt) setImmediate(dead)
      return await answer
    }
  }
  return Counting as unknown as typeof Knex.Client
}

function dead(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

async function ranOn(config: Knex.Config): Promise<string[]> {
  const knex = knexModule.default({ ...config, client: countingClient(config) })
  try {
    const [, ran] = await migrate[verb](knex, { migrationSource: sources[source] })
    return ran
  } finally {
    await knex.destroy()
  }
}

async function outcome(): Promise<Outcome> {
  try {
    const ran: string[][] = []
    for (const config of configs) ran.push(await ranOn(config))
    return { ran, statements }
  } catch (error) {
    process.exitCode = 1
    const { name, message } = error as Error
    return { error: { name, message } }
  }
}

process.stdout.write(JSON.stringify(await outcome()))
