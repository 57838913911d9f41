/** Types of `first`, `last`, `at`, `count`, `exists`, `contains`, `inBulk`, `slice` … Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Author, Book, City, Country, Log, type Tag } from './models.ts'

declare const book: Book
declare const tag: Tag

expectTypeOf(await Book.objects.all()).toEqualTypeOf<Book[]>()
expectTypeOf(await Book.objects.all().fetch()).toEqualTypeOf<Book[]>()
expectTypeOf(await Book.objects.first()).toEqualTypeOf<Book | null>()
expectTypeOf(await Book.objects.last()).toEqualTypeOf<Book | null>()
expectTypeOf(await Book.objects.at(3)).toEqualTypeOf<Book | undefined>()
expectTypeOf(await Book.objects.count()).toEqualTypeOf<number>()
expectTypeOf(await Book.objects.exists()).toEqualTypeOf<boolean>()
expectTypeOf(await Book.objects.contains(book)).toEqualTypeOf<boolean>()
expectTypeOf(await Book.objects.explain()).toEqualTypeOf<string>()
expectTypeOf(await Book.objects.filter({ pages: 0 }).delete()).toEqualTypeOf<
  [total: number, byModel: Record<string, number>]
>()
for await (const one of Book.objects.all()) expectTypeOf(one).toEqualTypeOf<Book>()
for await (const one of Book.objects.iterator({ chunkSize: 3 })) {
  expectTypeOf(one).toEqualTypeOf<Book>()
}
expectTypeOf(Book.objects.slice(0, 3).reverse().distinct().none()).toEqualTypeOf<
  ReturnType<typeof Book.objects.all>
>()
expectTypeOf(Book.objects.filter({}).toSQL().sql).toEqualTypeOf<string>()
// Errors are caught by class.
try {
  await Book.objects.get({ pk: 3 })
} catch (error) {
  if (error instanceof Book.DoesNotExist) expectTypeOf(error.message).toEqualTypeOf<string>()
}
// @ts-expect-error first() may find nothing
void (await Book.objects.first()).title
// @ts-expect-error so may at()
void (await Book.objects.at(0)).title
// @ts-expect-error an instance of another model
await Book.objects.contains(tag)
// @ts-expect-error a key is no instance
await Book.objects.contains(3)
// @ts-expect-error no number
Book.objects.slice('3')
// @ts-expect-error no number
await Book.objects.at('3')
// @ts-expect-error no AbortSignal
Book.objects.all().signal(new AbortController())
// @ts-expect-error a manager is not awaited
void (await Book.objects).length

// ---------- inBulk()

expectTypeOf(await Author.objects.inBulk([1, 2])).toEqualTypeOf<Map<number, Author>>()
expectTypeOf(await Author.objects.inBulk()).toEqualTypeOf<Map<number, Author>>()
expectTypeOf(await Country.objects.inBulk(['DE'])).toEqualTypeOf<Map<string, Country>>()
expectTypeOf(await Log.objects.inBulk([3n])).toEqualTypeOf<Map<bigint, Log>>()
expectTypeOf(await Country.objects.inBulk(['x'], { fieldName: 'name' })).toEqualTypeOf<
  Map<string, Country>
>()
expectTypeOf(await Author.objects.inBulk(undefined, { fieldName: 'email' })).toEqualTypeOf<
  Map<string | null, Author>
>()
expectTypeOf(
  (await City.objects.selectRelated('country').inBulk([1])).get(1)?.country,
).toEqualTypeOf<Country | undefined>()
// @ts-expect-error a key of another type
await Author.objects.inBulk(['x'])
// @ts-expect-error an unknown field
await Author.objects.inBulk(undefined, { fieldName: 'emial' })
// @ts-expect-error values of another type than the field's
await Author.objects.inBulk([3], { fieldName: 'email' })
// @ts-expect-error a field of another table
await City.objects.inBulk(undefined, { fieldName: 'country__name' })
