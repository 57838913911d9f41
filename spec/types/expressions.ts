/** What the compiler knows of expressions. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  AsyncQuerySet,
  Avg,
  Case,
  Coalesce,
  Count,
  Exists,
  F,
  fields,
  Lag,
  type ManagerOf,
  Max,
  Model,
  OuterRef,
  Q,
  Rank,
  type RelatedManager,
  RowRange,
  Subquery,
  Sum,
  Value,
  When,
  Window,
} from '../../lib/index.ts'

class Author extends Model('authors', {
  name: fields.char({ maxLength: 50 }),
  bornOn: fields.date({ null: true }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book, BookQuerySet>
}

class BookQuerySet extends AsyncQuerySet<Book> {
  live(): this {
    return this.filter({ pages__gt: 0 })
  }
}

class Book extends Model('books', {
  title: fields.char({ maxLength: 50 }),
  pages: fields.integer({ default: 0 }),
  isSigned: fields.boolean({ default: false }),
  price: fields.decimal({ null: true }),
  publishedAt: fields.dateTime(),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
}) {
  static objects: ManagerOf<BookQuerySet> = new AsyncManager(Book, BookQuerySet)
}

// ---------- annotations are properties of the rows, and names in every later call

const counted = Author.objects.annotate({ n: Count('books'), last: Max('books__publishedAt') })
const [row] = await counted
if (row !== undefined) {
  expectTypeOf(row.n).toEqualTypeOf<number>()
  expectTypeOf(row.last).toEqualTypeOf<Date | null>()
  expectTypeOf(row.name).toEqualTypeOf<string>()
  expectTypeOf(row.save).toBeFunction()
}
counted.filter({ n__gt: 3, last__year: 2020, name: 'x' }).orderBy('-n', 'last')
expectTypeOf(await counted.values('name', 'n')).toEqualTypeOf<{ name: string; n: number }[]>()
expectTypeOf((await counted.values())[0]?.n).toEqualTypeOf<number | undefined>()
expectTypeOf(await counted.valuesList('n', { flat: true })).toEqualTypeOf<number[]>()
expectTypeOf(await counted.aggregate({ m: Max('n'), a: Avg('n') })).toEqualTypeOf<{
  m: number | null
  a: number | null
}>()
const twice = counted.annotate({ twice: F('n').mul(2) })
expectTypeOf((await twice.get({ twice: 4 })).twice).toEqualTypeOf<number>()

// @ts-expect-error it is a number
counted.filter({ n: 'x' })
// @ts-expect-error there is no such name
counted.filter({ m: 3 })
// @ts-expect-error there is no such name
counted.orderBy('m')
// @ts-expect-error there is no such relation
Author.objects.annotate({ n: Count('boks') })
// @ts-expect-error there is no such column on the other side
Author.objects.annotate({ n: Sum('books__pgaes') })
// @ts-expect-error no expression
Author.objects.annotate({ n: 3 })
// @ts-expect-error before it is there
Author.objects.filter({ n: 3 }).annotate({ n: Count('books') })

// ---------- groups of values

const groups = Book.objects.values('author__name').annotate({ n: Count('id'), p: Sum('price') })
expectTypeOf(await groups.filter({ n__gt: 1 })).toEqualTypeOf<
  { author__name: string; n: number; p: string | null }[]
>()
expectTypeOf(
  await Book.objects.values('title', { half: F('pages').div(2) }).filter({ half: 3 }),
).toEqualTypeOf<{ title: string; half: number }[]>()

// ---------- a custom queryset class goes along

expectTypeOf(
  (await Book.objects.annotate({ n: Count('id') }).live()).map((book) => book.n),
).toEqualTypeOf<number[]>()
Book.objects.annotate({ n: Count('id') }).startFetch()

// ---------- alias() gives names, and nothing to the rows

const aliased = Author.objects
  .alias({ n: Count('books') })
  .filter({ n__gt: 1 })
  .orderBy('n')
expectTypeOf((await aliased)[0]).toEqualTypeOf<Author | undefined>()
// @ts-expect-error it is no part of the rows
void (await aliased)[0]?.n

// ---------- conditions as values

expectTypeOf(
  (await Book.objects.annotate({ long: Q({ pages__gt: 300 }) }).values('long'))[0]?.long,
).toEqualTypeOf<boolean | undefined>()
// @ts-expect-error there is no such name in the Q
Book.objects.annotate({ long: Q({ pgaes__gt: 300 }) })
expectTypeOf(
  (
    await Book.objects
      .values('title', {
        long: Q({ pages__gt: 300 }),
        known: Coalesce('isSigned', Q({ pages: 3 })),
      })
      .filter({ long: true, known: false })
  )[0],
).toEqualTypeOf<{ title: string; long: boolean; known: boolean } | undefined>()
expectTypeOf(
  await Book.objects
    .annotate({ x: Case(When({ pages: 1 }, Q({ title: 'x' })), { default: Q({ pages: 2 }) }) })
    .valuesList('x', { flat: true }),
).toEqualTypeOf<boolean[]>()
Book.objects.filter({ isSigned: Q({ pages__gt: 3 }) })
// @ts-expect-error there is no such name in the Q
Book.objects.values({ long: Q({ pgaes__gt: 300 }) })
// @ts-expect-error there is no such name in the Q
Book.objects.annotate({ x: Coalesce('isSigned', Q({ pgaes: 3 })) })
// @ts-expect-error nor in that of a branch
Book.objects.annotate({ x: Case(When({ pages: 1 }, Q({ pgaes: 3 }))) })
// @ts-expect-error nor in that of a default
Book.objects.annotate({ x: Case(When({ pages: 1 }, true), { default: Q({ pgaes: 3 }) }) })
// @ts-expect-error a condition is no number
Book.objects.filter({ pages: Q({ title: 'x' }) })
// @ts-expect-error a condition is no aggregate
await Book.objects.aggregate({ x: Q({ title: 'x' }) })

const sized = Book.objects.annotate({
  size: Case(When({ pages__gt: 300 }, Value('long')), { default: Value('short') }),
  maybe: Case(When({ pages__gt: 300 }, 'title')),
  mixed: Case(When(Q({ pages: 1 }), 1), When({ pages: 2 }, 'pages'), { default: null }),
  shown: Coalesce('author__name', Value('?')),
})
expectTypeOf((await sized.values('size', 'maybe', 'mixed', 'shown'))[0]).toEqualTypeOf<
  { size: string; maybe: string | null; mixed: number | null; shown: string } | undefined
>()
// @ts-expect-error there is no such column
Book.objects.annotate({ x: Case(When({ pages: 1 }, 'ttile')) })

// ---------- subqueries

const newest = Book.objects.filter({ author: OuterRef('pk') }).orderBy('-publishedAt')
const withNewest = Author.objects.annotate({
  newest: Subquery(newest.values('title').slice(0, 1)),
  pages: Subquery(newest.valuesList('pages', { flat: true }).slice(0, 1)),
  wrote: Exists(newest),
})
const [withOne] = await withNewest.filter({ wrote: true, newest__startswith: 'A' })
if (withOne !== undefined) {
  expectTypeOf(withOne.newest).toEqualTypeOf<string | null>()
  expectTypeOf(withOne.pages).toEqualTypeOf<number | null>()
  expectTypeOf(withOne.wrote).toEqualTypeOf<boolean>()
}
Author.objects.filter(Exists(newest), { name: 'Ann' })
Author.objects.filter(Q.not(Exists(newest)))
// @ts-expect-error no queryset
Exists(Author)

// ---------- windows

const ranked = Book.objects.annotate({
  rank: Window(Rank(), { partitionBy: ['author'], orderBy: ['-pages', F('title').asc()] }),
  sum: Window(Sum('pages'), { orderBy: ['pages'], frame: RowRange(-1, 0) }),
  before: Window(Lag('title'), { orderBy: ['id'] }),
  orZero: Window(Lag('pages', { default: 0 }), { orderBy: ['id'] }),
})
expectTypeOf(
  (await ranked.filter({ rank: 1 }).values('rank', 'sum', 'before', 'orZero'))[0],
).toEqualTypeOf<
  { rank: number; sum: number | null; before: string | null; orZero: number } | undefined
>()
// @ts-expect-error there is no such column to order by
Book.objects.annotate({ rank: Window(Rank(), { orderBy: ['-pgaes'] }) })
// @ts-expect-error there is no such column to partition by
Book.objects.annotate({ rank: Window(Rank(), { partitionBy: ['autor'] }) })

// ---------- combined, distinct and locked querysets

expectTypeOf((await counted.union(counted).orderBy('n'))[0]?.n).toEqualTypeOf<number | undefined>()
Book.objects.orderBy('author').distinct('author', 'author__name')
// @ts-expect-error there is no such name
Book.objects.distinct('autor')
// @ts-expect-error there is no such option
Book.objects.selectForUpdate({ wait: true })

// ---------- dates

expectTypeOf(await Author.objects.dates('bornOn', 'year', { order: 'desc' })).toEqualTypeOf<
  string[]
>()
expectTypeOf(await Book.objects.datetimes('publishedAt', 'hour')).toEqualTypeOf<Date[]>()
// @ts-expect-error there is no such column
Author.objects.dates('brnOn', 'year')
// @ts-expect-error a day has no hours
Author.objects.dates('bornOn', 'hour')
