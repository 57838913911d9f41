/** The drivers themselves: what a column hands out is stored, and what comes back is the value. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import type { DialectName } from '../../lib/fields/dialect.ts'
import { describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { type KindCase, kinds } from './kinds.ts'

const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia']
/** Unparsed, as this library reads them: date, times, interval, json, int8, numeric. */
const AS_TEXT = new Set([1082, 1083, 1114, 1184, 1186, 114, 3802, 20, 1700])
const parsers = {
  getTypeParser: (oid: number, format?: 'text') =>
    AS_TEXT.has(oid) ? (text: unknown) => text : pg.types.getTypeParser(oid, format),
}

describeOnEach('columns and their driver', (database) => {
  const dialect: DialectName = database.dialect
  let fresh: FreshDatabase
  let db: Knex

  before(async () => {
    fresh = await database.create()
    const connection = fresh.config.connection as object
    db = knex({
      ...fresh.config,
      pool: { min: 1, max: 1 },
      connection: dialect === 'postgresql' ? { ...connection, types: parsers } : connection,
    } as Knex.Config)
    for (const [index, kind] of kinds.entries()) {
      await db.raw(`create table t${index} (n integer, x ${kind[dialect as 'sqlite']})`)
    }
  })
  after(async () => {
    await db?.destroy()
    await fresh?.drop()
  })

  const isBigint = ({ field }: KindCase): boolean =>
    field.family === 'bigint' || field.name === 'auto'

  async function store(index: number, kind: KindCase, values: readonly unknown[]): Promise<void> {
    const place =
      dialect === 'sqlite' && kind.field.family === 'bigint' ? 'cast(? as integer)' : '?'
    await db.raw(`delete from t${index}`)
    for (const [n, value] of values.entries()) {
      const raw = kind.field.toDb(kind.field.schema.parse(value), dialect)
      await db.raw(`insert into t${index} values (?, ${place})`, [n, raw as Knex.Value])
    }
  }

  async function load(index: number, kind: KindCase): Promise<unknown[]> {
    const column = dialect === 'sqlite' && isBigint(kind) ? 'cast(x as text) as x' : 'x'
    const result = await db.raw(`select ${column} from t${index} order by n`)
    const rows: { x: unknown }[] = dialect === 'sqlite' ? result : result.rows
    return rows.map(({ x }) => kind.field.fromDb(x, dialect, kind.name))
  }

  for (const [index, kind] of kinds.entries()) {
    it(`${kind.name} in ${kind[dialect as 'sqlite']}: every value comes back`, async () => {
      const values = [...kind.edges, ...fc.sample(kind.values, 30)]
      await store(index, kind, values)
      // One session after another, for PostgreSQL shows instants in its session's zone.
      for (const zone of dialect === 'postgresql' ? ZONES : ['UTC']) {
        if (dialect === 'postgresql') await db.raw(`set time zone '${zone}'`)
        const read = await load(index, kind)
        for (const [n, value] of values.entries()) {
          const same = kind.field.equals(read[n], kind.field.schema.parse(value))
          expect(same, `${zone}: value ${n} of ${inspect(values)}`).to.equal(true)
        }
      }
    })

    if (kind.field.family === 'json') continue
    it(`${kind.name} in ${kind[dialect as 'sqlite']}: found by its own value`, async () => {
      const values = kind.edges.length > 0 ? kind.edges : fc.sample(kind.values, 3)
      await store(index, kind, values)
      for (const value of values) {
        const raw = kind.field.toDb(kind.field.check(value), dialect) as Knex.Value
        const cast = dialect === 'sqlite' && kind.field.family === 'bigint'
        const where = cast ? 'cast(? as integer)' : '?'
        const found = await db.raw(`select n from t${index} where x = ${where}`, [raw])
        const rows: unknown[] = dialect === 'sqlite' ? found : found.rows
        expect(rows.length, String(value)).to.be.greaterThan(0)
      }
    })
  }

  if (dialect === 'postgresql') {
    it('infinity and years before Christ are named, not guessed', async () => {
      const at = kinds.find(({ name }) => name === 'dateTime')?.field
      const result = await db.raw(
        "select 'infinity'::timestamptz as a, '0044-03-15 BC'::timestamptz as b",
      )
      expect(() => at?.fromDb(result.rows[0].a, dialect)).to.throw('holds infinity')
      expect(() => at?.fromDb(result.rows[0].b, dialect)).to.throw('before Christ')
    })

    it('intervals of days are read, of months refused', async () => {
      const duration = kinds.find(({ name }) => name === 'duration')?.field
      const result = await db.raw(
        "select interval '-3 days 4 hours 0.5 seconds' as a, interval '1 month' as b",
      )
      expect(duration?.fromDb(result.rows[0].a, dialect)).to.equal(-3 * 86_400_000 + 14_400_500)
      expect(() => duration?.fromDb(result.rows[0].b, dialect)).to.throw('months or years')
    })
  } else {
    it('CURRENT_TIMESTAMP is read as UTC', async () => {
      const at = kinds.find(({ name }) => name === 'dateTime')?.field
      const [row] = await db.raw('select current_timestamp as x')
      const read = at?.fromDb(row.x, dialect) as Date
      expect(Math.abs(read.getTime() - Date.now())).to.be.lessThan(5000)
    })
  }
})
