/** Types of `aggregate()` and the aggregates. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Avg, Count, F, Max, Min, Q, StdDev, Sum, Variance } from '../../lib/index.ts'
import { Author, Book } from './models.ts'

expectTypeOf(
  await Book.objects.aggregate({
    all: Count('*'),
    authors: Count('author', { distinct: true }),
    signed: Count('id', { filter: Q({ isSigned: true }) }),
    pages: Sum('pages'),
    copies: Sum('copies'),
    price: Sum('price'),
    mean: Avg('pages'),
    meanPrice: Avg('price'),
    first: Min('publishedAt'),
    last: Max('printedOn'),
    name: Max('author__mentor__name'),
    spread: StdDev('pages', { sample: true }),
    variance: Variance('rating'),
    some: Sum('pages', { default: 0 }),
    sum: Sum(F('pages').add(F('id'))),
    twice: Sum('pages').mul(2),
    tags: Count('tags__name'),
  }),
).toEqualTypeOf<{
  all: number
  authors: number
  signed: number
  pages: number | null
  copies: bigint | null
  price: string | null
  mean: number | null
  meanPrice: string | null
  first: Date | null
  last: string | null
  name: string | null
  spread: number | null
  variance: number | null
  some: number
  sum: number | null
  twice: number | null
  tags: number
}>()
expectTypeOf(await Author.objects.aggregate({ n: Count('books') })).toEqualTypeOf<{ n: number }>()
const spec = { n: Count('*'), last: Max('publishedAt') }
expectTypeOf(await Book.objects.filter({ pages: 3 }).aggregate(spec)).toEqualTypeOf<{
  n: number
  last: Date | null
}>()

// @ts-expect-error an unknown field
await Book.objects.aggregate({ n: Count('titel') })
// @ts-expect-error far away
await Book.objects.aggregate({ n: Max('author__mentor__nmae') })
// @ts-expect-error inside an expression
await Book.objects.aggregate({ n: Sum(F('pgaes').add(1)) })
// @ts-expect-error a field of another model
await Author.objects.aggregate(spec)
// @ts-expect-error no expression
await Book.objects.aggregate({ n: 3 })
// @ts-expect-error text is none
await Book.objects.aggregate({ n: 'pages' })
// @ts-expect-error it needs a name
await Book.objects.aggregate(Count('*'))
// @ts-expect-error Count has no default
Count('*', { default: 0 })
// @ts-expect-error an unknown option
Sum('pages', { distict: true })
