/** The n-th statement of an operation fails, for every n: then all of it is there, or nothing. */
import {
  atomic,
  CommitUnknownError,
  ConnectionLostError,
  m2mChanged,
  postSave,
  preDelete,
  QueryTimeoutError,
  SerializationError,
} from '../../lib/index.ts'
import { type Faulty, faultsOn } from './support/faulty.ts'
import { Label, Novel, refillNovels, snapshotOf, Writer } from './support/novels.ts'

/** Made anew for each run; calling it again must be a retry with the same instances. */
type Operation = (timeout?: number) => PromiseLike<unknown>

/** Several statements that are one operation to whoever calls it. */
export const operations: Readonly<Record<string, () => Operation | Promise<Operation>>> = {
  'save() of several instances, and many-to-many': () => {
    const writer = new Writer({ name: 'Cleo' })
    const novel = new Novel({ title: 'Four', writer })
    return () =>
      atomic(async () => {
        await writer.save()
        novel.writerId = writer.id
        await novel.save()
        await novel.labels.add(...(await Label.objects.filter({ name__in: ['red', 'blue'] })))
      })
  },
  'save() of what changed': async () => {
    const writers = await Writer.objects.orderBy('id')
    for (const writer of writers) writer.score += 10
    return () =>
      atomic(async () => {
        for (const writer of writers) await writer.save()
      })
  },
  'bulkCreate() in chunks': () => {
    const names = ['Dora', 'Emil', 'Finn', 'Gus', 'Hal']
    return () =>
      Writer.objects.bulkCreate(
        names.map((name) => ({ name })),
        { batchSize: 2 },
      )
  },
  'bulkCreate() of instances': () => {
    const writers = ['Dora', 'Emil', 'Finn'].map((name) => new Writer({ name }))
    return () => Writer.objects.bulkCreate(writers, { batchSize: 1 })
  },
  'bulkUpdate() in chunks': async () => {
    const writers = await Writer.objects.orderBy('id')
    for (const writer of writers) writer.score += 7
    return () => Writer.objects.bulkUpdate(writers, ['score'], { batchSize: 1 })
  },
  'delete() with its cascade': async () => {
    const ann = await Writer.objects.get({ name: 'Ann' })
    return () => ann.delete()
  },
  'delete() of a queryset': () => () => Writer.objects.filter({ score__gt: 0 }).delete(),
  'getOrCreate()': () => () =>
    Writer.objects.getOrCreate({ name: 'Ines' }, { defaults: { score: 3 } }),
  'updateOrCreate() that creates': () => () =>
    Writer.objects.updateOrCreate({ name: 'Jon' }, { defaults: { score: 4 } }),
  'updateOrCreate() that updates': () => () =>
    Writer.objects.updateOrCreate({ name: 'Ann' }, { defaults: { score: 5 } }),
  'set()': async () => {
    const novel = await Novel.objects.get({ title: 'One' })
    const labels = await Label.objects.filter({ name__in: ['green', 'blue'] })
    return () => novel.labels.set(labels)
  },
  'nested atomics': () => {
    const writers = ['Kim', 'Lou', 'Mia'].map((name) => new Writer({ name }))
    return () =>
      atomic(async () => {
        await writers[0]?.save()
        await atomic(async () => {
          await writers[1]?.save()
          await atomic(async () => await writers[2]?.save())
        })
        await Writer.objects.filter({ name: 'Ann' }).update({ score: 9 })
      })
  },
  'a nested atomic that fails and is let go': () => {
    const writers = ['Rob', 'Sue', 'Tom'].map((name) => new Writer({ name }))
    return () =>
      atomic(async () => {
        await writers[0]?.save()
        await atomic(async () => await writers[1]?.save()).catch(() => undefined)
        await writers[2]?.save()
      })
  },
  'a retry': () => {
    const writer = new Writer({ name: 'Nils' })
    let attempts = 0
    return (timeout) =>
      atomic(
        async () => {
          attempts += 1
          await writer.save()
          if (attempts === 1) throw new SerializationError('the first never goes through')
          await Novel.objects.create({ title: 'Five', writer })
        },
        { retries: 3, timeout },
      )
  },
  'save() with a listener that writes': () => {
    const writer = new Writer({ name: 'Uma' })
    const listen = () =>
      postSave(Writer, async (event) => {
        if (event.kind === 'save')
          await Novel.objects.create({ title: 'Six', writer: event.instance })
      })
    return () => heardBy(listen, () => writer.save())
  },
  'delete() with a listener that writes': async () => {
    const ann = await Writer.objects.get({ name: 'Ann' })
    const listen = () =>
      preDelete(Novel, async ({ instance }) => {
        await Label.objects.create({ name: `was ${instance.title}` })
      })
    return () => heardBy(listen, () => ann.delete())
  },
  'set() with a listener that writes': async () => {
    const novel = await Novel.objects.get({ title: 'One' })
    const listen = () =>
      m2mChanged(Novel, async ({ phase, action }) => {
        await Label.objects.create({ name: `${phase} ${action}` })
      })
    return () => heardBy(listen, () => novel.labels.set([2, 3]))
  },
  'started queries among writes': () => () =>
    atomic(async () => {
      const before = Writer.objects.all().startCount()
      await Writer.objects.create({ name: 'Olga' })
      const names = Writer.objects.valuesList('name', { flat: true }).startFetch()
      await Writer.objects.create({ name: `Pia ${(await names).length - (await before.count())}` })
    }),
}

async function heardBy(listen: () => () => void, work: () => Promise<unknown>): Promise<unknown> {
  const off = listen()
  try {
    return await work()
  } finally {
    off()
  }
}

/** What may be missing, and nothing else, when the operation resolved after a failure. */
const dispensable: Readonly<Record<string, string>> = {
  'a nested atomic that fails and is let go': 'writer Sue 0',
}

function withoutLines(snapshot: string, line: string | undefined): string {
  return snapshot
    .split('\n')
    .filter((each) => each !== line)
    .join('\n')
}

export interface FailureRun {
  readonly operation: string
  readonly fault: string
  readonly n: number
}

/** What was wrong with a run: nothing, when the list is empty. */
export interface FailureResult {
  readonly wrong: readonly string[]
  readonly leaked: readonly string[]
  /** It did not get to the n-th statement: all n were tried. */
  readonly isPast: boolean
}

/** What a statement may take on a machine that has other work, too. */
const TIMEOUT_MS = 100
const TIMES_AS_LONG = 10
const LONGEST_TIMEOUT_MS = 300

type Outcome = { readonly error: unknown } | undefined

async function attempt(work: () => PromiseLike<unknown>): Promise<Outcome> {
  try {
    await work()
    return undefined
  } catch (error) {
    return { error }
  }
}

interface Whole {
  /** What the operation leaves when nothing fails. */
  readonly snapshot: string
  readonly ms: number
}

const wholes = new Map<string, Whole>()

async function wholeOf(at: Faulty, name: string): Promise<Whole> {
  const key = `${at.db.dialect} ${name}`
  const known = wholes.get(key)
  if (known !== undefined) return known
  await refillNovels(at.knex)
  const operation = await operations[name]?.()
  const startedAt = Date.now()
  await operation?.()
  const whole = { snapshot: await snapshotOf(at.knex), ms: Date.now() - startedAt }
  wholes.set(key, whole)
  return whole
}

function mayHaveArrived(error: unknown): boolean {
  return error instanceof CommitUnknownError || error instanceof ConnectionLostError
}

/** Lets the n-th statement of an operation fail, and looks at what is left. */
export async function runFailure(
  at: Faulty,
  { operation, fault, n }: FailureRun,
): Promise<FailureResult> {
  const { snapshot: whole, ms } = await wholeOf(at, operation)
  const timeout = Math.min(LONGEST_TIMEOUT_MS, TIMEOUT_MS + TIMES_AS_LONG * ms)
  await refillNovels(at.knex)
  const before = await snapshotOf(at.knex)
  const work = await operations[operation]?.()
  if (work === undefined) throw new Error(`There is no operation ${operation}.`)
  // What hangs ends by a timeout only.
  const inTime = () =>
    operation === 'a retry' ? work(timeout) : atomic(async () => await work(), { timeout })
  const timed = fault === 'hang' ? inTime : work
  at.arm(n, fault)
  const outcome = await attempt(timed)
  const isPast = at.disarm() < n
  const leaked = await at.leaks()
  const wrong: string[] = []
  const after = await snapshotOf(at.knex)
  if (outcome === undefined) {
    if (after !== whole && after !== withoutLines(whole, dispensable[operation]))
      wrong.push(`it resolved, and is not whole:\n${after}`)
  } else if (isPast && !(fault === 'hang' && outcome.error instanceof QueryTimeoutError)) {
    wrong.push(`nothing failed, and it rejected: ${String(outcome.error)}`)
  } else if (after !== before && !(after === whole && mayHaveArrived(outcome.error))) {
    wrong.push(`it rejected (${String(outcome.error)}), and left:\n${after}`)
  }
  if (outcome !== undefined && after === before) {
    // The instances must be as unsaved, or as changed, as they were.
    const again = await attempt(work)
    if (again !== undefined) wrong.push(`the retry rejected: ${String(again.error)}`)
    else if ((await snapshotOf(at.knex)) !== whole) wrong.push('the retry did not do all of it')
  }
  return { wrong, leaked, isPast }
}

/** Every n of every operation and fault, one after the other. */
export function* failureRuns(
  kind: Faulty['db']['dialect'],
): Generator<FailureRun, void, boolean | undefined> {
  for (const operation of Object.keys(operations)) {
    for (const fault of faultsOn[kind === 'postgresql' ? 'postgresql' : 'sqlite']) {
      for (let n = 1; ; n += 1) {
        const isPast = yield { operation, fault, n }
        if (isPast) break
      }
    }
  }
}
