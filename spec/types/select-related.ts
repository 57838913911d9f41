/** Types of `selectRelated()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Author, Book, City, type Country, type Profile } from './models.ts'

declare const text: string

const [book] = await Book.objects.selectRelated('author')
expectTypeOf(book?.author).toEqualTypeOf<Author | undefined>()
expectTypeOf(book?.author.name).toEqualTypeOf<string | undefined>()
expectTypeOf(book?.author.displayName).toEqualTypeOf<string | undefined>()
expectTypeOf(await book?.author).toEqualTypeOf<Author | undefined>()
// The row is still a book.
const books: Book[] = await Book.objects.selectRelated('author', 'editor')
await book?.save()

// Several, in one call or more; nullable ones; none.
const [both] = await Book.objects.selectRelated('author', 'editor')
expectTypeOf(both?.author).toEqualTypeOf<Author | undefined>()
expectTypeOf(both?.editor).toEqualTypeOf<Author | null | undefined>()
const [twice] = await Book.objects.selectRelated('author').selectRelated('editor')
expectTypeOf(twice?.author.id).toEqualTypeOf<number | undefined>()
expectTypeOf(twice?.editor).toEqualTypeOf<Author | null | undefined>()
expectTypeOf(await Book.objects.selectRelated(null)).toEqualTypeOf<Book[]>()

// Paths.
const [deep] = await Book.objects.selectRelated('author__mentor__mentor')
expectTypeOf(deep?.author.mentor?.mentor?.name).toEqualTypeOf<string | undefined>()
const [city] = await City.objects.selectRelated('country', 'formerly')
expectTypeOf(city?.country).toEqualTypeOf<Country | undefined>()
expectTypeOf(city?.formerly).toEqualTypeOf<Country | null | undefined>()

// The other side of a one-to-one relation.
const [author] = await Author.objects.selectRelated('profile', 'mentor__profile')
expectTypeOf(author?.profile).toEqualTypeOf<Profile | null | undefined>()
expectTypeOf(author?.mentor?.profile?.bio).toEqualTypeOf<string | undefined>()

// The queryset is still of its class.
const live = Book.objects.selectRelated('author').live().longerThan(3).startFetch()
expectTypeOf((await live)[0]?.author.name).toEqualTypeOf<string | undefined>()
expectTypeOf((await live.get())?.author.name).toEqualTypeOf<string>()
expectTypeOf((await live.first())?.author.name).toEqualTypeOf<string | undefined>()

// @ts-expect-error what is not loaded is a promise-like
void (await Book.objects.first())?.author.name
// @ts-expect-error what is not loaded of it, too
void book?.author.mentor?.name
// @ts-expect-error a column
Book.objects.selectRelated('title')
// @ts-expect-error many rows
Book.objects.selectRelated('tags')
// @ts-expect-error many rows of the far side
Book.objects.selectRelated('author__books')
// @ts-expect-error an unknown relation
Book.objects.selectRelated('auhtor')
// @ts-expect-error of the far side
Book.objects.selectRelated('author', 'author__metnor')
// @ts-expect-error a column of the far side
Book.objects.selectRelated('author__name')
// @ts-expect-error a list
Book.objects.selectRelated(['author'])
// @ts-expect-error any text may be anything
Book.objects.selectRelated(text)
void books
