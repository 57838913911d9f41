/** What the library sends while a program, or an attack on it, has put something on `Object.prototype`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  ArrayAgg,
  atomic,
  Case,
  Count,
  type Database,
  Exists,
  F,
  FilteredRelation,
  Lower,
  OuterRef,
  Prefetch,
  prefetchRelatedObjects,
  Q,
  RowNumber,
  Subquery,
  Sum,
  safeFilter,
  TruncMonth,
  Value,
  When,
  Window,
} from '../../lib/index.ts'
import { Label, Novel, Writer } from './support/novels.ts'

const LIBRARY = fileURLToPath(new URL('../../lib/', import.meta.url))
const OPTIONAL = /^\s*(?:readonly )?(\w+)\?:/gm

/** What tells nothing: it would break JavaScript, and knex, before it gets to this library. */
const BREAKS_OTHERS = new Set(['value', 'name', 'then', 'get', 'set'])

/** Every property that is optional anywhere in the library, and what an application might look for. */
export function pollutedNames(): string[] {
  const files = readdirSync(LIBRARY, { recursive: true, encoding: 'utf8' })
  const names = new Set(['isAdmin', 'id', 'title', 'writer', 'writerId', 'where', 'limit'])
  for (const file of files.filter((each) => each.endsWith('.ts'))) {
    const text = readFileSync(join(LIBRARY, file), 'utf8')
    for (const [, name = ''] of text.matchAll(OPTIONAL)) names.add(name)
  }
  return [...names].filter((name) => !name.startsWith('__') && !BREAKS_OTHERS.has(name)).sort()
}

const EVIL: readonly unknown[] = [true, 1, 'x', { id: 1 }, ['id'], () => 1]

/** How many things are tried for each name. */
export const VALUES_EACH: number = EVIL.length

type Call = () => PromiseLike<unknown>

const writers = () => Writer.objects
const novels = () => Novel.objects
const one = () => writers().get({ id: 1 })

async function drain(rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of rows) count += 1
  return count
}

const calls: Readonly<Record<string, Call>> = {
  await: () => writers().all(),
  filter: () => novels().filter({ title__icontains: 'o', writer__name: 'Ann' }),
  'filter by Q': () => writers().filter(Q.or({ name: 'Ann' }, Q.not({ score__gt: 1 }))),
  exclude: () => writers().exclude({ novels__title: 'One' }),
  orderBy: () => novels().orderBy('writer__name', '-title', F('id').asc({})),
  slice: () => novels().orderBy('id').slice(0, 2),
  values: () => novels().values('title', 'writer__name'),
  valuesList: () => novels().valuesList('title', { flat: true }),
  annotate: () =>
    writers()
      .orderBy('id')
      .annotate({
        n: Count('novels', {}),
        small: Lower('name'),
        kind: Case(When({ score__gt: 1 }, Value('high')), { default: Value('low') }),
      }),
  window: () =>
    novels()
      .annotate({ n: Window(RowNumber(), { orderBy: ['title'] }) })
      .orderBy('id'),
  aggregate: () =>
    writers().aggregate({ sum: Sum('score'), many: Count('id', { distinct: true }) }),
  subqueries: () =>
    writers()
      .annotate({
        first: Subquery(
          novels()
            .filter({ writer: OuterRef('id') })
            .values('title')
            .slice(0, 1),
        ),
      })
      .filter(Exists(novels().filter({ writer: OuterRef('id') }))),
  filtered: () =>
    writers()
      .annotate({ some: FilteredRelation('novels', { condition: Q({ novels__title: 'One' }) }) })
      .filter({ some__title: 'One' }),
  selectRelated: () => novels().selectRelated('writer').orderBy('id'),
  prefetchRelated: () =>
    writers()
      .prefetchRelated(Prefetch('novels', { queryset: novels().filter({ id__gt: 1 }) }))
      .orderBy('id'),
  prefetchRelatedObjects: async () => await prefetchRelatedObjects([await one()], 'novels__labels'),
  union: () =>
    novels()
      .filter({ id: 1 })
      .union(novels().filter({ id: 2 }), {}),
  get: () => writers().get({ name: 'Ann' }),
  first: () => writers().first(),
  count: () => writers().count(),
  exists: () => writers().exists(),
  inBulk: () => writers().inBulk([1, 2]),
  iterator: () => drain(novels().iterator({})),
  only: () => novels().only('title').orderBy('id'),
  raw: () => novels().raw('select * from novels where id = ?', [1], {}),
  safeFilter: () => novels().filter(safeFilter(Novel, { title: 'One' }, { allow: ['title'] })),
  starts: () => writers().filter({ id: 1 }).startFetch(),
  'a relation': async () => await (await novels().get({ id: 1 })).writer,
  create: () => writers().create({ id: 901, name: 'Zoe' }),
  bulkCreate: () =>
    Label.objects.bulkCreate(
      [
        { id: 902, name: 'one' },
        { id: 903, name: 'two' },
      ],
      {},
    ),
  bulkUpdate: async () => {
    const writer = await one()
    writer.score = 8
    return await writers().bulkUpdate([writer], ['score'], {})
  },
  getOrCreate: () => writers().getOrCreate({ id: 904, name: 'Yan' }, {}),
  updateOrCreate: () => writers().updateOrCreate({ name: 'Ann' }, { defaults: { score: 5 } }),
  update: () =>
    writers()
      .filter({ id: 1 })
      .update({ score: F('score').add(1) }),
  delete: () => writers().filter({ id: 1 }).delete(),
  save: async () => {
    const writer = await one()
    writer.score = 9
    await writer.save({})
  },
  refreshFromDb: async () => await (await one()).refreshFromDb({}),
  'related managers': async () => {
    const novel = await novels().get({ id: 1 })
    await novel.labels.set([2, 3], {})
    await novel.labels.clear()
  },
  atomic: () => atomic(() => atomic(() => writers().count(), {}), {}),
}

/** PostgreSQL only. */
const onlyThere: Readonly<Record<string, Call>> = {
  lists: () =>
    writers().annotate({ titles: ArrayAgg('novels__title', { orderBy: ['novels__id'] }) }),
  lock: () => atomic(() => novels().filter({ id: 1 }).selectForUpdate({})),
  truncated: () =>
    novels()
      .annotate({ at: TruncMonth(Value(new Date(0))) })
      .orderBy('id'),
  explain: () =>
    novels()
      .explain({})
      .then(() => undefined),
}

const UNDONE = Symbol('undone')

export interface Polluter {
  readonly names: readonly string[]
  /** Which calls sent or gave something else while the name was polluted. */
  differences(name: string, at: number): Promise<string[]>
}

/** Learns what every call sends and gives; then says what a polluted prototype changes of that. */
export async function openPolluter(db: Database): Promise<Polluter> {
  const all = Object.entries(db.dialect === 'postgresql' ? { ...calls, ...onlyThere } : calls)
  const sent: string[] = []
  db.knex.on('query', ({ sql, bindings }: { sql: string; bindings: unknown }) => {
    // Each cursor has a name of its own.
    const text = sql.replace(/(asynchrormous)_\d+/g, '$1')
    sent.push(`${text} ${JSON.stringify(bindings)}`)
  })
  /** What it sends and gives, of which nothing is left. */
  const tell = async (call: Call): Promise<string> => {
    sent.length = 0
    let given = ''
    await db
      .atomic(async () => {
        given = JSON.stringify(await call()) ?? 'undefined'
        throw UNDONE
      })
      .catch((error: unknown) => {
        if (error !== UNDONE) given = String(error)
      })
    return `${sent.join('\n')}\n${given}`
  }
  const before = new Map<string, string>()
  // The second time caches are as they stay.
  for (let round = 0; round < 2; round += 1) {
    for (const [name, call] of all) before.set(name, await tell(call))
  }
  return {
    names: pollutedNames(),
    async differences(name, at) {
      const polluted = Object.prototype as unknown as Record<string, unknown>
      const wrong: string[] = []
      for (const [what, call] of all) {
        polluted[name] = EVIL[at % EVIL.length]
        let told: string
        try {
          told = await tell(call)
        } finally {
          delete polluted[name]
        }
        if (told !== before.get(what))
          wrong.push(`${what}: ${told}\ninstead of\n${before.get(what)}`)
      }
      return wrong
    },
  }
}
