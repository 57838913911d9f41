import { InvalidValueError } from '../errors.ts'

/** What an array of PostgreSQL is as text, taken apart: text, NULL, and arrays of these. */
export type ArrayParts = readonly (string | null | ArrayParts)[]

const SPECIAL = /["\\]/

/**
 * Text as an item of an array of PostgreSQL.
 *
 * @example quotedItem('a "b"') // '"a \\"b\\""'
 */
export function quotedItem(text: string): string {
  return `"${SPECIAL.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}

/** A quoted item, a bracket, a comma, or an item without quotes. */
const TOKEN = /"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|([{},])|[^{},"\\]+/y

/**
 * Takes apart what PostgreSQL writes of an array, with any number of dimensions.
 *
 * @throws InvalidValueError for other text
 * @example parseArray('{a,NULL,"b c"}') // ['a', null, 'b c']
 */
export function parseArray(text: string): ArrayParts {
  // Arrays that do not begin at 1 say so first: [0:1]={1,2}
  TOKEN.lastIndex = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  const whole: ArrayParts[number][] = []
  const around: ArrayParts[number][][] = []
  let inside = whole
  while (TOKEN.lastIndex < text.length) {
    const [token, quoted, mark] = TOKEN.exec(text) ?? noArray()
    if (mark === '{') {
      const next: ArrayParts[number][] = []
      inside.push(next)
      around.push(inside)
      inside = next
    } else if (mark === '}') {
      inside = around.pop() ?? noArray()
    } else if (mark === undefined) {
      inside.push(quoted?.replace(/\\([\s\S])/g, '$1') ?? (token === 'NULL' ? null : token))
    }
  }
  const [array] = whole
  return around.length === 0 && whole.length === 1 && Array.isArray(array) ? array : noArray()
}

function noArray(): never {
  throw new InvalidValueError('holds text that is no array')
}
