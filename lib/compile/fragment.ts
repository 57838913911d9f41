import { ImproperlyConfigured } from '../errors.ts'

/**
 * A value that goes to the driver. It comes from a leaf of the query (a value, a list, a window, a
 * new row), of which `encode` makes what the driver takes. The same text serves every query of one
 * shape, so `encode` is given other leaves later: it may use what it is given, and fields.
 */
export class Bound {
  readonly leaf: object
  readonly encode: Encode
  /** `encode` makes a list, of values for as many placeholders. */
  readonly isList: boolean
  /** It has one placeholder with its equals: their expressions must be the same to the database. */
  readonly isShared: boolean

  constructor(leaf: object, encode: Encode, isList = false, isShared = false) {
    this.leaf = leaf
    this.encode = encode
    this.isList = isList
    this.isShared = isShared
  }

  /** The same as a value that is shared. */
  shared(): Bound {
    return this.isShared ? this : new Bound(this.leaf, this.encode, this.isList, true)
  }
}

/** Makes what the driver takes. */
export type Encode = (leaf: never) => unknown

/** The leaf of values that are the same for every query of a shape. */
export const CONSTANT: object = Object.freeze({})

/**
 * A piece of SQL in knex's raw form: `?` is a value, `\?` is a question mark. Only this module
 * makes them, from text written in this room, quoted names and bound values; so no text of a
 * caller can become SQL.
 */
export interface Fragment {
  readonly sql: string
  readonly bound: readonly Bound[]
}

const NOTHING_BOUND: readonly Bound[] = []

/** SQL text with fragments in it. */
export function sql(strings: TemplateStringsArray, ...parts: readonly Fragment[]): Fragment {
  let text = ''
  let bound = NOTHING_BOUND
  for (const [index, string] of strings.entries()) {
    const part = parts[index]
    text += part === undefined ? string : string + part.sql
    if (part === undefined || part.bound.length === 0) continue
    bound = bound.length === 0 ? part.bound : [...bound, ...part.bound]
  }
  return { sql: text, bound }
}

/**
 * A placeholder for a value that comes from a leaf. A statement with a leaf that its query does not
 * have is right, but compiled each time.
 */
export function bind<L extends object>(leaf: L, encode: (leaf: L) => unknown): Fragment {
  return { sql: '?', bound: [new Bound(leaf, encode)] }
}

/** Text with many placeholders, whose values all come from one leaf, in their order. */
export function bindList<L extends object>(
  text: string,
  leaf: L,
  encode: (leaf: L) => readonly unknown[],
): Fragment {
  return { sql: text, bound: [new Bound(leaf, encode, true)] }
}

/** A placeholder for a value that the shape of the query decides. */
export function bindConstant(value: unknown): Fragment {
  return { sql: '?', bound: [new Bound(CONSTANT, () => value)] }
}

/** Text of this room: a keyword, an operator. Never anything that a caller gave. */
export function keyword(text: string): Fragment {
  return { sql: text, bound: NOTHING_BOUND }
}

/**
 * SQL that a programmer wrote, in knex's raw form: of `RawSQL()` and `defineFunction()`, which check
 * it. Values of a program's users come by `bind` only.
 */
export function authored(text: string): Fragment {
  return { sql: text, bound: NOTHING_BOUND }
}

/** Fragments with text of this room between them. */
export function list(parts: readonly Fragment[], separator = ', '): Fragment {
  const bound: Bound[] = []
  let text = ''
  for (const [index, part] of parts.entries()) {
    text += index === 0 ? part.sql : separator + part.sql
    for (const each of part.bound) bound.push(each)
  }
  return { sql: text, bound }
}

/**
 * A name in quotes, with quotes in it doubled.
 *
 * @throws ImproperlyConfigured for names that cannot be sent as they are
 */
export function quoted(name: string, quote: '"' | '`'): Fragment {
  return keyword(quotedText(name, quote))
}

const cache = new Map<string, string>()
const CACHE_SIZE = 5_000

function quotedText(name: string, quote: '"' | '`'): string {
  const key = quote + name
  const known = cache.get(key)
  if (known !== undefined) return known
  if (name === '' || name.includes('\0') || name.includes('\\?')) {
    throw new ImproperlyConfigured('The name of a table or column is empty or cannot be quoted.')
  }
  const text = quote + name.replaceAll(quote, quote + quote).replaceAll('?', '\\?') + quote
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(key, text)
  return text
}
