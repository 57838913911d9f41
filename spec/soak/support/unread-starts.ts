/** A program that starts many queries which fail, reads none, goes on, and closes: `<config> <count>`. */
import { AsyncManager, connect, fields, Model } from '../../../lib/index.ts'

class Missing extends Model('missing_table', { name: fields.text() }) {
  static objects = new AsyncManager(Missing)
}

const [config = '{}', count = '0'] = process.argv.slice(2)
const reports: { readonly outcome: string; readonly error?: unknown }[] = []
const db = connect(JSON.parse(config), { onUnconsumedError: (report) => reports.push(report) })
for (let n = 0; n < Number(count); n += 1) Missing.objects.filter({ id: n }).startFetch()
await db.close()
const codes = new Set(reports.map(({ error }) => (error as { code?: string }).code))
console.log(JSON.stringify({ reports: reports.length, codes: [...codes] }))
