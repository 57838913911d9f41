/** A server that is killed and stopped while it is worked with, and comes back. */
import { expect } from 'chai'
import type { Database } from '../../lib/database/runner.ts'
import { bringDown, Clients, type Downfall, openForClients } from '../soak/restarts.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { MortalServer } from './support/mortal-server.ts'

/** A bounded sample; `npm run test:soak -- restarts` does many. */
const DOWNFALLS: readonly [how: Downfall, what: string][] = [
  ['backend', 'kill -9 of a connection, upon which it recovers'],
  ['immediate', 'pg_ctl stop -m immediate'],
  ['crash', 'kill -9 of its first process'],
  ['fast', 'pg_ctl stop -m fast'],
]

describeOnEach(
  'a server that goes down and comes back (F24)',
  () => {
    let server: MortalServer
    let db: Database
    let clients: Clients

    before(async () => {
      server = await MortalServer.start()
      db = await openForClients(server)
      clients = new Clients(db)
      clients.start()
    })
    after(async () => {
      await db?.close({ timeoutMs: 500 })
      await server?.stop()
    })

    for (const [how, what] of DOWNFALLS) {
      it(`${what}: errors meanwhile, then all goes on`, async () => {
        await clients.goOn()
        await bringDown(server, how)
        await clients.goOn()
        expect(clients.wrong).to.deep.equal([])
      })
    }

    it('all that was acknowledged is there, and nothing that was not or by half', async () => {
      await clients.end()
      expect(clients.wrong).to.deep.equal([])
      expect(clients.answered).to.be.greaterThan(200)
      // Not of each downfall: reads are sent again, and a call may wait for the server.
      expect(clients.failed).to.be.greaterThan(0)
    })
  },
  databases.filter(({ dialect }) => dialect === 'postgresql'),
)
