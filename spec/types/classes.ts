/** Types of custom queryset classes and of managers. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  AsyncQuerySet,
  Manager,
  type ManagerOf,
  type QuerySet,
} from '../../lib/index.ts'
import { Author, Book, BookQuerySet, Log, LogQuerySet, Tag } from './models.ts'

// ---------- a manager has the methods of its querysets

expectTypeOf(Book.objects).toEqualTypeOf<ManagerOf<BookQuerySet>>()
expectTypeOf(Book.everything).toEqualTypeOf<ManagerOf<AsyncQuerySet<Book>>>()
expectTypeOf(Book.objects.live()).toEqualTypeOf<BookQuerySet>()
expectTypeOf(Book.objects.live().longerThan(3).exclude({ pages: 9 })).toEqualTypeOf<BookQuerySet>()
expectTypeOf(await Book.objects.titles()).toEqualTypeOf<string[]>()
expectTypeOf(await Book.objects.lengths()).toEqualTypeOf<number[]>()
expectTypeOf(await Book.objects.authorNames()).toEqualTypeOf<string[]>()
expectTypeOf(await Book.objects.newest()).toEqualTypeOf<string | undefined>()
expectTypeOf(await Author.named('x')).toEqualTypeOf<Author>()
// @ts-expect-error a method of another class
Book.everything.live()
// @ts-expect-error arguments are checked
Book.objects.longerThan('3')
// @ts-expect-error a misspelt method
Book.objects.lvie()

// ---------- querysets keep their class, with the rows they have now

interface Titled {
  title: string
  author__name: string
}
expectTypeOf(await Book.objects.titled()).toEqualTypeOf<Titled[]>()
expectTypeOf(await Book.objects.titled().live().longerThan(3)).toEqualTypeOf<Titled[]>()
expectTypeOf(await Book.objects.chained()).toEqualTypeOf<Titled[]>()
expectTypeOf(await Book.objects.values('pages').live().first()).toEqualTypeOf<{
  pages: number
} | null>()
expectTypeOf(await Book.objects.valuesList('pages', { flat: true }).live()).toEqualTypeOf<
  number[]
>()
expectTypeOf((await Book.objects.withAuthor().live().get()).author).toEqualTypeOf<Author>()
expectTypeOf((await Book.objects.live().withAuthor().at(0))?.author).toEqualTypeOf<
  Author | undefined
>()
// What makes other rows of its own makes these.
expectTypeOf(await Book.objects.values('pages').titled()).toEqualTypeOf<Titled[]>()
// It stays so however often it is made anew.
expectTypeOf(
  await Book.objects.values('id').live().values('pages').live().values('title').live().startFetch(),
).toEqualTypeOf<{ title: string }[]>()
// @ts-expect-error the rows are no books any more
for (const row of await Book.objects.titled().live()) void row.pages

// ---------- querysets as arguments and variables

const all: QuerySet<Book> = Book.objects.live()
const started: AsyncQuerySet<Book> = Book.objects.live().startFetch()
const rows: AsyncQuerySet<Book, { title: string }> = Book.objects.values('title').live()
const related: QuerySet<Book> = Book.objects.selectRelated('author')
const titled: QuerySet<unknown, { title: string }> = Book.objects.values('title').live()
const promise: PromiseLike<Book[]> = Book.objects.live()
// @ts-expect-error of another model
const authors: QuerySet<Author> = Book.objects.all()
// @ts-expect-error of other rows
const whole: QuerySet<Book> = Book.objects.values('title')
// @ts-expect-error one that cannot be started
const cannot: AsyncQuerySet<Log> = Log.objects.all()
// @ts-expect-error a manager is no queryset
const manager: QuerySet<Book> = Book.objects
void [all, started, rows, related, titled, promise, authors, whole, cannot, manager]

function page<Q extends QuerySet<unknown, unknown>>(querySet: Q, number: number): Q {
  return querySet.slice(number * 10, number * 10 + 10)
}
expectTypeOf(page(Book.objects.live(), 3)).toEqualTypeOf<BookQuerySet>()
expectTypeOf(await page(Book.objects.values('title').live(), 3)).toEqualTypeOf<
  { title: string }[]
>()

async function firstOf<M, R>(querySet: QuerySet<M, R>): Promise<R | undefined> {
  return (await querySet.slice(0, 1))[0]
}
expectTypeOf(await firstOf(Book.objects.values('title'))).toEqualTypeOf<
  { title: string } | undefined
>()

async function together<A, B>(a: AsyncQuerySet<A>, b: AsyncQuerySet<B>): Promise<[A[], B[]]> {
  a.startFetch()
  b.startFetch()
  return [await a, await b]
}
expectTypeOf(await together(Book.objects.all(), Tag.objects.all())).toEqualTypeOf<[Book[], Tag[]]>()

function byAuthor(books: QuerySet<Book>, name: string): QuerySet<Book> {
  return books.filter({ author__name: name }).orderBy('title')
}
byAuthor(Book.objects.live(), 'x')
byAuthor(Book.objects.all().selectRelated('author'), 'x')
// @ts-expect-error of another model
byAuthor(Author.objects.all(), 'x')

// ---------- making managers

/** For any model. */
class Sliced<M> extends AsyncQuerySet<M> {
  top() {
    return this.slice(0, 3)
  }
}
expectTypeOf(await new AsyncManager(Book, Sliced<Book>).top()).toEqualTypeOf<Book[]>()
expectTypeOf(await new Manager(Book, BookQuerySet).live()).toEqualTypeOf<Book[]>()
expectTypeOf(await Log.entries.recent()).toEqualTypeOf<Log[]>()
expectTypeOf(await Log.entries.values('text').recent()).toEqualTypeOf<{ text: string }[]>()
// @ts-expect-error the querysets of another model
new AsyncManager(Author, BookQuerySet)
// @ts-expect-error querysets that cannot be started
new AsyncManager(Log, LogQuerySet)
// @ts-expect-error an instance is no model
new AsyncManager(new Author())
// @ts-expect-error a class of anything else
new AsyncManager(Map)
// @ts-expect-error querysets of a Manager cannot be started
Log.entries.startFetch()
// @ts-expect-error nor can those made of them
Log.entries.values('text').recent().startCount()
