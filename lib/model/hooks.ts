import type { Database } from '../database/runner.ts'
import { InvalidValueError } from '../errors.ts'
import { metaOf } from '../meta/meta.ts'
import type { HasFields } from '../meta/row-types.ts'
import { type Deed, type Listener, listen, type Phase } from '../queryset/listeners.ts'
import type { QuerySet } from '../queryset/queryset.ts'

/** What every event tells. */
interface Told {
  /** Where it is written; `atomic()`, `onCommit` and querysets of it join the write's transaction. */
  readonly database: Database
  /** Before it is done, or after. */
  readonly phase: 'pre' | 'post'
}

/** One instance is saved: by `save()`, `create`, `getOrCreate` or `updateOrCreate`. */
export interface SaveEvent<M> extends Told {
  readonly kind: 'save'
  readonly instance: M
  /** It is a new row. */
  readonly created: boolean
  /** What `save({ fields })` named; null: the columns that changed. */
  readonly updateFields: readonly string[] | null
}

/** Instances are inserted by one `bulkCreate`; told once for all of them, or for each chunk of an iterable. */
export interface BulkCreateEvent<M> extends Told {
  readonly kind: 'bulkCreate'
  readonly instances: readonly M[]
}

/** Instances are written by one `bulkUpdate`; told once for all of them. */
export interface BulkUpdateEvent<M> extends Told {
  readonly kind: 'bulkUpdate'
  readonly instances: readonly M[]
  /** The properties that are written. */
  readonly fields: readonly string[]
}

/**
 * All rows of a queryset are written by one `update`, or related rows by `add`, `remove`, `set` or
 * `clear` of a reverse foreign key. No instances are loaded for it.
 */
export interface UpdateEvent<M> extends Told {
  readonly kind: 'update'
  /** Asks for the rows only when it is awaited; after the write they may be others. */
  readonly queryset: QuerySet<M>
  /** The properties that are written. */
  readonly fields: readonly string[]
}

/** What listeners to saves are told, told apart by `kind`. */
export type SaveEvents<M> = SaveEvent<M> | BulkCreateEvent<M> | BulkUpdateEvent<M> | UpdateEvent<M>

/** One row is deleted: by `instance.delete()`, with a queryset, or since it refers to such a row. */
export interface DeleteEvent<M> extends Told {
  readonly kind: 'delete'
  readonly instance: M
}

/** Rows are connected with an instance by a join table, or no longer. */
export interface M2mEvent<M> extends Told {
  readonly kind: 'm2m'
  readonly instance: M
  /** The property of the instance: 'tags'. */
  readonly relation: string
  readonly action: 'add' | 'remove' | 'clear'
  /** Those that `add` connects and that were not, or that `remove` was given; null: all, `clear`. */
  readonly keys: readonly unknown[] | null
}

type ModelOf<M> = abstract new (...args: never[]) => M

/**
 * Calls `listener` before rows of exactly this model are saved, by whatever way: it may still change
 * the instances, and stops the write by throwing. Gives a function that takes it off again.
 *
 * While there are listeners every such write is a transaction (in another one a savepoint). They are
 * awaited in the order in which they were registered, after what they are told of was asked to be
 * done and before it is validated; what they do joins the transaction, and when one throws, all of it
 * is undone. `save()` tells them even when nothing has changed. Saving the same instance in a listener
 * tells the listener again. `update()` loads no instances for them.
 *
 * Source: Django's `pre_save`; other than there, bulk writes are told too.
 *
 * @throws ImproperlyConfigured, InvalidValueError for what is no model or no function.
 * @example
 * const off = preSave(Book, (event) => {
 *   if (event.kind === 'save') event.instance.title = event.instance.title.trim()
 * })
 */
export function preSave<M extends HasFields<object>>(
  model: ModelOf<M>,
  listener: (event: SaveEvents<M>) => unknown,
): () => void {
  return register('preSave', model, 'save', ['pre'], listener)
}

/**
 * Calls `listener` after rows of exactly this model were saved, in the same transaction, else as
 * `preSave` does. What may only happen once they are saved for good belongs in `onCommit`.
 *
 * @throws ImproperlyConfigured, InvalidValueError for what is no model or no function.
 * @example
 * postSave(Order, async (event) => {
 *   if (event.kind !== 'save' || !event.created) return
 *   await Entry.objects.create({ text: `order ${event.instance.id}` })
 *   onCommit(() => sendMail(event.instance))
 * })
 */
export function postSave<M extends HasFields<object>>(
  model: ModelOf<M>,
  listener: (event: SaveEvents<M>) => unknown,
): () => void {
  return register('postSave', model, 'save', ['post'], listener)
}

/**
 * Calls `listener` before rows of exactly this model are deleted, once for each, in the transaction
 * of the deletion, else as `preSave` does. While there are listeners to deletions, their rows are
 * loaded to be told of, also where nothing would be asked about them otherwise: those of a queryset,
 * and those that go with what they refer to. All are told before the first row is deleted, and once
 * it is clear that nothing forbids it.
 *
 * Source: Django's `pre_delete`.
 *
 * @throws ImproperlyConfigured, InvalidValueError for what is no model or no function.
 * @example preDelete(Book, async ({ instance }) => { await archive(instance) })
 */
export function preDelete<M extends HasFields<object>>(
  model: ModelOf<M>,
  listener: (event: DeleteEvent<M>) => unknown,
): () => void {
  return register('preDelete', model, 'delete', ['pre'], listener)
}

/**
 * Calls `listener` after rows of exactly this model were deleted, once for each, in the transaction
 * of the deletion, else as `preDelete` does. Instances still have their keys.
 *
 * @throws ImproperlyConfigured, InvalidValueError for what is no model or no function.
 * @example postDelete(Book, ({ instance }) => onCommit(() => removeFile(instance.cover)))
 */
export function postDelete<M extends HasFields<object>>(
  model: ModelOf<M>,
  listener: (event: DeleteEvent<M>) => unknown,
): () => void {
  return register('postDelete', model, 'delete', ['post'], listener)
}

/**
 * Calls `listener` before and after (`phase`) rows of a join table are made or deleted by way of an
 * instance of exactly this model; else as `preSave` does. `set` is told as a `remove` and an `add`, or
 * with `clear: true` as a `clear` and an `add`. What is done from the other side
 * (`tag.books.add(book)`) is told to listeners to the other model.
 *
 * Source: Django's `m2m_changed`.
 *
 * @throws ImproperlyConfigured, InvalidValueError for what is no model or no function.
 * @example
 * m2mChanged(Book, async ({ phase, relation, instance }) => {
 *   if (phase === 'post' && relation === 'tags') await index(instance)
 * })
 */
export function m2mChanged<M extends HasFields<object>>(
  model: ModelOf<M>,
  listener: (event: M2mEvent<M>) => unknown,
): () => void {
  return register('m2mChanged', model, 'm2m', ['pre', 'post'], listener)
}

function register(
  name: string,
  model: object,
  deed: Deed,
  phases: readonly Phase[],
  listener: Listener,
): () => void {
  const meta = metaOf(model)
  if (typeof listener !== 'function') {
    throw new InvalidValueError(
      `${name}() takes a function: ${name}(${meta.name}, (event) => { … }).`,
    )
  }
  const offs = phases.map((phase) => listen(meta, deed, phase, listener))
  return () => {
    for (const off of offs) off()
  }
}
