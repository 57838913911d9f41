/** drizzle: tables declared, SQL-like builders, and its relational queries for nested rows. */
import Database from 'better-sqlite3'
import type { Open } from '../contestant.ts'
import { openDrizzlePostgres } from './drizzle/postgres.ts'
import { openDrizzleSqlite } from './drizzle/sqlite.ts'

export const open: Open = async (driver, place) =>
  driver === 'pg' ? openDrizzlePostgres(place) : openDrizzleSqlite(new Database(place.location))
