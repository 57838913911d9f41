/** What the compiler knows of arithmetic. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Avg, Coalesce, F, Sum, Value } from '../../lib/index.ts'
import { Author, Book } from './models.ts'

// Arithmetic has the type of the stronger side: decimals win over bigints, those over numbers.
const total = F('pages').mul(F('price'))
expectTypeOf(
  await Book.objects.values({
    total,
    turned: F('price').mul(F('pages')),
    big: F('pages').add(F('copies')),
    both: F('copies').sub(F('pages')).mul(F('price')),
    part: F('pages').div(F('author__id')),
    power: F('price').pow(F('pages')),
    square: F('pages').pow(2),
    literal: F('price').mul(2),
    far: F('author__mentor__id').add(F('id')),
  }),
).toEqualTypeOf<
  {
    total: string | null
    turned: string | null
    big: bigint
    both: string | null
    part: number
    power: number | null
    square: number
    literal: string | null
    far: number | null
  }[]
>()
expectTypeOf(
  await Author.objects.aggregate({
    sum: Sum(F('books__pages').mul(F('books__price'))),
    none: Coalesce(Sum(F('books__pages').mul(F('books__price'))), Value('0')),
    mean: Avg(F('books__pages').mul(F('books__price'))),
    pages: Avg(F('books__pages').add(F('books__id'))),
  }),
).toEqualTypeOf<{
  sum: string | null
  none: string
  mean: string | null
  pages: number | null
}>()
expectTypeOf(
  (await Book.objects.annotate({ total }).filter({ total__gt: '9.50' }))[0]?.total,
).toEqualTypeOf<string | null | undefined>()
Book.objects.update({ price: total, pages: F('pages').add(F('id')) })
// @ts-expect-error it is a decimal
Book.objects.update({ pages: total })
// @ts-expect-error it is a decimal
Book.objects.annotate({ total }).filter({ total__gt: 9.5 })
