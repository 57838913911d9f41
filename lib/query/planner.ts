import { FieldError } from '../errors.ts'
import type { JoinStep, ModelMeta } from '../meta/model-meta.ts'
import { storedAs } from './expression-types.ts'
import { type JoinedSource, Joins, stepsOf, Votes } from './joins.ts'
import { asksForJsonNull, baseRef, nullGuards, withBase } from './lookup-parts.ts'
import type {
  AggregateNode,
  Annotation,
  ConditionTree,
  ConstantTree,
  ExprNode,
  GroupTree,
  LookupTree,
  OuterNode,
  QueryState,
  RefNode,
  SelectPlan,
  Step,
  WindowNode,
} from './nodes.ts'
import { OUTPUT } from './outputs.ts'
import type { Scope } from './paths.ts'
import type { BoundPath, Branch, Planned, Planning } from './plan-parts.ts'
import type { RawOutside } from './raw.ts'
import { resolveExpression } from './resolve.ts'
import { simplify } from './simplify.ts'
import { splitExclude } from './split-exclude.ts'
import { planStep } from './step-plans.ts'
import { foundKey } from './tree-hop.ts'
import { containsAggregate, withExpressions, withParts } from './walk.ts'

/** Plans subqueries; given from outside since it needs planners itself. */
export type PlanQuery = (state: QueryState, parent: Planner) => SelectPlan

/** Plans an aggregate as a subquery of its own; null where it is part of the query. */
export type PlanSeparately = (node: AggregateNode, planner: Planner) => ExprNode | null

/** What is selected where only the rows matter. */
export const ONE: ExprNode = Object.freeze({
  kind: 'func',
  name: 'one',
  args: Object.freeze([]),
  field: OUTPUT.integer,
})

/** Uses a join for what is no aggregate. */
const ROWS: object = Object.freeze({})

/** The same however often each row is there. */
const REPEATABLE: ReadonlySet<string> = new Set(['min', 'max', 'boolAnd', 'boolOr', 'anyValue'])

const NO_VOTES: readonly JoinedSource[] = []

/**
 * Decides the joins of one query by taking its steps in order. Mutable while it works; what it
 * gives is plain data.
 * Source: Django's `Query.add_q`, `build_filter`, `setup_joins`, `trim_joins`.
 */
export class Planner implements Planning {
  readonly model: ModelMeta
  readonly joins: Joins
  readonly parent: Planner | null
  readonly depth: number
  readonly annotations: Map<string, ExprNode> = new Map()
  readonly conditions: ConditionTree[] = []
  /** What rows are grouped by; null of rows as they are. */
  groupKeys: readonly ExprNode[] | null = null
  planSeparately: PlanSeparately = () => null
  /** The same, whether or not it could be part of the query. */
  planAlone: PlanSeparately = () => null
  /** What annotations stand for, before they are planned. */
  meanings: ReadonlyMap<string, Annotation> = new Map()
  /** Relations that have a name in this query only. */
  filtered: QueryState['filtered'] = new Map()
  /** What became of aggregates that were planned separately. */
  readonly separated: WeakSet<ExprNode> = new WeakSet()
  /** What each join is for: aggregates, or anything else. */
  readonly #users: Map<JoinedSource, Set<object>> = new Map()
  readonly #aggregates: Set<AggregateNode> = new Set()
  readonly #planQuery: PlanQuery
  /** The query around this one, whose rows `OuterRef` speaks of. */
  readonly #around: Planner | null
  #user: object = ROWS
  #reusable: Set<JoinedSource> = new Set()

  constructor(
    model: ModelMeta,
    parent: Planner | null,
    planQuery: PlanQuery,
    around: Planner | null = parent,
  ) {
    this.model = model
    this.parent = parent
    this.depth = parent === null ? 0 : parent.depth + 1
    this.joins = new Joins(model)
    this.#planQuery = planQuery
    this.#around = around
  }

  /** The sources of all queries around this one. */
  get outerSources(): readonly JoinedSource[] {
    return this.parent === null ? [] : [...this.parent.joins.sources, ...this.parent.outerSources]
  }

  /** A planner for a part of this query that becomes a query inside it. */
  inner(model: ModelMeta): Planner {
    return new Planner(model, this, this.#planQuery, this.#around)
  }

  /**
   * The aggregates that would be computed over rows that others' joins multiply: each is to have the
   * value that it would have by itself.
   */
  fanned(): ReadonlySet<AggregateNode> {
    const multiplying = this.joins.sources.filter(
      (source) => source.uses > 0 && source.step?.toMany && !this.#users.get(source)?.has(ROWS),
    )
    const isMultiplied = (node: AggregateNode): boolean =>
      !ignoresRepeats(node) && multiplying.some((source) => !this.#users.get(source)?.has(node))
    return new Set([...this.#aggregates].filter(isMultiplied))
  }

  /** Whether rows are multiplied by anything but aggregates. */
  get hasManyRows(): boolean {
    return this.joins.sources.some((source) => source.uses > 0 && source.step?.toMany)
  }

  /** Takes one `filter()` or `annotate()`. */
  take(step: Step): void {
    if (step.kind === 'relate') return
    if (step.kind === 'walk') {
      this.bindRef(foundKey(step.hop), null)
      return
    }
    if (step.kind === 'annotate') {
      this.annotations.set(step.name, this.bind(step.node, null))
      return
    }
    if (!step.sharesJoins) this.#reusable = new Set()
    this.filter(step.condition, this.#reusable)
  }

  /** Adds a condition that rows must meet; joins that were INNER stay so. */
  filter(condition: ConditionTree, reusable: Set<JoinedSource>): void {
    const inner = this.joins.inner()
    const branch = { reusable, isNegated: false, isUnderNot: false, splits: true }
    const asGroup: GroupTree =
      condition.kind === 'group'
        ? condition
        : { kind: 'group', connector: 'and', children: [condition] }
    this.conditions.push(this.#group(asGroup, branch).tree)
    this.joins.demote(inner)
  }

  /** Any condition, below the branch it is in. */
  condition(condition: ConditionTree, branch: Branch): Planned {
    switch (condition.kind) {
      case 'constant':
        return { tree: condition, votes: this.#constant(condition, branch) }
      case 'boolean':
        return { tree: this.#boolean(condition.expression, branch), votes: NO_VOTES }
      case 'lookup':
        return this.#lookup(condition, branch)
      case 'group':
        return this.#group(condition, branch)
      default:
        return this.#not(condition.child, branch)
    }
  }

  #constant({ of }: ConstantTree, branch: Branch): Iterable<JoinedSource> {
    const ref = of === null ? null : baseRef(of)
    if (ref === null) return NO_VOTES
    const isSplit = branch.isUnderNot && branch.splits
    if (isSplit && stepsOf(ref.hops).some(({ step }) => step.toMany)) return NO_VOTES
    const { visited } = this.bindRef(ref, branch.reusable)
    return branch.isNegated ? NO_VOTES : visited
  }

  #boolean(expression: ExprNode, branch: Branch): ConditionTree {
    return { kind: 'boolean', expression: this.bind(expression, branch.reusable) }
  }

  #group(group: GroupTree, branch: Branch): Planned {
    const votes = new Votes()
    const children = group.children.map((child) => {
      const planned = this.condition(child, branch)
      votes.add(planned.votes)
      return planned.tree
    })
    const inner = votes.decide(this.joins, group.connector, children.length, branch.isNegated)
    return { tree: { ...group, children }, votes: inner }
  }

  #not(child: ConditionTree, branch: Branch): Planned {
    const below: Branch = { ...branch, isNegated: !branch.isNegated, isUnderNot: true }
    const group: GroupTree =
      child.kind === 'group' ? child : { kind: 'group', connector: 'and', children: [child] }
    const planned = this.#group(group, below)
    return { tree: { kind: 'not', child: planned.tree }, votes: planned.votes }
  }

  #lookup(lookup: LookupTree, branch: Branch): Planned {
    const ref = baseRef(lookup.left)
    const steps = ref === null ? [] : stepsOf(ref.hops)
    if (ref !== null && branch.isUnderNot && branch.splits) {
      const toMany = steps.findIndex(({ step }) => step.toMany)
      if (toMany >= 0) return splitExclude(this, lookup, ref, toMany, branch)
    }
    const used = new Set<JoinedSource>()
    const right = lookup.right.map((node) => this.bind(node, branch.reusable, used))
    if (ref === null) {
      const left = this.bind(lookup.left, branch.reusable)
      return { tree: { ...lookup, left, right }, votes: NO_VOTES }
    }
    const bound = this.bindRef(ref, branch.reusable)
    for (const source of bound.visited) used.add(source)
    const left = withBase(lookup.left, bound.node)
    const tree: ConditionTree = { ...lookup, left, right }
    const asksForNull = lookup.lookup === 'isnull' && lookup.flag
    if (asksForNull) return { tree, votes: branch.isNegated ? used : NO_VOTES }
    if (!branch.isNegated || asksForJsonNull(right)) return { tree, votes: used }
    const guards = lookup.lookup === 'isnull' ? [] : nullGuards(bound.node, right)
    if (guards.length === 0) return { tree, votes: NO_VOTES }
    const children = [tree, ...guards]
    return { tree: { kind: 'group', connector: 'and', children }, votes: NO_VOTES }
  }

  /** The source at the far side of a hop, with what it asks of its rows. */
  join(
    parent: JoinedSource,
    step: JoinStep,
    reusable: ReadonlySet<JoinedSource> | null,
  ): JoinedSource {
    const source = this.joins.join(parent, step, reusable)
    planStep(this, source, step, (state) => this.#planQuery(state, this))
    return source
  }

  /** Joins what a path needs, but for the last joins whose key is on the near side already. */
  bindRef(ref: RefNode, reusable: Set<JoinedSource> | null): BoundPath {
    const steps = stepsOf(ref.hops)
    const visited = [this.joins.root]
    let source = this.joins.root
    for (const { step } of steps) {
      source = this.join(source, step, reusable)
      visited.push(source)
    }
    let { column } = ref.column
    let nullable = ref.column.null
    let end = steps.length
    for (let last = steps[end - 1]; last?.isForward; last = steps[end - 1]) {
      if (last.step.toColumn !== column) break
      column = last.step.fromColumn
      nullable = last.step.nullable
      end -= 1
    }
    const needed = visited.slice(0, end + 1)
    for (const each of needed) {
      each.uses += 1
      reusable?.add(each)
      this.#use(each)
    }
    const at = needed[end] ?? this.joins.root
    return { node: { kind: 'column', source: at, column, field: ref.field, nullable }, visited }
  }

  /** An expression with its paths joined; `used` collects the sources it needs. */
  bind(node: ExprNode, reusable: Set<JoinedSource> | null, used?: Set<JoinedSource>): ExprNode {
    switch (node.kind) {
      case 'ref': {
        const bound = this.bindRef(node, reusable)
        for (const source of bound.visited) used?.add(source)
        return bound.node
      }
      case 'aggregate':
        return this.#aggregate(node, reusable, used)
      case 'annotation': {
        const known = this.annotations.get(node.name)
        if (known !== undefined) return known
        const meant = this.meanings.get(node.name)
        if (meant === undefined) throw new FieldError(`There is no annotation '${node.name}'.`)
        const bound = this.bind(meant.node, null)
        this.annotations.set(node.name, bound)
        return bound
      }
      case 'query': {
        const whole = this.#planQuery(node.state, this)
        const keepsColumns = !node.exists || whole.distinct || whole.from.query !== null
        const plan = keepsColumns ? whole : { ...whole, select: [ONE] }
        return { kind: 'plan', plan, exists: node.exists, field: node.field }
      }
      case 'outer':
        return this.#outer(node)
      case 'window':
        return this.#window(node, reusable, used)
      default:
        return this.#parts(node, reusable, used)
    }
  }

  #parts(node: ExprNode, reusable: Set<JoinedSource> | null, used?: Set<JoinedSource>): ExprNode {
    return withParts(node, {
      node: (part) => this.bind(part, reusable, used),
      condition: (tree) => this.#asExpression(tree, reusable),
    })
  }

  /** An aggregate over a window is none of groups. */
  #window(
    node: WindowNode,
    reusable: Set<JoinedSource> | null,
    used?: Set<JoinedSource>,
  ): ExprNode {
    return withParts(node, {
      node: (part) => {
        const isOver = part === node.input && part.kind === 'aggregate'
        return isOver ? this.#parts(part, reusable, used) : this.bind(part, reusable, used)
      },
      condition: (tree) => tree,
    })
  }

  #outer({ raw, levels, field }: OuterNode): ExprNode {
    let at: Planner | null = this
    for (let level = 0; level < levels && at !== null; level += 1) at = at.#around
    if (at === null) {
      throw new FieldError(
        `OuterRef('${pathOf(raw)}') has no query around it: it belongs into Subquery() or Exists().`,
      )
    }
    return at.#fromInside(storedAs(resolveExpression(at.#scope, raw), field))
  }

  /**
   * An expression of this query that one inside it refers to. Aggregates become queries there: SQLite
   * computes none of the groups around.
   */
  #fromInside(node: ExprNode): ExprNode {
    if (!containsAggregate(node, this.meanings)) return this.bind(node, null)
    const inside = (part: ExprNode): ExprNode => this.#fromInside(part)
    if (node.kind === 'annotation') return inside(this.meanings.get(node.name)?.node ?? node)
    if (node.kind === 'aggregate') return this.planAlone(node, this) ?? node
    return withParts(node, { node: inside, condition: (tree) => withExpressions(tree, inside) })
  }

  /** What names mean here. */
  get #scope(): Scope {
    return { model: this.model, annotations: this.meanings, filtered: this.filtered }
  }

  #use(source: JoinedSource): void {
    const users = this.#users.get(source)
    if (users === undefined) this.#users.set(source, new Set([this.#user]))
    else users.add(this.#user)
  }

  #aggregate(
    node: AggregateNode,
    reusable: Set<JoinedSource> | null,
    used?: Set<JoinedSource>,
  ): ExprNode {
    const separate = this.planSeparately(node, this)
    if (separate !== null) {
      this.separated.add(separate)
      return separate
    }
    this.#aggregates.add(node)
    const before = this.#user
    this.#user = node
    const bound = this.#parts(node, reusable, used)
    this.#user = before
    return bound
  }

  /** A condition whose answer is a value: it may not take rows away, so its joins are LEFT. */
  #asExpression(condition: ConditionTree, reusable: Set<JoinedSource> | null): ConditionTree {
    const branch: Branch = { reusable, isNegated: false, isUnderNot: false, splits: false }
    const planned = this.condition(condition, branch)
    this.joins.promote(planned.votes)
    return simplify(planned.tree)
  }
}

function pathOf(raw: RawOutside): string {
  return raw.kind === 'path' ? raw.path : pathOf(raw.args[0])
}

/** Whether an aggregate is the same however often each row is there. */
function ignoresRepeats({ name, distinct }: AggregateNode): boolean {
  return distinct || REPEATABLE.has(name)
}
