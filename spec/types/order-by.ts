/** Types of `orderBy()`, `earliest()`, `latest()` and `Order`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { F, type Order, type Path } from '../../lib/index.ts'
import { Author, Book, type BookQuerySet } from './models.ts'

declare const text: string
declare const isNewest: boolean

expectTypeOf(Book.objects.orderBy('title', '-pages')).toEqualTypeOf<BookQuerySet>()
Book.objects.orderBy('pk', '-author', 'authorId', 'author__mentor__name', '-author__name', '?')
Book.objects.orderBy('publishedAt__year', '-publishedAt__date__month', 'extra__a__b')
Book.objects.orderBy(F('pages').desc({ nulls: 'last' }), F('author__name').asc(), F('pages').add(1))
Author.objects.orderBy('books__title', 'profile__bio', '-students')
Book.objects.orderBy()
Book.objects.orderBy(isNewest ? '-publishedAt' : 'title')

// An order that was chosen elsewhere.
const order: Order<Book> = isNewest ? '-publishedAt' : 'author__name'
const path: Path<Book> = 'publishedAt__year'
const orders: Order<Book>[] = ['-author__id', 'title', '?']
Book.objects.orderBy(order, path)
Book.objects.orderBy(...orders)

// @ts-expect-error an unknown field
Book.objects.orderBy('titel')
// @ts-expect-error turned round
Book.objects.orderBy('-titel')
// @ts-expect-error the second
Book.objects.orderBy('title', 'author__nmae')
// @ts-expect-error far away
Book.objects.orderBy('author__mentor__profile__boi')
// @ts-expect-error a lookup is no value
Book.objects.orderBy('title__icontains')
// @ts-expect-error a getter is no column
Author.objects.orderBy('displayName')
// @ts-expect-error nothing
Book.objects.orderBy('')
// @ts-expect-error twice turned round
Book.objects.orderBy('--title')
// @ts-expect-error any text may be anything
Book.objects.orderBy(text)
// @ts-expect-error knex's form
Book.objects.orderBy({ column: 'title', order: 'asc' })
// @ts-expect-error a list
Book.objects.orderBy(['title'])
// @ts-expect-error no text
Book.objects.orderBy(3)
// @ts-expect-error nothing at all
Book.objects.orderBy(null)
// @ts-expect-error an unknown field in an expression
Book.objects.orderBy(F('titel'))
// @ts-expect-error and in its order
Book.objects.orderBy(F('titel').desc())
// @ts-expect-error an unknown way to order NULLs
F('title').asc({ nulls: 'middle' })
// @ts-expect-error an unknown field
const wrong: Order<Book> = '-titel'
// @ts-expect-error a term of an order is no path
const turned: Path<Book> = '-title'
void [wrong, turned]

expectTypeOf(await Book.objects.earliest('publishedAt', '-title')).toEqualTypeOf<Book>()
expectTypeOf(await Book.objects.latest()).toEqualTypeOf<Book>()
expectTypeOf(await Book.objects.values('title').latest('pages')).toEqualTypeOf<{ title: string }>()
// @ts-expect-error an unknown field
await Book.objects.earliest('titel')
// @ts-expect-error an unknown field
await Book.objects.latest('title', 'author__nmae')
