/**
 * Random programs of nested, parallel and started work in transactions, and a model that says what of
 * them is saved. Whatever the order in which parallel branches get their turns, the answer is one.
 */
import fc from 'fast-check'
import { AsyncManager, atomic, type Database, fields, Model } from '../../lib/index.ts'
import { Writer } from './support/novels.ts'

/** Its table is not there: what is asked of it fails in the database. */
class Missing extends Model('missing_table', { name: fields.text() }) {
  static objects = new AsyncManager(Missing)
}

export type Node =
  | { readonly kind: 'save' | 'update' | 'fail' | 'start' | 'read' | 'failing start' }
  | { readonly kind: 'parallel'; readonly nodes: readonly Node[] }
  | { readonly kind: 'atomic'; readonly nodes: readonly Node[]; readonly throws: boolean }

/** Programs of up to so many levels; every node is as likely as it is to tell something. */
export const programs: fc.Arbitrary<readonly Node[]> = fc.letrec<{
  nodes: readonly Node[]
  node: Node
}>((tie) => ({
  nodes: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom<Node>(
      ...(['save', 'save', 'save', 'update', 'start', 'read'] as const).map((kind) => ({ kind })),
    ),
    fc.record({ kind: fc.constant('parallel' as const), nodes: tie('nodes') }),
    fc.record({
      kind: fc.constant('atomic' as const),
      nodes: tie('nodes'),
      throws: fc.boolean(),
    }),
    fc.constantFrom<Node>({ kind: 'fail' }, { kind: 'failing start' }),
  ),
})).nodes

class Thrown extends Error {}

interface Saved {
  /** Names, and with how much they were updated. */
  readonly names: readonly string[]
  /** A statement failed in this very frame. */
  readonly isBroken: boolean
}

/** What the model says is saved; `path` names the writer that a node saves. */
function savedBy(nodes: readonly Node[], path: string, isInside: boolean): Saved {
  const names: string[] = []
  let isBroken = false
  for (const [at, node] of nodes.entries()) {
    const here = `${path}.${at}`
    if (node.kind === 'save') names.push(here)
    else if (node.kind === 'fail' || node.kind === 'failing start') isBroken ||= isInside
    else if (node.kind === 'parallel') {
      const inner = savedBy(node.nodes, here, isInside)
      names.push(...inner.names)
      isBroken ||= inner.isBroken
    } else if (node.kind === 'atomic') {
      const inner = savedBy(node.nodes, here, true)
      if (!inner.isBroken && !node.throws) names.push(...inner.names)
    }
  }
  return { names, isBroken }
}

/** Runs the nodes one after the other; what fails is swallowed, as careless code does. */
async function runNodes(nodes: readonly Node[], path: string, made: Writer[]): Promise<void> {
  for (const [at, node] of nodes.entries()) {
    await runNode(node, `${path}.${at}`, made).catch(() => undefined)
  }
}

async function runNode(node: Node, here: string, made: Writer[]): Promise<void> {
  switch (node.kind) {
    case 'save': {
      const writer = new Writer({ name: here })
      made.push(writer)
      return await writer.save()
    }
    case 'update':
      await Writer.objects.filter({ score: 0 }).update({ score: 0 })
      return
    case 'fail':
      await Missing.objects.count()
      return
    case 'start':
      Writer.objects.all().startFetch()
      return
    case 'failing start':
      Missing.objects.all().startFetch()
      return
    case 'read':
      await Writer.objects.all().startCount().count()
      return
    case 'parallel':
      await Promise.all(
        node.nodes.map((each, at) => runNode(each, `${here}.${at}`, made).catch(() => undefined)),
      )
      return
    case 'atomic':
      await atomic(async () => {
        await runNodes(node.nodes, here, made)
        if (node.throws) throw new Thrown()
      })
  }
}

/** What a program left that the model does not know, or the other way about; empty when all is well. */
export async function differencesOf(db: Database, program: readonly Node[]): Promise<string[]> {
  await Writer.objects.all().delete()
  const made: Writer[] = []
  await runNodes(program, 'w', made)
  const expected = savedBy(program, 'w', false).names
  const found = await Writer.objects.valuesList('name', { flat: true })
  const wrong: string[] = []
  for (const name of found)
    if (!expected.includes(name)) wrong.push(`${name} was undone, and is there`)
  for (const name of expected)
    if (!found.includes(name)) wrong.push(`${name} was saved, and is gone`)
  for (const { id, name } of made) {
    const isSaved = id !== undefined && id !== null
    if (isSaved !== expected.includes(name))
      wrong.push(`the instance ${name} says saved: ${isSaved}`)
  }
  const { pool } = db.knex.client
  while (pool.numUsed() > 0) await new Promise((resolve) => setImmediate(resolve))
  return wrong
}
