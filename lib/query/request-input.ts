import { FieldError, InvalidValueError, QueryTooComplexError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { shownName } from '../util/shown-name.ts'

/** Characters of a whole query string. */
const MAX_QUERY = 100_000
/** Keys of one request. */
const MAX_KEYS = 200

/** A request's query: as text, as `URL` parses it, or as a web framework does. */
export type RequestQuery = string | URLSearchParams | Readonly<Record<string, unknown>>

/**
 * A name from outside as it may stand in a message: quoted and cut.
 *
 * @example escaped('a\nb') // '"a\\nb"'
 */
export function escaped(name: string): string {
  return JSON.stringify(shownName(name))
}

function assertCount(count: number): void {
  if (count <= MAX_KEYS) return
  throw new QueryTooComplexError(`A request has ${count} keys, and the limit is ${MAX_KEYS}.`)
}

function ofParams(params: URLSearchParams): Map<string, string[]> {
  const texts = new Map<string, string[]>()
  for (const [key, value] of params) {
    const before = texts.get(key)
    if (before === undefined) texts.set(key, [value])
    else before.push(value)
  }
  assertCount(texts.size)
  return texts
}

function textsOf(key: string, value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.map((each) => {
    if (typeof each === 'string') return each
    throw new InvalidValueError(`The filter ${escaped(key)} takes text, as a request has it.`)
  })
}

/**
 * The texts of a request by their keys, of its own keys only.
 *
 * @param isWanted keys whose values are looked at
 * @throws InvalidValueError, FieldError, QueryTooComplexError without any value of it
 * @example requestTexts('a=1&a=2', () => true) // Map { 'a' => ['1', '2'] }
 */
export function requestTexts(
  input: unknown,
  isWanted: (key: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  if (typeof input === 'string') {
    if (input.length > MAX_QUERY) {
      throw new QueryTooComplexError(
        `A query string has ${input.length} characters, and the limit is ${MAX_QUERY}.`,
      )
    }
    return ofParams(new URLSearchParams(input))
  }
  if (input instanceof URLSearchParams) return ofParams(input)
  if (!isPlainObject(input)) {
    throw new FieldError(
      'A request’s query is a query string, URLSearchParams, or a plain object of texts.',
    )
  }
  const keys = Object.keys(input)
  assertCount(keys.length)
  const present = keys.filter((key) => input[key] !== undefined)
  return new Map(present.map((key) => [key, isWanted(key) ? textsOf(key, input[key]) : []]))
}
