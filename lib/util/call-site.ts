/**
 * Where a frame of a stack is, without its function.
 *
 * @example placeOf('    at main (file:///app/page.ts:12:20)') // '/app/page.ts:12:20'
 */
export function placeOf(line: string): string {
  return line
    .replace(/^\s*at (?:.*\()?(?:async )?/, '')
    .replace(/\)$/, '')
    .replace(/^file:\/\//, '')
}

/**
 * The place that called `fn`, as `file:line:column`.
 *
 * @example callSite(Model) // '/app/models.ts:3:22'
 */
export function callSite(fn: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, fn)
  return placeOf(holder.stack?.split('\n')[1] ?? '')
}

/**
 * The place that called `verb`, to be told with a failure: the stack of an error that is not thrown.
 *
 * @example callOrigin(this.startFetch, 'startFetch')
 */
export function callOrigin(verb: (...args: never[]) => unknown, name: string): Error {
  const origin = new Error(`${name}()`)
  Error.captureStackTrace(origin, verb)
  return origin
}
