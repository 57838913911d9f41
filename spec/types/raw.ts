/** Types of `raw()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import type { AsyncRawQuerySet } from '../../lib/index.ts'
import { Book } from './models.ts'

expectTypeOf(Book.objects.raw('select * from books')).toEqualTypeOf<AsyncRawQuerySet<Book>>()
expectTypeOf(await Book.objects.raw('select * from books')).toEqualTypeOf<Book[]>()

const scored = Book.objects.raw<{ score: number }>('select id, ? as score from books', [3], {
  using: 'replica',
  timeoutMs: 500,
})
const [first] = await scored.startFetch()
expectTypeOf(first?.score).toEqualTypeOf<number | undefined>()
expectTypeOf(first?.title).toEqualTypeOf<string | undefined>()
for await (const { score } of scored) expectTypeOf(score).toEqualTypeOf<number>()

// @ts-expect-error not chainable
scored.filter({ title: 'x' })
// @ts-expect-error an object is no value
Book.objects.raw('select * from books where id = ?', [{ id: 1 }])
// @ts-expect-error an unknown option
Book.objects.raw('select * from books', [], { timeout: 3 })
// @ts-expect-error it is of managers, not of querysets
Book.objects.all().raw('select * from books')
