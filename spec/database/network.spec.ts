/** Connections that die on the way: cut by RST or FIN, silent, refused, and what is repeated then. */
import { expect } from 'chai'
import { openDatabase } from '../../lib/database/database.ts'
import type { Database } from '../../lib/database/runner.ts'
import { ConnectionLostError, TransactionBrokenError } from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { insert, read, readWithin, rejection, savedIds, until, useDatabase } from './helpers.ts'
import { ServerProxy } from './support/proxy.ts'

const onPostgres = databases.filter(({ dialect }) => dialect === 'postgresql')
const MAX = 5

describeOnEach(
  'a network that cuts connections',
  (kind) => {
    const at = useDatabase(kind)
    let proxy: ServerProxy
    let far: Database

    beforeEach(async () => {
      const { connectionString } = at.fresh.config.connection as { connectionString: string }
      proxy = await ServerProxy.to(connectionString)
      const connection = { connectionString: proxy.url, connectionTimeoutMillis: 1000 }
      far = openDatabase(
        { client: 'pg', connection, pool: { min: 0, max: MAX }, log: { warn: () => undefined } },
        { name: 'far' },
      )
      await read(far.current(), 'select 1')
      proxy.reset()
    })
    afterEach(async () => {
      proxy.close()
      await far.close({ timeoutMs: 0 })
    })

    /** Opens every connection of the pool. */
    const fill = () =>
      Promise.all(Array.from({ length: MAX }, () => read(far.current(), 'select pg_sleep(0.03)')))
    const five = () => read(far.current(), 'select 5 as five')
    const isIdle = () => until(() => far.knex.client.pool.numUsed() === 0)

    for (const how of ['drop', 'end'] as const) {
      const name = how === 'drop' ? 'RST' : 'FIN'

      it(`${name} on the answer to a read: it is read again, once (F20)`, async () => {
        proxy.faultOf = (n) => (n === 1 ? how : undefined)
        expect(await five()).to.deep.equal([[5]])
        // The read, whether the fresh connection answers, and the read again.
        expect(proxy.statements).to.equal(3)
      })

      it(`${name} on the answer to a started read: it is read again, once (F20)`, async () => {
        proxy.faultOf = (n) => (n === 1 ? how : undefined)
        const started = far.start((runner) => read(runner, 'select 5 as five'), new Error())
        expect(await started.read()).to.deep.equal([[5]])
        expect(proxy.statements).to.equal(3)
      })

      it(`${name} on the answer to a write: never sent again, and it says so (F20)`, async () => {
        proxy.faultOf = (n) => (n === 1 ? how : undefined)
        expect(await rejection(insert(far, 1))).to.be.instanceOf(ConnectionLostError)
        expect(proxy.statements).to.equal(1)
        expect(await five()).to.deep.equal([[5]])
        // It did arrive.
        expect(await savedIds(at.db)).to.deep.equal([1])
      })

      it(`${name} in a transaction: nothing in it is sent again (F20, F22)`, async () => {
        proxy.faultOf = (n) => (n === 3 ? how : undefined)
        const error = await rejection(
          far.atomic(async () => {
            await insert(far, 1)
            await five()
          }),
        )
        expect(error).to.be.instanceOf(ConnectionLostError)
        expect(proxy.statements).to.equal(3)
        await isIdle()
        expect(await savedIds(at.db)).to.deep.equal([])
      })

      it(`${name} on the answer to BEGIN: nothing was done, so it begins anew (F21)`, async () => {
        proxy.faultOf = (n) => (n === 1 ? how : undefined)
        await far.atomic(() => insert(far, 1))
        expect(await savedIds(at.db)).to.deep.equal([1])
      })

      it(`${name} of every idle connection at once: reads and transactions go on (F21)`, async () => {
        await fill()
        expect(proxy.open).to.equal(MAX)
        proxy.cut(how)
        const answers = await Promise.all(Array.from({ length: 2 * MAX }, five))
        expect(answers).to.deep.equal(Array(2 * MAX).fill([[5]]))
        await fill()
        proxy.cut(how)
        await far.atomic(() => insert(far, 1))
        expect(await savedIds(at.db)).to.deep.equal([1])
      })

      it(`${name} of idle connections, seen: the next write gets none of them (F21)`, async () => {
        await fill()
        proxy.cut(how)
        const free: { resource: { __knex__disposed?: unknown } }[] = far.knex.client.pool.free
        await until(() => free.every(({ resource }) => resource.__knex__disposed !== undefined))
        await Promise.all(Array.from({ length: MAX }, (_, id) => insert(far, id)))
        expect(await savedIds(at.db)).to.deep.equal([0, 1, 2, 3, 4])
      })
    }

    it('a network that goes on cutting: the read fails after its second try', async () => {
      proxy.faultOf = () => 'drop'
      expect(await rejection(five())).to.be.instanceOf(ConnectionLostError)
      await isIdle()
      proxy.heal()
      expect(await five()).to.deep.equal([[5]])
    })

    it('a server that is gone and comes back: errors meanwhile, then all goes on (F24)', async () => {
      await fill()
      proxy.refusing = true
      proxy.cut()
      const failed = await Promise.all([
        rejection(five()),
        rejection(insert(far, 1)),
        rejection(far.atomic(() => insert(far, 1))),
        rejection(far.start((runner) => read(runner, 'select 1'), new Error()).read()),
      ])
      for (const error of failed) expect(error).to.be.instanceOf(ConnectionLostError)
      await isIdle()
      proxy.heal()
      await insert(far, 1)
      expect(await savedIds(at.db)).to.deep.equal([1])
    })

    it('silent while a started query runs: it ends in time, and its connection goes (F25)', async () => {
      proxy.faultOf = () => 'hang'
      const since = Date.now()
      const started = far.start((runner) => read(runner, 'select 5 as five'), new Error(), {
        timeoutMs: 100,
      })
      expect(await rejection(started.read())).to.have.property('code', 'QUERY_TIMEOUT')
      expect(Date.now() - since).to.be.lessThan(600)
      proxy.heal()
      expect(await five()).to.deep.equal([[5]])
    })

    it('silent for all of a pool: nobody waits longer than the deadline (F25)', async () => {
      await fill()
      proxy.silent = true
      const since = Date.now()
      const errors = await Promise.all(
        Array.from({ length: 3 * MAX }, () =>
          rejection(readWithin({ timeoutMs: 100 }, far.current(), 'select 5 as five')),
        ),
      )
      expect(new Set(errors.map(({ code }) => code))).to.deep.equal(new Set(['QUERY_TIMEOUT']))
      expect(Date.now() - since).to.be.lessThan(800)
      const { pool } = far.knex.client
      proxy.heal()
      proxy.cut()
      await until(() => pool.numUsed() === 0)
      expect(await five()).to.deep.equal([[5]])
    })

    it('a reply lost in a nested atomic breaks all of the transaction (F22)', async () => {
      const error = await rejection(
        far.atomic(async () => {
          await insert(far, 1)
          proxy.faultOf = (n) => (n > 3 ? 'drop' : undefined)
          await far.atomic(() => insert(far, 2)).catch(() => undefined)
          await insert(far, 3)
        }),
      )
      expect(error).to.be.instanceOf(TransactionBrokenError)
      expect(error.cause).to.be.instanceOf(ConnectionLostError)
      await isIdle()
      proxy.heal()
      expect(await savedIds(at.db)).to.deep.equal([])
    })
  },
  onPostgres,
)
