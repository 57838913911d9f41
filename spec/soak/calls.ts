/** Every public call that waits for a database, each with a limit of time. */
import { atomic, Count, prefetchRelatedObjects } from '../../lib/index.ts'
import { Label, Novel, Writer } from './support/novels.ts'

/** Instances of which each call has its own. */
export interface World {
  /** In no other world: what must be unique is made of it. */
  readonly tag: string
  readonly writer: Writer
  readonly novel: Novel
  readonly label: Label
}

let worlds = 0

export async function newWorld(): Promise<World> {
  worlds += 1
  const tag = `world ${worlds}`
  const writer = await Writer.objects.create({ name: tag })
  const novel = await Novel.objects.create({ title: tag, writer })
  const label = await Label.objects.create({ name: tag })
  await novel.labels.add(label)
  return { tag, writer, novel: await Novel.objects.get({ id: novel.id }), label }
}

type Call = (world: World, ms: number) => PromiseLike<unknown>

/** What has no limit of its own has that of the transaction around it. */
const inAtomic =
  (work: (world: World) => PromiseLike<unknown>): Call =>
  (world, ms) =>
    atomic(async () => await work(world), { timeout: ms })

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

const writers = (ms: number) => Writer.objects.timeout(ms)

/** Methods of querysets; managers and related managers forward to them. */
const ofQuerySets: Readonly<Record<string, Call>> = {
  then: (_, ms) => writers(ms),
  fetch: (_, ms) => writers(ms).fetch(),
  count: (_, ms) => writers(ms).count(),
  exists: (_, ms) => writers(ms).exists(),
  contains: ({ writer }, ms) => writers(ms).contains(writer),
  get: ({ tag }, ms) => writers(ms).get({ name: tag }),
  first: (_, ms) => writers(ms).first(),
  last: (_, ms) => writers(ms).last(),
  at: (_, ms) => writers(ms).orderBy('id').at(0),
  earliest: (_, ms) => writers(ms).earliest('id'),
  latest: (_, ms) => writers(ms).latest('id'),
  aggregate: (_, ms) => writers(ms).aggregate({ all: Count('id') }),
  inBulk: ({ writer }, ms) => writers(ms).inBulk([writer.id]),
  iterator: (_, ms) => drain(writers(ms).iterator()),
  [Symbol.asyncIterator.toString()]: (_, ms) => drain(writers(ms)),
  explain: (_, ms) => writers(ms).explain(),
  create: ({ tag }, ms) => writers(ms).create({ name: `${tag} created` }),
  bulkCreate: ({ tag }, ms) =>
    writers(ms).bulkCreate(
      [1, 2, 3].map((n) => ({ name: `${tag} bulk ${n}` })),
      { batchSize: 2 },
    ),
  bulkUpdate: ({ writer }, ms) => {
    writer.score += 1
    return writers(ms).bulkUpdate([writer], ['score'])
  },
  getOrCreate: ({ tag }, ms) => writers(ms).getOrCreate({ name: `${tag} got or created` }),
  updateOrCreate: ({ tag }, ms) =>
    writers(ms).updateOrCreate({ name: tag }, { defaults: { score: 2 } }),
  update: ({ tag }, ms) => writers(ms).filter({ name: tag }).update({ score: 3 }),
  delete: ({ tag }, ms) => writers(ms).filter({ name: tag }).delete(),
  toKnex: (world, ms) => inAtomic(() => Writer.objects.all().toKnex())(world, ms),
  startFetch: (_, ms) => writers(ms).startFetch(),
  startCount: (_, ms) => writers(ms).startCount().count(),
  startExists: (_, ms) => writers(ms).startExists().exists(),
  startFirst: (_, ms) => writers(ms).startFirst().first(),
  startGet: ({ tag }, ms) => writers(ms).startGet({ name: tag }).get({ name: tag }),
  startAggregate: (_, ms) => {
    const spec = { all: Count('id') }
    return writers(ms).startAggregate(spec).aggregate(spec)
  },
}

const raw = (ms: number) => Writer.objects.raw('select * from writers', [], { timeoutMs: ms })

const ofRawQuerySets: Readonly<Record<string, Call>> = {
  then: (_, ms) => raw(ms),
  fetch: (_, ms) => raw(ms).fetch(),
  [Symbol.asyncIterator.toString()]: (_, ms) => drain(raw(ms)),
  startFetch: (_, ms) => raw(ms).startFetch(),
}

const ofInstances: Readonly<Record<string, Call>> = {
  save: inAtomic(async ({ writer, tag }) => {
    writer.score += 1
    await writer.save()
    await new Writer({ name: `${tag} saved` }).save()
  }),
  delete: inAtomic(({ writer }) => writer.delete()),
  refreshFromDb: inAtomic(({ writer }) => writer.refreshFromDb()),
  load: inAtomic(async ({ tag }) => {
    const writer = await Writer.objects.only('name').get({ name: tag })
    await writer.load('score')
  }),
  'a relation': inAtomic(async ({ novel }) => await novel.writer),
}

const ofRelatedManagers: Readonly<Record<string, Call>> = {
  add: inAtomic(async ({ writer, novel, label }) => {
    await writer.novels.add(novel)
    await novel.labels.add(label)
  }),
  remove: inAtomic(({ novel, label }) => novel.labels.remove(label)),
  set: inAtomic(({ novel }) => novel.labels.set([])),
  clear: inAtomic(({ novel }) => novel.labels.clear()),
  create: inAtomic(async ({ writer, novel, tag }) => {
    await writer.novels.create({ title: `${tag} another` })
    await novel.labels.create({ name: `${tag} another` })
  }),
  bulkCreate: inAtomic(async ({ writer, novel, tag }) => {
    await writer.novels.bulkCreate([{ title: `${tag} bulk` }])
    await novel.labels.bulkCreate([{ name: `${tag} bulk` }])
  }),
  bulkUpdate: inAtomic(async ({ writer, novel }) => {
    novel.title = 'changed'
    await writer.novels.bulkUpdate([novel], ['title'])
  }),
  getOrCreate: inAtomic(({ writer, tag }) => writer.novels.getOrCreate({ title: `${tag} got` })),
  updateOrCreate: inAtomic(({ writer, tag }) => writer.novels.updateOrCreate({ title: tag })),
  update: inAtomic(({ writer }) => writer.novels.update({ title: 'changed' })),
  delete: inAtomic(({ writer }) => writer.novels.delete()),
}

const ofTheModule: Readonly<Record<string, Call>> = {
  atomic: inAtomic(async () => {
    await Writer.objects.count()
    await atomic(() => Writer.objects.count())
  }),
  prefetchRelatedObjects: inAtomic(({ writer }) =>
    prefetchRelatedObjects([writer], 'novels__labels'),
  ),
}

/** All of them, by whose methods they are. */
export const calls = {
  querySet: ofQuerySets,
  rawQuerySet: ofRawQuerySets,
  instance: ofInstances,
  relatedManager: ofRelatedManagers,
  module: ofTheModule,
} as const

/** `querySet.count` and what it does. */
export const allCalls: readonly (readonly [name: string, call: Call])[] = Object.entries(
  calls,
).flatMap(([owner, each]) =>
  Object.entries(each).map(([name, call]) => [`${owner}.${name}`, call] as const),
)
