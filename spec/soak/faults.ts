/** Work of several at a time on a bad network, with connections that are killed, and its ledger. */
import type { Knex } from 'knex'
import type { ServerProxy } from '../database/support/proxy.ts'
import { Ledger } from './ledger.ts'
import type { Finding } from './soak.ts'
import { type Faulty, faultsOn, TESTED } from './support/faulty.ts'
import { type Random, randomOf } from './support/random.ts'

const WORKERS = 6
const OPERATIONS = 3
/** Later than this no statement of a run is sent. */
const LAST_STATEMENT = 40
const TIMEOUT_MS = 400
const LONGEST_DELAY_MS = 30

/** What makes things go wrong while work is under way; resolves when it is over. */
type Mischief = (at: Faulty, random: Random) => Promise<void>

interface Trouble {
  readonly name: string
  /** Nothing is heard of a connection: only a timeout ends what waits for it. */
  readonly isSilent: boolean
  readonly run: Mischief
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const soon = (random: Random) => pause(random(LONGEST_DELAY_MS))

async function onConnections(knex: Knex, what: string, limit: number): Promise<void> {
  await knex.raw(
    `select ${what}(pid) from (
       select pid from pg_stat_activity
       where datname = current_database() and application_name = '${TESTED}'
       order by random() limit ${limit}
     ) as chosen`,
  )
}

/** Of a network that goes by a proxy, and of the server behind it. */
const networkTroubles: Readonly<Record<string, (proxy: ServerProxy) => Mischief>> = {
  'COMMIT is not answered': (proxy) => async (_, random) => {
    proxy.cutAfter = 'COMMIT'
    await soon(random)
    await pause(LONGEST_DELAY_MS)
    proxy.cutAfter = undefined
  },
  'all are cut': (proxy) => async (_, random) => {
    for (const how of ['drop', 'end'] as const) {
      await soon(random)
      proxy.cut(how)
    }
  },
  'the server is away': (proxy) => async (_, random) => {
    await soon(random)
    proxy.refusing = true
    proxy.cut(random(2) === 0 ? 'drop' : 'end')
    await soon(random)
    proxy.refusing = false
  },
  'one is killed': () => async (at, random) => {
    await soon(random)
    await onConnections(at.knex, 'pg_terminate_backend', 1)
  },
  'all are killed': () => async (at, random) => {
    await soon(random)
    await onConnections(at.knex, 'pg_terminate_backend', 100)
  },
  'one is cancelled': () => async (at, random) => {
    await soon(random)
    await onConnections(at.knex, 'pg_cancel_backend', 1)
  },
}

function troublesOf(at: Faulty): Trouble[] {
  const dialect = at.proxy === undefined ? 'sqlite' : 'postgresql'
  const statements = faultsOn[dialect].map((fault) => ({
    name: `the n-th statement: ${fault}`,
    isSilent: fault === 'hang',
    run: async (_: Faulty, random: Random) => at.arm(1 + random(LAST_STATEMENT), fault),
  }))
  const { proxy } = at
  if (proxy === undefined) return statements
  const network = Object.entries(networkTroubles).map(([name, by]) => ({
    name,
    isSilent: false,
    run: by(proxy),
  }))
  const silence: Mischief = async (_, random) => {
    await soon(random)
    proxy.silent = true
    await pause(TIMEOUT_MS / 2)
    proxy.silent = false
    // What it was sent is lost: a connection that goes on would be out of step.
    proxy.cut()
  }
  return [...statements, ...network, { name: 'silence', isSilent: true, run: silence }]
}

export interface FaultResult {
  readonly trouble: string
  readonly found: readonly (readonly [Finding, string])[]
}

export class FaultRuns {
  readonly ledger = new Ledger()
  readonly #at: Faulty
  readonly #troubles: readonly Trouble[]

  constructor(at: Faulty) {
    this.#at = at
    this.#troubles = troublesOf(at)
  }

  /** How many kinds of trouble there are; the n-th run has the n-th. */
  get kinds(): number {
    return this.#troubles.length
  }

  async run(round: number, seed: number): Promise<FaultResult> {
    const at = this.#at
    const random = randomOf(seed * 1_000_003 + round)
    const trouble = this.#troubles[round % this.#troubles.length] as Trouble
    const found: [Finding, string][] = []
    const options = {
      random,
      timeoutMs: trouble.isSilent ? TIMEOUT_MS : undefined,
      found: (finding: Finding, what: string) => found.push([finding, what]),
    }
    const since = this.ledger.size
    const worker = async (): Promise<void> => {
      for (let n = 0; n < OPERATIONS; n += 1) await this.ledger.operate(options)
    }
    const work = Array.from({ length: WORKERS }, worker)
    await trouble.run(at, random)
    await Promise.all(work)
    at.disarm()
    at.proxy?.heal()
    for (const leak of await at.leaks()) found.push(['leaked', leak])
    for (const wrong of await this.ledger.check(at.knex, since)) found.push(['lost', wrong])
    await this.ledger.operate({ ...options, timeoutMs: TIMEOUT_MS * 10 })
    return { trouble: trouble.name, found }
  }
}
