/** Compiled, never run: rows whose columns were left out by `only()` and `defer()`. */
import { expectTypeOf } from 'expect-type'
import { AsyncManager, AsyncQuerySet, fields, type ManagerOf, Model } from '../../lib/index.ts'

class Author extends Model('authors', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ null: true }),
  mentor: fields.foreignKey<Author>('self', { onDelete: 'setNull', null: true }),
}) {
  static objects = new AsyncManager(Author)
}

class BookQuerySet extends AsyncQuerySet<Book> {
  live(): this {
    return this.filter({ pages__gt: 0 })
  }
}

class Book extends Model('books', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer({ default: 0 }),
  body: fields.text({ null: true }),
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
}) {
  static objects: ManagerOf<BookQuerySet> = new AsyncManager(Book, BookQuerySet)

  get label(): string {
    return this.title
  }
}

export async function only(): Promise<void> {
  const book = await Book.objects.only('title').get({ id: 1 })
  expectTypeOf(book.id).toEqualTypeOf<number>()
  expectTypeOf(book.title).toEqualTypeOf<string>()
  // @ts-expect-error: it was not loaded
  void book.pages
  // @ts-expect-error: nor was the key
  void book.authorId
  expectTypeOf((await book.author).name).toEqualTypeOf<string>()
  expectTypeOf(book.label).toEqualTypeOf<string>()
  expectTypeOf(await book.load('body')).toEqualTypeOf<string | null>()
  expectTypeOf(await book.load('pages', 'body')).toEqualTypeOf<[number, string | null]>()
  // @ts-expect-error: there is no such column
  await book.load('bodies')
  await book.save()

  const keyed = await Book.objects.only('author', 'pk').get()
  expectTypeOf(keyed.authorId).toEqualTypeOf<number>()
  // @ts-expect-error: a later only() replaces an earlier one
  void (await Book.objects.only('title').only('pages').get()).title
  expectTypeOf((await Book.objects.only('title').only('pages').get()).pages).toEqualTypeOf<number>()
  Book.objects.only('title').live().startFetch()
  Book.objects.live().only('title').live()
  // @ts-expect-error: there is no such column
  Book.objects.only('titel')
  // @ts-expect-error: nor on the relation
  Book.objects.only('author__nmae')
}

export async function defer(): Promise<void> {
  const book = await Book.objects.defer('body', 'author').get({ id: 1 })
  expectTypeOf(book.title).toEqualTypeOf<string>()
  // @ts-expect-error: it was not loaded
  void book.body
  // @ts-expect-error: nor was the key
  void book.authorId
  const twice = await Book.objects.defer('body').defer('pages').get()
  // @ts-expect-error: each adds to those before
  void twice.body
  // @ts-expect-error: and itself
  void twice.pages
  const whole = await Book.objects.defer('body').defer(null).get()
  expectTypeOf(whole.body).toEqualTypeOf<string | null>()
  expectTypeOf((await Book.objects.defer('pk').get()).pk).toEqualTypeOf<number>()
}

export async function acrossRelations(): Promise<void> {
  const some = Book.objects.selectRelated('author__mentor')
  const book = await some.only('title', 'author__name', 'author__mentor__email').get()
  expectTypeOf(book.authorId).toEqualTypeOf<number>()
  expectTypeOf(book.author.name).toEqualTypeOf<string>()
  expectTypeOf(book.author.mentor?.email).toEqualTypeOf<string | null | undefined>()
  // @ts-expect-error: it was not loaded
  void book.author.email
  // @ts-expect-error: nor this
  void book.author.mentor?.name
  const other = await some.defer('author__email').get()
  expectTypeOf(other.title).toEqualTypeOf<string>()
  expectTypeOf(other.author.name).toEqualTypeOf<string>()
  // @ts-expect-error: it was not loaded
  void other.author.email
  // Where the relation is not loaded with the row, its paths say nothing.
  expectTypeOf((await (await Book.objects.only('author__name').get()).author).email).toEqualTypeOf<
    string | null
  >()
}

export function modes(): void {
  Book.objects.fetchMode('raise').live().fetchMode('one')
  // @ts-expect-error: there is no such mode
  Book.objects.fetchMode('many')
}
