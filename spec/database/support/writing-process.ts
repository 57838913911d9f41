/** A process of its own that writes to an SQLite file: `node … <file> increments|rows <count>`. */
import { writeSync } from 'node:fs'
import { openDatabase } from '../../../lib/database/database.ts'
import { read, write } from '../helpers.ts'

const [filename = '', what, count] = process.argv.slice(2)
const db = openDatabase({ client: 'sqlite3', connection: { filename } })

async function increment(): Promise<void> {
  const [row] = await read(db.current(), 'select n from counter')
  await write(db.current(), 'update counter set n = ?', Number(row?.[0]) + 1)
}

/** Two rows that belong together; what is told on stdout was acknowledged. */
async function pair(at: number): Promise<void> {
  await db.atomic(async () => {
    await write(db.current(), 'insert into pairs (id, half) values (?, 1)', at)
    await write(db.current(), 'insert into pairs (id, half) values (?, 2)', at)
  })
  writeSync(1, `${at}\n`)
}

for (let at = 0; at < Number(count); at += 1) {
  await (what === 'increments' ? db.atomic(increment) : pair(at))
}
await db.close()
