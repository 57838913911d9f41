/**
 * A program that writes values by chance and reads them again, and those that the same program wrote
 * under another time zone: `<config> <count> <seed> <zone> [other zone]`. Tells what came back changed.
 */
import { isDeepStrictEqual } from 'node:util'
import knexModule, { type Knex } from 'knex'
import { connect } from '../../../lib/index.ts'
import { Sample } from '../../behaviour/support/samples.ts'
import { migrate } from '../../support/databases.ts'
import { type Random, randomOf } from './random.ts'

const CHUNK = 500
const FOUND_ONE_OF = 50
const FIRST = Date.parse('0001-01-01T00:00:00.000Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')
const DAY_MS = 86_400_000
const DECIMALS = 10
const MOST_EXAMPLES = 20

interface Values {
  readonly char: string
  readonly bigInteger: bigint
  readonly decimal: string
  readonly float: number
  readonly date: string
  readonly dateTime: Date
  readonly json: unknown
  readonly text: string
}

function bits(random: Random, count: number): bigint {
  let value = 0n
  for (let at = 0; at < count; at += 1) value = (value << 1n) | BigInt(random(2))
  return value
}

function digits(random: Random, most: number): string {
  return Array.from({ length: 1 + random(most) }, () => random(10)).join('')
}

function decimal(random: Random): string {
  const sign = random(2) === 0 ? '-' : ''
  const whole = digits(random, 28).replace(/^0+(?=.)/, '')
  return `${sign}${whole}.${digits(random, DECIMALS)}`
}

function float(random: Random): number {
  const view = new DataView(new ArrayBuffer(8))
  for (;;) {
    view.setBigUint64(0, bits(random, 64))
    const value = view.getFloat64(0)
    if (Number.isFinite(value)) return value
  }
}

function text(random: Random): string {
  let value = ''
  const ranges = [0x7f, 0x7ff, 0xffff, 0x10ffff] as const
  for (let left = random(40); left > 0; left -= 1) {
    const point = 1 + random(ranges[random(ranges.length)] ?? 1)
    // Half of a pair is no text.
    if (point < 0xd800 || point > 0xdfff) value += String.fromCodePoint(point)
  }
  return value
}

function json(random: Random, depth = 0): unknown {
  const kind = random(depth > 3 ? 5 : 7)
  if (kind === 0) return text(random)
  if (kind === 1) return float(random)
  if (kind === 2) return random(2 ** 31)
  if (kind === 3) return random(2) === 0
  if (kind === 4) return depth === 0 ? '' : null
  const items = Array.from({ length: random(4) }, () => json(random, depth + 1))
  return kind === 5 ? items : Object.fromEntries(items.map((item) => [text(random), item]))
}

function instant(random: Random): number {
  const share = (random(2 ** 31) * 2 ** 22 + random(2 ** 22)) / 2 ** 53
  return FIRST + Math.floor(share * (LAST - FIRST + 1))
}

function* valuesOf(zone: string, count: number, seed: number): Generator<Values> {
  const random = randomOf(seed * 1_000_003 + [...zone].reduce((sum, c) => sum + c.charCodeAt(0), 0))
  for (let at = 0; at < count; at += 1) {
    const dayAt = Math.floor(instant(random) / DAY_MS) * DAY_MS
    yield {
      char: zone,
      bigInteger: BigInt.asIntN(64, bits(random, 1 + random(64)) * (random(2) === 0 ? -1n : 1n)),
      decimal: decimal(random),
      float: float(random),
      date: new Date(dayAt).toISOString().slice(0, 10),
      dateTime: new Date(instant(random)),
      json: json(random),
      text: text(random),
    }
  }
}

/** The same number has the same text. */
function plainDecimal(value: string): string {
  const [whole = '', fraction = ''] = value.split('.')
  const scaled = BigInt(`${whole}${fraction.padEnd(DECIMALS, '0')}`)
  return String(scaled)
}

const KINDS = ['bigInteger', 'decimal', 'float', 'date', 'dateTime', 'json', 'text'] as const

function isSame(kind: (typeof KINDS)[number], read: unknown, written: unknown): boolean {
  if (kind === 'decimal') return plainDecimal(String(read)) === plainDecimal(String(written))
  if (kind === 'float') return read === written
  return isDeepStrictEqual(read, written)
}

/** What the database itself says it has, as text that no driver of ours has touched. */
const WITNESS = {
  postgresql: `select big_integer::text as "bigInteger", "decimal"::text as "decimal",
      "float"::text as "float", to_char("date", 'YYYY-MM-DD') as "date",
      to_char(date_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "dateTime"
    from samples where "char" = ? order by id`,
  sqlite: `select cast(big_integer as text) as "bigInteger", "decimal",
      printf('%!.17g', "float") as "float", "date", replace(date_time, ' ', 'T') || 'Z' as "dateTime"
    from samples where "char" = ? order by id`,
} as const

function isWitnessed(row: Readonly<Record<string, string>>, written: Values): boolean {
  return (
    row['bigInteger'] === String(written.bigInteger) &&
    plainDecimal(row['decimal'] ?? '') === plainDecimal(written.decimal) &&
    Number(row['float']) === written.float &&
    row['date'] === written.date &&
    row['dateTime'] === written.dateTime.toISOString()
  )
}

async function main(): Promise<void> {
  const [given = '{}', count = '0', seed = '0', zone = '', other] = process.argv.slice(2)
  const config = JSON.parse(given) as Knex.Config
  const knex = knexModule.default(config)
  const db = connect(config)
  const wrong: string[] = []
  const zones = other === undefined ? [zone] : [zone, other]
  try {
    await migrate(knex)
    const rows = [...valuesOf(zone, Number(count), Number(seed))]
    for (let at = 0; at < rows.length; at += CHUNK) {
      await Sample.objects.bulkCreate(rows.slice(at, at + CHUNK) as never)
    }
    for (const each of zones) {
      const written = [...valuesOf(each, Number(count), Number(seed))]
      await check(each, written, wrong)
      const sql = WITNESS[db.dialect as keyof typeof WITNESS]
      const answer = await knex.raw(sql, [each])
      const there = (db.dialect === 'postgresql' ? answer.rows : answer) as Record<string, string>[]
      for (const [at, values] of written.entries()) {
        if (!isWitnessed(there[at] ?? {}, values))
          wrong.push(`the database has ${JSON.stringify(there[at])}`)
      }
    }
  } finally {
    await db.close()
    await knex.destroy()
  }
  const tried = Number(count) * KINDS.length
  console.log(
    JSON.stringify({ tried, wrong: wrong.length, examples: wrong.slice(0, MOST_EXAMPLES) }),
  )
}

async function check(zone: string, written: readonly Values[], wrong: string[]): Promise<void> {
  let at = 0
  for await (const row of Sample.objects.filter({ char: zone }).orderBy('id').iterator()) {
    const values = written[at] as Values
    for (const kind of KINDS) {
      if (isSame(kind, row[kind], values[kind])) continue
      wrong.push(`${kind}: wrote ${String(values[kind])}, read ${String(row[kind])}`)
    }
    if (at % FOUND_ONE_OF === 0) {
      const { char, bigInteger, float, decimal, date, dateTime, text } = values
      const same = { char, bigInteger, float, decimal, date, dateTime, text }
      const isFound = await Sample.objects.filter({ ...same, id: row.id }).exists()
      if (!isFound) wrong.push(`not found by ${Object.values(same).join(', ')}`)
    }
    at += 1
  }
  if (at !== written.length) wrong.push(`${at} rows of ${written.length}`)
}

await main()
