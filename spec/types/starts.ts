/** Types of `startX()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Count, Q } from '../../lib/index.ts'
import { type Author, Book, type BookQuerySet } from './models.ts'

declare const author: Author

// Each gives the same queryset.
expectTypeOf(Book.objects.startFetch()).toEqualTypeOf<BookQuerySet>()
expectTypeOf(
  Book.objects
    .live()
    .startCount()
    .startExists()
    .startFirst()
    .startGet()
    .startGet({ title: 'x', author })
    .startGet(Q({ pk: 3 }), { pages: 3 })
    .startAggregate({ n: Count('tags') })
    .startFetch(),
).toEqualTypeOf<BookQuerySet>()
const rows = Book.objects.values('title').startFetch().startCount()
expectTypeOf(await rows).toEqualTypeOf<{ title: string }[]>()
expectTypeOf(await rows.count()).toEqualTypeOf<number>()
expectTypeOf(await author.books.live().startFetch()).toEqualTypeOf<Book[]>()
expectTypeOf(await author.students.all().startFetch()).toEqualTypeOf<Author[]>()

// @ts-expect-error an unknown field
Book.objects.startGet({ titel: 'x' })
// @ts-expect-error a value of another type
Book.objects.startGet({ title: 'x' }, { pages: 'x' })
// @ts-expect-error an unknown field
Book.objects.startAggregate({ n: Count('titel') })
// @ts-expect-error starts take nothing
Book.objects.startFetch({ title: 'x' })
// @ts-expect-error a misspelt start
Book.objects.startFecth()
