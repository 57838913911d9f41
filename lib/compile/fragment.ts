import { ImproperlyConfigured } from '../errors.ts'

/** A value that goes to the driver; `encode` makes what it takes. */
export class Bound {
  readonly value: unknown
  readonly encode: (value: unknown) => unknown

  constructor(value: unknown, encode: (value: unknown) => unknown) {
    this.value = value
    this.encode = encode
  }
}

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
  let text = strings[0] ?? ''
  let bound = NOTHING_BOUND
  for (const [index, part] of parts.entries()) {
    text += part.sql + (strings[index + 1] ?? '')
    if (part.bound.length > 0) bound = bound.length === 0 ? part.bound : [...bound, ...part.bound]
  }
  return { sql: text, bound }
}

/** A placeholder for a value. */
export function bind(value: unknown, encode: (value: unknown) => unknown): Fragment {
  return { sql: '?', bound: [new Bound(value, encode)] }
}

/** Text of this room: a keyword, an operator. Never anything that a caller gave. */
export function keyword(text: string): Fragment {
  return { sql: text, bound: NOTHING_BOUND }
}

/** Fragments with text of this room between them. */
export function list(parts: readonly Fragment[], separator = ', '): Fragment {
  return {
    sql: parts.map((part) => part.sql).join(separator),
    bound: parts.flatMap((part) => part.bound),
  }
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
