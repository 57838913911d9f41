/**
 * A ledger: operations on rows of their own, what they were told, and what may be there after that.
 * What was acknowledged must be there, what was refused must not; what was lost on the way may be.
 */
import type { Knex } from 'knex'
import {
  AsyncManager,
  atomic,
  CommitUnknownError,
  ConnectionLostError,
  fields,
  Model,
  OrmError,
  QueryTimeoutError,
  SerializationError,
} from '../../lib/index.ts'
import type { Finding } from './soak.ts'
import type { Random } from './support/random.ts'

export class Entry extends Model('entries', {
  operation: fields.integer(),
  part: fields.integer(),
  note: fields.text({ default: '' }),
}) {
  static objects = new AsyncManager(Entry)
}

export async function createEntries(knex: Knex): Promise<void> {
  await knex.schema
    .createTable('entries', (table) => {
      table.increments()
      table.integer('operation').notNullable().index()
      table.integer('part').notNullable()
      table.text('note').notNullable()
    })
    // What a statement that rolls back by itself runs into, on SQLite.
    .createTable('stumbles', (table) => {
      table.integer('id').primary()
    })
  await knex('stumbles').insert({ id: 1 })
}

/** What is there of an operation: `1 2` for its parts, `1x` for a part that was changed. */
type Rows = string

interface Plan {
  /** What is there when it was acknowledged. */
  readonly after: Rows
  /** What is there when it was refused. @default nothing */
  readonly before?: Rows
  /** One statement outside a transaction: what of it arrived is not known when its answer is lost. */
  readonly isSingle?: boolean
  /** It rejects with what it threw itself. */
  readonly throws?: boolean
  run(operation: number): Promise<unknown>
}

class Refused extends Error {}

const part = (operation: number, at: number) => Entry.objects.create({ operation, part: at })
const rowsOf = (operation: number) => Entry.objects.filter({ operation })

async function readBack(operation: number, parts: number): Promise<void> {
  const started = rowsOf(operation).orderBy('part').startFetch()
  const count = rowsOf(operation).startCount()
  const rows = await started
  const wrong = rows.some((row, at) => row.operation !== operation || row.part !== at + 1)
  if (wrong || rows.length !== parts || (await count.count()) !== parts) {
    throw new WrongAnswer(`${rows.length} rows of ${parts}`)
  }
}

/** A read gave what it must not have given: no error of the library. */
class WrongAnswer extends Error {}

const plans: Readonly<Record<string, Plan>> = {
  'create()': { after: '1', isSingle: true, run: (no) => part(no, 1) },
  'save()': {
    after: '1',
    isSingle: true,
    run: (no) => new Entry({ operation: no, part: 1 }).save(),
  },
  'bulkCreate() in chunks': {
    after: '1 2 3 4 5',
    run: (no) =>
      Entry.objects.bulkCreate(
        [1, 2, 3, 4, 5].map((at) => ({ operation: no, part: at })),
        { batchSize: 2 },
      ),
  },
  'atomic() that reads what it wrote': {
    after: '1 2',
    run: (no) =>
      atomic(async () => {
        await part(no, 1)
        await part(no, 2)
        await readBack(no, 2)
      }),
  },
  'atomic() with starts it leaves unread': {
    after: '1 2',
    run: (no) =>
      atomic(async () => {
        await part(no, 1)
        rowsOf(no).startFetch()
        rowsOf(no).startExists()
        await part(no, 2)
      }),
  },
  'nested atomic() that is let go': {
    after: '1 3',
    run: (no) =>
      atomic(async () => {
        await part(no, 1)
        const inner = atomic(async () => {
          await part(no, 2)
          throw new Refused()
        })
        await inner.catch(() => undefined)
        await part(no, 3)
      }),
  },
  'atomic() that throws': {
    after: '',
    throws: true,
    run: (no) =>
      atomic(async () => {
        await part(no, 1)
        await part(no, 2)
        throw new Refused()
      }),
  },
  'atomic() that swallows every error': {
    after: '1 2',
    run: (no) =>
      atomic(async () => {
        await part(no, 1).catch(() => undefined)
        await part(no, 2).catch(() => undefined)
      }),
  },
  'atomic() with a retry': {
    after: '1 2',
    run(no) {
      let attempts = 0
      return atomic(
        async () => {
          attempts += 1
          await part(no, 1)
          if (attempts === 1) throw new SerializationError('the first never goes through')
          await part(no, 2)
        },
        { retries: 3 },
      )
    },
  },
  'parallel work in atomic()': {
    after: '1 2 3',
    run: (no) => atomic(() => Promise.all([1, 2, 3].map((at) => part(no, at)))),
  },
}

/** What is done to rows that are there already, as one statement each. */
const changes: Readonly<Record<string, Plan>> = {
  'update()': {
    before: '1 2',
    after: '1x 2x',
    isSingle: true,
    run: (no) => rowsOf(no).update({ note: 'x' }),
  },
  'delete()': { before: '1 2', after: '', isSingle: true, run: (no) => rowsOf(no).delete() },
  'a read': { before: '1 2', after: '1 2', run: (no) => readBack(no, 2) },
}

const NAMES = [...Object.keys(plans), ...Object.keys(changes)]

export interface Outcome {
  readonly name: string
  readonly allowed: readonly Rows[]
}

/** What one operation may leave, once it was told something. */
function allowedBy(plan: Plan, error: unknown): readonly Rows[] {
  const { before = '', after } = plan
  if (error === undefined) return [after]
  if (error instanceof CommitUnknownError) return [before, after]
  const isLost = error instanceof ConnectionLostError || error instanceof QueryTimeoutError
  return plan.isSingle && isLost ? [before, after] : [before]
}

export interface LedgerOptions {
  readonly random: Random
  /** Every operation is given so long, by an `atomic()` around it. */
  readonly timeoutMs?: number | undefined
  readonly found: (finding: Finding, what: string) => void
}

export class Ledger {
  /** How many operations were told that they were done, and how many that they were not. */
  acknowledged = 0
  refused = 0
  readonly #outcomes = new Map<number, Outcome>()
  #last = 0

  /** Does something by chance, and writes down what it was told. Never rejects. */
  async operate(options: LedgerOptions): Promise<void> {
    const name = NAMES[options.random(NAMES.length)] ?? ''
    const change = changes[name]
    this.#last += 1
    const no = this.#last
    if (change === undefined) {
      await this.#do(no, name, plans[name] as Plan, options)
      return
    }
    const setting = plans['atomic() with starts it leaves unread'] as Plan
    const isSet = await this.#do(no, 'what is to be changed', setting, options)
    if (isSet) await this.#do(no, name, change, options)
  }

  /** What is there and must not be, or the other way about, of all operations or the last ones. */
  async check(knex: Knex, since = 0): Promise<string[]> {
    const found = new Map<number, string[]>()
    const rows: { operation: number; part: number; note: string }[] = await knex('entries')
      .where('operation', '>', since)
      .orderBy('operation')
      .orderBy('part')
      .select('operation', 'part', 'note')
    for (const { operation, part, note } of rows) {
      const parts = found.get(operation) ?? []
      parts.push(`${part}${note}`)
      found.set(operation, parts)
    }
    const wrong: string[] = []
    for (const [no, { name, allowed }] of this.#outcomes) {
      if (no <= since) continue
      const there = (found.get(no) ?? []).join(' ')
      found.delete(no)
      if (!allowed.includes(there)) {
        wrong.push(`${name}: '${there}' is there, which must be '${allowed.join("' or '")}'`)
      }
    }
    for (const no of found.keys()) wrong.push(`operation ${no} is not known`)
    return wrong
  }

  /** As `check()` of all; what was looked at is gone after that, here and there. */
  async settle(knex: Knex): Promise<string[]> {
    const wrong = await this.check(knex)
    this.#outcomes.clear()
    await knex('entries').delete()
    return wrong
  }

  /** How many operations there were so far. */
  get size(): number {
    return this.#last
  }

  async #do(no: number, name: string, plan: Plan, options: LedgerOptions): Promise<boolean> {
    const { timeoutMs: timeout, found } = options
    const run = () => plan.run(no)
    const isTimed = timeout !== undefined
    try {
      await (isTimed ? atomic(run, { timeout }) : run())
      if (plan.throws) found('wrong', `${name} resolved`)
      this.acknowledged += 1
      this.#outcomes.set(no, { name, allowed: allowedBy(plan, undefined) })
      return true
    } catch (error) {
      this.refused += 1
      const isExpected = error instanceof OrmError || (plan.throws && error instanceof Refused)
      if (!isExpected) found('wrong', `${name} rejected with ${describe(error)}`)
      const allowed = allowedBy(isTimed ? { ...plan, isSingle: false } : plan, error)
      this.#outcomes.set(no, { name: `${name}, ${describe(error)}`, allowed })
      return false
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
