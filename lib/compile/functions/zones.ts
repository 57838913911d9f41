import { LruMap } from '../../util/lru-map.ts'

const FIRST_MS = Date.UTC(1900, 0, 1)
const LAST_MS = Date.UTC(2100, 0, 1)
/** Shorter than any time between two changes of a zone's clocks. */
const STEP_MS = 7 * 86_400_000

/** From which second on clocks are how many seconds ahead of UTC, as JSON: `[[-2e12,3600],…]`. */
const cache = new LruMap<string, string>(100)

/**
 * When the clocks of a time zone changed and will, from 1900 to 2100, for databases that know no
 * time zones: `[[second of UTC, seconds ahead of UTC], …]` as JSON text.
 */
export function zoneTable(zone: string): string {
  const known = cache.get(zone)
  if (known !== undefined) return known
  const text = JSON.stringify(changesOf(offsetReader(zone)))
  cache.set(zone, text)
  return text
}

type Offset = (ms: number) => number

function changesOf(offsetAt: Offset): [number, number][] {
  let before = offsetAt(FIRST_MS)
  const changes: [number, number][] = [[-1e12, before]]
  for (let ms = FIRST_MS; ms < LAST_MS; ms += STEP_MS) {
    const after = offsetAt(ms + STEP_MS)
    if (after === before) continue
    changes.push([changeBetween(offsetAt, ms, ms + STEP_MS), after])
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
