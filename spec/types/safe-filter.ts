/** Types of `safeFilter()` and `safeOrder()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { fields, type Order, safeFilter, safeOrder, type Where } from '../../lib/index.ts'
import { Author, Book, type BookQuerySet } from './models.ts'

declare const query: Record<string, string | string[] | undefined>

// Paths and lookups of any depth.
const where = safeFilter(Book, query, {
  allow: ['title__icontains', 'pages__in', 'author', 'author__mentor__name', 'data__owner__name'],
  except: ['page'],
  unknown: 'ignore',
  empty: 'ignore',
})
expectTypeOf(where).toEqualTypeOf<Where<Book>>()
expectTypeOf(Book.objects.filter(where, { pages: 3 })).toEqualTypeOf<BookQuerySet>()
safeFilter(Book, new URL('http://x').searchParams, { allow: ['title'] })
safeFilter(Book, '?title=x', { allow: ['title'] })

const order = safeOrder(Book, query['order'], { allow: ['title', 'author__mentor__name'] })
expectTypeOf(order).toEqualTypeOf<Order<Book>[]>()
expectTypeOf(Book.objects.orderBy(...order)).toEqualTypeOf<BookQuerySet>()

fields.char({ maxLength: 10, sensitive: true })
fields.choice({ choices: ['a'], sensitive: true })

// @ts-expect-error an unknown field
safeFilter(Book, query, { allow: ['titel'] })
// @ts-expect-error an unknown lookup
safeFilter(Book, query, { allow: ['title', 'title__icontians'] })
// @ts-expect-error an unknown field far away
safeFilter(Book, query, { allow: ['author__mentor__nmae'] })
safeFilter(Book, '', { allow: ['data__hasKey', 'data__hasKeys', 'data__isnull', 'cover__isnull'] })
safeFilter(Book, '', { allow: ['data__owner__in', 'extra__a__contains', 'author__in', 'isbn__in'] })
// @ts-expect-error a whole document
safeFilter(Book, query, { allow: ['data'] })
// @ts-expect-error a whole document, far away
safeFilter(Author, query, { allow: ['books__extra__exact'] })
// @ts-expect-error parts of a document
safeFilter(Book, query, { allow: ['extra__contains'] })
// @ts-expect-error bytes
safeFilter(Book, query, { allow: ['cover'] })
// @ts-expect-error a list of bytes
safeFilter(Book, query, { allow: ['cover__in'] })
// @ts-expect-error no list: everything would be allowed
safeFilter(Book, query)
// @ts-expect-error a misspelt option
safeFilter(Book, query, { allow: ['title'], unkown: 'ignore' })
// @ts-expect-error a whole request
safeFilter(Book, null, { allow: ['title'] })
// @ts-expect-error an unknown path
safeOrder(Book, 'title', { allow: ['titel'] })
// @ts-expect-error a lookup is no order
safeOrder(Book, 'title', { allow: ['title__icontains'] })
// @ts-expect-error true or false
fields.char({ maxLength: 10, sensitive: 'yes' })
