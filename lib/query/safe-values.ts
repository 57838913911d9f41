import { InvalidValueError } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'

/** Characters of one text from outside. */
const MAX_TEXT = 2000
/** Values of one list. */
const MAX_ITEMS = 200

const NUMBER = /^-?\d{1,40}(?:\.\d{1,40})?(?:[eE][-+]?\d{1,3})?$/
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** What a text from outside is compared with: a column's values, or those of a JSON key. */
export interface TextTarget {
  /** `pages__in`. */
  readonly key: string
  readonly lookup: string
  readonly field: ColumnField
  /** Text is compared with text, whatever the column: of JSON keys, and of lookups of text. */
  readonly isText: boolean
  /** It is compared with several: with a list, or with an array of such items. */
  readonly isList: boolean
}

function refused(key: string, expected: string): InvalidValueError {
  return new InvalidValueError(`The filter '${key}' takes ${expected}.`)
}

function flag(key: string, text: string): boolean {
  const value = FLAGS.get(text)
  if (value === undefined) throw refused(key, 'true or false')
  return value
}

function single({ key, field, isText }: TextTarget, text: string): unknown {
  if (text.length > MAX_TEXT) throw refused(key, `at most ${MAX_TEXT} characters`)
  const label = `The filter '${key}'`
  if (isText) return field.family === 'text' ? field.check(text, label) : wellFormed(key, text)
  switch (field.family) {
    case 'number':
    case 'duration':
      if (!NUMBER.test(text)) throw refused(key, 'a number')
      return field.check(Number(text), label)
    case 'boolean':
      return flag(key, text)
    default:
      return field.check(text, label)
  }
}

function wellFormed(key: string, text: string): string {
  if (text.includes('\0') || !(text as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw refused(key, 'well-formed text')
  }
  return text
}

/** The values of a list: repeated ones as they are, a single one parted at its commas. */
function listOf(target: TextTarget, texts: readonly string[]): unknown[] {
  const [first = ''] = texts
  if (texts.length === 1 && first.length > MAX_TEXT * MAX_ITEMS) {
    throw refused(target.key, `at most ${MAX_ITEMS} values`)
  }
  const items = texts.length === 1 ? first.split(',', MAX_ITEMS + 1) : texts
  if (items.length > MAX_ITEMS) throw refused(target.key, `at most ${MAX_ITEMS} values`)
  return items.map((item) => single(target, item))
}

/**
 * The value that texts of a request stand for.
 *
 * @throws InvalidValueError naming the key and what it takes, never the value
 * @example parseTexts({ key: 'pages__in', lookup: 'in', field, isText: false, isList: true }, ['1,2']) // [1, 2]
 */
export function parseTexts(target: TextTarget, texts: readonly string[]): unknown {
  const { key, lookup, isList } = target
  if (isList) {
    const items = listOf(target, texts)
    if (lookup === 'range' && items.length !== 2) throw refused(key, 'two values, with a comma')
    return items
  }
  const [text] = texts
  // The last of several would win here, and the first in whatever checked it before.
  if (text === undefined || texts.length > 1) throw refused(key, 'one value')
  return lookup === 'isnull' ? flag(key, text) : single(target, text)
}
