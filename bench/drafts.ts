/** Empties the table that is written into, over a connection that no contestant sees. */
import pg from 'pg'
import sqlite3 from 'sqlite3'
import type { DatabaseKind } from './options.ts'

export interface Drafts {
  clear(): Promise<void>
  close(): Promise<void>
}

export async function openDrafts(kind: DatabaseKind, location: string): Promise<Drafts> {
  return kind === 'postgresql' ? await onPostgres(location) : onSqlite(location)
}

async function onPostgres(location: string): Promise<Drafts> {
  const client = new pg.Client({ connectionString: location })
  await client.connect()
  return {
    clear: async () => {
      await client.query('truncate draft restart identity')
    },
    close: () => client.end(),
  }
}

function onSqlite(file: string): Drafts {
  const db = new sqlite3.Database(file)
  db.configure('busyTimeout', 5_000)
  return {
    clear: () =>
      new Promise((resolve, reject) => {
        db.run('delete from draft', (error) => (error ? reject(error) : resolve()))
      }),
    close: () =>
      new Promise((resolve, reject) => {
        db.close((error) => (error ? reject(error) : resolve()))
      }),
  }
}
