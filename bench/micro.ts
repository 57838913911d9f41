/**
 * `npm run bench -- --micro`: what single steps cost, without a database: building a query,
 * compiling it, making instances of rows.
 */
import { compileSelect } from '../lib/compile/select.ts'
import { hydrate } from '../lib/hydrate/rows.ts'
import { AsyncManager, connect, fields, Model } from '../lib/index.ts'
import { metaOf } from '../lib/meta/meta.ts'
import { initialState } from '../lib/query/state.ts'
import { originOf } from '../lib/queryset/databases.ts'
import { median } from './workload.ts'

class Author extends Model('author', {
  name: fields.char({ maxLength: 100 }),
  country: fields.char({ maxLength: 2 }),
}) {
  static objects = new AsyncManager(Author)
}

class Book extends Model('book', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer(),
  price: fields.decimal({ maxDigits: 8, decimalPlaces: 2 }),
  inStock: fields.boolean(),
  publishedAt: fields.dateTime(),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: '+' }),
}) {
  static objects = new AsyncManager(Book)
}

const BATCHES = 25
const BATCH_MS = 20
const ROWS = 1_000

/** As the driver gives them, columns in the order of the model. */
function rawRows(count: number): readonly (readonly unknown[])[] {
  return Array.from({ length: count }, (_, nth) => [
    nth + 1,
    `The Quiet River ${nth}`,
    100 + nth,
    '12.50',
    nth % 2 === 0,
    '2001-02-03 04:05:06.789+00',
    1 + (nth % 100),
  ])
}

/** Times something in batches of a fixed time and prints the median per call. */
function time(what: string, work: (nth: number) => unknown, calls = 1): void {
  let nth = 0
  const batch = (ms: number): number => {
    const start = performance.now()
    let done = 0
    for (; performance.now() - start < ms; done += 8) for (let i = 0; i < 8; i++) work(nth++)
    return ((performance.now() - start) * 1e3) / done / calls
  }
  batch(BATCH_MS * 10)
  const us = median(Array.from({ length: BATCHES }, () => batch(BATCH_MS)))
  console.log(`${us.toFixed(3).padStart(9)} µs  ${what}`)
}

const db = connect({ client: 'pg' }, { models: [Author, Book] })
const { objects } = Book
const filtered = objects.filter({ author__country: 'DE', pages__gt: 300 })
const ordered = filtered.orderBy('-publishedAt')
const joined = ordered.slice(0, 50)

console.log('\nbuilding and compiling')
time('manager.all()', () => objects.all())
time('filter({ id })', (nth) => objects.filter({ id: nth }))
time('filter of two, one through a join', (nth) =>
  objects.filter({ author__country: 'DE', pages__gt: nth }),
)
time('.orderBy()', () => filtered.orderBy('-publishedAt'))
time('.slice()', () => ordered.slice(0, 50))
time('toSQL() of a built query', () => joined.toSQL())
time('lookup by key: filter, toSQL()', (nth) => objects.filter({ id: nth }).toSQL())
time('join: filter, orderBy, slice, toSQL()', (nth) =>
  objects
    .filter({ author__country: 'DE', pages__gt: nth })
    .orderBy('-publishedAt')
    .slice(0, 50)
    .toSQL(),
)

console.log('\nmaking rows, each')
const query = compileSelect(initialState(metaOf(Book)), 'postgresql')
const rows = rawRows(ROWS)
if (query !== null) {
  const origin = originOf(db)
  time('instance of 7 columns', () => hydrate(query.shape, rows, origin), ROWS)
  time('the only instance of a result', () => hydrate(query.shape, rows.slice(0, 1), origin))
}
const book = { title: 'One', pages: 10, price: '1.00', inStock: true, authorId: 1 }
time('validate a row to create', () =>
  Book.createSchema.parse({ ...book, publishedAt: new Date(0) }),
)
await db.close()
