import knexModule from 'knex'
import { MigrationInterruptedError, migrate } from '../../lib/index.ts'
import type { Task } from '../migrations/support/migrating-process.ts'
import { type Left, leftIn, migrating } from '../migrations/support/processes.ts'
import { type SourceName, sources } from '../migrations/support/sources.ts'
import type { TestDatabase } from '../support/databases.ts'
import type { Soak } from './soak.ts'

const PROCESSES = 4
const DEADLINE_MS = 60_000
const NAMES: readonly SourceName[] = ['mixed', 'transactions']
/** Its configuration can be given to another process. */
const onDisk = ({ name }: TestDatabase): boolean => name === 'SQLite file' || name === 'PostgreSQL'

/** Four processes on an empty database: one runs the migrations, three find nothing to do. */
export const migrations: Soak = {
  name: 'migrations',
  goal: 'G14',
  counts: `rounds of ${PROCESSES} processes that migrate at once`,
  full: 50,
  on: onDisk,
  async run(run) {
    const whole = await undisturbed(run.kind, 'latest')
    for (const round of run.rounds()) {
      const source = NAMES[round % NAMES.length] as SourceName
      const fresh = await run.kind.create()
      const task: Task = { configs: [fresh.config], source }
      const all = Promise.all(Array.from({ length: PROCESSES }, () => migrating(task)))
      const ended = await run.within(DEADLINE_MS, `round ${round}`, all)
      const running = ended.filter(({ ran }) => (ran?.[0]?.length ?? 0) > 0)
      const isWell = ended.every(({ code, stderr }) => code === 0 && stderr === '')
      if (!isWell || running.length !== 1) run.found('wrong', JSON.stringify(ended))
      const left = await leftIn(fresh.config, run.kind.dialect)
      if (!isSame(left, whole[source])) run.found('wrong', JSON.stringify(left))
      await fresh.drop()
    }
  },
}

interface Kill extends Pick<Task, 'source'> {
  readonly verb: 'latest' | 'rollback'
  readonly kill: { readonly at: number; readonly when: 'before' | 'sent' }
}

/** `kill -9` at every statement there and back; what the next run makes of it. */
export const migrationKills: Soak = {
  name: 'migration-kills',
  goal: 'G14',
  counts: 'kills -9 at every statement of migrations',
  full: 1000,
  on: onDisk,
  async run(run) {
    const due = await everyKill(run.kind)
    const whole = {
      latest: await undisturbed(run.kind, 'latest'),
      rollback: await undisturbed(run.kind, 'rollback'),
    }
    const step = Math.max(1, Math.ceil(due.length / run.goal))
    for (const [at, kill] of due.entries()) {
      if (at % step !== 0) continue
      if (run.leftMs === 0) return
      run.tried(1)
      const what = JSON.stringify(kill)
      const left = await run.within(DEADLINE_MS, what, afterKill(run.kind, kill))
      const expected = whole[kill.verb][kill.source]
      if (!isSame(left, expected)) run.found('wrong', `${what}: ${JSON.stringify(left)}`)
    }
  },
}

async function everyKill(kind: TestDatabase): Promise<Kill[]> {
  const due: Kill[] = []
  for (const source of NAMES) {
    const fresh = await kind.create()
    for (const verb of ['latest', 'rollback'] as const) {
      const { statements = 0 } = await migrating({ configs: [fresh.config], source, verb })
      for (let at = 1; at <= statements; at += 1) {
        due.push({ source, verb, kill: { at, when: 'before' } })
        due.push({ source, verb, kill: { at, when: 'sent' } })
      }
    }
    await fresh.drop()
  }
  return due
}

/** What is there when a process was killed, and the next one has run. */
async function afterKill(kind: TestDatabase, { source, verb, kill }: Kill): Promise<Left> {
  const fresh = await kind.create()
  const knex = knexModule.default(fresh.config)
  const options = { migrationSource: sources[source] }
  const again = () =>
    verb === 'latest' ? migrate.latest(knex, options) : migrate.rollback(knex, options, true)
  try {
    if (verb === 'rollback') await migrate.latest(knex, options)
    const { signal } = await migrating({ configs: [fresh.config], source, verb, kill })
    if (signal !== 'SIGKILL') throw new Error('It was not killed.')
    await again().catch(async (error: unknown) => {
      if (!(error instanceof MigrationInterruptedError)) throw error
      // What it says: take away the part that is there, and tell that it was looked after.
      await knex.schema.dropTableIfExists('notes')
      if (verb === 'latest') await knex.migrate.forceFreeMigrationsLock()
      else await knex('knex_migrations').where({ name: '2_notes' }).del()
      await again()
    })
    return await leftIn(fresh.config, kind.dialect)
  } finally {
    await knex.destroy()
    await fresh.drop()
  }
}

/** What is there after runs that nothing disturbs. */
async function undisturbed(
  kind: TestDatabase,
  verb: 'latest' | 'rollback',
): Promise<Record<SourceName, Left>> {
  const left: Partial<Record<SourceName, Left>> = {}
  for (const source of NAMES) {
    const fresh = await kind.create()
    const knex = knexModule.default(fresh.config)
    const options = { migrationSource: sources[source] }
    await migrate.latest(knex, options)
    if (verb === 'rollback') await migrate.rollback(knex, options)
    await knex.destroy()
    left[source] = await leftIn(fresh.config, kind.dialect)
    await fresh.drop()
  }
  return left as Record<SourceName, Left>
}

function isSame(one: Left, other: Left): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
