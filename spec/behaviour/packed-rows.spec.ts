/** Rows of `sqlite3` as one JSON text: nothing but time may tell them from others. */
import { expect } from 'chai'
import type { Knex } from 'knex'
import { AsyncManager, fields, Model, setShapeCacheSize, Upper } from '../../lib/index.ts'
import { databases } from '../support/databases.ts'
import { Book } from './support/library.ts'
import { OptionalSample, VALUES } from './support/samples.ts'
import { rejection, until, useStage } from './support/stage.ts'

interface Traced {
  on(event: 'trace', listener: (sql: string) => void): void
  removeAllListeners(event: 'trace'): void
}

class Loose extends Model('loose', {
  name: fields.text(),
  price: fields.decimal({ maxDigits: 30, decimalPlaces: 20 }),
  data: fields.json({ null: true }),
}) {
  static objects = new AsyncManager(Loose)
}

/** Of no type, so that every column holds whatever was written. */
class Untyped extends Model('packed_rows', {
  name: fields.text(),
  at: fields.dateTime({ storage: 'epochMs' }),
  count: fields.integer(),
  data: fields.json({ null: true }),
}) {
  static objects = new AsyncManager(Untyped)
}

function padded(decimal: string): string {
  const [whole = '', places = ''] = decimal.split('.')
  return `${whole}.${places.padEnd(10, '0')}`
}

for (const kind of databases.filter(({ name }) => name.startsWith('SQLite '))) {
  describe(`packed rows [${kind.name}]`, () => {
    const stage = useStage(kind, { pool: { min: 1, max: 1 } })

    // What is known of shapes goes with them.
    beforeEach(() => {
      setShapeCacheSize(0)
      setShapeCacheSize(1000)
    })

    /** How the texts were sent that `work` sent, of which knex's events only tell what was asked. */
    async function sent(work: () => Promise<unknown>): Promise<('packed' | 'plain')[]> {
      const client = stage.db.knex.client as Knex.Client
      const connection: Traced = await client.acquireConnection()
      const texts: string[] = []
      connection.on('trace', (sql) => texts.push(sql))
      await client.releaseConnection(connection)
      try {
        await work()
        // The driver tells of them later, in their order.
        await stage.db.knex.raw('select 0')
        await until(() => texts.includes('select 0'))
      } finally {
        connection.removeAllListeners('trace')
      }
      texts.pop()
      return texts
        .filter((text) => /^(select|with)/.test(text))
        .map((text) => (text.includes('json_group_array') ? 'packed' : 'plain'))
    }

    async function store(name: string): Promise<readonly unknown[]> {
      const values = [...(VALUES[name] ?? []), null, null, null, null]
      const rows = values.map((value) => ({ [name]: value }))
      await OptionalSample.objects.bulkCreate(rows as { char: string }[])
      return values
    }

    /** As it is read: decimals with all their places. */
    const canonical = (name: string) => (value: unknown) =>
      name === 'decimal' && value !== null ? padded(String(value)) : value

    for (const name of Object.keys(VALUES)) {
      const isPacked = name !== 'float' && name !== 'binary'
      it(`are of every kind what was written: ${name}${isPacked ? '' : ', which is not packed'}`, async () => {
        const values = (await store(name)).map(canonical(name))
        const query = OptionalSample.objects.orderBy('id').valuesList(name as 'char', {
          flat: true,
        })
        const how = await sent(async () => {
          for (let run = 0; run < 2; run += 1) {
            expect([...(await query.all())]).to.deep.equal(values)
          }
        })
        expect(how).to.deep.equal(Array(2).fill(isPacked ? 'packed' : 'plain'))
      })
    }

    it('are instances, with related ones', async () => {
      const read = () => Book.objects.selectRelated('author').orderBy('id')
      const before = JSON.stringify(await read())
      const how = await sent(async () => {
        expect(JSON.stringify(await read())).to.equal(before)
      })
      expect(how).to.deep.equal(['packed'])
    })

    it('are not packed again where there were few, and packed again where there were many', async () => {
      const few = () => Book.objects.filter({ title: 'Emma' }).valuesList('pages', { flat: true })
      const some = (...titles: string[]) =>
        Book.objects.filter({ title__in: titles }).orderBy('id').valuesList('pages', { flat: true })
      const how = await sent(async () => {
        for (let run = 0; run < 3; run += 1) expect([...(await few())]).to.deep.equal([474])
        expect([...(await some())]).to.deep.equal([])
        expect([...(await some('Emma'))]).to.deep.equal([474])
        const all = ['Emma', 'Persuasion', 'Middlemarch', 'Silas Marner']
        for (let run = 0; run < 2; run += 1) {
          expect([...(await some(...all))]).to.deep.equal([474, 249, 880, 240])
        }
        expect([...(await some('Nobody'))]).to.deep.equal([])
      })
      const few3 = ['packed', 'plain', 'plain']
      expect(how).to.deep.equal([...few3, 'packed', 'plain', 'packed', 'packed'])
    })

    it('are read as they are where they hold what JSON would lose', async () => {
      const { knex } = stage.db
      await knex.schema.dropTableIfExists('loose')
      await knex.raw('create table loose (id integer primary key, name text, price)')
      const names = ['a', 'b', 'c', 'd', 'e']
      for (const name of names) {
        await knex.raw('insert into loose (name, price) values (?, ?)', [name, 1234567.1234567892])
      }
      const prices = Loose.objects.orderBy('id').valuesList('price', { flat: true })
      const floats = await sent(async () => {
        for (let run = 0; run < 2; run += 1) {
          expect([...(await prices.all())].map(Number)).to.deep.equal(
            Array(5).fill(1234567.1234567892),
          )
        }
      })
      expect(floats).to.deep.equal(['packed', 'plain', 'plain'])

      // Of a type called json SQLite makes numbers where a document is one.
      await knex.raw('alter table loose add column data json')
      const data = Loose.objects.orderBy('id').valuesList('data', { flat: true })
      await Loose.objects.update({ data: -9.388770783572761e-232 })
      const documents = await sent(async () => {
        for (let run = 0; run < 2; run += 1) {
          expect([...(await data.all())]).to.deep.equal(Array(5).fill(-9.388770783572761e-232))
        }
      })
      expect(documents).to.deep.equal(['packed', 'plain', 'plain'])

      await knex.raw("update loose set name = cast('é' as blob) where name = 'c'")
      const read = Loose.objects.orderBy('id').valuesList('name')
      const blobs = await sent(async () => {
        for (let run = 0; run < 2; run += 1) {
          const error = await rejection(read.all())
          expect(error.message).to.contain('holds binary data where text')
        }
      })
      expect(blobs).to.deep.equal(['packed', 'plain', 'plain'])
      await knex.schema.dropTable('loose')
    })

    describe('of a table that other programs write, and that is called packed_rows', () => {
      beforeEach(async () => {
        const { knex } = stage.db
        await knex.schema.dropTableIfExists('packed_rows')
        const made = 'data generated always as (json_array(name)) virtual'
        await knex.raw(
          `create table packed_rows (id integer primary key, name, at, count, ${made})`,
        )
        for (const name of ['a', 'b', 'c', 'd']) {
          await knex.raw('insert into packed_rows (name, at, count) values (?, 0, 1)', [name])
        }
      })
      after(() => stage.db.knex.schema.dropTableIfExists('packed_rows'))

      const written = (assignment: string) =>
        stage.db.knex.raw(`update packed_rows set ${assignment} where id = 2`)

      it('are whole', async () => {
        const how = await sent(async () => {
          expect(await Untyped.objects.orderBy('id').values('name', 'at', 'count')).to.deep.equal(
            ['a', 'b', 'c', 'd'].map((name) => ({ name, at: new Date(0), count: 1 })),
          )
        })
        expect(how).to.deep.equal(['packed'])
      })

      it('have the JSON that a column is generated with', async () => {
        const how = await sent(async () => {
          const data = await Untyped.objects.valuesList('data', { flat: true })
          expect([...data]).to.have.deep.members([['a'], ['b'], ['c'], ['d']])
        })
        expect(how).to.deep.equal(['packed'])
      })

      for (const [column, value, read] of [
        ['name', '0.1 + 0.2', '0.30000000000000004'],
        ['at', '1700000000000.996', new Date(1_700_000_000_000)],
        ['count', '9007199254740991.0', 9_007_199_254_740_991],
      ] as const) {
        it(`have every digit of a float: ${column}`, async () => {
          await written(`${column} = ${value}`)
          const found = await Untyped.objects.orderBy('id').valuesList(column, { flat: true })
          expect(found[1]).to.deep.equal(read)
        })
      }

      it('have no integers that are nearly so', async () => {
        await written('count = 5.9999999999999991')
        const error = await rejection(Untyped.objects.valuesList('count', { flat: true }))
        expect(error.message).to.equal(
          'The integer column holds a number with a fraction where an integer of a JavaScript number is due',
        )
      })

      for (const json of ['"x"', '5', '[1]']) {
        it(`have no text of bytes that SQLite knows as JSON: ${json}`, async () => {
          await written(`name = jsonb('${json}')`)
          const error = await rejection(Untyped.objects.valuesList('name', { flat: true }))
          expect(error.message).to.equal('The text column holds binary data where text is due')
        })
      }
    })

    it('are not packed where a function made a value', async () => {
      const how = await sent(async () => {
        const upper = Book.objects.annotate({ upper: Upper('title') }).orderBy('id')
        expect((await upper).map((book) => book.upper)).to.deep.equal([
          'EMMA',
          'PERSUASION',
          'MIDDLEMARCH',
          'SILAS MARNER',
        ])
      })
      expect(how).to.deep.equal(['plain'])
    })
  })
}
