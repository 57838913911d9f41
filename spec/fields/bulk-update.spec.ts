/** Random values of every kind of column, written by `bulkUpdate()`, each row to its own. */
import { expect } from 'chai'
import fc from 'fast-check'
import {
  AsyncManager,
  connect,
  type Database,
  expectQueries,
  type fields,
  Model,
} from '../../lib/index.ts'
import { describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { kinds } from './kinds.ts'

interface Row {
  readonly id: number
  value: unknown
  save(): Promise<void>
}

interface Rows {
  bulkCreate(rows: readonly object[]): Promise<Row[]>
  bulkUpdate(rows: readonly object[], names: readonly string[]): Promise<number>
  orderBy(name: string): PromiseLike<Row[]>
  delete(): Promise<unknown>
}

/** Keys are made by the database. */
const writable = kinds.filter(({ field }) => !field.generated)

describeOnEach('bulkUpdate() of every kind of column', (database) => {
  const { dialect } = database
  let fresh: FreshDatabase
  let db: Database

  before(async () => {
    fresh = await database.create()
    db = connect(fresh.config)
    for (const [index, kind] of writable.entries()) {
      const type = kind[dialect as 'sqlite']
      const key = dialect === 'sqlite' ? 'integer primary key' : 'serial primary key'
      await db.knex.raw(`create table k${index} (id ${key}, value ${type} not null)`)
    }
  })
  after(async () => {
    await db?.close({ timeoutMs: 1000 })
    await fresh?.drop()
  })

  for (const [index, { name, field, values, edges }] of writable.entries()) {
    if (field.family === 'range' && dialect === 'sqlite') continue
    it(`${name} (${index})`, async () => {
      class Kind extends Model(`k${index}`, {
        value: field as unknown as ReturnType<typeof fields.text>,
      }) {
        static objects = new AsyncManager(Kind)
      }
      const rows = Kind.objects as unknown as Rows
      const any = fc.oneof(values, ...edges.map((edge) => fc.constant(edge)))
      const pairs = fc.array(fc.tuple(any, any), { minLength: 1, maxLength: 12 })
      const write = fc.asyncProperty(pairs, async (given) => {
        await rows.delete()
        const made = await rows.bulkCreate(given.map(([value]) => ({ value })))
        for (const [at, row] of made.entries()) row.value = given[at]?.[1]
        expect(await rows.bulkUpdate(made, ['value'])).to.equal(given.length)
        const found = await rows.orderBy('id')
        const differing = found.filter(({ value }, at) => {
          return !field.equals(value, field.schema.parse(given[at]?.[1]))
        })
        expect([found.length, differing]).to.deep.equal([given.length, []])
        // Instances know what the database has.
        await expectQueries(0, async () => {
          for (const row of made) await row.save()
        })
      })
      await fc.assert(write, { numRuns: 8 })
    })
  }
})
