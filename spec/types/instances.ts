/** Types of instances. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  type Awaitable,
  type CreateInput,
  connect,
  fields,
  Model,
  type PkOf,
  type RelatedManager,
  type SaveOptions,
} from '../../lib/index.ts'
import { Author, Book, Capital, City, Country, Log, type Profile, type Tag } from './models.ts'

declare const author: Author
declare const book: Book
declare const tag: Tag
declare const unread: Book

// ---------- columns

expectTypeOf(book.id).toEqualTypeOf<number>()
expectTypeOf(book.title).toEqualTypeOf<string>()
expectTypeOf(book.copies).toEqualTypeOf<bigint>()
expectTypeOf(book.price).toEqualTypeOf<string | null>()
expectTypeOf(book.publishedAt).toEqualTypeOf<Date>()
expectTypeOf(book.printedOn).toEqualTypeOf<string | null>()
expectTypeOf(book.readIn).toEqualTypeOf<number | null>()
expectTypeOf(book.isSigned).toEqualTypeOf<boolean>()
expectTypeOf(book.cover).toEqualTypeOf<Uint8Array | null>()
expectTypeOf(book.status).toEqualTypeOf<'draft' | 'live'>()
expectTypeOf(book.data).toEqualTypeOf<{ owner: string; marks: number[] } | null>()
expectTypeOf(book.createdAt).toEqualTypeOf<Date>()
expectTypeOf(author.displayName).toEqualTypeOf<string>()

// Columns can be written.
book.title = 'x'
book.price = null
book.status = 'live'
book.data?.marks.push(3)
book.pk = 3
// @ts-expect-error of another type
book.pages = '3'
// @ts-expect-error NULL where nothing is
book.title = null
// @ts-expect-error none of the choices
book.status = 'gone'
// @ts-expect-error an unknown field
book.titel = 'x'
// @ts-expect-error a getter
author.displayName = 'x'

// ---------- relations

expectTypeOf(book.author).toEqualTypeOf<Awaitable<Author>>()
expectTypeOf(await book.author).toEqualTypeOf<Author>()
expectTypeOf(await book.editor).toEqualTypeOf<Author | null>()
expectTypeOf(book.authorId).toEqualTypeOf<number>()
expectTypeOf(book.editorId).toEqualTypeOf<number | null>()
expectTypeOf((await (await book.author).mentor)?.displayName).toEqualTypeOf<string | undefined>()
expectTypeOf(book.tags).toEqualTypeOf<RelatedManager<Tag>>()
book.author = author
book.editor = null
book.editorId = null
book.authorId = 3
// @ts-expect-error not loaded yet, perhaps
unread.author.name
// @ts-expect-error keys are assigned to authorId
book.author = 3
// @ts-expect-error an instance of another model
book.author = tag
// @ts-expect-error a key that is never NULL
book.authorId = null
// @ts-expect-error a relation that is never NULL
book.author = null
// @ts-expect-error a promise is no author
book.author = Promise.resolve(author)

// ---------- keys

expectTypeOf(book.pk).toEqualTypeOf<number>()
expectTypeOf(new Country().pk).toEqualTypeOf<string>()
expectTypeOf(new Log().pk).toEqualTypeOf<bigint>()
expectTypeOf(new Capital().pk).toEqualTypeOf<number>()
expectTypeOf(new City().countryId).toEqualTypeOf<string>()
expectTypeOf(new City().formerlyId).toEqualTypeOf<string | null>()
expectTypeOf<PkOf<Country>>().toEqualTypeOf<string>()
// @ts-expect-error it has a key of its own
new Country().id

// ---------- methods

expectTypeOf(await book.save()).toEqualTypeOf<void>()
expectTypeOf(await book.save({ fields: ['title'] })).toEqualTypeOf<void>()
await book.save({ using: connect({ client: 'pg' }) })
await book.save({ using: 'replica' })
// @ts-expect-error neither a database nor the name of one
await book.save({ using: 3 })
expectTypeOf(await book.delete()).toEqualTypeOf<[total: number, byModel: Record<string, number>]>()
expectTypeOf(await book.refreshFromDb({ fields: ['title'] })).toEqualTypeOf<void>()
await book.refreshFromDb({ fields: ['pk', 'author', 'authorId'] })
declare const names: string[]
await book.save({ fields: names })
// @ts-expect-error an unknown field
await book.save({ fields: ['titel'] })
// @ts-expect-error many rows are set otherwise
await book.save({ fields: ['tags'] })
// @ts-expect-error an unknown field
await book.refreshFromDb({ fields: ['title', 'pgaes'] })

/** As one does in Django. */
class Page extends Model('pages', {
  slug: fields.text(),
  title: fields.text(),
  version: fields.version(),
}) {
  override async save(options?: SaveOptions) {
    if (options?.fields?.includes('title') ?? true) this.slug = this.title.toLowerCase()
    await super.save(options)
  }

  async rename() {
    // @ts-expect-error a version counts by itself
    await super.save({ fields: ['version'] })
  }
}
void Page
expectTypeOf(book.equals(author)).toEqualTypeOf<boolean>()
expectTypeOf(book.toJSON()).toEqualTypeOf<Record<string, unknown>>()
expectTypeOf(await book.authorName()).toEqualTypeOf<string>()
expectTypeOf(await author.countBooks()).toEqualTypeOf<number>()
expectTypeOf(await author.report()).toEqualTypeOf<{ books: number }>()
expectTypeOf(await author.liveBooks).toEqualTypeOf<Book[]>()
expectTypeOf(await author.ownBooks).toEqualTypeOf<{ title: string; author__name: string }[]>()
expectTypeOf(await author.write('x')).toEqualTypeOf<Book>()
// @ts-expect-error an unknown option
await book.save({ field: ['title'] })
// @ts-expect-error an instance is not awaited
book.then
// @ts-expect-error a queryset's method
book.filter({})

// A spread one has what it shows, and none of its methods.
const plain = { ...book }
expectTypeOf(plain.title).toEqualTypeOf<string>()
// @ts-expect-error methods stay behind
void plain.save()
// @ts-expect-error and it is no instance any more
Book.objects.filter({ id: 3 }).contains(plain)

/** Whatever a field map says, an instance is an instance of its class. */
function greet(one: Author): string {
  return one.displayName
}
greet(author)
greet(await Author.objects.create({ name: 'x' }))
// @ts-expect-error a row of values is none
greet(await Author.objects.values().get())

declare const profile: Profile
expectTypeOf(await profile.author).toEqualTypeOf<Author>()
expectTypeOf<CreateInput<Profile>>().toExtend<{ bio: string }>()
