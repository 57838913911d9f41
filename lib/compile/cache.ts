import type { DialectName } from '../fields/dialect.ts'
import { LruMap } from '../util/lru-map.ts'
import { type Bound, CONSTANT, type Encode } from './fragment.ts'
import type { CompiledStatement, Draft } from './statement.ts'

/** What a statement is asked by: `shapeOf` and its like in `query/shape.ts`. */
export interface ShapeKey {
  readonly key: string
  readonly leaves: readonly object[]
}

/** The text of a shape, and where each of its values comes from. */
interface Template {
  /** Null: nothing needs to be sent. */
  readonly draft: Omit<Draft, 'bound'> | null
  readonly slots: readonly Slot[]
  readonly hasLists: boolean
}

interface Slot {
  /** The leaf's place in the shape; -1 for a constant. */
  readonly at: number
  readonly encode: Encode
  readonly isList: boolean
}

/** A draft with its values encoded; null of null. */
export type Finished<D extends Draft | null> = D extends Draft
  ? Omit<D, 'bound'> & CompiledStatement
  : null

const DEFAULT_SIZE = 1000
/** Longer keys are of queries that somebody put together from data; they rarely come again. */
const MAX_KEY_LENGTH = 20_000

type Templates = LruMap<string, Template>

const NOTHING: Template = { draft: null, slots: [], hasLists: false }
const caches = new Map<DialectName, Templates>()
let size = DEFAULT_SIZE
let compilations = 0

/**
 * How many shapes of statements are kept for each dialect, the least recently used going first;
 * 0 compiles every statement anew.
 *
 * @default 1000
 */
export function setShapeCacheSize(shapes: number): void {
  if (!Number.isSafeInteger(shapes) || shapes < 0) {
    throw new RangeError('The size of the shape cache must be a whole number of zero or more.')
  }
  size = shapes
  for (const cache of caches.values()) cache.resize(shapes)
}

/** How many statements were compiled so far, by planning and knex; the others only took values. */
export function compilationCount(): number {
  return compilations
}

/**
 * The statement of a shape with the values of its leaves: compiled once, and each time where its
 * text depends on values. Null where the shape says that nothing needs to be sent.
 */
export function finished<D extends Draft | null>(
  verb: string,
  shape: ShapeKey,
  dialect: DialectName,
  compile: () => D,
): Finished<D> {
  const key = verb + shape.key
  const cache = cacheOf(dialect)
  const known = cache.get(key)
  if (known !== undefined) return fromTemplate(known, shape.leaves) as Finished<D>
  compilations += 1
  const draft = compile()
  if (size > 0 && key.length <= MAX_KEY_LENGTH) {
    const template = templateOf(draft, shape.leaves)
    if (template !== null) cache.set(key, template)
  }
  return filled(draft)
}

/** A statement whose text is not kept. */
export function once<D extends Draft | null>(compile: () => D): Finished<D> {
  compilations += 1
  return filled(compile())
}

function filled<D extends Draft | null>(draft: D): Finished<D> {
  if (draft === null) return null as Finished<D>
  const { bound, ...rest } = draft
  return { ...rest, bindings: encoded(bound) } as unknown as Finished<D>
}

/** The values of bound parts as the driver takes them. */
export function encoded(bound: readonly Bound[]): readonly unknown[] {
  const bindings = bound.map(({ leaf, encode }) => encode(leaf as never))
  return bound.some(({ isList }) => isList) ? spread(bindings, bound) : bindings
}

/** The values of lists among others. */
function spread(
  bindings: readonly unknown[],
  parts: readonly { readonly isList: boolean }[],
): readonly unknown[] {
  return bindings.flatMap((value, at) =>
    parts[at]?.isList ? (value as readonly unknown[]) : [value],
  )
}

function cacheOf(dialect: DialectName): Templates {
  let cache = caches.get(dialect)
  if (cache === undefined) {
    cache = new LruMap(size)
    caches.set(dialect, cache)
  }
  return cache
}

function fromTemplate(template: Template, leaves: readonly object[]): Finished<Draft | null> {
  const { draft, slots, hasLists } = template
  if (draft === null) return null
  const values = new Array<unknown>(slots.length)
  for (let index = 0; index < slots.length; index += 1) {
    const { at, encode } = slots[index] as Slot
    values[index] = encode(leaves[at] as never)
  }
  const bindings = hasLists ? spread(values, slots) : values
  // Not by `...`, which takes longer than all the rest.
  const { sql, wants, writes, table, shape, cells } = draft
  return { sql, bindings, wants, writes, table, repeated: true, shape, cells }
}

/**
 * Where a draft's values come from; null where the text is good for these leaves only: it binds
 * something that is no leaf, or a leaf that stands in two places, where others would have two.
 */
function templateOf(draft: Draft | null, leaves: readonly object[]): Template | null {
  if (draft === null) return NOTHING
  const places = new Map(leaves.map((leaf, at) => [leaf, at]))
  if (places.size < leaves.length) return null
  places.set(CONSTANT, -1)
  const { bound, ...rest } = draft
  const slots: Slot[] = []
  for (const { leaf, encode, isList } of bound) {
    const at = places.get(leaf)
    if (at === undefined) return null
    slots.push({ at, encode, isList })
  }
  return { draft: rest, slots, hasLists: slots.some(({ isList }) => isList) }
}
