/**
 * What code makes that is given values under their names. The code must be made of names and numbers
 * of the library's own, so that no text from anywhere is in it; all else is a value.
 *
 * @param otherwise for processes that forbid code from text (`--disallow-code-generation-from-strings`).
 */
export function generated<T>(
  values: Readonly<Record<string, unknown>>,
  code: string,
  otherwise: () => T,
): T {
  try {
    const make = new Function(...Object.keys(values), `'use strict'; return ${code}`)
    return make(...Object.values(values)) as T
  } catch (error) {
    if (error instanceof EvalError) return otherwise()
    throw error
  }
}

/**
 * Values under a name and their number: `name0`, `name1` …
 *
 * @example numbered('name', ['id', 'title'])
 */
export function numbered(name: string, values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(values.map((value, at) => [`${name}${at}`, value]))
}
