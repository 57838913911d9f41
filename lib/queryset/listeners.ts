import type { Database } from '../database/runner.ts'
import type { ModelMeta } from '../meta/model-meta.ts'

/** What is done to rows or instances of a model, as its listeners hear of it. */
export type Deed = 'save' | 'delete' | 'm2m'

/** Before it is done, or after. */
export type Phase = 'pre' | 'post'

/** Is told of events, one after the other. */
export type Listener = (event: never) => unknown

/** The same function may listen twice, and be taken off once. */
interface Entry {
  readonly listener: Listener
}

type Listeners = Readonly<Record<Phase, readonly Entry[]>>

const NOBODY: Listeners = { pre: [], post: [] }

const registry = new WeakMap<ModelMeta, Partial<Record<Deed, Listeners>>>()

/** Registers a listener; what is given back takes it off again. */
export function listen(meta: ModelMeta, deed: Deed, phase: Phase, listener: Listener): () => void {
  const entry: Entry = { listener }
  change(meta, deed, phase, (entries) => [...entries, entry])
  return () => change(meta, deed, phase, (entries) => entries.filter((other) => other !== entry))
}

/** Lists are replaced, never changed: one that is being told stays as it is. */
function change(
  meta: ModelMeta,
  deed: Deed,
  phase: Phase,
  changed: (entries: readonly Entry[]) => readonly Entry[],
): void {
  const deeds = registry.get(meta) ?? {}
  const listeners = deeds[deed] ?? NOBODY
  const pre = phase === 'pre' ? changed(listeners.pre) : listeners.pre
  const post = phase === 'post' ? changed(listeners.post) : listeners.post
  const isHeard = pre.length > 0 || post.length > 0
  registry.set(meta, { ...deeds, [deed]: isHeard ? { pre, post } : undefined })
}

/** Whether anybody listens to what is done to a model. */
export function isHeard(meta: ModelMeta, deed: Deed): boolean {
  return registry.get(meta)?.[deed] !== undefined
}

/** Tells the listeners of one phase, in the order in which they were registered. */
export async function tell(
  db: Database,
  meta: ModelMeta,
  deed: Deed,
  phase: Phase,
  event: object,
): Promise<void> {
  const entries = registry.get(meta)?.[deed]?.[phase] ?? []
  if (entries.length === 0) return
  const told = Object.freeze({ ...event, phase, database: db })
  for (const { listener } of entries) await listener(told as never)
}

/**
 * Does something to a model with its listeners told before and after. Where there are any, all of it
 * is in one transaction or savepoint, which what they do joins: when one throws, nothing was done.
 */
export async function telling<T>(
  db: Database,
  meta: ModelMeta,
  deed: Deed,
  event: object,
  work: () => Promise<T>,
): Promise<T> {
  if (!isHeard(meta, deed)) return await work()
  return await db.atomic(async () => {
    await tell(db, meta, deed, 'pre', event)
    const result = await work()
    await tell(db, meta, deed, 'post', event)
    return result
  })
}
