/**
 * Random transactions that read lists and append to them, and a check of what they saw: a graph of
 * who came before whom, in which a circle is an anomaly.
 *
 * Source: https://github.com/jepsen-io/elle
 */
import type { Knex } from 'knex'
import {
  AsyncManager,
  CommitUnknownError,
  type Database,
  fields,
  type Isolation,
  Model,
} from '../../lib/index.ts'
import type { Dialect } from '../support/databases.ts'
import { isSoon, TESTED } from './support/faulty.ts'
import { type Random, randomOf } from './support/random.ts'

class List extends Model('lists', {
  id: fields.integer({ primaryKey: true }),
  items: fields.text({ default: '' }),
}) {
  static objects = new AsyncManager(List)
}

const WORKERS = 8
const EACH = 25
const KEYS = 5
const MOST_STEPS = 4
/** One batch of so many has one of its connections killed. */
const KILLED_ONE_OF = 4

/** So many transactions are one batch. */
export const BATCH: number = WORKERS * EACH

/** PostgreSQL looks for a deadlock after a second, in which nothing else would be tried. */
export async function createLists(knex: Knex): Promise<void> {
  await knex.schema.createTable('lists', (table) => {
    table.integer('id').primary()
    table.text('items').notNullable()
  })
  if (knex.client.config.client !== 'pg') return
  const { rows } = await knex.raw('select current_database() as name')
  await knex.raw(`alter database "${rows[0].name}" set deadlock_timeout = '50ms'`)
}

/** A list as a transaction saw it before it changed it itself, or what it appended. */
type Step =
  | { readonly key: number; readonly seen: readonly number[] }
  | { readonly key: number; readonly item: number }

interface Transaction {
  outcome: 'committed' | 'aborted' | 'unknown'
  steps: Step[]
}

export interface Anomalies {
  readonly committed: number
  /** Appended by a transaction that was committed, and not there. */
  readonly lostUpdates: number
  /** Seen, or there, though the transaction that appended it was not committed. */
  readonly dirtyReads: number
  /** Groups of transactions each of which came before each other. */
  readonly cycles: number
}

type Anomaly = Exclude<keyof Anomalies, 'committed'>

interface Level {
  readonly isolation: Isolation
  readonly forbids: readonly Anomaly[]
  /** What must be seen at it, or the check would prove nothing. */
  readonly shows: readonly Anomaly[]
}

export const levelsOn: Readonly<Record<Dialect, readonly Level[]>> = {
  postgresql: [
    { isolation: 'read committed', forbids: ['dirtyReads'], shows: ['lostUpdates', 'cycles'] },
    { isolation: 'repeatable read', forbids: ['dirtyReads', 'lostUpdates'], shows: ['cycles'] },
    { isolation: 'serializable', forbids: ['dirtyReads', 'lostUpdates', 'cycles'], shows: [] },
  ],
  sqlite: [
    { isolation: 'serializable', forbids: ['dirtyReads', 'lostUpdates', 'cycles'], shows: [] },
  ],
}

function itemsOf(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number)
}

async function step(transaction: Transaction, key: number, item: number | null): Promise<void> {
  const { items } = await List.objects.get({ id: key })
  const isOwn = transaction.steps.some((each) => each.key === key && 'item' in each)
  if (!isOwn) transaction.steps.push({ key, seen: itemsOf(items) })
  if (item === null) return
  const longer = items === '' ? String(item) : `${items},${item}`
  await List.objects.filter({ id: key }).update({ items: longer })
  transaction.steps.push({ key, item })
}

interface Batch {
  readonly db: Database
  readonly isolation: Isolation
  readonly firstKey: number
  readonly random: Random
}

async function transact({ db, isolation, firstKey, random }: Batch, id: number) {
  const transaction: Transaction = { outcome: 'committed', steps: [] }
  const steps = Array.from({ length: 1 + random(MOST_STEPS) }, (_, at) => ({
    key: firstKey + random(KEYS),
    item: random(2) === 0 ? null : id * MOST_STEPS + at,
  }))
  const run = async () => {
    for (const { key, item } of steps) await step(transaction, key, item)
  }
  await db.atomic(run, { isolation }).catch((error: unknown) => {
    transaction.outcome = error instanceof CommitUnknownError ? 'unknown' : 'aborted'
  })
  return transaction
}

/** Runs one batch of transactions at a level, by workers side by side, and checks what they saw. */
export async function anomaliesAt(
  at: { readonly db: Database; readonly knex: Knex },
  isolation: Isolation,
  round: number,
  seed: number,
): Promise<Anomalies> {
  const { db, knex } = at
  const random = randomOf(seed * 1_000_003 + round)
  const firstKey = round * KEYS
  const keys = Array.from({ length: KEYS }, (_, index) => firstKey + index)
  await knex('lists').insert(keys.map((id) => ({ id, items: '' })))
  const transactions: Transaction[] = []
  const batch = { db, isolation, firstKey, random }
  const work = Array.from({ length: WORKERS }, async (_, worker) => {
    for (let n = 0; n < EACH; n += 1) {
      transactions.push(await transact(batch, worker * EACH + n))
      if (worker === 0 && n === EACH / 5 && random(KILLED_ONE_OF) === 0) await killOne(db, knex)
    }
  })
  await Promise.all(work)
  await isSoon(() => db.knex.client.pool.numUsed() === 0)
  const rows: { id: number; items: string }[] = await knex('lists').whereIn('id', keys)
  return checked(transactions, new Map(rows.map(({ id, items }) => [id, itemsOf(items)])))
}

async function killOne(db: Database, knex: Knex): Promise<void> {
  if (db.dialect !== 'postgresql') return
  await knex.raw(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = '${TESTED}' and state <> 'idle' limit 1`,
  )
}

/** What is wrong with what the transactions saw, given what the lists were in the end. */
export function checked(
  transactions: readonly Transaction[],
  lists: ReadonlyMap<number, readonly number[]>,
): Anomalies {
  const writers = new Map<number, Transaction>()
  for (const transaction of transactions) {
    for (const step of transaction.steps) if ('item' in step) writers.set(step.item, transaction)
  }
  const there = new Set([...lists.values()].flat())
  const isCommitted = ({ outcome, steps }: Transaction): boolean =>
    outcome === 'committed' ||
    (outcome === 'unknown' && steps.some((step) => 'item' in step && there.has(step.item)))
  const committed = transactions.filter(isCommitted)
  const isDirty = (item: number): boolean => {
    const writer = writers.get(item)
    return writer === undefined || !isCommitted(writer)
  }
  const appended = committed.flatMap(({ steps }) => steps.filter((step) => 'item' in step))
  const seen = committed.flatMap(({ steps }) =>
    steps.flatMap((step) => ('seen' in step ? step.seen : [])),
  )
  return {
    committed: committed.length,
    lostUpdates: appended.filter(({ item }) => !there.has(item)).length,
    dirtyReads: [...there, ...seen].filter(isDirty).length,
    cycles: cyclesIn(orderOf(committed, lists, writers)),
  }
}

type Graph = Map<Transaction, Set<Transaction>>

/** Who came before whom: it wrote what the other read or wrote over, or read what the other changed. */
function orderOf(
  committed: readonly Transaction[],
  lists: ReadonlyMap<number, readonly number[]>,
  writers: ReadonlyMap<number, Transaction>,
): Graph {
  const after: Graph = new Map(committed.map((transaction) => [transaction, new Set()]))
  const edge = (from: Transaction | undefined, to: Transaction | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) after.get(from)?.add(to)
  }
  const writerOf = (item: number | undefined) =>
    item === undefined ? undefined : writers.get(item)
  for (const items of lists.values()) {
    for (const [at, item] of items.entries()) edge(writerOf(items[at - 1]), writerOf(item))
  }
  for (const transaction of committed) {
    for (const step of transaction.steps) {
      if (!('seen' in step)) continue
      const items = lists.get(step.key) ?? []
      edge(writerOf(step.seen[step.seen.length - 1]), transaction)
      edge(transaction, writerOf(items[step.seen.length]))
    }
  }
  return after
}

/** How many groups of several there are in which each leads to each other. */
function cyclesIn(after: Graph): number {
  const before: Graph = new Map([...after.keys()].map((each) => [each, new Set()]))
  for (const [from, others] of after) for (const to of others) before.get(to)?.add(from)
  // Those that are left last are first in the second round, which goes the other way.
  const left: Transaction[] = []
  const visited = new Set<Transaction>()
  for (const each of after.keys()) walk(each, after, visited, left)
  const grouped = new Set<Transaction>()
  let cycles = 0
  for (const each of left.reverse()) {
    const group: Transaction[] = []
    walk(each, before, grouped, group)
    if (group.length > 1) cycles += 1
  }
  return cycles
}

/** Goes wherever it leads that was not visited; tells each when all behind it were. */
function walk(
  from: Transaction,
  graph: Graph,
  visited: Set<Transaction>,
  left: Transaction[],
): void {
  if (visited.has(from)) return
  visited.add(from)
  const path = [{ at: from, others: (graph.get(from) ?? new Set()).values() }]
  for (let last = path[path.length - 1]; last !== undefined; last = path[path.length - 1]) {
    const { value: next, done } = last.others.next()
    if (done) {
      left.push(last.at)
      path.pop()
    } else if (!visited.has(next)) {
      visited.add(next)
      path.push({ at: next, others: (graph.get(next) ?? new Set()).values() })
    }
  }
}
