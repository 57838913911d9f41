const LONGEST = 100

/**
 * A name from outside as a message shows it: of a long one only how it begins, and an ellipsis; of an
 * object, that it is one.
 *
 * @example shownName('a'.repeat(500)) // 100 times 'a', and '…'
 */
export function shownName(name: unknown): string {
  const text = Object(name) === name ? `[${typeof name}]` : String(name)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
