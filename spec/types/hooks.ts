/** What the compiler knows of listeners. Compiled, never run. */
import { expectTypeOf } from 'expect-type'
import {
  type Database,
  type DeleteEvent,
  m2mChanged,
  postDelete,
  postSave,
  preDelete,
  preSave,
  type QuerySet,
  type SaveEvents,
} from '../../lib/index.ts'
import { Author, Book, Tag } from './models.ts'

const off = preSave(Book, (event) => {
  expectTypeOf(event).toEqualTypeOf<SaveEvents<Book>>()
  expectTypeOf(event.database).toEqualTypeOf<Database>()
  expectTypeOf(event.phase).toEqualTypeOf<'pre' | 'post'>()
  switch (event.kind) {
    case 'save':
      expectTypeOf(event.instance).toEqualTypeOf<Book>()
      expectTypeOf(event.created).toEqualTypeOf<boolean>()
      expectTypeOf(event.updateFields).toEqualTypeOf<readonly string[] | null>()
      event.instance.pages += 1
      break
    case 'bulkCreate':
      expectTypeOf(event.instances).toEqualTypeOf<readonly Book[]>()
      break
    case 'bulkUpdate':
      expectTypeOf(event.fields).toEqualTypeOf<readonly string[]>()
      break
    case 'update':
      expectTypeOf(event.queryset).toEqualTypeOf<QuerySet<Book>>()
      event.queryset.filter({ pages__gt: 3 })
      // @ts-expect-error an unknown name
      event.queryset.filter({ pgaes: 3 })
      break
    default:
      expectTypeOf(event).toEqualTypeOf<never>()
  }
})
expectTypeOf(off).toEqualTypeOf<() => void>()

postSave(Author, async (event) => {
  // @ts-expect-error only some kinds have an instance
  event.instance
  if (event.kind === 'save' && event.created) await event.instance.books.count()
})
preDelete(Tag, async ({ instance }) => {
  await instance.refreshFromDb()
})
postDelete(Tag, (event) => {
  expectTypeOf(event).toEqualTypeOf<DeleteEvent<Tag>>()
})
m2mChanged(Book, ({ instance, keys, action, relation }) => {
  expectTypeOf(instance).toEqualTypeOf<Book>()
  expectTypeOf(keys).toEqualTypeOf<readonly unknown[] | null>()
  expectTypeOf(action).toEqualTypeOf<'add' | 'remove' | 'clear'>()
  expectTypeOf(relation).toEqualTypeOf<string>()
})

// @ts-expect-error no model
preSave(Date, () => {})
// @ts-expect-error no function
preSave(Book, 'title')
// @ts-expect-error a listener to another model
preDelete(Book, (event: DeleteEvent<Author>) => event.instance.name)
// @ts-expect-error events cannot be changed
postSave(Book, (event) => (event.kind = 'save'))
