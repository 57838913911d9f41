/** Types of `F`, `Value` and querysets on the right-hand side. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { type Expression, F, type FExpr, Value } from '../../lib/index.ts'
import { Author, Book, Tag } from './models.ts'

// ---------- expressions

expectTypeOf(F('pages')).toEqualTypeOf<FExpr<'pages'>>()
expectTypeOf(Value('x')).toEqualTypeOf<Expression<string>>()
expectTypeOf(Value(null)).toEqualTypeOf<Expression<null>>()
Book.objects.filter({ title: F('author__name'), pages__gt: F('id'), copies__lt: F('copies') })
Book.objects.filter({
  pages: F('id').add(1).mul(F('author__id')),
  price__gt: F('price').sub('0.01'),
})
Book.objects.filter({ title__icontains: F('author__name'), pages__gt: Value(100).sub(F('id')) })
Book.objects.filter({ publishedAt__year: F('printedOn__year'), status: F('status') })
Book.objects.filter({ pages__in: [F('id'), 3], pages__range: [F('id'), 10], author: F('editor') })
// @ts-expect-error an unknown field
Book.objects.filter({ title: F('titel') })
// @ts-expect-error far away
Book.objects.filter({ title: F('author__mentor__nmae') })
// @ts-expect-error in arithmetic
Book.objects.filter({ pages: F('id').add(F('pgaes')) })
// @ts-expect-error of another type
Book.objects.filter({ title: F('pages') })
// @ts-expect-error of another type behind arithmetic
Book.objects.filter({ title: F('pages').add(1) })
// @ts-expect-error of another type in a list
Book.objects.filter({ pages__in: [F('title'), 3] })
// @ts-expect-error a value of another type in a list
Book.objects.filter({ pages__in: [F('id'), 'x'] })
// @ts-expect-error in a range
Book.objects.filter({ pages__range: [F('title'), 3] })
// @ts-expect-error a literal of another type
Book.objects.filter({ title: Value(3) })
// @ts-expect-error a choice is narrower than text
Book.objects.filter({ status: F('title') })
// @ts-expect-error no literal
Value({ a: 1 })
// @ts-expect-error a path is text
F(3)

// ---------- querysets

Book.objects.filter({ author__in: Author.objects.filter({ name: 'x' }) })
Book.objects.filter({ author: Author.objects.orderBy('id').slice(0, 1) })
Book.objects.filter({ author__in: Author.objects.values('id') })
Book.objects.filter({ authorId__in: Author.objects.valuesList('id', { flat: true }) })
Book.objects.filter({ title__in: Author.objects.valuesList('name') })
Book.objects.filter({ title: Author.objects.values('name').slice(0, 1) })
Book.objects.filter({ pages__in: Tag.objects.all(), id__in: Book.objects.live() })
Book.objects.filter({ tags__in: Tag.objects.all(), editor__in: Author.objects.values('mentor') })
Author.objects.filter({ books__in: Book.objects.live().titled().values('id') })
// @ts-expect-error of another model
Book.objects.filter({ author__in: Tag.objects.all() })
// @ts-expect-error a column of another type
Book.objects.filter({ author__in: Author.objects.values('name') })
// @ts-expect-error of another type, as values
Book.objects.filter({ title__in: Author.objects.valuesList('id', { flat: true }) })
// @ts-expect-error two columns
Book.objects.filter({ author__in: Author.objects.values('id', 'name') })
// @ts-expect-error two columns
Book.objects.filter({ author__in: Author.objects.valuesList('id', 'name') })
// @ts-expect-error an order takes no queryset
Book.objects.filter({ pages__gt: Book.objects.values('pages') })
// @ts-expect-error nor does a test for NULL
Book.objects.filter({ pages__isnull: Book.objects.values('isSigned') })
// @ts-expect-error text is not searched for in a queryset
Book.objects.filter({ title__icontains: Author.objects.values('name') })
// @ts-expect-error a manager is no queryset
Book.objects.filter({ author__in: Author.objects })
