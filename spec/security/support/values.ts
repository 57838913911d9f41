/** Values of every JavaScript type for every column; shared with `npm run test:soak`. */
import { expect } from 'chai'
import fc from 'fast-check'
import { OrmError } from '../../../lib/index.ts'
import { Sample, VALUES } from '../../behaviour/support/samples.ts'
import { PAYLOADS } from './payloads.ts'

/** What looks like SQL, an operator or an expression to some library, and is none. */
const IMPOSTORS: readonly unknown[] = [
  { isRawInstance: true, toSQL: () => ({ sql: '1=1', bindings: [] }), sql: '1=1' },
  { __raw: 'now()' },
  { type: 'F', name: 'secret', kind: 'column' },
  { resolveExpression: () => 'x' },
  { toPostgres: () => '1' },
  { toJSON: () => 'x' },
  { valueOf: () => 1, toString: () => '1' },
  { not: '' },
  { $gt: '' },
  JSON.parse('{"__proto__":{"polluted":1}}'),
  () => 1,
  Symbol('x'),
  Promise.resolve(1),
  new Proxy({}, {}),
  /a/,
  new String('x'),
  new Number(1),
  new Date(Number.NaN),
  Sample.objects.all(),
]

const NUMBERS = [
  ...[0, -0, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31) - 1, 32_768],
  ...[2 ** 53, 2 ** 63, 2 ** 64, 1e308, 5e-324, 1e21, 2n ** 63n, -(2n ** 63n) - 1n, 10n ** 40n],
]

const TEXTS = [
  ...['0x10', '1e3', ' 1', '1 ', '+1', '-0', '1_000', '٣', '9'.repeat(500), 'NaN', 'infinity'],
  ...['true', 'null', 'NULL', '{}', '[]', '{a,b}', '"x"', '\\x00', '2021-02-29', '0000-01-01'],
  ...['24:00:00', '10000-01-01', '2021-03-14T00:00:00+23:59', 'a\0b', 'a\ud800', '\udc00b'],
  ...["a'::text", 'a@b.c', 'http://x', "http://x/';--", 'open', "open' --", 'e\u0301', '\u202e'],
]

const JSON_VALUES = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.constantFrom(...PAYLOADS), fc.constantFrom(...TEXTS, 1, null), { maxKeys: 3 }),
)

const VALUE = fc.oneof(
  fc.constantFrom(...PAYLOADS, ...TEXTS),
  fc.constantFrom<unknown>(...NUMBERS),
  fc.constantFrom(...IMPOSTORS),
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.double(),
  fc.boolean(),
  fc.date({ noInvalidDate: false }),
  fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
  fc.date({ noInvalidDate: true }).map((at) => at.toISOString().slice(0, 10)),
  fc.uuid(),
  fc.tuple(fc.bigInt(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.uint8Array({ maxLength: 20 }),
  JSON_VALUES,
  fc.anything({
    maxDepth: 2,
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
)

/** Any number of values of any type, always the same for a seed. */
export function hostileValues(count: number, seed: number): unknown[] {
  // NULL and what is left out are no values: they have their own SQL.
  const value = VALUE.filter((each) => each !== null && each !== undefined)
  return fc.sample(value, { numRuns: count, seed })
}

/** The columns that the values are tried on. */
export const COLUMNS: readonly string[] = Object.keys(VALUES)

type Row = Record<string, unknown> & { readonly id: number }
interface Loose extends PromiseLike<Row[]> {
  create(values: object): Promise<Row>
  bulkCreate(rows: readonly object[]): Promise<Row[]>
  update(values: object): Promise<number>
  get(where: object): Promise<Row>
  filter(where: object): Loose
  exists(): Promise<boolean>
  toSQL(): { readonly sql: string }
}
const samples = Sample.objects as unknown as Loose

const VERBS = {
  create: async (values: object) => (await samples.create(values)).id,
  bulkCreate: async (values: object) => (await samples.bulkCreate([values]))[0]?.id ?? 0,
  update: async (values: object) => {
    await samples.filter({ id: 1 }).update(values)
    return 1
  },
}

/** The SQL that harmless values of each column are written by, once there is a row with the id 1. */
export type Twins = ReadonlyMap<string, readonly string[]>

/** Writes a harmless value to each column, in each way. */
export async function benignTwins(sent: string[]): Promise<Twins> {
  const twins = new Map<string, readonly string[]>()
  for (const [name, [value]] of Object.entries(VALUES)) {
    for (const [verb, write] of Object.entries(VERBS)) {
      sent.length = 0
      await write({ [name]: value })
      twins.set(`${verb} ${name}`, [...sent])
    }
  }
  return twins
}

/** JSON of the same shape with nothing hostile in it. */
function harmless(value: unknown): unknown {
  if (typeof value === 'string') return 'x'
  if (typeof value === 'number') return 1
  if (Array.isArray(value)) return value.map(harmless)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.values(value).map((part, at) => [`k${at}`, harmless(part)])
  return Object.fromEntries(entries)
}

const digits = (text: string): string =>
  text
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace(/^-0$/, '0')

/** Whether what was read is what was given, told without any help of the library. */
function isSame(name: string, given: unknown, read: unknown): boolean {
  if (name === 'json') {
    expect(read).to.deep.equal(JSON.parse(JSON.stringify(given)))
    return true
  }
  if (name === 'decimal') return digits(String(given)) === digits(String(read))
  if (name === 'uuid') return String(given).toLowerCase() === read
  if (name === 'time') return String(given).replace(/\.0+$/, '') === read
  if (typeof given === 'bigint') return String(given) === String(read)
  if (typeof read === 'bigint') return BigInt(given as string) === read
  if (read instanceof Date) return new Date(given as string).getTime() === read.getTime()
  if (read instanceof Uint8Array) {
    return Buffer.compare(read, Buffer.from(given as string, 'base64')) === 0
  }
  return given === read || (Number.isNaN(given) && Number.isNaN(read))
}

/** The error of a call that was refused as it must be, what is wrong with that, or the result. */
async function outcomeOf<T>(
  sent: string[],
  work: () => T | PromiseLike<T>,
): Promise<{ result: T } | { refused: true } | { wrong: string }> {
  sent.length = 0
  try {
    return { result: await work() }
  } catch (error) {
    if (!(error instanceof OrmError)) return { wrong: `threw ${String(error)}` }
    if (sent.length > 0) return { wrong: `was refused after SQL: ${error.message}` }
    return { refused: true }
  }
}

/**
 * Writes a value to a column in every way, reads it and filters by it. Undefined when each answer
 * was right: the same SQL as for a harmless value and the same value back, or a named error before
 * any SQL.
 *
 * @param sent is emptied here and gets the SQL that the database is sent
 */
export async function triedBadly(
  name: string,
  value: unknown,
  sent: string[],
  twins: Twins,
): Promise<string | undefined> {
  const written: number[] = []
  for (const [verb, write] of Object.entries(VERBS)) {
    const outcome = await outcomeOf(sent, () => write({ [name]: value }))
    if ('wrong' in outcome) return `${verb} ${name} ${outcome.wrong}`
    if (!('result' in outcome)) continue
    if (sent.join('\n') !== twins.get(`${verb} ${name}`)?.join('\n')) {
      return `${verb} ${name} sent ${sent.join('\n')}`
    }
    written.push(outcome.result)
    const read = (await samples.get({ id: outcome.result }))[name]
    if (!isSame(name, copyOf(value), read)) return `${verb} ${name} was read as ${String(read)}`
  }
  if (written.length % 3 !== 0) return `${name} was taken by ${written.length} of 3 ways`
  return await filteredBadly(name, value, sent, written[0])
}

/** Base64 as `isSame` reads it, whatever kind of bytes were given. */
function copyOf(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

async function filteredBadly(
  name: string,
  value: unknown,
  sent: string[],
  id: number | undefined,
): Promise<string | undefined> {
  const query = await outcomeOf(sent, () => samples.filter({ [name]: value }).toSQL())
  if ('wrong' in query) return `filter ${name} ${query.wrong}`
  if (!('result' in query)) return id === undefined ? undefined : `filter ${name} refused its value`
  const benign = name === 'json' ? harmless(value) : VALUES[name]?.[0]
  const { sql } = query.result
  const twin = samples.filter({ [name]: benign }).toSQL().sql
  // Beyond the column there can be no row: then nothing is sent.
  const isNothing = sql === ''
  if (sql !== twin && !(isNothing && id === undefined)) return `filter ${name} is ${sql}`
  if (id === undefined) {
    const rows = await outcomeOf(sent, () => samples.filter({ [name]: value, id: 1 }).exists())
    return 'wrong' in rows ? `filter ${name} ${rows.wrong}` : undefined
  }
  const isFound = await samples.filter({ [name]: value, id }).exists()
  return isFound ? undefined : `filter ${name} did not find what was written`
}
