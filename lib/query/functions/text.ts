import type { Expression } from '../expression.ts'
import { Value } from '../expression.ts'
import type { Need } from '../needs.ts'
import { OUTPUT } from '../outputs.ts'
import { amount, atLeastTwo, call, input, operand, unary } from './call.ts'
import { type FunctionRule, rule, TAKES } from './rule.ts'
import type { Amount, Input, Operand, PathsIn, Returns, Unary } from './types.ts'

/**
 * Text in lower case; on SQLite of ASCII letters only.
 *
 * @example Author.objects.values({ low: Lower('name') }) // lower("name")
 */
export const Lower: Unary<string> = unary('Lower')

/**
 * Text in upper case; on SQLite of ASCII letters only.
 *
 * @example Author.objects.orderBy(Upper('name').desc()) // order by upper("name") desc
 */
export const Upper: Unary<string> = unary('Upper')

/**
 * The number of characters (code points).
 *
 * @example Book.objects.filter({ pages__gt: Length('title') }) // "pages" > length("title")
 */
export const Length: Unary<number> = unary('Length')

/**
 * Text without spaces at either end.
 *
 * @example Author.objects.update({ name: Trim('name') }) // set "name" = trim("name")
 */
export const Trim: Unary<string> = unary('Trim')

/**
 * Text without spaces at its start.
 *
 * @example Author.objects.values({ name2: LTrim('name') }) // ltrim("name")
 */
export const LTrim: Unary<string> = unary('LTrim')

/**
 * Text without spaces at its end.
 *
 * @example Author.objects.values({ name2: RTrim('name') }) // rtrim("name")
 */
export const RTrim: Unary<string> = unary('RTrim')

/**
 * The characters of text from the last to the first.
 *
 * @example Author.objects.values({ back: Reverse('name') }) // reverse("name")
 */
export const Reverse: Unary<string> = unary('Reverse')

/**
 * The code point of the first character; 0 of empty text.
 *
 * @example Author.objects.values({ code: Ord('name') }) // PostgreSQL: ascii("name")
 */
export const Ord: Unary<number> = unary('Ord')

/**
 * The MD5 of text in hexadecimal digits. Not on SQLite, which has no such function.
 *
 * @example Author.objects.values({ md5: MD5('email') }) // md5("email")
 */
export const MD5: Unary<string> = unary('MD5')

/**
 * The SHA-1 of text in hexadecimal digits. Not on SQLite; on PostgreSQL with the extension pgcrypto.
 *
 * @example Author.objects.values({ hash: SHA1('email') })
 */
export const SHA1: Unary<string> = unary('SHA1')

/**
 * The SHA-224 of text in hexadecimal digits. Not on SQLite, which has no such function.
 *
 * @example Author.objects.values({ hash: SHA224('email') })
 */
export const SHA224: Unary<string> = unary('SHA224')

/**
 * The SHA-256 of text in hexadecimal digits. Not on SQLite, which has no such function.
 *
 * @example Author.objects.values({ hash: SHA256('email') })
 */
export const SHA256: Unary<string> = unary('SHA256')

/**
 * The SHA-384 of text in hexadecimal digits. Not on SQLite, which has no such function.
 *
 * @example Author.objects.values({ hash: SHA384('email') })
 */
export const SHA384: Unary<string> = unary('SHA384')

/**
 * The SHA-512 of text in hexadecimal digits. Not on SQLite, which has no such function.
 *
 * @example Author.objects.values({ hash: SHA512('email') })
 */
export const SHA512: Unary<string> = unary('SHA512')

/**
 * The character of a code point.
 *
 * @example Author.objects.filter({ name__startswith: Chr(77) }) // PostgreSQL: chr(77)
 */
export function Chr<const I extends Amount>(code: I): Returns<string, I> {
  return call('Chr', [amount(code, 1, 'Chr()')])
}

/**
 * Texts, one after the other; NULL counts as ''.
 *
 * @throws FieldError for fewer than two
 * @example Author.objects.values({ full: Concat('name', Value(' <'), 'email', Value('>')) })
 */
export function Concat<const A extends readonly Operand[]>(
  ...parts: A
): Expression<string, PathsIn<A[number]>> {
  const raws = parts.map((part) => operand(part, 'Concat()'))
  return call('Concat', atLeastTwo(raws, 'Concat()'))
}

/**
 * A part of text, from a position counted from 1; up to the end without a length.
 *
 * @throws InvalidValueError for a position below 1 or a length below 0
 * @example Author.objects.values({ rest: Substr('name', 2) }) // substr("name", 2)
 */
export function Substr<
  const I extends Input,
  const N extends Amount,
  const L extends Amount = number,
>(text: I, position: N, length?: L): Returns<string, I | N | L> {
  const args = [input(text, 'Substr()'), amount(position, 1, 'The position of Substr()')]
  if (length !== undefined) args.push(amount(length, 0, 'The length of Substr()'))
  return call('Substr', args)
}

/**
 * The first characters of text.
 *
 * @throws InvalidValueError for a number below 1
 * @example Author.objects.values({ initial: Left('name', 1) }) // left("name", 1)
 */
export function Left<const I extends Input, const N extends Amount>(
  text: I,
  length: N,
): Returns<string, I | N> {
  return call('Left', [input(text, 'Left()'), amount(length, 1, 'The length of Left()')])
}

/**
 * The last characters of text.
 *
 * @throws InvalidValueError for a number below 1
 * @example Author.objects.values({ ending: Right('name', 3) }) // right("name", 3)
 */
export function Right<const I extends Input, const N extends Amount>(
  text: I,
  length: N,
): Returns<string, I | N> {
  return call('Right', [input(text, 'Right()'), amount(length, 1, 'The length of Right()')])
}

/**
 * Text with every occurrence of other text replaced, by nothing unless said.
 *
 * @example Author.objects.update({ name: Replace('name', Value('Mc'), Value('Mac')) })
 */
export function Replace<
  const I extends Input,
  const F extends Input,
  const T extends Input = Expression<string>,
>(text: I, from: F, to?: T): Returns<string, I | F | T> {
  const replacement = to === undefined ? Value('') : to
  return call(
    'Replace',
    [text, from, replacement].map((part) => input(part, 'Replace()')),
  )
}

/**
 * Where other text occurs first, counted from 1; 0 where it does not.
 *
 * @example Author.objects.values({ at: StrIndex('name', Value(' ')) })
 */
export function StrIndex<const I extends Input, const F extends Input>(
  text: I,
  part: F,
): Returns<number, I | F> {
  return call('StrIndex', [input(text, 'StrIndex()'), input(part, 'StrIndex()')])
}

/**
 * Text filled up at its start to so many characters, with spaces unless said; cut if it is longer.
 *
 * @throws InvalidValueError for a length below 0
 * @example Book.objects.values({ code: LPad('isbn', 13, Value('0')) })
 */
export function LPad<
  const I extends Input,
  const N extends Amount,
  const F extends Input = Expression<string>,
>(text: I, length: N, fill?: F): Returns<string, I | N | F> {
  return padded('LPad', text, length, fill)
}

/**
 * Text filled up at its end to so many characters, with spaces unless said; cut if it is longer.
 *
 * @throws InvalidValueError for a length below 0
 * @example Book.objects.values({ dots: RPad('title', 40, Value('.')) })
 */
export function RPad<
  const I extends Input,
  const N extends Amount,
  const F extends Input = Expression<string>,
>(text: I, length: N, fill?: F): Returns<string, I | N | F> {
  return padded('RPad', text, length, fill)
}

function padded<T, P extends Need>(
  name: string,
  text: unknown,
  length: unknown,
  fill: unknown = Value(' '),
): Expression<T, P> {
  const what = `${name}()`
  return call(name, [
    input(text, what),
    amount(length, 0, `The length of ${what}`),
    input(fill, what),
  ])
}

/**
 * Text so many times.
 *
 * @throws InvalidValueError for a number below 0
 * @example Review.objects.values({ shown: Repeat(Value('*'), 'stars') })
 */
export function Repeat<const I extends Input, const N extends Amount>(
  text: I,
  times: N,
): Returns<string, I | N> {
  return call('Repeat', [input(text, 'Repeat()'), amount(times, 0, 'The number of Repeat()')])
}

const TEXT: FunctionRule = rule([TAKES.text], OUTPUT.text)
const SLICE: FunctionRule = rule([TAKES.text, TAKES.integer], OUTPUT.text)
const PAD: FunctionRule = rule([TAKES.text, TAKES.integer, TAKES.text], OUTPUT.text)

/** The rules of the functions of this file. */
export const TEXT_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Lower', TEXT],
  ['Upper', TEXT],
  ['Trim', TEXT],
  ['LTrim', TEXT],
  ['RTrim', TEXT],
  ['Reverse', TEXT],
  ['MD5', TEXT],
  ['SHA1', TEXT],
  ['SHA224', TEXT],
  ['SHA256', TEXT],
  ['SHA384', TEXT],
  ['SHA512', TEXT],
  ['Replace', TEXT],
  ['Length', rule([TAKES.text], OUTPUT.integer)],
  ['Ord', rule([TAKES.text], OUTPUT.integer)],
  ['StrIndex', rule([TAKES.text], OUTPUT.integer)],
  ['Chr', rule([TAKES.integer], OUTPUT.text)],
  ['Substr', SLICE],
  ['Left', SLICE],
  ['Right', SLICE],
  ['Repeat', SLICE],
  ['LPad', PAD],
  ['RPad', PAD],
  ['Concat', rule([TAKES.printable], OUTPUT.text)],
])
