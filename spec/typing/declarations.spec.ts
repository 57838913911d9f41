/** What users export of their own is declared: every type in it can be named from outside. */
import { expect } from 'chai'
import { MODELS, Project } from './support.ts'

const EXPORTED = `${MODELS}
import {
  Avg, Case, Coalesce, Count, Exists, F, FilteredRelation, JSONObject, OuterRef, Prefetch, Q, Rank, Subquery, Sum,
  Upper, Value, When, Window,
} from 'asynchrormous'

export class Every extends Model('every', {
  numbers: fields.array(fields.integer({ null: true })),
  grid: fields.array(fields.array(fields.date()), { default: () => [] }),
  data: fields.json(),
  day: fields.date({ autoNow: true }),
  at: fields.dateTime({ autoNowAdd: true }),
  kind: fields.choice({ choices: ['a', 'b'] }),
  price: fields.decimal({ maxDigits: 5, decimalPlaces: 2, null: true }),
  count: fields.bigInteger({ default: 0n }),
  wait: fields.duration(),
  bytes: fields.binary(),
  key: fields.uuid(),
  parent: fields.foreignKey<Every>('self', { onDelete: 'cascade', null: true }),
  other: fields.oneToOne(Book, { onDelete: 'cascade' }),
  books: fields.manyToMany(Book),
  version: fields.version(),
}) {
  static objects = new AsyncManager(Every)
}
export const below = Every.objects.all().descendants('parent', { depth: 'level' })
export const lengths = Every.objects.values('numbers__len', 'grid', 'data', 'parent__version')
export const own = Book.objects.filter({ author: OuterRef('pk') })
export const ownTitles = own.live().values('title')
export const expressions = {
  upper: Upper('name'),
  first: Coalesce('email', Value('?')),
  sum: Sum('pages', { default: 0, filter: Q({ title: 'x' }) }),
  mean: Avg('pages', { filter: { title: 'x' } }),
  branch: When({ pages__gt: 3 }, Value('x')),
  chosen: Case(When(Q.or({ pages: 3 }, Exists(own)), F('pages').add(1)), { default: null }),
  rank: Window(Rank(), { partitionBy: ['author'], orderBy: [F('pages').desc()] }),
  newest: Subquery(own.values('title').slice(0, 1)),
  json: JSONObject({ title: 'title' }),
  books: Prefetch('books', { queryset: Book.objects.all(), toAttr: 'list' }),
  order: F('pages').asc(),
}
export const counted = Author.objects.annotate({ n: Count('books'), last: expressions.newest })
export const only = Book.objects.only('title').selectRelated('author')
export const prefetched = Author.objects.prefetchRelated(expressions.books)
export const ownAlias = Author.objects.alias({ n: Count('books') }).filter({ n__gt: 3 })
export const filtered = Author.objects.annotate({
  live: FilteredRelation('books', { condition: Q({ books__status: 'live' }) }),
})
export async function list() {
  return await Book.objects.valuesList('title', expressions.chosen)
}
`

describe('what users export', () => {
  it('is declared', async function () {
    this.timeout(60_000)
    const project = new Project()
    try {
      project.write('exported.ts', EXPORTED)
      project.configure(['exported.ts'], { declaration: true })
      expect(await project.compile()).to.equal('')
    } finally {
      project.remove()
    }
  })
})
