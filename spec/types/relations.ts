/** What the compiler knows of relations. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  AsyncQuerySet,
  type Awaitable,
  fields,
  type ManagerOf,
  Model,
  Prefetch,
  prefetchRelatedObjects,
  type RelatedManager,
  type RelatedOne,
} from '../../lib/index.ts'

class Author extends Model('authors', {
  name: fields.char({ maxLength: 50 }),
  mentor: fields.foreignKey<Author>('self', {
    onDelete: 'setNull',
    null: true,
    relatedName: 'students',
  }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly students: RelatedManager<Author>
  declare readonly books: RelatedManager<Book, BookQuerySet>
  declare profile: RelatedOne<Profile>
}

class Profile extends Model('profiles', {
  bio: fields.text(),
  author: fields.oneToOne(Author, { onDelete: 'cascade', relatedName: 'profile' }),
}) {
  static objects = new AsyncManager(Profile)
}

class Publisher extends Model('publishers', {
  code: fields.char({ maxLength: 10, unique: true }),
}) {
  static objects = new AsyncManager(Publisher)
}

class Tag extends Model('tags', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Tag)
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
  author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
  editor: fields.foreignKey(Author, { onDelete: 'setNull', null: true }),
  publisher: fields.foreignKey(Publisher, { onDelete: 'cascade', toField: 'code' }),
  tags: fields.manyToMany(Tag, { relatedName: 'books' }),
  contributors: fields.manyToMany<Author>('Author', { through: 'Contribution' }),
}) {
  static objects: ManagerOf<BookQuerySet> = new AsyncManager(Book, BookQuerySet)
  declare readonly contributions: RelatedManager<Contribution>
}

class Contribution extends Model('contributions', {
  book: fields.foreignKey(Book, { onDelete: 'cascade', relatedName: 'contributions' }),
  person: fields.foreignKey(Author, { onDelete: 'cascade' }),
  role: fields.choice({ choices: ['friend', 'editor'], default: 'friend' }),
}) {
  static objects = new AsyncManager(Contribution)
}

declare const author: Author
declare const book: Book
declare const tag: Tag

// ---------- conditions, at any depth and from every side

Author.objects.filter({ books__tags__books__author__mentor__name__startswith: 'A' })
Author.objects.filter({ profile__bio__contains: 'x', students__books__pages__gt: 3 })
Tag.objects.filter({ books__contributions__role: 'editor', books__in: [book, 3] })
Book.objects.filter({ author: 3, editor: null, publisher: 'one', publisherId: 'one', tags: tag })
Book.objects.filter({ author__in: Author.objects.filter({ name: 'Ann' }), contributors: author })
Book.objects.filter({ editor__isnull: true, tags__isnull: false, author__profile__isnull: true })
Profile.objects.exclude({ author__books__contributors__books__title: 'x' })

// @ts-expect-error there is no such column at the end
Author.objects.filter({ books__tags__nope: 1 })
// @ts-expect-error nor such a relation on the way
Author.objects.filter({ books__nope__name: 'x' })
// @ts-expect-error the key is a text
Book.objects.filter({ publisher: 3 })
// @ts-expect-error an instance of another model
Book.objects.filter({ author: tag })
// @ts-expect-error no list of those either
Book.objects.filter({ author__in: [tag] })
// @ts-expect-error a value of the choice
Book.objects.filter({ contributions__role: 'king' })
// @ts-expect-error a boolean
Book.objects.filter({ tags__isnull: 1 })
// @ts-expect-error a getter or method is no relation
Author.objects.filter({ save__x: 1 })

// ---------- values along relations

expectTypeOf(
  await Author.objects.values('books__title', 'mentor__name', 'books__publisher'),
).toEqualTypeOf<
  { books__title: string | null; mentor__name: string | null; books__publisher: string | null }[]
>()

// ---------- instances

expectTypeOf(book.author).toEqualTypeOf<Awaitable<Author>>()
expectTypeOf(await book.author).toEqualTypeOf<Author>()
expectTypeOf(await book.editor).toEqualTypeOf<Author | null>()
expectTypeOf(book.authorId).toEqualTypeOf<number>()
expectTypeOf(book.editorId).toEqualTypeOf<number | null>()
expectTypeOf(book.publisherId).toEqualTypeOf<string>()
expectTypeOf(await author.profile).toEqualTypeOf<Profile | null>()
book.author = author
book.editor = null
author.profile = null
// @ts-expect-error a key is assigned to authorId
book.author = 3
// @ts-expect-error it is never null
book.author = null
// @ts-expect-error another model
book.author = tag
// @ts-expect-error it may not be there yet
book.author.name

// ---------- managers

expectTypeOf(await author.books.all()).toEqualTypeOf<Book[]>()
expectTypeOf(await author.books.live().filter({ tags: tag }).first()).toEqualTypeOf<Book | null>()
expectTypeOf(await book.contributors.filter({ name: 'x' })).toEqualTypeOf<Author[]>()
author.books.filter({ pages__gt: 1 }).startFetch()
author.books.all().startCount()
await book.tags.add(tag, 3)
await book.contributors.add(author, { throughDefaults: { role: 'editor' } })
await book.tags.set([tag, 3], { clear: true })
expectTypeOf(await book.tags.create({ name: 'x' })).toEqualTypeOf<Tag>()
expectTypeOf(await author.books.create({ title: 'x', publisher: 'one' })).toEqualTypeOf<Book>()
expectTypeOf(await book.tags.getOrCreate({ name: 'x' })).toEqualTypeOf<[Tag, boolean]>()
// @ts-expect-error another model
await book.tags.add(book)
// @ts-expect-error no such column
await book.tags.create({ nope: 1 })
// @ts-expect-error no such method
author.students.live()
// @ts-expect-error a manager is not awaited
author.books.then
// @ts-expect-error it is not known whether they are loaded
for (const one of author.books) void one
// @ts-expect-error managers are not assigned
author.books = tag.books

// ---------- selectRelated

const [selected] = await Book.objects.selectRelated('author__mentor__profile', 'editor', 'author')
if (selected !== undefined) {
  expectTypeOf(selected.author.name).toEqualTypeOf<string>()
  expectTypeOf(selected.author.mentor?.name).toEqualTypeOf<string | undefined>()
  expectTypeOf(selected.author.mentor?.profile?.bio).toEqualTypeOf<string | undefined>()
  expectTypeOf(selected.editor?.name).toEqualTypeOf<string | undefined>()
  expectTypeOf(selected).toExtend<Book>()
  // @ts-expect-error it may be null
  selected.editor.name
  // @ts-expect-error it was not asked for
  selected.publisher.code
}
Book.objects.live().selectRelated('author').live().selectRelated(null)
Author.objects.selectRelated('profile')
// @ts-expect-error no relation
Book.objects.selectRelated('title')
// @ts-expect-error to many rows
Book.objects.selectRelated('tags')
// @ts-expect-error no relation on the way
Book.objects.selectRelated('author__nope')
// @ts-expect-error to many rows on the way
Book.objects.selectRelated('author__books')

// ---------- selectForUpdate

Book.objects.selectForUpdate({ of: ['self', 'author', 'author__mentor__mentor'], noWait: true })
Author.objects.selectForUpdate({ of: ['profile'] })
declare const names: string[]
Book.objects.selectForUpdate({ of: names })
// @ts-expect-error no relation
Book.objects.selectForUpdate({ of: ['self', 'title'] })
// @ts-expect-error no relation on the way
Book.objects.selectForUpdate({ of: ['author__nope'] })
// @ts-expect-error to many rows
Book.objects.selectForUpdate({ of: ['tags'] })

// ---------- prefetchRelated

const [loaded] = await Author.objects.prefetchRelated(
  'books__tags',
  'books__contributions__person',
  'mentor',
)
if (loaded !== undefined) {
  for (const one of loaded.books) {
    expectTypeOf(one.title).toEqualTypeOf<string>()
    for (const { name } of one.tags) expectTypeOf(name).toEqualTypeOf<string>()
    for (const { person } of one.contributions) expectTypeOf(person.name).toEqualTypeOf<string>()
    // @ts-expect-error these were not prefetched
    for (const each of one.contributors) void each
  }
  expectTypeOf(loaded.books.length).toEqualTypeOf<number>()
  expectTypeOf(loaded.mentor?.name).toEqualTypeOf<string | undefined>()
  expectTypeOf(await loaded.books.filter({ pages: 1 })).toEqualTypeOf<Book[]>()
  // @ts-expect-error it was not prefetched
  for (const each of loaded.students) void each
}
// @ts-expect-error no relation
Author.objects.prefetchRelated('name')
// @ts-expect-error no relation at the end
Author.objects.prefetchRelated('books__title')
// @ts-expect-error no relation on the way
Author.objects.prefetchRelated('books', 'books__nope__tags')
// @ts-expect-error nor in a Prefetch
Author.objects.prefetchRelated(Prefetch('nope', { queryset: Book.objects.all() }))

// @ts-expect-error a queryset of another model
Author.objects.prefetchRelated(Prefetch('books', { queryset: Tag.objects.all() }))
// @ts-expect-error of the model on the way
Author.objects.prefetchRelated(Prefetch('books__tags', { queryset: Book.objects.all() }))
// @ts-expect-error no instances
Author.objects.prefetchRelated(Prefetch('books', { queryset: Book.objects.values('title') }))
// @ts-expect-error another model, for instances that are there
await prefetchRelatedObjects([author], Prefetch('books', { queryset: Tag.objects.all() }))

const [some] = await Author.objects.prefetchRelated(
  Prefetch('books', { queryset: Book.objects.selectRelated('publisher').prefetchRelated('tags') }),
  Prefetch('books', { queryset: Book.objects.live().slice(0, 3), toAttr: 'latest' }),
  Prefetch('mentor', { toAttr: 'guide' }),
  Prefetch('books__tags', { toAttr: 'labels' }),
)
if (some !== undefined) {
  for (const one of some.books) {
    expectTypeOf(one.publisher.code).toEqualTypeOf<string>()
    for (const { name } of one.tags) expectTypeOf(name).toEqualTypeOf<string>()
    expectTypeOf(one.labels).toEqualTypeOf<Tag[]>()
  }
  expectTypeOf(some.latest).toEqualTypeOf<Book[]>()
  expectTypeOf(some.guide).toEqualTypeOf<Author | null>()
}

const [more] = await prefetchRelatedObjects([author], 'books__tags')
for (const one of more?.books ?? []) for (const { name } of one.tags) void name
// @ts-expect-error no relation
await prefetchRelatedObjects([author], 'nope')

// @ts-expect-error of instances, not of their class
declare const manager: RelatedManager<typeof Book>
// @ts-expect-error of instances, not of their class
declare const one: RelatedOne<typeof Book>
void [manager, one]
