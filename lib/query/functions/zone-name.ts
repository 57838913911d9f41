import { FieldError, InvalidValueError } from '../../errors.ts'
import { isPlainObject, ownOptions } from '../../util/plain-object.ts'

/** Options of the functions of dates and times. */
export interface ZoneOptions {
  /**
   * The IANA name of the time zone whose clocks and calendar are meant: 'Europe/Berlin'.
   *
   * @default 'UTC'
   */
  readonly tzinfo?: string
}

/** With a slash: short names as CET mean one thing to PostgreSQL and another to JavaScript. */
const NAME = /^[A-Za-z][\w+-]*(?:\/[\w+-]+)+$/
const known = new Set<string>()

/**
 * The time zone of options; null of UTC.
 *
 * @throws InvalidValueError if there is no such zone
 */
export function zoneOf(options: unknown, what: string): string | null {
  if (options === undefined) return null
  if (!isPlainObject(options) || Object.keys(options).some((key) => key !== 'tzinfo')) {
    throw new FieldError(`${what} takes an object of options: { tzinfo: 'Europe/Berlin' }.`)
  }
  const { tzinfo } = ownOptions(options)
  if (tzinfo === undefined || tzinfo === 'UTC') return null
  if (typeof tzinfo === 'string' && (known.has(tzinfo) || isZone(tzinfo))) return tzinfo
  throw new InvalidValueError(
    `${what}: tzinfo is the IANA name of a time zone, such as 'Europe/Berlin', or 'UTC'.`,
  )
}

function isZone(name: string): boolean {
  if (name.length > 64 || !NAME.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    return false
  }
  known.add(name)
  return true
}
