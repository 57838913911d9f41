/** Failures that nobody read: kept, reported once, never an unhandled rejection. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect } from 'chai'
import { connect, type Database, type UnconsumedReport } from '../../lib/index.ts'
import { describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { Ghost } from './support/library.ts'
import { runProgram } from './support/program.ts'
import { rejection } from './support/stage.ts'

const STRICT = ['--expose-gc', '--unhandled-rejections=strict']

describeOnEach('starts that nobody reads', (kind) => {
  let fresh: FreshDatabase
  let db: Database
  const taken: UnconsumedReport[] = []
  const published: UnconsumedReport[] = []
  const warned: (Error & { code?: string; detail?: string })[] = []
  const onPublished = (report: unknown) => published.push(report as UnconsumedReport)
  const onWarning = (warning: Error) => warned.push(warning)
  let printers: NodeJS.WarningListener[] = []

  beforeEach(async () => {
    fresh = await kind.create()
    for (const list of [taken, published, warned]) list.length = 0
    subscribe('asynchrormous:unconsumed', onPublished)
    printers = process.listeners('warning')
    process.removeAllListeners('warning').on('warning', onWarning)
  })
  afterEach(async () => {
    unsubscribe('asynchrormous:unconsumed', onPublished)
    await db?.close()
    process.off('warning', onWarning)
    for (const printer of printers) process.on('warning', printer)
    await fresh.drop()
  })

  function open(takes: boolean): void {
    db = connect(fresh.config, {
      name: 'ghostly',
      ...(takes ? { onUnconsumedError: (report: UnconsumedReport) => taken.push(report) } : {}),
    })
  }
  const ghosts = () => Ghost.objects.using('ghostly').filter({ name: 'secret-marker' })

  it('a failed one goes to onUnconsumedError and the channel, once, when the database closes (F01)', async () => {
    open(true)
    const started = ghosts().startFetch()
    await db.close()
    expect(taken).to.have.lengthOf(1)
    expect(published).to.deep.equal(taken)
    expect(taken[0]).to.include({
      database: 'ghostly',
      outcome: 'failed',
      reason: 'database closed',
    })
    expect(taken[0]?.startedAt).to.contain('unconsumed.spec.ts')
    expect(await rejection(started)).to.equal(taken[0]?.error)
    expect(taken).to.have.lengthOf(1)
    expect(warned).to.deep.equal([])
  })

  it('without onUnconsumedError it is a process warning, with the place and without values (F01)', async () => {
    open(false)
    const kept = [ghosts().startCount(), ghosts().startGet({ name: 'secret-marker' })]
    await db.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned.map(({ code }) => code)).to.deep.equal(kept.map(() => 'ASYNCHRORMOUS_UNCONSUMED'))
    for (const { message, detail, stack } of warned) {
      expect(detail).to.contain('unconsumed.spec.ts')
      expect(`${message} ${detail} ${stack}`).not.to.contain('secret-marker')
    }
  })

  it('a failed one that was read, by whatever call, is not reported (F01)', async () => {
    open(true)
    await rejection(ghosts().startFetch().count())
    await rejection(ghosts().startFetch().slice(0, 1))
    await rejection(ghosts().startFirst().first())
    await rejection(ghosts().startCount().exists())
    await db.close()
    expect([taken, published, warned]).to.deep.equal([[], [], []])
  })

  it('a start that is never asked its own question is reported though another was', async () => {
    open(true)
    await rejection(ghosts().startCount().fetch())
    await db.close()
    expect(taken).to.have.lengthOf(1)
  })

  it('an unread success is told on the channel only', async () => {
    open(true)
    await db.knex.schema.createTable('ghosts', (table) => {
      table.increments()
      table.string('name')
    })
    const started = ghosts().startFetch()
    await db.close()
    expect(taken).to.deep.equal([])
    expect(published.map(({ outcome, reason }) => [outcome, reason])).to.deep.equal([
      ['succeeded', 'database closed'],
    ])
    expect(await started).to.deep.equal([])
  })

  it('one started inside an atomic() is reported when that ends', async () => {
    open(true)
    const kept: unknown[] = []
    const error = await rejection(
      db.atomic(() => {
        kept.push([ghosts().startFetch()])
      }),
    )
    expect(error).to.have.property('code', 'TRANSACTION_BROKEN')
    expect(taken.map(({ reason }) => reason)).to.deep.equal(['transaction ended'])
    expect(error.cause).to.equal(taken[0]?.error)
  })

  it('a hook that throws is no unhandled rejection: the report becomes a warning', async () => {
    db = connect(fresh.config, {
      name: 'ghostly',
      onUnconsumedError: () => {
        throw new Error('the hook')
      },
    })
    const started = ghosts().startFetch()
    await db.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned.map(({ code }) => code)).to.deep.equal(['ASYNCHRORMOUS_UNCONSUMED'])
    await rejection(started)
  })

  it('in a program that just forgets it: a warning on collection, no crash (F01)', async function () {
    this.timeout(60_000)
    const { stdout, stderr } = await runProgram('forgetful.ts', fresh.config, ...STRICT)
    expect(stdout).to.equal('collected: failed\nclosed\n')
    expect(stderr.match(/ASYNCHRORMOUS_UNCONSUMED/g)).to.have.lengthOf(1)
    expect(stderr).to.match(/started at:[\s\S]*startAndForget/)
    expect(stderr).not.to.contain('secret-marker')
  })

  it('rows that nobody reads go with their queryset, in atomic() too (F12)', async function () {
    this.timeout(60_000)
    const { stdout } = await runProgram('unread-results.ts', fresh.config, ...STRICT)
    for (const { held, left, reports } of JSON.parse(stdout)) {
      expect(held).to.be.greaterThan(50)
      expect(left).to.be.lessThan(held / 10)
      expect(reports).to.deep.equal(['succeeded, collected'])
    }
  })
})
