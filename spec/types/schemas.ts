/** Types of the zod schemas of models. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { z } from 'zod'
import { AsyncManager, fields, type JsonValue, Model } from '../../lib/index.ts'
import { Author, Book, type Capital, type City, type Country } from './models.ts'

// ---------- what they give

expectTypeOf<z.output<typeof Author.schema>>().toEqualTypeOf<{
  id: number
  name: string
  email: string | null
  mentorId: number | null
}>()
expectTypeOf<z.output<typeof Author.createSchema>>().toEqualTypeOf<{
  id?: number | undefined
  name: string
  email?: string | null | undefined
  mentorId?: number | null | undefined
}>()
expectTypeOf<z.output<typeof Author.updateSchema>>().toEqualTypeOf<{
  name?: string
  email?: string | null
  mentorId?: number | null
}>()
// A key is no part of it, whatever it is.
expectTypeOf<z.output<typeof Country.updateSchema>>().toEqualTypeOf<{ name?: string }>()
expectTypeOf<keyof z.output<typeof Capital.updateSchema>>().toEqualTypeOf<'since'>()
expectTypeOf<z.output<typeof Country.createSchema>>().toEqualTypeOf<{
  code: string
  name: string
}>()
expectTypeOf<z.output<typeof City.createSchema>['countryId']>().toEqualTypeOf<string>()
expectTypeOf<z.output<typeof Book.schema>['status']>().toEqualTypeOf<'draft' | 'live'>()
expectTypeOf<z.output<typeof Book.schema>['extra']>().toEqualTypeOf<JsonValue>()
expectTypeOf<z.output<typeof Book.schema>['data']>().toEqualTypeOf<{
  owner: string
  marks: number[]
} | null>()

// ---------- what they take: what JSON can carry, too

type Given = z.input<typeof Book.createSchema>
expectTypeOf<Given['publishedAt']>().toEqualTypeOf<Date | string>()
expectTypeOf<Given['copies']>().toEqualTypeOf<bigint | number | string | undefined>()
expectTypeOf<Given['price']>().toEqualTypeOf<string | number | bigint | null | undefined>()
expectTypeOf<Given['cover']>().toEqualTypeOf<Uint8Array | string | null | undefined>()
expectTypeOf<Given['title']>().toEqualTypeOf<string>()

// ---------- what goes through is written

declare const body: unknown
await Book.objects.create(Book.createSchema.parse(body))
await Book.objects.filter({ id: 3 }).update({ title: Book.schema.shape.title.parse(body) })
const parsed = Author.createSchema.safeParse(body)
if (parsed.success) await Author.objects.create(parsed.data)
await Author.objects.update(Author.updateSchema.parse(body))
await Book.objects.update(Book.updateSchema.pick({ title: true, data: true }).parse(body))
const change: z.input<typeof Author.updateSchema> = { email: null }
// @ts-expect-error nothing is undefined that is written
change.name = undefined
// @ts-expect-error the key of a row stays
Author.updateSchema.pick({ id: true })

class Page extends Model('pages', { text: fields.text(), version: fields.version() }) {
  static objects = new AsyncManager(Page)
}
expectTypeOf<z.output<typeof Page.schema>>().toEqualTypeOf<{
  id: number
  text: string
  version: number
}>()
expectTypeOf<z.output<typeof Page.createSchema>>().toEqualTypeOf<{
  id?: number | undefined
  text: string
}>()
expectTypeOf<z.output<typeof Page.updateSchema>>().toEqualTypeOf<{ text?: string }>()
await Page.objects.create(Page.createSchema.parse(body))
await Page.objects.update(Page.updateSchema.parse(body))

// They are zod objects.
const form = Book.createSchema.pick({ title: true, pages: true }).extend({ note: z.string() })
expectTypeOf<z.output<typeof form>>().toEqualTypeOf<{
  title: string
  pages?: number | undefined
  note: string
}>()
z.toJSONSchema(Book.schema)
// @ts-expect-error an unknown field
Book.createSchema.pick({ titel: true })
// @ts-expect-error a relation is there under its key
void Book.schema.shape.author
// @ts-expect-error of another type
const title: z.output<typeof Book.schema>['title'] = 3
// @ts-expect-error a row of another model
await Author.objects.create(Book.createSchema.parse(body))
void title
