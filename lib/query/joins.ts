import type { JoinStep, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { FilteredStep } from './filtered-hop.ts'
import { assertWithin } from './limits.ts'
import type { ConditionTree, PlannedJoin, Source, TreePlan } from './nodes.ts'

/** A table while a plan is made; `type` changes as conditions vote. */
export class JoinedSource implements Source {
  alias = ''
  readonly table: string
  readonly model: ModelMeta | null
  readonly parent: JoinedSource | null
  readonly step: JoinStep | null
  type: 'inner' | 'left'
  /** What a filtered step asks of its rows, once that is planned. */
  condition: ConditionTree | null = null
  /** The walk that a step of a tree stands for, once that is planned. */
  tree: TreePlan | null = null
  /** How many expressions need it; without any it is not part of the query. */
  uses = 0

  constructor(
    table: string,
    model: ModelMeta | null,
    parent: JoinedSource | null,
    step: JoinStep | null,
  ) {
    this.table = table
    this.model = model
    this.parent = parent
    this.step = step
    this.type = step !== null && (step.nullable || parent?.isOuter === true) ? 'left' : 'inner'
  }

  get isOuter(): boolean {
    return this.type === 'left'
  }
}

/** One hop of a path, and whether its key is on the near side, so that it can be trimmed. */
export interface PathStep {
  readonly step: JoinStep
  readonly isForward: boolean
  readonly relation: RelationMeta
}

/** The hops of a path of relations; two for each many-to-many one. */
export function stepsOf(hops: readonly RelationMeta[]): readonly PathStep[] {
  return hops.flatMap((relation) =>
    relation.steps.map((step, index) => ({
      step,
      relation,
      isForward:
        !(step instanceof FilteredStep) &&
        (index > 0 || relation.kind === 'foreignKey' || relation.kind === 'oneToOne'),
    })),
  )
}

/**
 * The tables of one query and how they are joined.
 *
 * A join that may find no row is LEFT at first. Conditions then vote for the joins they need to be
 * INNER; `demote` and `promote` keep the law that nothing INNER hangs off something LEFT.
 * Source: Django's `Query.join`, `promote_joins`, `demote_joins`.
 */
export class Joins {
  readonly root: JoinedSource
  readonly #sources: JoinedSource[]

  constructor(model: ModelMeta) {
    this.root = new JoinedSource(model.table, model, null, null)
    this.root.uses = 1
    this.#sources = [this.root]
  }

  /** Every source ever joined, in order. */
  get sources(): readonly JoinedSource[] {
    return this.#sources
  }

  /**
   * The source at the far side of a hop: one that is there already, where it may be reused, or a
   * new one. To-one hops are always reused; to-many ones only from `reusable` (null: any).
   */
  join(
    parent: JoinedSource,
    step: JoinStep,
    reusable: ReadonlySet<JoinedSource> | null,
  ): JoinedSource {
    const known = this.find(parent, step, step.toMany ? reusable : null)
    if (known !== null) return known
    const source = new JoinedSource(step.table, step.model, parent, step)
    assertWithin('joins', this.#sources.length, 'The number of joins')
    this.#sources.push(source)
    return source
  }

  /** The latest source for the same hop from the same parent. */
  find(
    parent: JoinedSource,
    step: JoinStep,
    among: ReadonlySet<JoinedSource> | null,
  ): JoinedSource | null {
    return (
      this.#sources.findLast(
        (source) =>
          source.parent === parent &&
          source.step !== null &&
          isSameStep(source.step, step) &&
          (among === null || among.has(source)),
      ) ?? null
    )
  }

  /** The sources that are INNER now. */
  inner(): ReadonlySet<JoinedSource> {
    return new Set(this.#sources.filter((source) => source.step !== null && !source.isOuter))
  }

  /** Makes sources LEFT that may find no row, and all that hang off them. */
  promote(sources: Iterable<JoinedSource>): void {
    const queue = [...sources]
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      if (source.step === null || source.isOuter) continue
      if (!source.step.nullable && source.parent?.isOuter !== true) continue
      source.type = 'left'
      for (const other of this.#sources) if (other.parent === source) queue.push(other)
    }
  }

  /** Makes sources INNER, and all that they hang off. */
  demote(sources: Iterable<JoinedSource>): void {
    for (const each of sources) {
      for (let at: JoinedSource | null = each; at?.isOuter === true; at = at.parent)
        at.type = 'inner'
    }
  }

  /**
   * Names every source that is in use, and lists the joins. The root of a whole query keeps its
   * table's name; in a subquery all have short names, so that they never hide an outer one.
   */
  finish(
    depth: number,
    outer: readonly JoinedSource[],
    start: JoinedSource,
  ): readonly PlannedJoin[] {
    const used = this.#sources.filter((source) => source.uses > 0)
    const taken = new Set([...outer, ...used].map((source) => source.table.toLowerCase()))
    for (const source of outer) taken.add(source.alias.toLowerCase())
    const own = new Set<string>()
    const prefix = PREFIXES[Math.min(depth, PREFIXES.length - 1)] ?? 't'
    for (const [index, source] of used.entries()) {
      const name = source.table.toLowerCase()
      if (depth === 0 && !own.has(name)) {
        source.alias = source.table
        own.add(name)
      } else {
        source.alias = freeName(
          depth === 0 ? prefix : `${prefix}${depth > 3 ? depth : ''}`,
          index,
          taken,
        )
        taken.add(source.alias)
      }
    }
    return used.flatMap((source): PlannedJoin[] =>
      source === start || source.parent === null || source.step === null
        ? []
        : [
            {
              source,
              parent: source.parent,
              step: source.step,
              type: source.type,
              condition: source.condition,
              tree: source.tree,
            },
          ],
    )
  }
}

const PREFIXES: readonly string[] = ['t', 'u', 'v', 'w']

function freeName(prefix: string, from: number, taken: ReadonlySet<string>): string {
  let index = prefix === 't' ? from + 1 : from
  while (taken.has(`${prefix}${index}`)) index += 1
  return `${prefix}${index}`
}

function isSameStep(a: JoinStep, b: JoinStep): boolean {
  if (a instanceof FilteredStep || b instanceof FilteredStep) return a === b
  return (
    a === b || (a.table === b.table && a.fromColumn === b.fromColumn && a.toColumn === b.toColumn)
  )
}

/**
 * Counts which joins the children of a condition need to be INNER, and decides.
 * Source: Django's `JoinPromoter`.
 */
export class Votes {
  readonly #counts = new Map<JoinedSource, number>()

  add(votes: Iterable<JoinedSource>): void {
    for (const source of votes) this.#counts.set(source, (this.#counts.get(source) ?? 0) + 1)
  }

  /**
   * Applies the votes of `children` conditions under a connector, where NOT turns AND and OR
   * round.
   *
   * @returns the joins that must be INNER, which are the votes of the whole for its parent
   */
  decide(
    joins: Joins,
    connector: 'and' | 'or' | 'xor',
    children: number,
    isNegated: boolean,
  ): ReadonlySet<JoinedSource> {
    const inner = new Set<JoinedSource>()
    if (connector === 'xor' && !isNegated) return inner
    const isAnd = (connector === 'and') !== isNegated
    const outer: JoinedSource[] = []
    for (const [source, votes] of this.#counts) {
      if (isAnd || votes === children) inner.add(source)
      else outer.push(source)
    }
    joins.promote(outer)
    joins.demote(inner)
    return inner
  }
}
