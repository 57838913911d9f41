/**
 * The place that called `fn`, as `file:line:column`.
 *
 * @example callSite(Model) // '/app/models.ts:3:22'
 */
export function callSite(fn: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, fn)
  const line = holder.stack?.split('\n')[1] ?? ''
  return line.replace(/^\s*at (?:.*\()?/, '').replace(/\)$/, '')
}
