/** Where the processor's time goes: V8's own profile of some work, and sums over it. */
import { writeFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'

/** One function, by its own time and by that of all it called. */
export interface FunctionCost {
  readonly name: string
  /** Shortened: a file of ours, a package, or a part of Node. */
  readonly place: string
  readonly selfMs: number
  readonly totalMs: number
}

export interface ProfileSummary {
  readonly busyMs: number
  readonly functions: readonly FunctionCost[]
  /** Own time by room of ours, by package, by part of Node. */
  readonly places: readonly (readonly [string, number])[]
}

/** `dispatch` is the profiler's own start and stop. */
const NOT_BUSY = new Set(['(idle)', '(root)', '(program)', 'dispatch'])
const INTERVAL_US = 100

/** Profiles some work and writes what Chrome's developer tools and VS Code can open. */
export async function profileOf(work: () => Promise<void>, file: string): Promise<ProfileSummary> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  writeFileSync(file, JSON.stringify(profile))
  return summaryOf(profile)
}

function summaryOf(profile: Profiler.Profile): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const self = selfTimes(profile)
  const functions = new Map<
    string,
    { name: string; place: string; selfMs: number; totalMs: number }
  >()
  const visit = (node: Profiler.ProfileNode, above: ReadonlySet<string>): number => {
    const { functionName, url, lineNumber } = node.callFrame
    const name = functionName || '(anonymous)'
    const key = `${name} ${url}:${lineNumber}`
    const within = new Set(above).add(key)
    let total = self.get(node.id) ?? 0
    const mine = functions.get(key) ?? {
      name: functionName === '' ? `(anonymous:${lineNumber + 1})` : name,
      place: placeOf(url, name),
      selfMs: 0,
      totalMs: 0,
    }
    functions.set(key, mine)
    mine.selfMs += total
    for (const child of node.children ?? []) {
      const below = nodes.get(child)
      if (below !== undefined) total += visit(below, within)
    }
    // Recursion counts once.
    if (!above.has(key)) mine.totalMs += total
    return total
  }
  const [root] = profile.nodes
  if (root !== undefined) visit(root, new Set())
  const busy = [...functions.values()].filter(({ name }) => !NOT_BUSY.has(name))
  return {
    busyMs: busy.reduce((sum, { selfMs }) => sum + selfMs, 0),
    functions: busy,
    places: sumByPlace(busy),
  }
}

/** A sample that came late counts no more than others: something else had the processor. */
function selfTimes({ samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const times = new Map<number, number>()
  samples.forEach((id, index) => {
    times.set(id, (times.get(id) ?? 0) + Math.min(timeDeltas[index] ?? 0, 2 * INTERVAL_US) / 1e3)
  })
  return times
}

function sumByPlace(functions: readonly FunctionCost[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const { place, selfMs } of functions) {
    const room = place.startsWith('lib/') ? place.split('/').slice(0, 2).join('/') : place
    sums.set(room, (sums.get(room) ?? 0) + selfMs)
  }
  return [...sums].sort((a, b) => b[1] - a[1])
}

function placeOf(url: string, name: string): string {
  if (url.startsWith('node:')) return 'node'
  if (url === '') return name.startsWith('(') ? name : 'V8'
  const modules = url.lastIndexOf('/node_modules/')
  if (modules >= 0) {
    const parts = url.slice(modules + '/node_modules/'.length).split('/')
    return parts[0]?.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
  }
  return url.replace(/^.*\/\.build\/\d+\/[^/]+\/out\//, '').replace(/\.js$/, '')
}
