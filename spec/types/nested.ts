/** Names deep inside expressions are checked where these reach a queryset. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  Abs,
  Avg,
  Case,
  Coalesce,
  Concat,
  Count,
  Exists,
  F,
  Greatest,
  Lag,
  Max,
  Min,
  OuterRef,
  Q,
  Rank,
  Round,
  Subquery,
  Sum,
  Upper,
  Value,
  When,
  Window,
} from '../../lib/index.ts'
import { Author, Book, type BookQuerySet, Tag } from './models.ts'

// ---------- conditions of aggregates

const counts = Author.objects.annotate({
  long: Count('books', { filter: Q({ books__pages__gt: 300 }), distinct: true }),
  live: Count('books', { filter: { books__status: 'live' } }),
  price: Sum('books__price', { default: '0', filter: Q.not({ books__tags__name: 'x' }) }),
  pages: Max('books__pages', { default: F('mentor__id') }),
})
expectTypeOf((await counts.values('long', 'live', 'price', 'pages'))[0]).toEqualTypeOf<
  { long: number; live: number; price: string; pages: number } | undefined
>()
// @ts-expect-error no column 'pgaes' of Book
Author.objects.annotate({ n: Count('books', { filter: Q({ books__pgaes__gt: 300 }) }) })
// @ts-expect-error no column 'pgaes' of Book
void Author.objects.aggregate({ n: Sum('books__pages', { filter: { books__pgaes: 3 } }) })
// @ts-expect-error a number is due
Author.objects.annotate({ n: Count('books', { filter: Q({ books__pages__gt: '300' }) }) })
// @ts-expect-error no column 'nmae', which stands inside another condition
Author.objects.annotate({ n: Avg('id', { filter: Q.or({ name: 'x' }, Q.not({ nmae: 'x' })) }) })
// @ts-expect-error no column 'nmae', which is a default
void Author.objects.aggregate({ n: Min('id', { default: F('nmae') }) })
// @ts-expect-error no condition
Author.objects.annotate({ n: Count('books', { filter: 'books' }) })
// @ts-expect-error there is no such name yet
Author.objects.annotate({ n: Count('books', { filter: Q({ m: 3 }) }) })
// Names that annotations gave.
Author.objects.alias({ m: F('id') }).annotate({ n: Count('books', { filter: Q({ m__gt: 3 }) }) })

// ---------- branches

const sized = Book.objects.annotate({
  size: Case(When({ pages__gt: 300, author__name: 'x' }, Value('long')), { default: 'title' }),
  kind: Case(When(Q.or({ pages: 1 }, Exists(Tag.objects.all())), 1), { default: 'rating' }),
})
expectTypeOf((await sized.values('size', 'kind'))[0]).toEqualTypeOf<
  { size: string; kind: number | null } | undefined
>()
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Case(When({ pgaes__gt: 300 }, 1)) })
// @ts-expect-error a number is due
Book.objects.annotate({ x: Case(When({ pages__gt: 'x' }, 1)) })
// @ts-expect-error no column 'nmae' of Author, in the second branch
Book.objects.annotate({ x: Case(When({ pages: 1 }, 1), When(Q({ author__nmae: 'x' }), 2)) })
// @ts-expect-error no column 'ttile', which is the default
Book.objects.annotate({ x: Case(When({ pages: 1 }, 'title'), { default: 'ttile' }) })
// @ts-expect-error no column 'pgaes', inside an aggregate
void Book.objects.aggregate({ n: Sum(Case(When({ pgaes__gt: 300 }, 1), { default: 0 })) })
// @ts-expect-error no column 'pgaes', inside arithmetic
Book.objects.filter({ pages: Case(When({ pgaes: 1 }, 1), { default: 2 }).add(1) })
// @ts-expect-error no column 'pgaes', in an order
Book.objects.orderBy(Case(When({ pgaes: 1 }, 1), { default: 2 }).desc())
// @ts-expect-error no column 'pgaes', in a list
Book.objects.valuesList('title', Case(When({ pgaes: 1 }, 1)))
// @ts-expect-error no column 'pgaes', in what is assigned
void Book.objects.update({ pages: Case(When({ pgaes: 1 }, 1), { default: 2 }) })

// ---------- functions

Book.objects.filter({ title: Concat(Upper('author__name'), Coalesce('author__email', 'title')) })
// @ts-expect-error no column 'nmae' of Author
Book.objects.filter({ title: Concat(Upper('author__nmae'), Coalesce('author__email', 'title')) })
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Greatest('pages', Round(F('pgaes').mul(2).add(1))) })
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Coalesce(Case(When({ pgaes: 1 }, 'pages')), 'pages') })

// ---------- windows

Book.objects.annotate({ x: Window(Sum('pages'), { partitionBy: [Upper('author__name')] }) })
// @ts-expect-error no column 'nmae' of Author
Book.objects.annotate({ x: Window(Sum('pages'), { partitionBy: [Upper('author__nmae')] }) })
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Window(Rank(), { orderBy: [F('pgaes').desc({ nulls: 'last' })] }) })
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Window(Lag('pgaes'), { orderBy: ['id'] }) })
// @ts-expect-error no column 'pgaes'
Book.objects.annotate({ x: Window(Count('id', { filter: { pgaes: 1 } }), { orderBy: ['id'] }) })

// ---------- the row of the query around

const own = Book.objects.filter({ author: OuterRef('pk') })
expectTypeOf(await own).toEqualTypeOf<Book[]>()
const rows = Author.objects.annotate({
  newest: Subquery(own.orderBy('-publishedAt').values('title').slice(0, 1)),
  wrote: Exists(own.live().exclude({ pages: OuterRef('mentor__id') })),
})
expectTypeOf((await rows.values('newest', 'wrote'))[0]).toEqualTypeOf<
  { newest: string | null; wrote: boolean } | undefined
>()
Author.objects.filter(Exists(own))
Author.objects.filter({ pk__in: own.values('author') })
// @ts-expect-error a tag has no name 'mentor'
Tag.objects.filter(Exists(Book.objects.filter({ author: OuterRef('mentor') })))
// @ts-expect-error no column 'pkk'
Author.objects.annotate({ x: Exists(Book.objects.filter({ author: OuterRef('pkk') })) })
// @ts-expect-error one of two is wrong
Author.objects.annotate({ x: Exists(own.live().filter({ title: OuterRef('nmae') })) })
Author.objects.annotate({
  // @ts-expect-error behind other calls
  x: Exists(Book.objects.values('id').filter({ title: OuterRef('nmae') })),
})
// @ts-expect-error in a Q
Author.objects.filter(Exists(Book.objects.exclude(Q.not({ title: OuterRef('nmae') }))))
// @ts-expect-error in arithmetic, in a function
Author.objects.filter(Exists(Book.objects.filter({ pages: Round(F('id').add(OuterRef('idd'))) })))
Author.objects.annotate({
  // @ts-expect-error in a branch
  x: Exists(Book.objects.annotate({ y: Case(When({ id: OuterRef('idd') }, 1)) })),
})
// @ts-expect-error in a queryset that is a value
Author.objects.filter({ books__in: Book.objects.filter({ title: OuterRef('nmae') }) })
// @ts-expect-error as an annotation of the inner query
Author.objects.annotate({ x: Subquery(Tag.objects.annotate({ y: OuterRef('nmae') }).values('y')) })

Author.objects.annotate({
  // @ts-expect-error in values()
  x: Subquery(Tag.objects.values({ y: OuterRef('nmae') }).slice(0, 1)),
})
Author.objects.annotate({
  // @ts-expect-error in valuesList()
  x: Subquery(Tag.objects.valuesList(Upper(OuterRef('nmae')), { flat: true }).slice(0, 1)),
})
// @ts-expect-error in orderBy()
Author.objects.filter({ pk__in: Tag.objects.orderBy(F('id').sub(OuterRef('idd')).desc()) })
const near = Tag.objects.orderBy(Abs(F('id').sub(OuterRef('id'))), '-name')
const nearest = Author.objects.annotate({
  tag: Subquery(near.values({ both: Concat('name', OuterRef('name')) }).slice(0, 1)),
  id2: Subquery(near.valuesList(OuterRef('mentor__id'), { flat: true }).slice(0, 1)),
  own: Subquery(
    near
      .values({ x: F('id') })
      .orderBy('x')
      .slice(0, 1),
  ),
})
expectTypeOf((await nearest.values('tag', 'own'))[0]).toEqualTypeOf<
  { tag: string | null; own: number | null } | undefined
>()
expectTypeOf(await Tag.objects.orderBy('name', F('id').desc())).toEqualTypeOf<Tag[]>()

// Two queries further out: the middle one need not have it.
const twice = Tag.objects.filter({ name: OuterRef(OuterRef('email')) })
Author.objects.filter(Exists(Book.objects.filter(Exists(twice))))
// @ts-expect-error no column 'email' of Tag, the outermost
Tag.objects.filter(Exists(Book.objects.filter(Exists(twice))))

// A queryset with a reference is one of its class as before.
const kept: BookQuerySet = own
const text: string = 'pk'
Author.objects.filter(Exists(Book.objects.filter({ author: OuterRef(text) })))
void kept

// ---------- names whose values are found out elsewhere

Book.objects.filter({ author__id__gt: OuterRef('pk'), data__owner: OuterRef('name') })
// @ts-expect-error no column 'auhtor'
Book.objects.filter({ title: 'x', auhtor: OuterRef('pk') })
// @ts-expect-error no column 'idd' of Author
Book.objects.filter({ author__idd__gt: OuterRef('pk') })
// @ts-expect-error no lookup 'gtt'
Book.objects.filter({ author__id__gtt: OuterRef('pk') })
// @ts-expect-error no column 'auhtor', in a list
Book.objects.filter({ auhtor__in: [OuterRef('pk'), 3] })
// @ts-expect-error no column 'auhtor', in a Q
Book.objects.filter(Q({ auhtor: OuterRef('pk') }))
// @ts-expect-error no column 'titel', in a branch
Book.objects.annotate({ x: Case(When({ titel: OuterRef('name') }, 1)) })
// @ts-expect-error no column 'auhtor', in a subquery
Author.objects.filter(Exists(Book.objects.filter({ auhtor: OuterRef('pk') })))
