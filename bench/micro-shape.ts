/** What building and compiling a query costs, of a shape that was seen and of one that was not. */

import { compilationCount, setShapeCacheSize } from '../lib/compile/cache.ts'
import { compileSelect } from '../lib/compile/select.ts'
import { AsyncManager, fields, Model } from '../lib/index.ts'
import { metaOf } from '../lib/meta/meta.ts'
import { shapeOf } from '../lib/query/shape.ts'
import { initialState, withFilter, withOrdering, withSlice } from '../lib/query/state.ts'

class Author extends Model('author', {
  name: fields.char({ maxLength: 100 }),
  country: fields.char({ maxLength: 2 }),
}) {
  static objects = new AsyncManager(Author)
}
class Book extends Model('book', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer(),
  publishedAt: fields.dateTime(),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
}) {
  static objects = new AsyncManager(Book)
}
const meta = metaOf(Book)
const start = initialState(meta)
const build = (n: number) =>
  withSlice(
    withOrdering(withFilter(start, [{ author__country: 'US', pages__gt: n }]), ['-publishedAt']),
    0,
    50,
  )
const ONE = build(3)
function time(name: string, work: (n: number) => unknown, times = 100_000): void {
  for (let n = 0; n < times / 5; n += 1) work(n)
  const best: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const from = process.hrtime.bigint()
    for (let n = 0; n < times; n += 1) work(n)
    best.push(Number(process.hrtime.bigint() - from) / 1000 / times)
  }
  best.sort((a, b) => a - b)
  console.log(`${best[2]?.toFixed(3).padStart(8)} µs  ${name}`)
}
time('state: filter of two, orderBy, slice', build)
time('filter of one', (n) => withFilter(start, [{ pages__gt: n }]))
time('shapeOf', () => shapeOf(ONE))
time('compile, seen', () => compileSelect(ONE, 'postgresql'))
time('build + compile, seen', (n) => compileSelect(build(n), 'postgresql'))
time('queryset: filter, orderBy, slice (as written by users)', (n) =>
  Book.objects.filter({ author__country: 'US', pages__gt: n }).orderBy('-publishedAt').slice(0, 50),
)
const before = compilationCount()
setShapeCacheSize(0)
time('build + compile, new', (n) => compileSelect(build(n), 'postgresql'), 5000)
console.log(compilationCount() - before)
