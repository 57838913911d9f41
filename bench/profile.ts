/** `npm run bench -- --profile`: where our own time goes, workload by workload. */
import { mkdirSync } from 'node:fs'
import { FULL, QUICK } from './data.ts'
import { openDatabase } from './databases.ts'
import { entriesFor, type Programs } from './entries.ts'
import type { Options } from './options.ts'
import type { ProfileSummary } from './profiler.ts'
import { OURS } from './registry.ts'
import { Runner } from './runner.ts'
import { selectWorkloads } from './workloads/all.ts'

const FUNCTIONS = 30
const PLACES = 14

/** Profiles every workload asked for, of ours or of those that `--only` names. */
export async function profileAll(options: Options, programs: Programs): Promise<void> {
  const folder = new URL('./profiles/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const sizes = options.quick ? QUICK : FULL
  const names = options.only ?? [OURS]
  for (const kind of options.databases) {
    const database = await openDatabase(kind, sizes, options.delayMs)
    const entries = entriesFor(kind, names, programs).filter(({ contestant }) =>
      names.includes(contestant),
    )
    for (const { label, contestant, driver, program } of entries) {
      const place = database.locationFor(label)
      const runner = new Runner(label, program, { contestant, driver, ...place, sizes, effort: 1 })
      for (const { id, title } of selectWorkloads(options.workloads)) {
        const file = new URL(`${id}-${kind}-${label.replace(/\W+/g, '-')}.cpuprofile`, folder)
        const answer = await runner.run({ task: 'profile', workload: id, file: file.pathname })
        if (answer.kind === 'not offered') continue
        console.log(`\n## ${id} ${title}: ${label} on ${database.version}\n`)
        if (answer.kind === 'profiled') print(answer.summary, answer.cpuUs)
        else console.log(answer.kind === 'failed' ? answer.message : '')
      }
      await runner.stop()
    }
    await database.stop()
  }
  console.log(`\nThe profiles themselves, for Chrome's developer tools: ${folder.pathname}`)
}

function print({ busyMs, functions, places }: ProfileSummary, cpuUs: number | null): void {
  const share = (ms: number): string => {
    const part = ms / busyMs
    const us = cpuUs === null ? '' : ` ${(part * cpuUs).toFixed(1).padStart(9)} µs`
    return `${(part * 100).toFixed(1).padStart(5)} %${us}`
  }
  console.log(`${cpuUs?.toFixed(0) ?? '?'} µs of processor time an operation\n\nown time by place`)
  for (const [place, ms] of places.slice(0, PLACES)) console.log(`${share(ms)}  ${place}`)
  console.log('\nown time by function')
  const bySelf = [...functions].sort((a, b) => b.selfMs - a.selfMs).slice(0, FUNCTIONS)
  for (const { name, place, selfMs } of bySelf) console.log(`${share(selfMs)}  ${name}  ${place}`)
  console.log('\ntime by function of ours, with all it calls')
  const byTotal = functions
    .filter(({ place }) => place.startsWith('lib/'))
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, FUNCTIONS)
  for (const { name, place, totalMs } of byTotal)
    console.log(`${share(totalMs)}  ${name}  ${place}`)
}
