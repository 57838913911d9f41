/**
 * Which anomalies each isolation level of PostgreSQL allows, through `atomic({ isolation })`. Where
 * one is allowed it must be seen here, or the case would prove nothing.
 *
 * Source: https://github.com/ept/hermitage (postgres.md)
 */
import { expect } from 'chai'
import type { Database, Isolation } from '../../lib/database/runner.ts'
import { SerializationError } from '../../lib/errors.ts'
import { databases, describeOnEach } from '../support/databases.ts'
import { read, useDatabase, write } from './helpers.ts'

type Step = (session: Session) => Promise<unknown>

/** One transaction, told what to do step by step. */
class Session {
  readonly log: unknown[] = []
  readonly ended: Promise<string>
  readonly #steps: ((step: Step | 'commit' | 'abort') => void)[] = []
  readonly #db: Database
  #next: Promise<Step | 'commit' | 'abort'>

  constructor(db: Database, isolation: Isolation) {
    this.#db = db
    this.#next = this.#wait()
    this.ended = db
      .atomic(() => this.#live(), { isolation })
      .then(
        () => 'committed',
        (error: Error) => {
          if (error instanceof SerializationError) return 'refused'
          if (error.message === 'abort') return 'aborted'
          throw error
        },
      )
  }

  /** Does a step; resolves when it is done, or the transaction has ended. */
  async do(step: Step): Promise<void> {
    await this.#tell(async (session) => {
      await step(session)
    })
  }

  /** Does a step that waits for another session: resolves when it waits on the server. */
  start(step: Step): Promise<void> {
    return this.#tell(step)
  }

  async end(how: 'commit' | 'abort'): Promise<string> {
    this.#steps.shift()?.(how)
    return await this.ended
  }

  read(sql: string): Promise<unknown[][]> {
    return read(this.#db.current(), sql)
  }

  write(sql: string): Promise<number> {
    return write(this.#db.current(), sql)
  }

  #wait(): Promise<Step | 'commit' | 'abort'> {
    return new Promise((resolve) => {
      this.#steps.push(resolve)
    })
  }

  #tell(step: Step): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#steps.shift()?.(async (session) => {
        try {
          await step(session)
        } catch (error) {
          if (error instanceof SerializationError) resolve()
          else reject(error)
          throw error
        }
        resolve()
      })
    })
    return Promise.race([done, this.ended.then(() => undefined)])
  }

  async #live(): Promise<void> {
    for (;;) {
      const step = await this.#next
      this.#next = this.#wait()
      if (step === 'commit') return
      if (step === 'abort') throw new Error('abort')
      await step(this)
    }
  }
}

const set =
  (id: number, value: number): Step =>
  (session) =>
    session.write(`update test set value = ${value} where id = ${id}`)
const see =
  (where = 'true'): Step =>
  async (session) => {
    const rows = await session.read(`select value from test where ${where} order by id`)
    session.log.push(rows.map(([value]) => value))
  }

interface Outcome {
  readonly ends: readonly string[]
  readonly seen: readonly (readonly unknown[])[]
  readonly left: readonly unknown[]
}

interface Case {
  readonly name: string
  readonly run: (t1: Session, t2: Session) => Promise<string[]>
  /** Whether the anomaly happened. */
  readonly isAnomaly: (outcome: Outcome) => boolean
  /** The levels at which PostgreSQL allows it. */
  readonly allowedAt: readonly Isolation[]
}

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const
const both = (ends: readonly string[]): boolean => ends.every((end) => end === 'committed')
const seen = (outcome: Outcome, session: number, at: number): string =>
  JSON.stringify(outcome.seen[session]?.[at])

const cases: readonly Case[] = [
  {
    name: 'G0: writes of two are mixed',
    async run(t1, t2) {
      await t1.do(set(1, 11))
      const waiting = t2.start(set(1, 12))
      await t1.do(set(2, 21))
      const first = await t1.end('commit')
      await waiting
      await t2.do(set(2, 22)).catch(() => undefined)
      return [first, await t2.end('commit')]
    },
    isAnomaly: ({ left }) => !['[11,21]', '[12,22]'].includes(JSON.stringify(left)),
    allowedAt: [],
  },
  {
    name: 'G1a: what is undone is read',
    async run(t1, t2) {
      await t1.do(set(1, 101))
      await t2.do(see())
      const first = await t1.end('abort')
      await t2.do(see())
      return [first, await t2.end('commit')]
    },
    isAnomaly: (outcome) => seen(outcome, 1, 0) !== '[10,20]' || seen(outcome, 1, 1) !== '[10,20]',
    allowedAt: [],
  },
  {
    name: 'G1b: what is written on the way is read',
    async run(t1, t2) {
      await t1.do(set(1, 101))
      await t2.do(see())
      await t1.do(set(1, 11))
      const first = await t1.end('commit')
      await t2.do(see())
      return [first, await t2.end('commit')]
    },
    isAnomaly: (outcome) =>
      seen(outcome, 1, 0).includes('101') || seen(outcome, 1, 1).includes('101'),
    allowedAt: [],
  },
  {
    name: 'G1c: each reads what the other wrote',
    async run(t1, t2) {
      await t1.do(set(1, 11))
      await t2.do(set(2, 22))
      await t1.do(see('id = 2'))
      await t2.do(see('id = 1'))
      return [await t1.end('commit'), await t2.end('commit')]
    },
    isAnomaly: (outcome) => seen(outcome, 0, 0) === '[22]' || seen(outcome, 1, 0) === '[11]',
    allowedAt: [],
  },
  {
    name: 'OTV: what was seen of another vanishes again',
    async run(t1, t2) {
      await t1.do(set(1, 11))
      await t1.do(set(2, 19))
      const waiting = t2.start(set(1, 12))
      const first = await t1.end('commit')
      await waiting
      await t2.do(see('id = 2')).catch(() => undefined)
      return [first, await t2.end('commit')]
    },
    isAnomaly: ({ ends, seen: [, second] }) => both(ends) && JSON.stringify(second?.[0]) !== '[19]',
    allowedAt: [],
  },
  {
    name: 'PMP: a predicate finds other rows the second time',
    async run(t1, t2) {
      await t1.do(see('value = 30'))
      await t2.do((session) => session.write('insert into test values (3, 30)'))
      const second = await t2.end('commit')
      await t1.do(see('value % 3 = 0'))
      return [await t1.end('commit'), second]
    },
    isAnomaly: (outcome) => seen(outcome, 0, 1) === '[30]',
    allowedAt: ['read committed'],
  },
  {
    name: 'P4: an update is lost',
    async run(t1, t2) {
      await t1.do(see('id = 1'))
      await t2.do(see('id = 1'))
      await t1.do(set(1, 11))
      const waiting = t2.start(set(1, 12))
      const first = await t1.end('commit')
      await waiting
      return [first, await t2.end('commit')]
    },
    isAnomaly: ({ ends }) => both(ends),
    allowedAt: ['read committed'],
  },
  {
    name: 'G-single: read skew',
    async run(t1, t2) {
      await t1.do(see('id = 1'))
      await t2.do(set(1, 12))
      await t2.do(set(2, 18))
      const second = await t2.end('commit')
      await t1.do(see('id = 2'))
      return [await t1.end('commit'), second]
    },
    isAnomaly: (outcome) => seen(outcome, 0, 1) === '[18]',
    allowedAt: ['read committed'],
  },
  {
    name: 'G2-item: write skew',
    async run(t1, t2) {
      await t1.do(see('id in (1, 2)'))
      await t2.do(see('id in (1, 2)'))
      await t1.do(set(1, 11))
      await t2.do(set(2, 21))
      return [await t1.end('commit'), await t2.end('commit')]
    },
    isAnomaly: ({ ends }) => both(ends),
    allowedAt: ['read committed', 'repeatable read'],
  },
  {
    name: 'G2: write skew of what a predicate finds',
    async run(t1, t2) {
      await t1.do(see('value % 3 = 0'))
      await t2.do(see('value % 3 = 0'))
      await t1.do((session) => session.write('insert into test values (3, 30)'))
      await t2.do((session) => session.write('insert into test values (4, 42)'))
      return [await t1.end('commit'), await t2.end('commit')]
    },
    isAnomaly: ({ ends }) => both(ends),
    allowedAt: ['read committed', 'repeatable read'],
  },
]

describeOnEach(
  'the anomalies of PostgreSQL (Hermitage)',
  (kind) => {
    const at = useDatabase(kind)

    for (const { name, run, isAnomaly, allowedAt } of cases) {
      for (const isolation of LEVELS) {
        const isAllowed = allowedAt.includes(isolation)
        it(`${name}: ${isAllowed ? 'seen' : 'never'} at ${isolation}`, async () => {
          const { db } = at
          await write(db.current(), 'create table test (id int primary key, value int)')
          await write(db.current(), 'insert into test values (1, 10), (2, 20)')
          const [t1, t2] = [new Session(db, isolation), new Session(db, isolation)]
          const ends = await run(t1, t2)
          const rows = await read(db.current(), 'select value from test order by id')
          const left = rows.map(([value]) => value)
          expect(isAnomaly({ ends, seen: [t1.log, t2.log] as unknown[][], left })).to.equal(
            isAllowed,
          )
        })
      }
    }
  },
  databases.filter(({ dialect }) => dialect === 'postgresql'),
)
