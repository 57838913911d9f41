/** Types of `values()` and `valuesList()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { F, type JsonValue, type Path, Value } from '../../lib/index.ts'
import { Author, Book, City, Tag } from './models.ts'

declare const text: string
declare const isNewest: boolean

// ---------- values(): a row is an object, under the names asked for

expectTypeOf(await Book.objects.values('title', 'pages')).toEqualTypeOf<
  { title: string; pages: number }[]
>()
expectTypeOf(
  await Book.objects.values('pk', 'copies', 'price', 'publishedAt', 'printedOn', 'status', 'cover'),
).toEqualTypeOf<
  {
    pk: number
    copies: bigint
    price: string | null
    publishedAt: Date
    printedOn: string | null
    status: 'draft' | 'live'
    cover: Uint8Array | null
  }[]
>()

// Relations: their key; what is at their far end; null where a step may find no row.
expectTypeOf(
  await Book.objects.values(
    'author',
    'authorId',
    'editor',
    'author__name',
    'editor__name',
    'author__mentor__name',
    'author__mentor__books__pages',
    'tags',
    'tags__name',
  ),
).toEqualTypeOf<
  {
    author: number
    authorId: number
    editor: number | null
    author__name: string
    editor__name: string | null
    author__mentor__name: string | null
    author__mentor__books__pages: number | null
    tags: number | null
    tags__name: string | null
  }[]
>()
expectTypeOf(await Author.objects.values('books__title', 'profile', 'profile__bio')).toEqualTypeOf<
  { books__title: string | null; profile: number | null; profile__bio: string | null }[]
>()
expectTypeOf(await City.objects.values('country', 'formerly', 'formerly__code')).toEqualTypeOf<
  { country: string; formerly: string | null; formerly__code: string | null }[]
>()

// Transforms, JSON keys, expressions.
expectTypeOf(
  await Book.objects.values(
    'publishedAt__year',
    'printedOn__month',
    'publishedAt__date',
    'data__owner',
  ),
).toEqualTypeOf<
  {
    publishedAt__year: number
    printedOn__month: number | null
    publishedAt__date: string
    data__owner: unknown
  }[]
>()
expectTypeOf(
  await Book.objects.values('title', { by: F('author__name'), one: Value(1) }, 'pages'),
).toEqualTypeOf<{ title: string; by: string; one: number; pages: number }[]>()

// Every column, keys of relations under their `…Id`.
expectTypeOf(await Author.objects.values()).toEqualTypeOf<
  { id: number; name: string; email: string | null; mentorId: number | null }[]
>()

// Names that are chosen elsewhere: one of several, a list of any length, a list that is known.
declare const column: 'title' | 'pages'
declare const columns: ('title' | 'pages')[]
declare const path: Path<Tag>
const known = ['title', 'pages'] as const
expectTypeOf(await Book.objects.values(column, 'id')).toEqualTypeOf<
  ({ title: string; id: number } | { pages: number; id: number })[]
>()
expectTypeOf(await Book.objects.values(...columns)).toEqualTypeOf<
  { title?: string; pages?: number }[]
>()
expectTypeOf(await Book.objects.values(...known)).toEqualTypeOf<
  { title: string; pages: number }[]
>()
Tag.objects.values(path)

// @ts-expect-error an unknown field
Book.objects.values('titel')
// @ts-expect-error far away
Book.objects.values('title', 'author__mentor__nmae')
// @ts-expect-error a lookup is no value
Book.objects.values('title__icontains')
// @ts-expect-error a term of an order is no path
Book.objects.values('-title')
// @ts-expect-error any text may be anything
Book.objects.values(text)
// @ts-expect-error an expression needs a name
Book.objects.values(F('title'))
// @ts-expect-error text is no expression here
Book.objects.values({ by: 'author__name' })
// @ts-expect-error an unknown field in an expression
Book.objects.values({ by: F('author__nmae') })
// @ts-expect-error a list
Book.objects.values(['title'])
// @ts-expect-error one of two is unknown
Book.objects.values(isNewest ? 'title' : 'titel')

// ---------- valuesList(): a row is a tuple

expectTypeOf(await Book.objects.valuesList('title', 'price', F('pages').add(1))).toEqualTypeOf<
  [string, string | null, number][]
>()
expectTypeOf(await Book.objects.valuesList(...columns)).toEqualTypeOf<(string | number)[][]>()
expectTypeOf(await Tag.objects.valuesList()).toEqualTypeOf<(string | number)[][]>()
expectTypeOf(await Book.objects.valuesList('title', { flat: true })).toEqualTypeOf<string[]>()
expectTypeOf(await Book.objects.valuesList('editor__name', { flat: true })).toEqualTypeOf<
  (string | null)[]
>()
expectTypeOf(await Book.objects.valuesList('extra', { flat: true })).toEqualTypeOf<JsonValue[]>()
expectTypeOf(await Book.objects.valuesList(F('author__mentor'), { flat: true })).toEqualTypeOf<
  (number | null)[]
>()
expectTypeOf(await Book.objects.valuesList(column, { flat: true })).toEqualTypeOf<
  (string | number)[]
>()
const [[title, pages] = ['', 0]] = await Book.objects.valuesList('title', 'pages')
expectTypeOf(title).toEqualTypeOf<string>()
expectTypeOf(pages).toEqualTypeOf<number>()
// @ts-expect-error an unknown field
Book.objects.valuesList('title', 'author__nmae')
// @ts-expect-error an unknown field
Book.objects.valuesList('titel', { flat: true })
// @ts-expect-error flat is for one
Book.objects.valuesList('title', 'pages', { flat: true })
// @ts-expect-error no names here
Book.objects.valuesList({ by: F('author__name') })
// @ts-expect-error an unknown field in an expression
Book.objects.valuesList(F('titel'))

// ---------- rows of this kind are what the answers give

const rows = Book.objects.values('title')
expectTypeOf(await rows.get({ pages: 3 })).toEqualTypeOf<{ title: string }>()
expectTypeOf(await rows.first()).toEqualTypeOf<{ title: string } | null>()
expectTypeOf(await rows.last()).toEqualTypeOf<{ title: string } | null>()
expectTypeOf(await rows.at(3)).toEqualTypeOf<{ title: string } | undefined>()
expectTypeOf(await rows.slice(0, 3).fetch()).toEqualTypeOf<{ title: string }[]>()
for await (const row of rows) expectTypeOf(row).toEqualTypeOf<{ title: string }>()
for await (const row of rows.iterator()) expectTypeOf(row).toEqualTypeOf<{ title: string }>()
expectTypeOf(await rows.filter({ author__name: 'x' }).orderBy('pages')).toEqualTypeOf<
  { title: string }[]
>()
// Rows can be written to.
for (const row of await rows) row.title = row.title.trim()
// @ts-expect-error they are no instances
await (await rows.first())?.save()
// @ts-expect-error and have only what was asked for
for (const row of await rows) void row.pages
