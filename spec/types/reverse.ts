/** Types of relations from their other side. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  AsyncManager,
  fields,
  Model,
  type RelatedManager,
  type RelatedOne,
} from '../../lib/index.ts'
import { Author, type Book, type BookQuerySet, type Profile, Tag } from './models.ts'

declare const author: Author
declare const book: Book
declare const tag: Tag

// ---------- managers of related rows

expectTypeOf(author.books).toEqualTypeOf<RelatedManager<Book, BookQuerySet>>()
expectTypeOf(author.books.live()).toEqualTypeOf<BookQuerySet>()
expectTypeOf(await author.books.filter({ title: 'x', tags__name: 'y' })).toEqualTypeOf<Book[]>()
expectTypeOf(await author.students.values('name')).toEqualTypeOf<{ name: string }[]>()
expectTypeOf(await tag.books.orderBy('-author__name').first()).toEqualTypeOf<Book | null>()
expectTypeOf(await author.profile).toEqualTypeOf<Profile | null>()
await author.books.create({ title: 'x', publishedAt: new Date() })
await tag.books.add(book, 3)
// @ts-expect-error an unknown field
author.books.filter({ titel: 'x' })
// @ts-expect-error a method of another class
author.students.live()
// @ts-expect-error a value of another type
await author.books.create({ title: 3, publishedAt: new Date() })
// @ts-expect-error an unknown field
await author.books.create({ titel: 'x' })
// @ts-expect-error another model
await tag.books.add(author)
// @ts-expect-error perhaps there is none
void (await author.profile).bio

// ---------- in lookups and paths

Author.objects.filter({ books__title: 'x', books__in: [book, 3], students__isnull: true })
Author.objects.filter({ profile__bio__icontains: 'x', profile__author__books__tags: tag })
Tag.objects.exclude({ books__author__students__name: 'x' }).orderBy('books__title')
// @ts-expect-error an unknown field there
Author.objects.filter({ books__titel: 'x' })
// @ts-expect-error of another type
Author.objects.filter({ books: tag })

// ---------- only what is declared as a relation is one

class Node extends Model('nodes', {
  name: fields.text(),
  parent: fields.foreignKey<Node>('self', {
    onDelete: 'cascade',
    null: true,
    relatedName: 'nodes',
  }),
}) {
  static objects = new AsyncManager(Node)
  declare readonly nodes: RelatedManager<Node>
  declare readonly twin: RelatedOne<Node>
  /** A property of its own, and a getter, that look like relations. */
  readonly other: Promise<Node> | null = null
  get first() {
    return this.nodes.first()
  }
}
Node.objects.filter({ nodes__nodes__name: 'x', twin__name: 'x', parent__twin__nodes: 3 })
expectTypeOf(await Node.objects.values('twin', 'nodes__name')).toEqualTypeOf<
  { twin: number | null; nodes__name: string | null }[]
>()
// @ts-expect-error a property of the class
Node.objects.filter({ other__name: 'x' })
// @ts-expect-error a getter
Node.objects.filter({ first__name: 'x' })
// @ts-expect-error a property of the class
Node.objects.values('other')
// @ts-expect-error a getter of the far side
Node.objects.orderBy('parent__first')
