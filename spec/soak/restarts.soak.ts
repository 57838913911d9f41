import { MortalServer } from '../database/support/mortal-server.ts'
import { bringDown, Clients, downfalls, openForClients } from './restarts.ts'
import type { Finding, Soak } from './soak.ts'

const DEADLINE_MS = 60_000

export const restarts: Soak = {
  name: 'restarts',
  goal: 'F24',
  counts: 'downfalls of a server that is worked with',
  full: 100,
  on: ({ dialect }) => dialect === 'postgresql',
  async run(run) {
    const server = await MortalServer.start()
    const db = await openForClients(server)
    const clients = new Clients(db)
    try {
      clients.start()
      for (const round of run.rounds()) {
        const how = downfalls[round % downfalls.length] ?? 'crash'
        await clients.goOn()
        await run.within(DEADLINE_MS, how, bringDown(server, how))
      }
      await clients.goOn()
      await run.within(DEADLINE_MS, 'the last calls', clients.end())
      for (const what of clients.wrong) run.found(findingOf(what), what)
      console.log(`${clients.answered} calls answered, ${clients.failed} failed`)
    } finally {
      await db.close({ timeoutMs: 500 })
      await server.stop()
    }
  },
}

function findingOf(what: string): Finding {
  if (/^(lost|ghost)/.test(what)) return 'lost'
  if (what.startsWith('leaked')) return 'leaked'
  return /^(hung|not all)/.test(what) ? 'hung' : 'wrong'
}
