/** Every public call that waits for a database ends in its time; again and again in `npm run test:soak`. */
import { expect } from 'chai'
import knexModule from 'knex'
import * as everything from '../../lib/index.ts'
import { AsyncManager, AsyncQuerySet, AsyncRawQuerySet, connect } from '../../lib/index.ts'
import { allCalls, calls } from '../soak/calls.ts'
import { endedBehind, type Far, obstacles, openFar, TIMEOUT_MS } from '../soak/deadlines.ts'
import { createNovels, Novel, Writer } from '../soak/support/novels.ts'
import { databases, describeOnEach, type FreshDatabase } from '../support/databases.ts'
import { rejection } from './support/stage.ts'

/** On a machine that runs the other specs, too; 250 ms in `npm run test:soak`. */
const GRACE_MS = 1500
const AT_ONCE = 16
/** For which `close()` waits for a server to stop what runs. */
const CANCEL_MS = 2000

describeOnEach(
  'every public call that waits (G11)',
  (kind) => {
    let fresh: FreshDatabase
    let far: Far
    before(async () => {
      fresh = await kind.create()
      const knex = knexModule.default(fresh.config)
      await createNovels(knex)
      await knex.destroy()
      far = await openFar(fresh)
    })
    after(async () => {
      await far.close()
      await fresh.drop()
    })

    for (const obstacle of Object.keys(obstacles)) {
      it(`ends in its time behind ${obstacle}`, async function () {
        this.timeout(60_000)
        const names = allCalls.map(([name]) => name)
        for (let at = 0; at < names.length; at += AT_ONCE) {
          const ended = await endedBehind(far, obstacle, names.slice(at, at + AT_ONCE))
          const late = ended.filter(({ ms, wrong }) => ms > TIMEOUT_MS + GRACE_MS || wrong)
          expect(late).to.deep.equal([])
        }
      })
    }
    it('close() ends in its time while a query hangs in a black hole', async () => {
      const closing = await openFar(fresh, 'closing')
      await Writer.objects.using('closing').count()
      closing.proxy.silent = true
      const hanging = rejection(Writer.objects.using('closing').fetch())
      const since = performance.now()
      await closing.db.close({ timeoutMs: TIMEOUT_MS })
      expect(performance.now() - since).to.be.lessThan(TIMEOUT_MS + CANCEL_MS + GRACE_MS)
      expect(await hanging).to.have.property('code', 'OPERATIONAL')
      await closing.close()
    })
  },
  databases.filter(({ dialect }) => dialect === 'postgresql'),
)

/** What answers at once, or makes another queryset. */
const WITHOUT_WAITING = {
  querySet: [
    'all none filter exclude orderBy annotate alias descendants ancestors reverse distinct union',
    'intersection difference dates datetimes selectForUpdate slice using timeout signal values',
    'valuesList selectRelated prefetchRelated only defer fetchMode toSQL',
  ],
  rawQuerySet: [],
  instance: ['equals toJSON'],
  relatedManager: ['Symbol(Symbol.iterator) Symbol(open)'],
  module: [
    'compilationCount setShapeCacheSize connect onCommit registerLookup registerTransform',
    'defineFunction safeFilter safeOrder m2mChanged postDelete postSave preDelete preSave',
    // As long as what they are given takes.
    'captureQueries expectQueries sandbox',
  ],
} as const

function methodsOf(prototype: object): string[] {
  const names: string[] = []
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Reflect.ownKeys(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name) ?? {}
      if (typeof value === 'function' && name !== 'constructor') names.push(String(name))
    }
  }
  return [...new Set(names)]
}

describe('the list of calls that wait (G11)', () => {
  const known = (owner: keyof typeof calls): string[] => [
    ...Object.keys(calls[owner]),
    ...WITHOUT_WAITING[owner].flatMap((line) => line.split(' ')),
  ]

  it('has every method of a queryset', () => {
    expect(methodsOf(AsyncQuerySet.prototype)).to.have.members(known('querySet'))
    expect(methodsOf(AsyncRawQuerySet.prototype)).to.have.members(known('rawQuerySet'))
  })

  it('has every method of a manager beside those of its querysets', () => {
    const manager = methodsOf(Object.getPrototypeOf(new AsyncManager(Writer)) as object)
    const own = manager.filter((name) => !known('querySet').includes(name))
    expect(own).to.have.members(['raw', 'Symbol(open)'])
    const { labels } = new Novel({ id: 1, title: 'One', writerId: 1 })
    const related = methodsOf(Object.getPrototypeOf(labels) as object)
    const others = related.filter((name) => !known('querySet').includes(name))
    expect(known('relatedManager')).to.include.members(others)
  })

  it('has every method of an instance, and every function', () => {
    const { 'a relation': relation, ...own } = calls.instance
    expect(relation).to.be.a('function')
    const instance = [
      ...Object.keys(own),
      ...WITHOUT_WAITING.instance.flatMap((line) => line.split(' ')),
    ]
    expect(methodsOf(Writer.prototype)).to.have.members(instance)
    const functions = Object.entries(everything).flatMap(([name, value]) =>
      typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
    )
    expect(functions).to.have.members(known('module'))
  })

  it('has every method of a database', () => {
    const db = connect({ client: 'sqlite3', connection: ':memory:' }, { name: 'unused' })
    const own = ['atomic', 'close', 'current', 'join', 'openReading', 'start']
    expect(methodsOf(Object.getPrototypeOf(db) as object)).to.have.members(own)
    return db.close()
  })
})
