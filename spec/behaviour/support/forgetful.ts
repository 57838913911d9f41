/** A program that starts a query which fails, drops the queryset, and goes on. */
import { subscribe } from 'node:diagnostics_channel'
import { AsyncManager, connect, fields, Model, type UnconsumedReport } from '../../../lib/index.ts'

class Ghost extends Model('ghosts', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Ghost)
}

const db = connect(JSON.parse(process.argv[2] ?? '{}'))
let outcome = ''
subscribe('asynchrormous:unconsumed', (report) => {
  outcome = (report as UnconsumedReport).outcome
})

function startAndForget(): void {
  Ghost.objects.filter({ name: 'secret-marker' }).startFetch()
}

startAndForget()
while (outcome === '') {
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
console.log(`collected: ${outcome}`)
await db.close()
console.log('closed')
