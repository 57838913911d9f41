/** The demo from beginning to end: migrate, load, show the page twice, draw both, follow relations. */
import { basename } from 'node:path'
import type { Knex } from 'knex'
import { connect, type Database, migrate } from '../../lib/index.ts'
import { models } from '../models.ts'
import { type Atlas, credits } from './atlas.ts'
import { drawLegend, drawTimeline } from './draw.ts'
import { loadAtlas } from './load.ts'
import { type Output, seconds } from './output.ts'
import { showOneByOne, showStarted } from './page.ts'
import { Recorder, type Timeline } from './recorder.ts'
import { relatedTitle, showRelated } from './related.ts'

type Page = (recorder: Recorder, show: (line: string) => void) => Promise<void>

/** `config` is a section of the knexfile: its migrations are the ones that are run. */
export async function playDemo(config: Knex.Config, atlas: Atlas, output: Output): Promise<void> {
  const db = connect(config, { models })
  try {
    output.line(output.paint('bold', 'asynchrormous: queries that run while you do other work'))
    output.heading(`1. The data, in ${describe(db)}`)
    await runMigrations(db, output)
    await loadAtlas(atlas, output)
    for (const credit of credits) output.line(output.paint('dim', `    ${credit}`))
    output.heading("2. A page: cities called 'san', for a reader in Portugal")
    await playPages(db, output)
    output.heading(relatedTitle)
    await showRelated(db, output)
  } finally {
    await db.close()
  }
}

/** What `npm run migrate` does, by knex's own migrator, as the knexfile configures it. */
async function runMigrations(db: Database, output: Output): Promise<void> {
  const startedAt = performance.now()
  const [, done] = await migrate.latest(db)
  const remark = done.length > 0 ? `run in ${seconds(performance.now() - startedAt)}` : 'up to date'
  output.step('migrations', String(done.length), remark)
}

async function playPages(db: Database, output: Output): Promise<void> {
  // Unmeasured: it opens the connections and fills the database's cache for both.
  await record(db, showStarted)
  const started = await record(db, showStarted, (line) => output.line(line))
  const oneByOne = await record(db, showOneByOne)
  const scaleMs = Math.max(started.totalMs, oneByOne.totalMs)
  output.heading('3. Every query started before the other work, and used after it')
  drawTimeline(started, scaleMs, output)
  output.heading('4. The same page, one query at a time')
  drawTimeline(oneByOne, scaleMs, output)
  output.line()
  drawLegend(output)
  const [fast, slow] = [started, oneByOne].map(({ totalMs }) => `${Math.round(totalMs)} ms`)
  const saved = Math.round(100 * (1 - started.totalMs / oneByOne.totalMs))
  output.line()
  output.line(`  One at a time: ${slow}. Started: ${fast}, ${saved} % less.`)
}

async function record(
  db: Database,
  show: Page,
  print: (line: string) => void = () => {},
): Promise<Timeline> {
  const recorder = new Recorder(db)
  await show(recorder, print)
  return recorder.end()
}

/** Without its password. */
function describe({ knex }: Database): string {
  const { filename, connectionString } = knex.client.config.connection as {
    filename?: string
    connectionString?: string
  }
  if (filename !== undefined) return `SQLite (${basename(filename)})`
  const { host, pathname } = new URL(connectionString ?? 'postgres://localhost')
  return `PostgreSQL (${host}${pathname})`
}
