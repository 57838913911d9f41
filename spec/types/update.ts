/** Types of `update()`, `getOrCreate()` and `updateOrCreate()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { AsyncManager, F, fields, Model, Q, type UpdateInput, Value } from '../../lib/index.ts'
import { Author, Book, type Tag } from './models.ts'

class Page extends Model('pages', { text: fields.text(), version: fields.version() }) {
  static objects = new AsyncManager(Page)
}

declare const author: Author
declare const tag: Tag
declare const publishedAt: Date
declare const isLive: boolean
declare const maybe: number | undefined

// ---------- update()

expectTypeOf(await Book.objects.update({ title: 'x' })).toEqualTypeOf<number>()
await Book.objects.filter({ pages: 0 }).update({ pages: F('id').mul(10), title: F('author__name') })
await Book.objects.update({ author, editor: null })
await Book.objects.update({ authorId: 3, editorId: null, status: isLive ? 'live' : 'draft' })
await Book.objects.update({ author: 3, price: null, copies: F('copies').add(1), pages: Value(3) })
await Book.objects.update({ data: { owner: 'x', marks: [1] }, extra: [1, { a: null }] })
const values: UpdateInput<Book> = { title: 'x', pages: F('id') }
await Book.objects.update(values)
await Book.objects.update({ ...values, ...(isLive ? { status: 'live' } : {}) })
await Book.objects.update({ isSigned: Q({ pages__gt: 3 }) })
// @ts-expect-error an unknown field in a condition
await Book.objects.update({ isSigned: Q({ pgaes__gt: 3 }) })
// @ts-expect-error a condition is no number
await Book.objects.update({ pages: Q({ title: 'x' }) })
// @ts-expect-error an unknown field
await Book.objects.update({ titel: 'x' })
// @ts-expect-error a value of another type
await Book.objects.update({ pages: 'x' })
// @ts-expect-error none of the choices
await Book.objects.update({ status: 'gone' })
// @ts-expect-error NULL where nothing is
await Book.objects.update({ title: null })
// @ts-expect-error undefined is nothing to write
await Book.objects.update({ editor: undefined })
// @ts-expect-error in a variable too
await Book.objects.update({ pages: maybe })
// @ts-expect-error an instance of another model
await Book.objects.update({ author: tag })
// @ts-expect-error an expression of another type
await Book.objects.update({ pages: F('title') })
// @ts-expect-error an unknown field in an expression
await Book.objects.update({ pages: F('pgaes').add(1) })
// @ts-expect-error many rows are set otherwise
await Book.objects.update({ tags: [tag] })
// @ts-expect-error columns of other tables are not written
await Book.objects.update({ author__name: 'x' })
// @ts-expect-error of instances, not of their class
declare const ofClass: UpdateInput<typeof Book>
// @ts-expect-error a version counts by itself
await Page.objects.update({ text: 'x', version: 3 })
// @ts-expect-error in an input made elsewhere too
const counted: UpdateInput<Page> = { version: 3 }
// @ts-expect-error the argument is one object
await Book.objects.update('title', 'x')
// @ts-expect-error of another model
await Author.objects.update(values)

// ---------- bulkUpdate()

const some = await Book.objects.all()
expectTypeOf(
  await Book.objects.bulkUpdate(some, ['title', 'author', 'authorId']),
).toEqualTypeOf<number>()
await Book.objects.filter({ pages: 3 }).bulkUpdate(some, ['pages'], { batchSize: 100 })
await Book.objects.bulkUpdate(await Book.objects.only('title'), ['title'])
await author.books.bulkUpdate(some, ['pages'])
await Book.objects.bulkUpdate(some, ['pages'], { onProgress: ({ done }) => void done })
// @ts-expect-error an unknown field
await Book.objects.bulkUpdate(some, ['titel'])
// @ts-expect-error a version counts by itself
await Page.objects.bulkUpdate([], ['version'])
// @ts-expect-error instances of another model
await Book.objects.bulkUpdate([author], ['title'])
// @ts-expect-error many rows are set otherwise
await Book.objects.bulkUpdate(some, ['tags'])
// @ts-expect-error no instances
await Book.objects.bulkUpdate([{ title: 'x' }], ['title'])
// @ts-expect-error this is for bulkCreate
await Book.objects.bulkUpdate(some, ['title'], { ignoreConflicts: true })

// ---------- getOrCreate(), updateOrCreate()

const [book, isNew] = await Book.objects.getOrCreate(
  { title: 'x', author },
  { defaults: { publishedAt, pages: () => 3, status: 'live' } },
)
expectTypeOf(book).toEqualTypeOf<Book>()
expectTypeOf(isNew).toEqualTypeOf<boolean>()
await Book.objects.getOrCreate({ title__iexact: 'x', author__name: 'y' })
await Book.objects.updateOrCreate(
  { title: 'x', authorId: 3 },
  { defaults: { pages: 3 }, createDefaults: { publishedAt } },
)
// @ts-expect-error an unknown field
await Book.objects.getOrCreate({ titel: 'x' })
// @ts-expect-error a value of another type
await Book.objects.getOrCreate({ pages: 'x' })
// @ts-expect-error an unknown field in the defaults
await Book.objects.getOrCreate({ title: 'x' }, { defaults: { pgaes: 3 } })
// @ts-expect-error a value of another type in the defaults
await Book.objects.getOrCreate({ title: 'x' }, { defaults: { pages: 'x' } })
// @ts-expect-error a function of another type
await Book.objects.getOrCreate({ title: 'x' }, { defaults: { pages: () => 'x' } })
// @ts-expect-error Django's keyword arguments are one object here
await Book.objects.getOrCreate({ title: 'x' }, { pages: 3 })
// @ts-expect-error an unknown field
await Book.objects.updateOrCreate({ author__nmae: 'x' })
// @ts-expect-error an unknown field in what is created
await Book.objects.updateOrCreate({ title: 'x' }, { createDefaults: { pgaes: 3 } })
// @ts-expect-error this is for updateOrCreate
await Book.objects.getOrCreate({ title: 'x' }, { createDefaults: { pages: 3 } })
void [counted, ofClass]
