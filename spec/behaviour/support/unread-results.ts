/** A program that starts large queries, never reads them, and tells what they keep in memory. */
import { subscribe } from 'node:diagnostics_channel'
import { AsyncManager, connect, fields, Model, type UnconsumedReport } from '../../../lib/index.ts'

const STARTS = 20
const ROWS = 5000

class Book extends Model('books', { title: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Book)
}

const db = connect(JSON.parse(process.argv[2] ?? '{}'))
const reports: string[] = []
let answered = 0

subscribe('asynchrormous:unconsumed', (report) => {
  const { outcome, reason } = report as UnconsumedReport
  reports.push(`${outcome}, ${reason}`)
})

/** Garbage goes in several rounds: what a WeakRef was asked for lives until the turn ends. */
async function collected(): Promise<number> {
  for (let round = 0; round < 6; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

async function startAll(): Promise<readonly unknown[]> {
  answered = 0
  const started = Array.from({ length: STARTS }, () => [Book.objects.orderBy('id').startFetch()])
  while (answered < STARTS) await new Promise((resolve) => setImmediate(resolve))
  return started
}

interface Kept {
  /** Bytes of each row while the querysets are there, and when they are gone. */
  readonly held: number
  readonly left: number
  readonly reports: readonly string[]
}

async function keep(): Promise<Kept> {
  reports.length = 0
  const before = await collected()
  let started: readonly unknown[] | undefined = await startAll()
  const held = (await collected()) - before
  const isThere = started.length === STARTS
  started = undefined
  const left = (await collected()) - before
  const bytes = (all: number): number => Math.round(all / (STARTS * ROWS))
  return { held: isThere ? bytes(held) : 0, left: bytes(left), reports: [...new Set(reports)] }
}

await db.knex.schema.createTable('books', (table) => {
  table.increments()
  table.string('title', 50)
})
await Book.objects.bulkCreate(Array.from({ length: ROWS }, (_, at) => ({ title: `book ${at}` })))
db.knex.on('query-response', () => {
  answered += 1
})
await keep()
console.log(JSON.stringify([await keep(), await db.atomic(keep)]))
await db.close()
