/** What the compiler knows of aggregates that put values in a row. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AnyValue,
  ArrayAgg,
  BoolAnd,
  BoolOr,
  F,
  JSONAgg,
  Q,
  StringAgg,
  Window,
} from '../../lib/index.ts'
import { Author, Book } from './models.ts'

const all = await Book.objects.aggregate({
  titles: StringAgg('title', ', '),
  orNone: StringAgg('title', ', ', { default: '' }),
  prices: ArrayAgg('price', { orderBy: ['-price', F('pages').asc()] }),
  pages: ArrayAgg('pages', { default: [], distinct: true, filter: Q({ pages__gt: 3 }) }),
  days: ArrayAgg(F('publishedAt')),
  names: JSONAgg('author__name'),
  signed: BoolAnd('isSigned'),
  some: BoolOr('isSigned', { default: false }),
  any: AnyValue('rating'),
})
expectTypeOf(all).toEqualTypeOf<{
  titles: string | null
  orNone: string
  prices: (string | null)[] | null
  pages: number[]
  days: Date[] | null
  names: string[] | null
  signed: boolean | null
  some: boolean
  any: number | null
}>()
const authors = Author.objects.annotate({
  names: ArrayAgg('books__title', { orderBy: ['books__id'] }),
})
expectTypeOf((await authors.values('names'))[0]).toEqualTypeOf<
  { names: (string | null)[] | null } | undefined
>()
expectTypeOf((await authors)[0]?.names).toEqualTypeOf<(string | null)[] | null | undefined>()
Book.objects.annotate({ sofar: Window(StringAgg('title', ','), { orderBy: ['id'] }) })

// @ts-expect-error there is no such column
Author.objects.annotate({ titles: ArrayAgg('books__titel') })
// @ts-expect-error there is no such column to order by
Author.objects.annotate({ titles: StringAgg('books__title', ',', { orderBy: ['-books__pgaes'] }) })
// @ts-expect-error a delimiter is due
StringAgg('title')
// @ts-expect-error it is true or false
BoolAnd('isSigned', { default: 3 })
