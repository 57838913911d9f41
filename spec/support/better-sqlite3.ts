/** `better-sqlite3`, which is installed where somebody has built it: here, or for the benchmarks. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'

const PLACES = ['../../package.json', '../../bench/package.json'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

function loaded(): unknown {
  for (const place of PLACES) {
    if (!existsSync(place)) continue
    try {
      const driver: unknown = createRequire(place)('better-sqlite3')
      // Its binary is only looked for now.
      ;new (driver as new (file: string) => { close(): void })(':memory:').close()
      return driver
    } catch {}
  }
  return null
}

const driver = loaded()

/** knex's own client, which would look for the driver beside knex only. */
function clientClass(): typeof Knex.Client {
  const require = createRequire(PLACES[0] as string)
  const Base = require('knex/lib/dialects/better-sqlite3/index.js') as typeof Knex.Client
  return class extends Base {
    _driver(): unknown {
      return driver
    }
  }
}

/** What knex takes as `client`; null where the driver is not installed. */
export const betterSqlite3Client: typeof Knex.Client | null = driver === null ? null : clientClass()
