/** Types of `Q`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { type Condition, F, Q } from '../../lib/index.ts'
import { Author, Book } from './models.ts'

declare const author: Author

Book.objects.filter(Q({ title: 'x', author__name__icontains: 'y', author }))
Book.objects.filter(Q.or({ title: 'x' }, Q.not({ pages__gt: 3 }), Q.xor({ id: 1 }, { id: 2 })))
Book.objects.filter(Q.and({ title: 'x' }, F('isSigned')).or({ pages: 3 }).not())
Book.objects.filter(Q({}))
await Book.objects.get(Q({ status: 'live' }).and({ pages: F('id') }))

// A condition that was built elsewhere goes to every model that has its names.
const named = Q({ name__startswith: 'A' })
expectTypeOf(named).toEqualTypeOf<Condition<{ readonly name__startswith: 'A' }>>()
Author.objects.filter(named)
// @ts-expect-error a book has no name
Book.objects.filter(named)

// One that is gathered step by step, whose lookups are not known any more, is not checked here.
let gathered: Condition = Q({})
for (const word of ['a', 'b']) gathered = gathered.and({ title__icontains: word })
Book.objects.filter(gathered)

// @ts-expect-error an unknown field
Book.objects.filter(Q({ titel: 'x' }))
// @ts-expect-error in one of several
Book.objects.filter(Q.or({ title: 'x' }, { titel: 'x' }))
// @ts-expect-error deep inside
Book.objects.filter(Q.and({ title: 'x' }, Q.not(Q.or({ pages: 3 }, { author__nmae: 'x' }))))
// @ts-expect-error behind a method
Book.objects.filter(Q({ title: 'x' }).or({ titel: 'x' }))
// @ts-expect-error a value of another type
Book.objects.filter(Q({ pages: 'x' }))
// @ts-expect-error null where nothing is NULL
Book.objects.filter(Q.not({ title: null }))
// @ts-expect-error text is no condition
Q('title')
