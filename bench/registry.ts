/** Every contestant: what it is called, runs on and is made of. */
import type { Driver, Open } from './contestant.ts'
import type { DatabaseKind } from './options.ts'

export interface Contestant {
  readonly name: string
  readonly drivers: readonly Driver[]
  /** Packages whose versions are named with the results. */
  readonly packages: readonly string[]
  /** Whether it needs the packages of bench/package.json. */
  readonly isPeer: boolean
}

export const OURS = 'asynchrormous'

const ALL_DRIVERS: readonly Driver[] = ['pg', 'sqlite3', 'better-sqlite3']

export const contestants: readonly Contestant[] = [
  own(OURS, ALL_DRIVERS, ['knex', 'zod']),
  own('knex', ALL_DRIVERS, ['knex']),
  own('pg', ['pg'], ['pg']),
  own('pg-named', ['pg'], ['pg']),
  own('sqlite3', ['sqlite3'], ['sqlite3']),
  peer('better-sqlite3', ['better-sqlite3'], []),
  peer('objection', ALL_DRIVERS, ['objection', 'knex']),
  peer('lucid', ALL_DRIVERS, ['@adonisjs/lucid', 'knex']),
  peer('kysely', ['pg', 'better-sqlite3'], ['kysely']),
  peer('drizzle', ['pg', 'better-sqlite3'], ['drizzle-orm']),
  peer('typeorm', ['pg', 'better-sqlite3'], ['typeorm']),
  peer('sequelize', ['pg', 'sqlite3'], ['sequelize']),
  peer('mikro-orm', ['pg', 'better-sqlite3'], ['@mikro-orm/core', 'knex']),
  peer('orchid', ['pg'], ['orchid-orm']),
  peer('prisma', ['pg', 'better-sqlite3'], ['@prisma/client', '@prisma/adapter-pg']),
]

/** What the ratios of a database refer to. */
export const BASE: Readonly<Record<DatabaseKind, string>> = {
  postgresql: 'pg',
  sqlite: 'sqlite3',
}

/** What they refer to where the driver has nothing to compare: it builds no SQL. */
export const SECOND_BASE = 'knex'

/** @throws Error for a name there is none of. */
export function contestantNamed(name: string): Contestant {
  const found = contestants.find((contestant) => contestant.name === name)
  if (found !== undefined) return found
  const names = contestants.map((contestant) => contestant.name)
  throw new Error(`No contestant '${name}'. There are: ${names.join(', ')}.`)
}

/** Loads the code of a contestant, which is done in its own process only. */
export async function loadContestant({ name, isPeer }: Contestant): Promise<Open> {
  const module: { open: Open } = await import(`./${isPeer ? 'peers' : 'contestants'}/${name}.js`)
  return module.open
}

function own(name: string, drivers: readonly Driver[], packages: readonly string[]): Contestant {
  return { name, drivers, packages, isPeer: false }
}

function peer(name: string, drivers: readonly Driver[], packages: readonly string[]): Contestant {
  return { name, drivers, packages, isPeer: true }
}
