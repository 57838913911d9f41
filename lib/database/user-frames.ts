import { placeOf } from '../util/call-site.ts'

const DEEP = 100
const OWN_FILE = /database\/user-frames\.[cm]?[jt]s$/

let ownDirectory: string | undefined

/** Read off a stack, since a bundle may have no `import.meta.url`. */
function directory(): string {
  if (ownDirectory === undefined) {
    const file = placeOf(deepStack().split('\n')[1] ?? '').replace(/(:\d+){1,2}$/, '')
    // In a bundle the library and what calls it are one file: then nothing can be told apart.
    ownDirectory = file.replace(OWN_FILE, '')
  }
  return ownDirectory
}

function isOfUser(place: string): boolean {
  if (!/:\d+$/.test(place) || place.startsWith('node:')) return false
  return !place.startsWith(directory()) && !/[\\/]node_modules[\\/](knex|tarn)[\\/]/.test(place)
}

/**
 * Where the running code is, with all that awaits it; written out only when it is read.
 *
 * @example const origin = deepOrigin()
 */
export function deepOrigin(): { readonly stack?: string } {
  const limit = Error.stackTraceLimit
  const holder: { stack?: string } = {}
  try {
    Error.stackTraceLimit = DEEP
    Error.captureStackTrace(holder, deepOrigin)
    return holder
  } finally {
    Error.stackTraceLimit = limit
  }
}

/**
 * The stack of the running code, with all that awaits it.
 *
 * @example userFrame(deepStack())
 */
export function deepStack(): string {
  return deepOrigin().stack ?? ''
}

/**
 * The first place of a stack that is outside this library, as `file:line:column`; empty when the
 * stack does not reach that far.
 *
 * @example userFrame(new Error().stack ?? '') // '/app/page.ts:12:20'
 */
export function userFrame(stack: string): string {
  for (const line of stack.split('\n').slice(1)) {
    const place = placeOf(line)
    if (isOfUser(place)) return place
  }
  return ''
}
