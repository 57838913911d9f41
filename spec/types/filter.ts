/** Types of the arguments of `filter()`, `exclude()` and `get()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { F, Q } from '../../lib/index.ts'
import { Author, Book, type BookQuerySet, type Genre, Tag } from './models.ts'

declare const author: Author
declare const book: Book
declare const tag: Tag
declare const genre: Genre
declare const isLive: boolean
declare const name: string | null
declare const maybe: string | undefined

// ---------- lookups by kind of column, and what they take

expectTypeOf(Book.objects.filter({ title: 'x' })).toEqualTypeOf<BookQuerySet>()
expectTypeOf(Author.objects.filter({ name: 'x' }).exclude({ id: 3 }).all()).toExtend<
  PromiseLike<Author[]>
>()
Book.objects.filter({ title: 'x', title__exact: 'x', title__iexact: 'x', title__in: ['x'] })
Book.objects.filter({ title__contains: 'x', title__icontains: 'x', title__range: ['a', 'b'] })
Book.objects.filter({ title__startswith: 'x', title__istartswith: 'x', title__gt: 'x' })
Book.objects.filter({ title__endswith: 'x', title__iendswith: 'x', title__isnull: true })
Book.objects.filter({ title__regex: 'x', title__iregex: 'x', title__lte: 'x' })
Book.objects.filter({ pages: 3, pages__gt: 3, pages__in: [1, 2], pages__range: [1, 2] })
Book.objects.filter({ copies: 3n, copies__gte: 3n, copies__in: [1n], rating__lt: 0.5 })
Book.objects.filter({ price: '1.50', price__range: ['1', '2'], readIn__gt: 60_000 })
Book.objects.filter({ printedOn: '2020-01-01', printedOn__year: 2020, printedOn__isoWeekDay: 1 })
Book.objects.filter({ readAt: '10:00', readAt__hour__gte: 10, readAt__second__in: [1, 2] })
Book.objects.filter({ publishedAt__lt: new Date(), publishedAt__year__range: [2019, 2021] })
Book.objects.filter({ publishedAt__date: '2020-01-01', publishedAt__date__year__gt: 2019 })
Book.objects.filter({ publishedAt__time__hour: 3, publishedAt__minute: 5 })
Book.objects.filter({
  isSigned: true,
  isSigned__in: [true],
  isbn__in: ['…'],
  cover: new Uint8Array(),
})
Book.objects.filter({ status: 'live', status__in: ['draft', 'live'], status__iexact: 'LIVE' })
// @ts-expect-error text is no number
Book.objects.filter({ pages: '3' })
// @ts-expect-error a number is no bigint
Book.objects.filter({ copies: 3 })
// @ts-expect-error decimals are text
Book.objects.filter({ price: 1.5 })
// @ts-expect-error instants are Dates
Book.objects.filter({ publishedAt: '2020-01-01' })
// @ts-expect-error days are text
Book.objects.filter({ printedOn: new Date() })
// @ts-expect-error none of the choices
Book.objects.filter({ status: 'gone' })
// @ts-expect-error none of the choices
Book.objects.filter({ status__in: ['live', 'gone'] })
// @ts-expect-error in takes a list
Book.objects.filter({ title__in: 'x' })
// @ts-expect-error of the column's type
Book.objects.filter({ pages__in: ['x'] })
// @ts-expect-error a range has two ends
Book.objects.filter({ pages__range: [1] })
// @ts-expect-error and no third
Book.objects.filter({ pages__range: [1, 2, 3] })
// @ts-expect-error isnull takes a boolean
Book.objects.filter({ rating__isnull: 1 })
// @ts-expect-error a transform's lookups are those of its result
Book.objects.filter({ publishedAt__year__startswith: '20' })
// @ts-expect-error booleans have no order
Book.objects.filter({ isSigned__gt: false })
// @ts-expect-error nor have UUIDs
Book.objects.filter({ isbn__lt: 'x' })
// @ts-expect-error numbers are no text
Book.objects.filter({ pages__contains: 3 })
// @ts-expect-error text has no year
Book.objects.filter({ title__year: 2020 })
// @ts-expect-error a day has no hour
Book.objects.filter({ printedOn__hour: 3 })

// ---------- names

// @ts-expect-error an unknown field
Book.objects.filter({ nmae: 'x' })
// @ts-expect-error an unknown lookup
Book.objects.filter({ pages__gtt: 3 })
// @ts-expect-error a property of the value is no lookup
Book.objects.filter({ title__length: 3 })
// @ts-expect-error nor of what a lookup takes
Book.objects.filter({ title__contains__length: 3 })
// @ts-expect-error a getter is no column
Author.objects.filter({ displayName: 'x' })
// @ts-expect-error a method is none
Author.objects.filter({ countBooks: 3 })
// @ts-expect-error nor is what every instance has
Author.objects.filter({ save: 3 })
// @ts-expect-error a name is missing
Book.objects.filter({ title__: 'x' })
// @ts-expect-error a symbol
Book.objects.filter({ [Symbol.iterator]: 'x' })

// ---------- null and undefined

Author.objects.filter({ email: null, email__exact: null, mentor: null, mentorId: null })
Author.objects.filter({ email: name, mentor__email: name, books__title: null, profile: null })
// @ts-expect-error the column is never NULL
Author.objects.filter({ name: null })
// @ts-expect-error nor may a variable be
Author.objects.filter({ name })
// @ts-expect-error an order has no NULL
Author.objects.filter({ email__gt: null })
// @ts-expect-error undefined anywhere is an error
Author.objects.filter({ email: undefined })
// @ts-expect-error in a variable too
Author.objects.filter({ name: maybe })
// @ts-expect-error or as the whole argument
Author.objects.filter(undefined)
// @ts-expect-error or null
Author.objects.filter(null)

// ---------- relations

Book.objects.filter({ author, authorId: 3, author__in: [author, 3], author__isnull: false })
Book.objects.filter({ author: 3, author__pk: 3, author__id__in: [3], author__gt: 3 })
Book.objects.filter({ author__name__startswith: 'A', author__mentor__mentor__name: 'x' })
Book.objects.filter({ tags: tag, tags__in: [tag, 3], tags__name: 'x', tags__books__title: 'x' })
Author.objects.filter({ books: book, books__title__icontains: 'x', books__isnull: true })
Author.objects.filter({ books__tags__name: 'x', students__mentor: author, profile__bio: 'x' })
Tag.objects.filter({ books__author__profile__author__books__status: 'live' })
// @ts-expect-error an unknown field of the far side
Book.objects.filter({ author__nmae: 'x' })
// @ts-expect-error of the very far side
Book.objects.filter({ author__mentor__profile__boi: 'x' })
// @ts-expect-error a value of another type there
Book.objects.filter({ author__mentor__name: 3 })
// @ts-expect-error an instance of another model
Book.objects.filter({ author: book })
// @ts-expect-error even of one with the same fields
Book.objects.filter({ tags: genre })
// @ts-expect-error in a list
Book.objects.filter({ author__in: [book] })
// @ts-expect-error a key of another type
Book.objects.filter({ author: 'x' })
// @ts-expect-error a relation has no text
Book.objects.filter({ author__icontains: 'x' })
// @ts-expect-error the other side is not there without `declare`
Tag.objects.filter({ genres__name: 'x' })

// ---------- what is known elsewhere: variables, spreads, conditions

const ids: number[] = [1, 2]
const frozen: readonly number[] = ids
const range: [Date, Date] = [new Date(), new Date()]
const key = 'title__icontains' as const
const given: { title?: string; pages__gt?: number } = {}
Book.objects.filter({ id__in: ids, pk__in: frozen, author__in: ids, pages__in: [...new Set(ids)] })
Book.objects.filter({ publishedAt__range: range, [key]: 'x' })
Book.objects.filter(given)
Book.objects.filter({ ...(isLive ? { status: 'live' } : {}), pages: 3 })
Book.objects.filter({ ...(isLive && { status: 'live' }), pages: 3 })
Book.objects.filter(isLive ? { status: 'live' } : { pages: 3 })
Book.objects.filter(isLive ? Q({ status: 'live' }) : { pages: 3 })
declare const anyKey: string
declare const dates: Date[]
// @ts-expect-error any text is no name
Book.objects.filter({ [anyKey]: 'x' })
// @ts-expect-error a list of any length is no range
Book.objects.filter({ publishedAt__range: dates })
// @ts-expect-error of two kinds of argument each is checked
Book.objects.filter(isLive ? { title: 'x' } : { titel: 'x' })
// @ts-expect-error what is spread is checked
Book.objects.filter({ ...(isLive ? { titel: 'x' } : {}), pages: 3 })

// ---------- several arguments, and what is none

Book.objects.filter()
Book.objects.filter({})
Book.objects.filter({ title: 'x' }, { tags__name: 'y' }, Q({ pages: 3 }), F('isSigned'))
Book.objects.exclude({ title: 'x' }, Q.or({ pages: 3 }, { pages: 4 }))
// @ts-expect-error the second is checked too
Book.objects.filter({ title: 'x' }, { titel: 'y' })
// @ts-expect-error and the third
Book.objects.exclude({ title: 'x' }, Q({ pages: 3 }), { pages: 'y' })
// @ts-expect-error text
Book.objects.filter('title')
// @ts-expect-error a list
Book.objects.filter([{ title: 'x' }])
// @ts-expect-error a function
Book.objects.filter(() => ({ title: 'x' }))
// @ts-expect-error an instance
Book.objects.filter(author)
// @ts-expect-error a queryset
Book.objects.filter(Book.objects.all())
// @ts-expect-error an expression that is no condition
Book.objects.filter(F('title'))

// ---------- get()

expectTypeOf(await Book.objects.get({ title: 'x', author__name: 'y' })).toEqualTypeOf<Book>()
expectTypeOf(await Book.objects.filter({ pages: 3 }).get()).toEqualTypeOf<Book>()
expectTypeOf(await Book.objects.get(Q({ pk: 3 }), { pages: 3 })).toEqualTypeOf<Book>()
// @ts-expect-error an unknown field
await Book.objects.get({ titel: 'x' })
// @ts-expect-error a value of another type
await Book.objects.get({ pk: 'x' })
