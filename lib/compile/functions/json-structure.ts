import { bind, type Fragment, keyword, list, sql } from '../fragment.ts'

/** A JSON value of SQLite: what kind it is, its value if it is no object or array, and all of it. */
interface Place {
  readonly type: Fragment
  readonly atom: Fragment
  readonly json: Fragment
}

type Compare = (at: Place, value: unknown, depth: number) => Fragment

/** Longer rows of AND and OR are nested, since SQLite stops at a depth of 1,000. */
const MAX_ROW = 50

/** The place of JSON that an expression gives. */
function placeOf(json: Fragment): Place {
  return { type: sql`json_type(${json})`, atom: sql`(${json} ->> '$')`, json }
}

/** The place of a row of `json_each()`; only what is in JSON there may be read as such. */
function placeOfItem(alias: Fragment): Place {
  const type = sql`${alias}."type"`
  return {
    type,
    atom: sql`${alias}."atom"`,
    json: sql`case when ${type} in ('object', 'array') then ${alias}."value" end`,
  }
}

/** A value of these comparisons only: their text is of these values, so it must not be kept. */
function own(value: unknown): Fragment {
  return bind({ value }, (leaf) => leaf.value)
}

function isType(at: Place, type: string): Fragment {
  return sql`${at.type} = ${own(type)}`
}

function joined(parts: readonly Fragment[], separator: ' and ' | ' or '): Fragment {
  let level = parts
  while (level.length > MAX_ROW) {
    const next: Fragment[] = []
    for (let at = 0; at < level.length; at += MAX_ROW) {
      next.push(sql`(${list(level.slice(at, at + MAX_ROW), separator)})`)
    }
    level = next
  }
  return sql`(${list(level, separator)})`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string, number, boolean or null. */
function scalar(at: Place, value: unknown): Fragment {
  switch (typeof value) {
    case 'string':
      return sql`(${isType(at, 'text')} and ${at.atom} = ${own(value)})`
    case 'number':
      return sql`(${at.type} in ('integer', 'real') and ${at.atom} = ${own(value)})`
    default:
      return isType(at, String(value))
  }
}

function member(at: Place, key: string): Place {
  return placeOf(sql`(${at.json} -> ${own(`$.${JSON.stringify(key)}`)})`)
}

function aliasAt(depth: number): Fragment {
  return keyword(`"json_${depth}"`)
}

/** With a limit, as every EXISTS on SQLite that is a condition by itself. */
function some(at: Place, depth: number, test: (item: Place) => Fragment): Fragment {
  const alias = aliasAt(depth)
  const found = test(placeOfItem(alias))
  return sql`exists (select 1 from json_each(${at.json}) as ${alias} where ${found} limit 1)`
}

/** Not even one for which the test is not true. */
function every(at: Place, depth: number, test: (item: Place) => Fragment): Fragment {
  return sql`not ${some(at, depth, (item) => sql`coalesce(${test(item)}, 0) = 0`)}`
}

const contains: Compare = (at, value, depth) => {
  if (Array.isArray(value)) {
    const items = value.map((item) => some(at, depth, (found) => contains(found, item, depth + 1)))
    return joined([isType(at, 'array'), ...items], ' and ')
  }
  if (!isObject(value)) return scalar(at, value)
  const members = Object.entries(value).map(([key, item]) => contains(member(at, key), item, depth))
  return joined([isType(at, 'object'), ...members], ' and ')
}

const containedBy: Compare = (at, value, depth) => {
  if (Array.isArray(value)) {
    const any = (found: Place): Fragment =>
      value.length === 0
        ? keyword('0')
        : joined(
            value.map((item) => containedBy(found, item, depth + 1)),
            ' or ',
          )
    return joined([isType(at, 'array'), every(at, depth, any)], ' and ')
  }
  if (!isObject(value)) return scalar(at, value)
  const branches = (found: Place): Fragment => {
    const key = sql`${aliasAt(depth)}."key"`
    const cases = Object.entries(value).map(
      ([name, item]) => sql` when ${own(name)} then ${containedBy(found, item, depth + 1)}`,
    )
    return cases.length === 0 ? keyword('0') : sql`case ${key}${list(cases, '')} end`
  }
  return joined([isType(at, 'object'), every(at, depth, branches)], ' and ')
}

const equals: Compare = (at, value, depth) => {
  if (Array.isArray(value)) {
    const items = value.map((item, index) =>
      equals(placeOf(sql`(${at.json} -> ${own(`$[${index}]`)})`), item, depth),
    )
    const isLong = sql`json_array_length(${at.json}) = ${own(value.length)}`
    return joined([isType(at, 'array'), isLong, ...items], ' and ')
  }
  if (!isObject(value)) return scalar(at, value)
  const entries = Object.entries(value)
  const members = entries.map(([key, item]) => equals(member(at, key), item, depth))
  const count = sql`(select count(*) from json_each(${at.json})) = ${own(entries.length)}`
  return joined([isType(at, 'object'), count, ...members], ' and ')
}

/** NULL where there is nothing to look at, and else always an answer. */
function answered(json: Fragment, condition: Fragment): Fragment {
  return sql`case when ${json} is not null then coalesce(${condition}, 0) end`
}

/** PostgreSQL's `@>`: every part of the value is in the JSON, at the same place; in lists anywhere. */
export function jsonContains(json: Fragment, value: unknown): Fragment {
  const at = placeOf(json)
  const whole = contains(at, value, 0)
  if (typeof value === 'object' && value !== null) return answered(json, whole)
  // A list contains its items, though only outermost.
  const inList = sql`${isType(at, 'array')} and ${some(at, 0, (item) => scalar(item, value))}`
  return answered(json, sql`(${whole} or (${inList}))`)
}

/** PostgreSQL's `<@`: every part of the JSON is in the value. */
export function jsonContainedBy(json: Fragment, value: unknown): Fragment {
  const at = placeOf(json)
  const whole = containedBy(at, value, 0)
  const scalars = Array.isArray(value)
    ? value.filter((item) => typeof item !== 'object' || item === null)
    : []
  const alone = scalars.map((item) => scalar(at, item))
  return answered(json, joined([whole, ...alone], ' or '))
}

/** Equality of objects and lists, whatever the order of keys and the way numbers are written. */
export function jsonEquals(json: Fragment, value: unknown): Fragment {
  return answered(json, equals(placeOf(json), value, 0))
}

/** How many values there are in one, itself included; not counted further than `limit`. */
export function jsonSize(value: unknown, limit: number): number {
  let size = 0
  const left: unknown[] = [value]
  while (left.length > 0 && size <= limit) {
    const next = left.pop()
    size += 1
    if (typeof next !== 'object' || next === null) continue
    for (const inner of Object.values(next)) left.push(inner)
  }
  return size
}
