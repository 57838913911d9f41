/** A program that keeps one row of a large result, and tells what is left of the others. */
import { AsyncManager, connect, type FetchMode, fields, Model } from '../../../lib/index.ts'

const ROWS = 100_000
const AUTHORS = 100

class Author extends Model('authors', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Author)
}

class Book extends Model('books', {
  title: fields.char({ maxLength: 50 }),
  author: fields.foreignKey(Author, { onDelete: 'cascade' }),
}) {
  static objects = new AsyncManager(Book)
}

const db = connect(JSON.parse(process.argv[2] ?? '{}'))
const numbers = (count: number) =>
  db.dialect === 'postgresql'
    ? `(select generate_series(1, ${count}) as n) as numbers`
    : `(with recursive t(n) as (select 1 union all select n + 1 from t where n < ${count}) ` +
      'select n from t) as numbers'

async function fill(): Promise<void> {
  for (const [table, extra] of [
    ['authors', 'name'],
    ['books', 'title'],
  ] as const) {
    await db.knex.schema.createTable(table, (columns) => {
      columns.increments()
      columns.string(extra, 50)
      if (table === 'books') columns.integer('author_id')
    })
  }
  await db.knex.raw(
    `insert into authors (name) select 'author ' || n from ${numbers(AUTHORS)} order by n`,
  )
  await db.knex.raw(
    `insert into books (title, author_id) select 'b', 1 + n % ${AUTHORS} from ${numbers(ROWS)}`,
  )
}

/** Garbage goes in several rounds: what a WeakRef was asked for lives until the turn ends. */
async function collect(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
}

async function sizeOf(mode: FetchMode): Promise<number> {
  await collect()
  const before = process.memoryUsage().heapUsed
  const kept = await Book.objects.fetchMode(mode).orderBy('id')
  await collect()
  const size = process.memoryUsage().heapUsed - before
  return size / kept.length
}

async function keepOne(): Promise<{ kept: Book; others: WeakRef<Book>[] }> {
  const books = await Book.objects.orderBy('id')
  const [first, kept] = [books[0], books[50]]
  // What is loaded for all waits in what they share.
  await first?.author
  if (kept === undefined) throw new Error('No books.')
  return { kept, others: books.filter((book) => book !== kept).map((book) => new WeakRef(book)) }
}

await fill()
await sizeOf('one')
const [one, peers] = [await sizeOf('one'), await sizeOf('peers')]
const { kept, others } = await keepOne()
await collect()
const alive = others.filter((other) => other.deref() !== undefined).length
const name = (await kept.author).name
console.log(JSON.stringify({ alive, bytesPerRow: Math.round(peers - one), name }))
await db.close()
