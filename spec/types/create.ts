/** Types of `create()`, `bulkCreate()` and `new`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { type BulkCreateOptions, type CreateInput, F } from '../../lib/index.ts'
import { Author, Book, Capital, City, Country, type Genre, Tag } from './models.ts'

declare const author: Author
declare const book: Book
declare const tag: Tag
declare const genre: Genre
declare const country: Country
declare const city: City
declare const publishedAt: Date
declare const isLive: boolean
declare const maybe: number | undefined

// ---------- what is required, and what is not

expectTypeOf(await Author.objects.create({ name: 'x' })).toEqualTypeOf<Author>()
await Author.objects.create({ name: 'x', email: null, mentor: null })
await Author.objects.create({ name: 'x', mentorId: 3, id: 3 })
await Book.objects.create({ title: 'x', publishedAt, author })
await Book.objects.create({ title: 'x', publishedAt, authorId: 3 })
await Book.objects.create({ title: 'x', publishedAt, author: 3, editor: author })
await Book.objects.create({
  title: 'x',
  publishedAt,
  author,
  pages: 3,
  copies: 3n,
  price: '1.50',
  status: 'live',
  isSigned: true,
  cover: new Uint8Array(),
  printedOn: '2020-01-01',
  readIn: 60_000,
  createdAt: publishedAt,
})
// What is undefined is as if left out.
await Book.objects.create({ title: 'x', publishedAt, author, pages: maybe, editorId: undefined })
await Country.objects.create({ code: 'DE', name: 'x' })
await City.objects.create({ name: 'x', country, formerly: 'Prussia' })
await City.objects.create({ name: 'x', countryId: 'DE', formerlyId: null })
await Capital.objects.create({ city, since: '2020-01-01' })
await Capital.objects.create({ cityId: 3, since: '2020-01-01' })
// @ts-expect-error a required column is missing
await Book.objects.create({ title: 'x', author })
// @ts-expect-error a required relation is missing
await Book.objects.create({ title: 'x', publishedAt })
// @ts-expect-error it may not be undefined
await Book.objects.create({ title: 'x', publishedAt, author: undefined })
// @ts-expect-error nor may it be in a variable
await Book.objects.create({ title: 'x', publishedAt, authorId: maybe })
// @ts-expect-error nor NULL
await Book.objects.create({ title: 'x', publishedAt, author: null })
// @ts-expect-error a required column may not be undefined
await Book.objects.create({ title: undefined, publishedAt, author })
// @ts-expect-error nor NULL
await Book.objects.create({ title: null, publishedAt, author })
// @ts-expect-error a column with a default neither
await Book.objects.create({ title: 'x', publishedAt, author, pages: null })
// @ts-expect-error a key of one's own is required
await Country.objects.create({ name: 'x' })
// @ts-expect-error nothing
await Book.objects.create()
// @ts-expect-error nothing in it
await Book.objects.create({})

// ---------- values

// @ts-expect-error of another type
await Book.objects.create({ title: 3, publishedAt, author })
// @ts-expect-error instants are Dates
await Book.objects.create({ title: 'x', publishedAt: '2020-01-01', author })
// @ts-expect-error decimals are text
await Book.objects.create({ title: 'x', publishedAt, author, price: 1.5 })
// @ts-expect-error none of the choices
await Book.objects.create({ title: 'x', publishedAt, author, status: 'gone' })
// @ts-expect-error an instance of another model
await Book.objects.create({ title: 'x', publishedAt, author: tag })
// @ts-expect-error a key of another type
await Book.objects.create({ title: 'x', publishedAt, authorId: 'x' })
// @ts-expect-error the key it refers to is text
await City.objects.create({ name: 'x', country: 3 })
// @ts-expect-error a row that is not there yet has no columns to compute with
await Book.objects.create({ title: 'x', publishedAt, author, pages: F('id') })

// ---------- names

// @ts-expect-error an unknown field
await Book.objects.create({ title: 'x', publishedAt, author, pgaes: 3 })
// @ts-expect-error many rows are added afterwards
await Book.objects.create({ title: 'x', publishedAt, author, tags: [tag] })
// @ts-expect-error a lookup
await Book.objects.create({ title: 'x', publishedAt, author__name: 'x' })
// @ts-expect-error a getter
await Author.objects.create({ name: 'x', displayName: 'x' })

// ---------- inputs made elsewhere

const input: CreateInput<Book> = { title: 'x', publishedAt, authorId: 3 }
declare const either:
  | { title: string; publishedAt: Date; author: Author }
  | { title: string; publishedAt: Date; authorId: number }
await Book.objects.create(input)
await Book.objects.create(either)
await Book.objects.create({ ...input, status: isLive ? 'live' : 'draft' })
await Book.objects.create({ title: 'x', publishedAt, ...(isLive ? { author } : { authorId: 3 }) })
await Book.objects.create({ title: 'x', publishedAt, author, ...(isLive && { pages: 3 }) })
await Book.objects.create(
  isLive ? { title: 'x', publishedAt, author } : { title: 'y', publishedAt, authorId: 3 },
)
const base = { title: 'x', publishedAt }
// @ts-expect-error one of the two lacks its author
await Book.objects.create(isLive ? { ...base, author } : { ...base, pages: 3 })
// @ts-expect-error required columns are required
const missing: CreateInput<Book> = { title: 'x', authorId: 3 }
// @ts-expect-error an unknown field
const unknown: CreateInput<Book> = { title: 'x', publishedAt, authorId: 3, pgaes: 3 }
// @ts-expect-error of instances, not of their class
declare const ofClass: CreateInput<typeof Book>
// @ts-expect-error the input of another model
await Tag.objects.create(input)
void [missing, unknown, ofClass]

// ---------- bulkCreate()

expectTypeOf(await Tag.objects.bulkCreate([{ name: 'a' }, { name: 'b', id: 3 }])).toEqualTypeOf<
  Tag[]
>()
await Book.objects.bulkCreate([
  { title: 'x', publishedAt, author },
  { title: 'y', publishedAt, authorId: 3, status: 'live' },
])
await Book.objects.bulkCreate([book, new Book({ title: 'x' })])
await Book.objects.bulkCreate([book, { title: 'x', publishedAt, author }])
await Book.objects.bulkCreate([])
await Book.objects.bulkCreate([input], { batchSize: 100 })
await Book.objects.bulkCreate(
  [1, 2].map((pages) => ({
    title: 'x',
    publishedAt,
    author,
    pages,
    status: pages > 1 ? 'live' : 'draft',
  })),
)
declare const inputs: readonly CreateInput<Book>[]
await Book.objects.bulkCreate(inputs)
const incomplete = { ...base, pages: 3 }
declare const lines: AsyncIterable<CreateInput<Book>>
expectTypeOf(await Book.objects.bulkCreate(lines)).toEqualTypeOf<number>()
expectTypeOf(await author.books.bulkCreate(lines)).toEqualTypeOf<number>()
expectTypeOf(await Book.objects.bulkCreate(new Set(inputs))).toEqualTypeOf<number>()
expectTypeOf(await Tag.objects.bulkCreate(Tag.objects.iterator())).toEqualTypeOf<number>()
function* generated() {
  yield { name: 'a' }
  yield { name: 'b', id: 3 }
}
function* misspelt() {
  yield { nmae: 'a' }
}
expectTypeOf(
  await Tag.objects.bulkCreate(generated(), {
    ignoreConflicts: true,
    onProgress: ({ done, total }) => {
      expectTypeOf(done).toEqualTypeOf<number>()
      expectTypeOf(total).toEqualTypeOf<number | null>()
    },
  }),
).toEqualTypeOf<number>()
await Tag.objects.bulkCreate([{ name: 'a' }], { onProgress: async () => {} })
expectTypeOf(
  await author.books.delete({ onProgress: ({ done, total }) => void [done, total] }),
).toEqualTypeOf<[total: number, byModel: Record<string, number>]>()
// @ts-expect-error no option
await Tag.objects.all().delete({ batchSize: 3 })
// @ts-expect-error an unknown field in rows that come one by one
await Tag.objects.bulkCreate(misspelt())
await Book.objects.bulkCreate([
  { title: 'x', publishedAt, author },
  // @ts-expect-error only the row that is wrong is blamed
  { title: 'x', publishedAt },
  book,
  // @ts-expect-error a required column is missing
  { title: 'x', author },
])
// @ts-expect-error inputs of another model
await Tag.objects.bulkCreate(lines)
// @ts-expect-error text is no rows
await Tag.objects.bulkCreate('ab')
// @ts-expect-error no function
await Tag.objects.bulkCreate([{ name: 'a' }], { onProgress: true })
// @ts-expect-error an unknown field in rows that come one by one
await author.books.bulkCreate(misspelt())
// @ts-expect-error a required relation is missing in the second
await Book.objects.bulkCreate([{ ...base, author }, incomplete])
// @ts-expect-error an unknown field
await Tag.objects.bulkCreate([{ name: 'a', nmae: 'b' }])
// @ts-expect-error an unknown field in rows made elsewhere
await Tag.objects.bulkCreate([1, 2].map((n) => ({ name: `${n}`, nmae: 'b' })))
// @ts-expect-error a value of another type
await Tag.objects.bulkCreate([{ name: 'a' }, { name: 3 }])
// @ts-expect-error an instance of another model
await Tag.objects.bulkCreate([author])
// @ts-expect-error no list
await Tag.objects.bulkCreate({ name: 'a' })
// @ts-expect-error an unknown option
await Tag.objects.bulkCreate([{ name: 'a' }], { batchSzie: 3 })

// Names in its options are checked.
const clash = { updateConflicts: true, updateFields: ['name'], uniqueFields: ['id'] } as const
await Tag.objects.bulkCreate([{ name: 'a' }], clash)
await author.books.bulkCreate([], { updateConflicts: true, updateFields: ['pages', 'author'] })
declare const options: BulkCreateOptions<'name' | 'id'>
await Tag.objects.bulkCreate([{ name: 'a' }], options)
// @ts-expect-error an unknown field to write
await Tag.objects.bulkCreate([{ name: 'a' }], { updateConflicts: true, updateFields: ['nmae'] })
// @ts-expect-error an unknown field to clash by
await Tag.objects.bulkCreate([{ name: 'a' }], { ...clash, uniqueFields: ['nmae'] })
// @ts-expect-error an unknown field to write, of related rows
await author.books.bulkCreate([], { updateConflicts: true, updateFields: ['pgaes'] })

// ---------- new

new Book({ title: 'x', author, status: 'live' })
new Book()
new Author({ name: 'x', mentorId: 3 })
// @ts-expect-error an unknown field
new Book({ titel: 'x' })
// @ts-expect-error a value of another type
new Book({ pages: 'x' })
// @ts-expect-error an instance of another model
new Book({ author: book })

// Models with the same fields are two models.
// @ts-expect-error
const other: Tag = genre
void other
