import createKnex, { type Knex } from 'knex'
import type { DialectName } from '../fields/dialect.ts'
import type { Dialect } from './dialects/dialect.ts'
import { mysql } from './dialects/mysql.ts'
import { postgresql } from './dialects/postgresql.ts'
import { sqlite } from './dialects/sqlite.ts'

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { sqlite, postgresql, mysql }

const CLIENTS: Readonly<Record<DialectName, string>> = {
  sqlite: 'sqlite3',
  postgresql: 'pg',
  mysql: 'mysql2',
}

/** The record of everything in which a database differs. */
export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name]
}

const clients = new Map<DialectName, Knex>()

/**
 * A knex that only compiles: it has no connection and needs no driver, and a user's
 * `wrapIdentifier` has no part in it.
 */
export function compilingKnex(name: DialectName): Knex {
  let client = clients.get(name)
  if (client === undefined) {
    client = createKnex({ client: CLIENTS[name], useNullAsDefault: true })
    clients.set(name, client)
  }
  return client
}
