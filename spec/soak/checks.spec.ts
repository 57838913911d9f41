/** What the long tests look with: each must see what is wrong, or finding nothing proves nothing. */
import { expect } from 'chai'
import knexModule, { type Knex } from 'knex'
import { connect, type Database } from '../../lib/index.ts'
import { databases, describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { checked } from './isolation.ts'
import { createEntries, Ledger } from './ledger.ts'
import { randomOf } from './support/random.ts'
import { growthPerMinute } from './support/slope.ts'

type Transactions = Parameters<typeof checked>[0]

describe('the check of isolation', () => {
  const none = { lostUpdates: 0, dirtyReads: 0, cycles: 0 }
  const committed = (...steps: Transactions[number]['steps']): Transactions[number] => ({
    outcome: 'committed',
    steps,
  })

  it('finds nothing where one came after the other', () => {
    const first = committed({ key: 1, seen: [] }, { key: 1, item: 10 })
    const second = committed({ key: 1, seen: [10] }, { key: 1, item: 20 })
    const aborted = { outcome: 'aborted' as const, steps: [{ key: 1, item: 30 }] }
    const lists = new Map([[1, [10, 20]]])
    expect(checked([first, second, aborted], lists)).to.deep.equal({ ...none, committed: 2 })
  })

  it('finds an update that was lost', () => {
    const both = [10, 20].map((item) => committed({ key: 1, seen: [] }, { key: 1, item }))
    const found = checked(both, new Map([[1, [20]]]))
    expect(found.lostUpdates).to.equal(1)
  })

  it('finds what was read though it was undone, and what is there though it was', () => {
    const aborted = { outcome: 'aborted' as const, steps: [{ key: 1, item: 10 }] }
    const reader = committed({ key: 1, seen: [10] })
    expect(checked([aborted, reader], new Map([[1, []]])).dirtyReads).to.equal(1)
    expect(checked([aborted], new Map([[1, [10]]])).dirtyReads).to.equal(1)
  })

  it('finds a circle: each read what the other wrote before it did', () => {
    const one = committed({ key: 1, seen: [] }, { key: 2, seen: [] }, { key: 1, item: 10 })
    const other = committed({ key: 1, seen: [] }, { key: 2, seen: [] }, { key: 2, item: 20 })
    const lists = new Map([
      [1, [10]],
      [2, [20]],
    ])
    expect(checked([one, other], lists)).to.deep.equal({ ...none, committed: 2, cycles: 1 })
  })
})

describeOnEach(
  'the ledger',
  (kind) => {
    let fresh: FreshDatabase
    let knex: Knex
    let db: Database
    before(async () => {
      fresh = await kind.create()
      knex = knexModule.default(fresh.config)
      await createEntries(knex)
      db = connect(fresh.config)
    })
    after(async () => {
      await db.close({ timeoutMs: 500 })
      await knex.destroy()
      await fresh.drop()
    })

    it('misses a row that was acknowledged, and minds one that was refused', async () => {
      const ledger = new Ledger()
      const found: unknown[] = []
      const options = { random: randomOf(1), found: (...each: unknown[]) => found.push(each) }
      for (let n = 0; n < 30; n += 1) await ledger.operate(options)
      expect([found, await ledger.check(knex)]).to.deep.equal([[], []])
      const [row] = await knex('entries').orderBy('id').limit(1)
      await knex('entries').where({ id: row.id }).delete()
      expect(await ledger.check(knex)).to.have.lengthOf(1)
      await knex('entries').insert(row)
      await knex('entries').insert({ ...row, id: 10_000, part: 9 })
      expect(await ledger.check(knex)).to.have.lengthOf(1)
      await knex('entries').insert({ ...row, id: 10_001, operation: 10_000 })
      expect(await ledger.settle(knex)).to.have.lengthOf(2)
      expect(await ledger.settle(knex)).to.deep.equal([])
    })
  },
  databases.filter(({ name }) => name === 'SQLite file' || name === 'PostgreSQL'),
)

describe('growth in a minute', () => {
  it('is the slope of most samples', () => {
    const line = [0, 1, 2, 3, 4, 5, 6].map((at) => ({ seconds: at * 10, value: 100 + at }))
    expect(growthPerMinute(line)).to.equal(6)
    const withPeak = line.map((each, at) => (at === 3 ? { ...each, value: 900 } : each))
    expect(growthPerMinute(withPeak)).to.equal(6)
    expect(growthPerMinute([])).to.equal(0)
  })
})
