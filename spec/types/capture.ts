/** Types of `expectQueries()` and `captureQueries()`. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { captureQueries, expectQueries, type QueryReport } from '../../lib/index.ts'
import { Book } from './models.ts'

// What the work gives; a queryset is awaited.
expectTypeOf(await expectQueries(1, () => Book.objects.all())).toEqualTypeOf<Book[]>()
expectTypeOf(await expectQueries(0, () => 7)).toEqualTypeOf<number>()
const report = await captureQueries(async () => ({ books: Book.objects.all().startFetch() }))
expectTypeOf(report.result.books.startCount).toBeFunction()
expectTypeOf(await captureQueries(() => {})).toEqualTypeOf<QueryReport<void>>()
expectTypeOf(report.queries[0]?.bindings).toEqualTypeOf<readonly unknown[] | undefined>()

// @ts-expect-error the number comes first
await expectQueries(() => Book.objects.all())
// @ts-expect-error a misspelt option
await expectQueries(1, () => Book.objects.all(), { transaction: true })
// @ts-expect-error a queryset is no work: it would be awaited outside
await captureQueries(Book.objects.all())
// @ts-expect-error reports are not written to
report.queries.push()
