/** Types of `Where`: filters built elsewhere. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import { F, Q, type Where } from '../../lib/index.ts'
import { Author, Book, type BookQuerySet } from './models.ts'

declare const author: Author
declare const isLive: boolean
declare const word: string | undefined

const empty: Where<Book> = {}
const own: Where<Book> = {
  title__icontains: 'x',
  status__in: ['live'],
  publishedAt__year: 2020,
  price: null,
  pages__gt: F('id'),
  data__owner: 'x',
  extra__a__b: 3,
}
const related: Where<Book> = {
  author,
  author__in: [author, 3],
  editor: null,
  author__name__icontains: 'x',
  author__mentor__isnull: true,
  tags__name__in: ['x'],
  authorId__in: Author.objects.valuesList('id', { flat: true }),
}
const keys: Where<Author> = { books__extra__a__b: 3, books__data__owner: 'x' }
// @ts-expect-error it has no keys
const noKeys: Where<Author> = { books__title__a: 3 }
Author.objects.filter(keys, noKeys)
const reverse: Where<Author> = { books__title: 'x', books__pages__gt: 3, students: null }
const chosen: Where<Book> = isLive ? { status: 'live' } : {}
const spread: Where<Book> = {
  ...chosen,
  ...(word === undefined ? {} : { title__contains: word }),
}
Book.objects.filter(empty)
Book.objects.filter(own, related)
Book.objects.exclude(chosen)
Book.objects.filter({ ...spread, pages: 3 })
Book.objects.filter(Q(chosen).or(Q.not(own)))
Book.objects.filter(Q.and(chosen, { author__mentor__name: 'x' }))
Author.objects.filter(reverse)
await Book.objects.get(chosen)
await Book.objects.getOrCreate(chosen)

function search(where: Where<Book>): BookQuerySet {
  return Book.objects.filter(where).live()
}
expectTypeOf(search({ title: 'x' })).toEqualTypeOf<BookQuerySet>()

/** Built up, as a search form does it. */
function fromForm(form: { readonly title?: string; readonly from?: Date }): Where<Book> {
  return {
    ...(form.title === undefined ? {} : { title__icontains: form.title }),
    ...(form.from === undefined ? {} : { publishedAt__gte: form.from }),
  }
}
search(fromForm({ title: 'x' }))

// @ts-expect-error an unknown field
const unknown: Where<Book> = { titel: 'x' }
// @ts-expect-error an unknown lookup
const lookup: Where<Book> = { title__icontians: 'x' }
// @ts-expect-error an unknown field of a related model
const far: Where<Book> = { author__nmae: 'x' }
// @ts-expect-error a value of another type
const value: Where<Book> = { pages: 'x' }
// @ts-expect-error none of the choices
const choice: Where<Book> = { status: 'gone' }
// @ts-expect-error a path in an expression that does not exist
const expression: Where<Book> = { pages: F('titel') }
// @ts-expect-error longer paths are for Q
const long: Where<Book> = { author__mentor__profile__bio: 'x' }
// @ts-expect-error a filter of another model
Author.objects.filter(own)
// @ts-expect-error of instances, not of their class
declare const ofClass: Where<typeof Book>
void [ofClass, unknown, lookup, far, value, choice, expression, long]
