import { expect } from 'chai'
import { useStage } from '../behaviour/support/stage.ts'
import { describeOnEach } from '../support/databases.ts'
import { metBadly, NAMES, sqlOf, VALUES } from './support/attacks.ts'
import { hostileTexts, PAYLOADS } from './support/payloads.ts'

/** A bounded sample; `npm run test:soak -- injection` tries more. */
const RANDOM = 20
const SEED = 20260101

describeOnEach('hostile input', (kind) => {
  const stage = useStage(kind)
  const texts = [...PAYLOADS, ...hostileTexts(RANDOM, SEED)]
  let sent = 0
  let tried = 0
  let unbound = 0
  let prototype: readonly PropertyKey[]

  const onQuery = () => {
    sent += 1
  }

  before(async () => {
    prototype = Reflect.ownKeys(Object.prototype)
    const { knex } = stage.db
    await knex.schema.createTable('canary', (table) => {
      table.string('secret')
    })
    await knex('canary').insert({ secret: 'alive' })
    knex.on('query', onQuery)
  })

  afterEach(async () => {
    expect(await stage.db.knex('canary').pluck('secret')).to.eql(['alive'])
    expect(await stage.db.knex.schema.hasTable('pwned')).to.equal(false)
    expect(Reflect.ownKeys(Object.prototype)).to.eql(prototype)
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
  })

  after(() => {
    stage.db.knex.removeListener('query', onQuery)
    console.log(`      ${tried} hostile inputs tried, ${unbound} unbound`)
  })

  const rows = [...new Set(NAMES.map(({ row }) => row))].sort()
  for (const row of rows) {
    it(`${row} names are refused before anything is sent`, async () => {
      const met: string[] = []
      for (const attack of NAMES.filter((each) => each.row === row)) {
        for (const text of texts) {
          tried += 1
          const problem = await metBadly(attack, text, () => sent)
          if (problem !== undefined) met.push(problem)
        }
      }
      unbound += met.length
      expect(met).to.eql([])
    })
  }

  for (const attack of VALUES) {
    it(`${attack.row} ${attack.call} has the same SQL whatever the value`, async () => {
      const benign = sqlOf(attack, 'x')
      const different: string[] = []
      for (const text of texts) {
        tried += 1
        // Where `__` parts a path there are more keys, each of them bound.
        if (attack.call.includes('__[x]') && text.includes('__')) continue
        const sql = sqlOf(attack, text)
        if (sql !== undefined && sql !== benign) different.push(JSON.stringify(text))
      }
      unbound += different.length
      expect(different).to.eql([])
    })

    it(`${attack.row} ${attack.call} runs`, async () => {
      for (const text of texts) {
        if (sqlOf(attack, text) === undefined) continue
        tried += 1
        await (attack.run(text) as PromiseLike<unknown>)
      }
    })
  }
})
