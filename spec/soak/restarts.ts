/** Clients that go on working while their server is brought down and up again, and what they note. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database } from '../../lib/database/runner.ts'
import {
  CommitUnknownError,
  ConnectionLostError,
  OperationalError,
  TransactionBrokenError,
} from '../../lib/errors.ts'
import { read, write } from '../database/helpers.ts'
import type { MortalServer } from '../database/support/mortal-server.ts'

/**
 * `backend`: one process of the server is killed, upon which it ends all others and recovers;
 * `fast`, `immediate`: it is stopped so; `crash`: its first process is killed.
 */
export const downfalls = ['backend', 'immediate', 'crash', 'fast'] as const
export type Downfall = (typeof downfalls)[number]

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', crash: 'SIGKILL' } as const

/** How long one call may take, with a server that comes back meanwhile. */
const DEADLINE_MS = 10_000
/** Between a call that failed and the next one of the same client. */
const BACKOFF_MS = 5
/** After so many answers a client goes on. */
const ANSWERS = 8

/** What must have become of a row. */
type Fate = 'saved' | 'not saved' | 'unknown'

/** Clients of one database, each of which makes one call after the other. */
export class Clients {
  readonly db: Database
  /** Calls that failed. */
  failed = 0
  /** What was not as it must be. */
  readonly wrong: string[] = []
  readonly #fates: Map<number, Fate> = new Map()
  readonly #clients: { answered: number }[] = []
  readonly #working: Promise<void>[] = []
  #saved = 0
  #nextId = 0
  #isOver = false

  constructor(db: Database) {
    this.db = db
  }

  /** Two of each kind. */
  start(): void {
    const kinds = [this.#insert, this.#insertPair, this.#count, this.#startCount]
    for (const call of [...kinds, ...kinds]) {
      const client = { answered: 0 }
      this.#clients.push(client)
      this.#working.push(this.#repeat(call, client))
    }
  }

  /** Calls that were answered. */
  get answered(): number {
    return this.#clients.reduce((sum, { answered }) => sum + answered, 0)
  }

  /** Resolves when each of them was answered a few times more. */
  async goOn(): Promise<void> {
    const due = this.#clients.map((client) => ({ client, answered: client.answered + ANSWERS }))
    const isDue = () => due.some(({ client, answered }) => client.answered < answered)
    const endsAt = Date.now() + DEADLINE_MS
    while (isDue() && Date.now() < endsAt) await sleep(1)
    if (isDue()) this.wrong.push('not all went on')
  }

  /** Ends their work, and compares what is saved with what they were told. */
  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#working)
    const saved = new Set((await read(this.db.current(), 'select id from item')).map(([id]) => id))
    for (const [id, fate] of this.#fates) {
      if (fate === 'saved' && !saved.has(id)) this.wrong.push(`lost: ${id} was acknowledged`)
      if (fate === 'not saved' && saved.has(id)) this.wrong.push(`ghost: ${id} was rolled back`)
    }
    const halves = await read(
      this.db.current(),
      'select count(*) from item where pair is not null group by pair having count(*) <> 2',
    )
    if (halves.length > 0) this.wrong.push(`${halves.length} transactions are half saved`)
    if (this.db.knex.client.pool.numUsed() > 0) this.wrong.push('leaked: a connection')
  }

  async #repeat(call: () => Promise<void>, client: { answered: number }): Promise<void> {
    while (!this.#isOver) {
      const late = setTimeout(() => this.wrong.push(`hung: ${call.name}`), DEADLINE_MS)
      try {
        await call.call(this)
        client.answered += 1
      } catch (error) {
        this.failed += 1
        if (!isExpected(error)) this.wrong.push(`${call.name}: ${String(error)}`)
        await sleep(BACKOFF_MS)
      } finally {
        clearTimeout(late)
      }
    }
  }

  async #insert(): Promise<void> {
    const id = this.#newRow('unknown')
    await write(this.db.current(), 'insert into item (id) values (?)', id)
    this.#acknowledge(id)
  }

  async #insertPair(): Promise<void> {
    const [one, other] = [this.#newRow('not saved'), this.#newRow('not saved')]
    try {
      await this.db.atomic(async () => {
        const sql = 'insert into item (id, pair) values (?, ?)'
        await write(this.db.current(), sql, one, one)
        await write(this.db.current(), sql, other, one)
      })
      this.#acknowledge(one, other)
    } catch (error) {
      if (error instanceof CommitUnknownError) {
        for (const id of [one, other]) this.#fates.set(id, 'unknown')
      }
      throw error
    }
  }

  async #count(): Promise<void> {
    const due = this.#saved
    this.#assertAtLeast(due, await read(this.db.current(), 'select count(*) from item'))
  }

  async #startCount(): Promise<void> {
    const due = this.#saved
    const sql = 'select count(*) from item'
    const started = this.db.start((runner) => read(runner, sql), new Error('startCount()'))
    this.#assertAtLeast(due, await started.read())
  }

  #newRow(fate: Fate): number {
    this.#nextId += 1
    this.#fates.set(this.#nextId, fate)
    return this.#nextId
  }

  #acknowledge(...ids: readonly number[]): void {
    for (const id of ids) this.#fates.set(id, 'saved')
    this.#saved += ids.length
  }

  #assertAtLeast(due: number, [row]: unknown[][]): void {
    if (Number(row?.[0]) < due) this.wrong.push(`read ${row?.[0]} rows of ${due}`)
  }
}

function isExpected(error: unknown): boolean {
  if (error instanceof TransactionBrokenError) return isExpected(error.cause)
  return (
    error instanceof ConnectionLostError ||
    error instanceof CommitUnknownError ||
    // The server is starting, and told so.
    (error instanceof OperationalError &&
      (error.cause as { code?: string } | undefined)?.code === '57P03')
  )
}

/** A database on a server, with the table of the clients. */
export async function openForClients(server: MortalServer): Promise<Database> {
  const db = openDatabase(
    {
      client: 'pg',
      connection: { connectionString: server.url },
      pool: { min: 0, max: 5 },
      log: { warn: () => undefined },
    },
    { name: 'mortal' },
  )
  await write(db.current(), 'create table item (id integer primary key, pair integer)')
  return db
}

/** Brings the server down and waits until it takes connections again. */
export async function bringDown(server: MortalServer, how: Downfall): Promise<void> {
  if (how === 'backend') {
    await killBackend(server)
    return
  }
  await server.crash(SIGNALS[how])
  await server.restart()
}

/** Kills the process of one of the connections. */
async function killBackend({ url }: MortalServer): Promise<void> {
  const own = new pg.Client({ connectionString: url })
  // It is ended with all the others.
  own.on('error', () => undefined)
  await own.connect()
  const { rows } = await own.query(
    `select pid from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 1`,
  )
  const ended = new Promise((resolve) => own.once('end', resolve))
  process.kill((rows[0] as { pid: number }).pid, 'SIGKILL')
  await ended
}
