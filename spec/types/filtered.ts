/** What the compiler knows of filtered relations. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Count, F, FilteredRelation, Max, Q } from '../../lib/index.ts'
import { Author, type Book, Book as Books } from './models.ts'

const long = FilteredRelation('books', { condition: Q({ books__pages__gt: 300 }) })
const authors = Author.objects.annotate({ long, n: Count('books') })

// ---------- it is a relation in later calls, and no part of the rows

const [author] = await authors
if (author !== undefined) {
  expectTypeOf(author.n).toEqualTypeOf<number>()
  // @ts-expect-error it is no property
  void author.long
}
expectTypeOf((await Author.objects.alias({ long }))[0]).toEqualTypeOf<Author | undefined>()
expectTypeOf((await Author.objects.annotate({ long }).values())[0]).toEqualTypeOf<
  { id: number; name: string; email: string | null; mentorId: number | null } | undefined
>()
expectTypeOf(await authors.values('name', 'long__title', 'long')).toEqualTypeOf<
  { name: string; long__title: string | null; long: number | null }[]
>()
authors.filter({ long__title: 'Emma', long__author__name: 'Jane', long__isnull: false, n: 3 })
authors.orderBy('-long__pages').exclude({ long: 3 })
const last = authors.annotate({ last: Max('long__publishedAt'), t: F('long__title') })
expectTypeOf((await last.values('last', 't'))[0]).toEqualTypeOf<
  { last: Date | null; t: string | null } | undefined
>()

// @ts-expect-error there is no such column at its end
authors.filter({ long__titel: 'Emma' })
// @ts-expect-error its values have another type
authors.filter({ long__title: 3 })
// @ts-expect-error there is no such column at its end
authors.values('long__titel')
// @ts-expect-error there is no such column at its end
authors.annotate({ m: Max('long__titel') })
// @ts-expect-error before it is there
Author.objects.filter({ long__title: 'Emma' })

// ---------- it can be loaded with the row

const [loaded] = await authors.selectRelated('long')
expectTypeOf(loaded?.long?.title).toEqualTypeOf<string | undefined>()

// ---------- its path and its condition are those of the model

Author.objects.annotate({ students: Count('students'), far: FilteredRelation('students__books') })
const near = Books.objects.annotate({ ann: FilteredRelation('author'), n: Count('tags') })
expectTypeOf((await near.values('ann__name'))[0]).toEqualTypeOf<
  { ann__name: string | null } | undefined
>()
expectTypeOf((await near)[0]?.title).toEqualTypeOf<Book['title'] | undefined>()
// @ts-expect-error there is no such relation
Author.objects.annotate({ long: FilteredRelation('boks') })
// @ts-expect-error it is no relation
Author.objects.annotate({ long: FilteredRelation('name') })
// @ts-expect-error there is no such relation at the end of the first
Author.objects.annotate({ long: FilteredRelation('students__boks') })
Author.objects.annotate({
  // @ts-expect-error there is no such column in the condition
  long: FilteredRelation('books', { condition: Q({ books__pgaes__gt: 300 }) }),
})
Author.objects.annotate({
  // @ts-expect-error the column in the condition has another type
  long: FilteredRelation('books', { condition: Q({ books__pages__gt: 'x' }) }),
})
