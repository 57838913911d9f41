import { LruMap } from '../../util/lru-map.ts'

const FIRST_MS = Date.UTC(1900, 0, 1)
const LAST_MS = Date.UTC(2100, 0, 1)
/** A span: shorter than any time between two changes of a zone's clocks, which was 167 hours. */
const STEP_MS = 6 * 86_400_000

/** Where the parts of a table are, for the SQL that reads it. */
export const TABLE: Readonly<Record<'first' | 'step' | 'last' | 'changes', number>> = {
  /** The second at which the first span starts. */
  first: FIRST_MS / 1000,
  step: STEP_MS / 1000,
  /** The number of the last span. */
  last: Math.ceil((LAST_MS - FIRST_MS) / STEP_MS) - 1,
  /** The place of the first change, counted from 1. */
  changes: 3 * Math.ceil((LAST_MS - FIRST_MS) / STEP_MS) + 1,
}

const cache = new LruMap<string, Buffer>(100)

/**
 * When the clocks of a time zone changed and will, from 1900 to 2100, for SQLite, which knows no
 * time zones but takes parts of bytes in no time. For each span of days the number of the last change in
 * or before it (3 digits); then, for each change, its second (12) and how many seconds clocks are ahead
 * of UTC before and after it (6 each).
 *
 * The seconds are those of UTC, or those that clocks show after the change.
 */
export function zoneTable(zone: string, isLocal: boolean): Buffer {
  const key = `${zone}${isLocal}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const changes = changesOf(offsetReader(zone)).map(
    ([second, before, after]): Change => [second + (isLocal ? after : 0), before, after],
  )
  const table = Buffer.from(spans(changes) + changes.map(written).join(''), 'latin1')
  cache.set(key, table)
  return table
}

type Change = readonly [second: number, before: number, after: number]

function written(change: Change): string {
  return change.map((number, at) => digits(number, at === 0 ? 12 : 6)).join('')
}

function digits(number: number, width: number): string {
  return (number < 0 ? '-' : '+') + String(Math.abs(number)).padStart(width - 1, '0')
}

function spans(changes: readonly Change[]): string {
  let text = ''
  let at = 0
  for (let span = 0; span <= TABLE.last; span += 1) {
    const end = TABLE.first + (span + 1) * TABLE.step
    while ((changes[at + 1]?.[0] ?? Number.POSITIVE_INFINITY) < end) at += 1
    text += String(at).padStart(3, '0')
  }
  return text
}

type Offset = (ms: number) => number

function changesOf(offsetAt: Offset): Change[] {
  let before = offsetAt(FIRST_MS)
  const changes: Change[] = [[-9_999_999_999, before, before]]
  for (let ms = FIRST_MS; ms < LAST_MS; ms += STEP_MS) {
    const after = offsetAt(ms + STEP_MS)
    if (after === before) continue
    changes.push([changeBetween(offsetAt, ms, ms + STEP_MS), before, after])
    before = after
  }
  return changes
}

/** The second from which on the offset is that of the end. */
function changeBetween(offsetAt: Offset, from: number, to: number): number {
  const after = offsetAt(to)
  let low = from / 1000
  let high = to / 1000
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle * 1000) === after) high = middle
    else low = middle
  }
  return high
}

/** What clocks show is formatted and read again: Intl tells no offset but as text. */
function offsetReader(zone: string): Offset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (ms) => {
    const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] =
      format.format(ms).match(/\d+/g)?.map(Number) ?? []
    return (Date.UTC(year, month - 1, day, hour, minute, second) - ms) / 1000
  }
}
