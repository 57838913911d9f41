/** What the compiler knows of trees. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { Count } from '../../lib/index.ts'
import { Author, Book } from './models.ts'

const below = Author.objects.filter({ name: 'Ann' }).descendants('mentor')
expectTypeOf((await below)[0]).toEqualTypeOf<Author | undefined>()
below.filter({ books__title: 'x' }).startFetch()
expectTypeOf((await Author.objects.filter({ pk: 1 }).ancestors())[0]).toEqualTypeOf<
  Author | undefined
>()
const leveled = Author.objects.descendants('mentor', { depth: 'level', maxDepth: 3 })
expectTypeOf((await leveled.filter({ level__gt: 1 }).orderBy('-level'))[0]?.level).toEqualTypeOf<
  number | undefined
>()
expectTypeOf((await leveled)[0]?.displayName).toEqualTypeOf<string | undefined>()
expectTypeOf(await leveled.values('name', 'level')).toEqualTypeOf<
  { name: string; level: number }[]
>()

// What was said of the rows that it begins with is said of them only.
const many = Author.objects.alias({ n: Count('books') }).filter({ n__gt: 3 })
const belowMany = many.descendants('mentor', { includeSelf: true })
expectTypeOf((await belowMany)[0]).toEqualTypeOf<Author | undefined>()
expectTypeOf((await many.descendants('mentor', { depth: 'level' }))[0]?.level).toEqualTypeOf<
  number | undefined
>()
// @ts-expect-error a name of alias()
belowMany.filter({ n: 1 })
// @ts-expect-error a name of alias()
many.ancestors('mentor', { depth: 'level' }).orderBy('n')
const loaded = Author.objects.selectRelated('mentor').only('name').descendants('mentor')
expectTypeOf((await loaded)[0]).toEqualTypeOf<Author | undefined>()
expectTypeOf(Author.objects.all().descendants('mentor')).toEqualTypeOf<
  ReturnType<typeof Author.objects.all>
>()

// @ts-expect-error it is no relation
Author.objects.descendants('name')
// @ts-expect-error it leads to another model
Book.objects.descendants('author')
// @ts-expect-error it has no such option
Author.objects.descendants('mentor', { deep: 3 })
// @ts-expect-error without a name there is none
below.filter({ level: 1 })
