import { daysInMonth, dayToMs, MAX_INSTANT_MS, MIN_INSTANT_MS, twoDigits } from './calendar.ts'

const DASH = 45
const COLON = 58
const DOT = 46
const SPACE = 32
const PLUS = 43
const UPPER_T = 84
const UPPER_Z = 90

/** Years of other lengths, BC, or without seconds: rare enough for a regular expression. */
const UNUSUAL = /^(\d{4,6})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(.*?))?( BC)?$/

/**
 * Milliseconds since 1970 of a timestamp as databases write it, NaN if it is none or lies outside
 * the years 1 to 9999 (in UTC).
 *
 * A missing zone means UTC. Digits beyond milliseconds are dropped (towards the past). Written by
 * hand because it runs for every timestamp of every row: a regular expression takes four times
 * as long.
 *
 * @example parseTimestamp('2021-03-14 01:02:03.123456+05:30') // 1615663923123
 */
export function parseTimestamp(text: string): number {
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return parseUnusual(text)
  const separator = text.charCodeAt(10)
  if (separator !== SPACE && separator !== UPPER_T) return parseUnusual(text)
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return parseUnusual(text)
  if (text.charCodeAt(text.length - 1) > UPPER_Z) return Number.NaN
  if (text.endsWith('C')) return parseUnusual(text)

  const day = parseDay(text)
  const time = clockMs(twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17))
  let at = 19
  let fraction = 0
  if (text.charCodeAt(at) === DOT) {
    const end = digitsEnd(text, at + 1)
    if (end === at + 1) return Number.NaN
    fraction = fractionMs(text, at + 1, end)
    at = end
  }
  return inRange(day + time + fraction - zoneMs(text, at))
}

function parseDay(text: string): number {
  return validDayMs(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), text)
}

function validDayMs(year: number, month: number, text: string): number {
  const day = twoDigits(text, 8)
  if (!(day >= 1 && day <= daysInMonth(year, month))) return Number.NaN
  return dayToMs(year, month, day)
}

/** The time of day in milliseconds, NaN for one that no clock shows. */
function clockMs(hour: number, minute: number, second: number): number {
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
  return ((hour * 60 + minute) * 60 + second) * 1000
}

function digitsEnd(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code >= 48 && code <= 57; code = text.charCodeAt(at)) at += 1
  return at
}

function fractionMs(text: string, from: number, end: number): number {
  let ms = 0
  for (let place = 0; place < 3; place += 1) {
    ms = ms * 10 + (from + place < end ? text.charCodeAt(from + place) - 48 : 0)
  }
  return ms
}

/** The offset that starts at `from`: nothing, Z, +HH, +HHMM, +HH:MM or +HH:MM:SS; else NaN. */
function zoneMs(text: string, from: number): number {
  const length = text.length
  if (from === length) return 0
  // Go and Ruby write a space before the offset into SQLite.
  const at = text.charCodeAt(from) === SPACE ? from + 1 : from
  const sign = text.charCodeAt(at)
  if (sign === UPPER_Z && at + 1 === length) return 0
  if (sign !== PLUS && sign !== DASH) return Number.NaN
  let next = at + 3
  let minute = 0
  let second = 0
  if (next < length) {
    if (text.charCodeAt(next) === COLON) next += 1
    minute = twoDigits(text, next)
    next += 2
  }
  if (next < length && text.charCodeAt(next) === COLON) {
    second = twoDigits(text, next + 1)
    next += 3
  }
  if (next !== length) return Number.NaN
  const offset = clockMs(twoDigits(text, at + 1), minute, second)
  return sign === DASH ? -offset : offset
}

function parseUnusual(text: string): number {
  // A regular expression with a free tail is not to be run over a megabyte of anything.
  const parts = text.length <= 64 ? UNUSUAL.exec(text) : null
  if (parts === null) return Number.NaN
  const [, y = '', month, day = '', hour = '00', minute = '00', second = '00', digits = ''] = parts
  const [zone = '', bc] = [parts[8], parts[9]]
  // There is no year 0 in the text: 1 BC is year 0, which may still be year 1 in UTC.
  const year = bc === undefined ? Number(y) : 1 - Number(y)
  const dayMs = validDayMs(year, Number(month), `${'0'.repeat(8)}${day}`)
  const time = clockMs(Number(hour), Number(minute), Number(second))
  const fraction = fractionMs(digits, 0, digits.length)
  return inRange(dayMs + time + fraction - zoneMs(zone, 0))
}

function inRange(ms: number): number {
  return ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS ? ms : Number.NaN
}
