/** A program that starts a query which fails, never reads it, goes on, and closes. */
import { openDatabase } from '../../../lib/database/database.ts'
import { read } from '../helpers.ts'

const db = openDatabase(JSON.parse(process.argv[2] ?? '{}'))

function startAndForget() {
  const sql = 'select * from nope where id = ?'
  return db.start((runner) => read(runner, sql, 'secret-marker'), new Error('startAndForget()'))
}

const started = startAndForget()
while (started.state !== 'failed') await new Promise((resolve) => setImmediate(resolve))
await new Promise((resolve) => setImmediate(resolve))
console.log('still here')
await db.close()
console.log('closed')
