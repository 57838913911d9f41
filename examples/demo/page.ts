/** A page of an atlas: what it shows to somebody in Portugal who looks for cities called 'san'. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Count, F, Max, Min } from '../../lib/index.ts'
import { City, Country } from '../models.ts'
import { count } from './output.ts'
import type { Recorder } from './recorder.ts'

/** The page's other work: asking another service for the weather, say. */
const OTHER_WORK_MS = 150

const matching = City.objects.filter({ name__icontains: 'san' })
const placed = matching.selectRelated('country').selectRelated('region')
const extremes = { south: Min('lat'), north: Max('lat'), all: Count('*') }
// Good enough for a neighbourhood: no square root, and degrees as if the earth were flat.
const fromLisbon = F('lat').sub(38.72).pow(2).add(F('lng').add(9.14).pow(2))

/** One query of the page: how it is started, and what the page shows of its answer. */
interface Block<Q> {
  readonly title: string
  /** A fresh queryset, which remembers nothing of an earlier page. */
  readonly query: () => Q
  readonly start: (query: Q) => Q
  readonly render: (query: Q) => Promise<readonly string[]>
}

/** A block on a page that is being made. */
interface OpenBlock {
  readonly title: string
  start(): void
  render(): Promise<readonly string[]>
}

const page: readonly (() => OpenBlock)[] = [
  block({
    title: 'fetch, a page of 5',
    query: () => placed.orderBy('name', 'id').slice(0, 5),
    start: (cities) => cities.startFetch(),
    render: async (cities) => {
      return (await cities).map(({ name, region, country }) => {
        return `  ${[name, region?.name, country.name].filter(Boolean).join(', ')}`
      })
    },
  }),
  block({
    title: 'count of all pages',
    query: () => matching.all(),
    start: (cities) => cities.startCount(),
    render: async (cities) => [
      `  … ${count(await cities.count())} cities have 'san' in their name`,
    ],
  }),
  block({
    title: 'exists, on the ice',
    query: () => matching.filter({ country__continent__code: 'AN' }),
    start: (cities) => cities.startExists(),
    render: async (cities) => [
      (await cities.exists()) ? '  Some are in Antarctica.' : '  None is in Antarctica.',
    ],
  }),
  block({
    title: 'first from north',
    query: () => placed.orderBy('-lat', 'id'),
    start: (cities) => cities.startFirst(),
    render: async (cities) => {
      const city = await cities.first()
      return [city ? `  Furthest north: ${city.name}, ${city.country.name}` : '  None at all.']
    },
  }),
  block({
    title: 'aggregate, world',
    query: () => City.objects.all(),
    start: (cities) => cities.startAggregate(extremes),
    render: async (cities) => {
      const { all, south, north } = await cities.aggregate(extremes)
      return [`  The atlas has ${count(all)} cities between ${south}° and ${north}°.`]
    },
  }),
  block({
    title: 'fetch, the nearest',
    query: () => City.objects.orderBy(fromLisbon.asc(), 'id').slice(0, 5),
    start: (cities) => cities.startFetch(),
    render: async (cities) => [`  Near you: ${(await cities).map(({ name }) => name).join(', ')}`],
  }),
  block({
    title: 'get, your country',
    query: () => Country.objects.selectRelated('continent'),
    start: (countries) => countries.startGet({ code: 'PT' }),
    render: async (countries) => {
      const { name, flag, capital, continent } = await countries.get({ code: 'PT' })
      return [`  ${flag} ${name}, capital ${capital}, ${continent.name}`]
    },
  }),
]

/** Keeps the type of the queryset between the functions of one block. */
function block<Q>({ title, query, start, render }: Block<Q>): () => OpenBlock {
  return () => {
    const own = query()
    return { title, start: () => void start(own), render: () => render(own) }
  }
}

/** Starts every query, does the other work, and shows each answer as it arrives. */
export async function showStarted(recorder: Recorder, show: (line: string) => void): Promise<void> {
  const blocks = page.map((open) => open())
  for (const { title, start } of blocks) recorder.start(title, start)
  await recorder.work(() => sleep(OTHER_WORK_MS))
  for (const { title, render } of blocks) (await recorder.use(title, render)).forEach(show)
}

/** The same page without starting anything: each query waits for the one before. */
export async function showOneByOne(
  recorder: Recorder,
  show: (line: string) => void,
): Promise<void> {
  const blocks = page.map((open) => open())
  await recorder.work(() => sleep(OTHER_WORK_MS))
  for (const { title, render } of blocks) (await recorder.use(title, render)).forEach(show)
}
