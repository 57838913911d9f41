import { expect } from 'chai'
import knex from 'knex'
import { describeOnEach } from './databases.ts'

describeOnEach('a fresh database', (db) => {
  it('is empty, its own, and gone after drop()', async () => {
    const [one, other] = [await db.create(), await db.create()]
    const [first, second] = [knex(one.config), knex(other.config)]
    try {
      await first.schema.createTable('things', (table) => table.increments())
      expect(await first.schema.hasTable('things')).to.equal(true)
      expect(await second.schema.hasTable('things')).to.equal(false)
    } finally {
      await Promise.all([first.destroy(), second.destroy()])
      await Promise.all([one.drop(), other.drop()])
    }
    const again = knex({ ...one.config, log: { warn: () => {} } })
    const found = await again.schema.hasTable('things').catch(() => false)
    await again.destroy()
    expect(found).to.equal(false)
  })
})
