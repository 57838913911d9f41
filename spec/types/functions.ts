/** Types of functions of the database: compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  Abs,
  AsyncManager,
  Cast,
  Coalesce,
  Concat,
  Count,
  defineFunction,
  ExtractYear,
  fields,
  Greatest,
  JSONObject,
  KT,
  Left,
  Length,
  Lower,
  LPad,
  Max,
  Mod,
  Model,
  Now,
  NullIf,
  Power,
  RawSQL,
  Replace,
  Round,
  Substr,
  TruncDate,
  TruncMonth,
  Upper,
  Value,
} from '../../lib/index.ts'

class Author extends Model('authors', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ null: true }),
  age: fields.integer(),
}) {
  static objects = new AsyncManager(Author)
}

class Book extends Model('books', {
  title: fields.char({ maxLength: 200 }),
  pages: fields.integer({ default: 0 }),
  price: fields.decimal({ maxDigits: 8, decimalPlaces: 2, null: true }),
  publishedAt: fields.dateTime(),
  printedOn: fields.date({ null: true }),
  data: fields.json(),
  author: fields.foreignKey(Author, { onDelete: 'cascade' }),
  editor: fields.foreignKey(Author, { onDelete: 'setNull', null: true }),
}) {
  static objects = new AsyncManager(Book)
}

const Soundex = defineFunction('soundex', { output: fields.text(), sql: 'soundex($1)' })

// Results have the function's type, and are null where an argument is.
const [row] = await Book.objects.values({
  up: Upper('title'),
  mail: Lower('author__email'),
  editor: Upper('editor__name'),
  size: Length('title'),
  start: Left('title', 1),
  cut: Substr('title', 'pages', 3),
  by: LPad('title', 'pages', 'author__email'),
  full: Concat('author__name', Value(' <'), 'author__email', 3),
  swap: Replace('title', Value('a')),
  nested: Upper(Left(Lower('title'), 2)),
  sure: Coalesce('author__email', 'author__name'),
  unsure: Coalesce('author__email', 'editor__name'),
  orText: Coalesce('author__email', Value('none')),
  great: Greatest('pages', 'author__age', 5),
  some: NullIf('pages', 0),
  abs: Abs('price'),
  round: Round('pages', 1),
  left: Mod('pages', 7),
  right: Mod(7, 'pages'),
  power: Power('pages', 2),
  text: Cast('pages', fields.text()),
  maybe: Cast('price', fields.integer()),
  year: ExtractYear('publishedAt', { tzinfo: 'Asia/Tokyo' }),
  printed: ExtractYear('printedOn'),
  month: TruncMonth('publishedAt'),
  printMonth: TruncMonth('printedOn'),
  day: TruncDate('publishedAt'),
  now: Now(),
  owner: KT('data__owner'),
  card: JSONObject({ title: 'title' }),
  raw: RawSQL('lower(?)', ['A'], fields.text()),
  sound: Soundex('author__email'),
})
expectTypeOf(row).exclude<undefined>().toEqualTypeOf<{
  up: string
  mail: string | null
  editor: string | null
  size: number
  start: string
  cut: string
  by: string | null
  full: string
  swap: string
  nested: string
  sure: string
  unsure: string | null
  orText: string
  great: number
  some: number | null
  abs: string | null
  round: number
  left: number
  right: number
  power: number
  text: string
  maybe: number | null
  year: number
  printed: number | null
  month: Date
  printMonth: string | null
  day: string
  now: Date
  owner: string | null
  card: { readonly title: unknown }
  raw: string
  sound: string | null
}>()

// Wherever an expression is.
Book.objects.filter({ title: Upper('author__name'), pages__gt: Length('title') })
Book.objects.filter({ publishedAt__lte: Now(), title__startswith: Left('title', 1) })
Book.objects.orderBy(Upper('author__name').desc(), Length('title'))
Book.objects.annotate({ up: Upper('title') }).filter({ up__startswith: 'A' })
Book.objects.update({ title: Concat('title', Value('!')), pages: Length('title') })
expectTypeOf(await Book.objects.aggregate({ n: Max(Length('title')) })).toEqualTypeOf<{
  n: number | null
}>()
expectTypeOf(await Book.objects.aggregate({ n: Count(Upper('title')) })).toEqualTypeOf<{
  n: number
}>()

// Wrong paths are errors that name the wrong part, once they reach the queryset.
// @ts-expect-error no column 'titel'
Book.objects.values({ x: Upper('titel') })
// @ts-expect-error no column 'nmae' of Author
Book.objects.filter({ title: Concat('author__nmae', Value('x')) })
// @ts-expect-error no column 'sise'
Book.objects.orderBy(Left('title', 'sise'))
// @ts-expect-error no column 'emial' of Author
Book.objects.annotate({ x: Coalesce('author__email', Upper('author__emial')) })
// @ts-expect-error no column 'wrong'
Book.objects.values({ x: JSONObject({ a: 'wrong' }) })
// @ts-expect-error no column 'wrong'
Book.objects.values({ x: Soundex('wrong') })
// @ts-expect-error a number is no text
Book.objects.filter({ title: Length('title') })
// @ts-expect-error text is no number
Book.objects.update({ pages: Upper('title') })
// @ts-expect-error no such part of a date
Book.objects.values({ x: ExtractYear('publishedAt', { timeZone: 'UTC' }) })
// @ts-expect-error a field is due
Cast('pages', 'integer')
// @ts-expect-error a number is no path
Upper(5)
// @ts-expect-error digits are a number
Round('pages', '2')
// @ts-expect-error values are a list
RawSQL('lower(?)', 'A', fields.text())
