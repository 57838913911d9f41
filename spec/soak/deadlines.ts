/** How long a call takes that has a limit of time, while there is no answer to be had. */
import { connect, type Database, OrmError } from '../../lib/index.ts'
import { ServerProxy } from '../database/support/proxy.ts'
import type { FreshDatabase } from '../support/databases.ts'
import { allCalls, newWorld, type World } from './calls.ts'
import { isSoon } from './support/faulty.ts'
import { Label } from './support/novels.ts'

export const TIMEOUT_MS = 150
const POOL = 3
/** Longer than any limit of a call, so that it is not what ends it. */
const ACQUIRE_MS = 20_000

/** Makes it so that there is no answer; gives what ends that. */
type Obstacle = (at: Far) => Promise<() => void>

export interface Far {
  readonly db: Database
  readonly proxy: ServerProxy
  close(): Promise<void>
}

/** A database that goes by a proxy. */
export async function openFar(fresh: FreshDatabase, name = 'default'): Promise<Far> {
  const { connectionString } = fresh.config.connection as { connectionString: string }
  const proxy = await ServerProxy.to(connectionString)
  const db = connect(
    {
      client: 'pg',
      connection: { connectionString: proxy.url, connectionTimeoutMillis: ACQUIRE_MS },
      pool: { min: 0, max: POOL },
      acquireConnectionTimeout: ACQUIRE_MS,
      log: { warn: () => undefined },
    },
    { name, onUnconsumedError: () => undefined },
  )
  return {
    db,
    proxy,
    async close() {
      proxy.close()
      await db.close({ timeoutMs: 0 })
    },
  }
}

const cutting =
  (how: 'drop' | 'end', isOnce: boolean): Obstacle =>
  async ({ proxy }) => {
    proxy.reset()
    proxy.faultOf = (n) => (!isOnce || n === 1 ? how : undefined)
    return () => undefined
  }

/** Every one of a kind is there: cut on the answer, never an answer, and never a connection. */
export const obstacles: Readonly<Record<string, Obstacle>> = {
  'FIN on the first answer': cutting('end', true),
  'RST on the first answer': cutting('drop', true),
  'FIN on every answer': cutting('end', false),
  'RST on every answer': cutting('drop', false),
  'a black hole': async ({ proxy }) => {
    proxy.silent = true
    return () => undefined
  },
  'a black hole for new connections': async ({ db, proxy }) => {
    proxy.cut()
    await isSoon(() => proxy.open === 0)
    await isSoon(() => db.knex.client.pool.numUsed() === 0)
    proxy.silent = true
    return () => undefined
  },
  'a full pool': async ({ db }) => {
    let free: () => void = () => undefined
    const isFree = new Promise<void>((resolve) => {
      free = resolve
    })
    let held = 0
    const holders = Array.from({ length: POOL }, () =>
      db.atomic(async () => {
        await Label.objects.count()
        held += 1
        await isFree
      }),
    )
    await isSoon(() => held === POOL)
    return () => {
      free()
      void Promise.allSettled(holders)
    }
  },
}

export interface Ended {
  readonly call: string
  readonly ms: number
  /** What it rejected with that is no error of this library. */
  readonly wrong: string | undefined
}

async function timed(call: string, world: World): Promise<Ended> {
  const run = allCalls.find(([name]) => name === call)?.[1]
  const since = performance.now()
  let wrong: string | undefined
  try {
    await run?.(world, TIMEOUT_MS)
  } catch (error) {
    if (!(error instanceof OrmError)) wrong = String(error)
  }
  return { call, ms: performance.now() - since, wrong }
}

/** Makes some calls at once behind an obstacle; when each of them ended, and how. */
export async function endedBehind(
  at: Far,
  obstacle: string,
  names: readonly string[],
): Promise<Ended[]> {
  const worlds: World[] = []
  for (const _ of names) worlds.push(await newWorld())
  const stop = await obstacles[obstacle]?.(at)
  try {
    return await Promise.all(names.map((name, n) => timed(name, worlds[n] as World)))
  } finally {
    stop?.()
    at.proxy.heal()
    if (obstacle.startsWith('a black hole')) at.proxy.cut()
    const { pool } = at.db.knex.client
    await isSoon(() => pool.numUsed() === 0 && pool.numPendingCreates() === 0)
  }
}
